/* folder.c - the temporary folder of folder.h.
 * SPDX-License-Identifier: MIT */
#define _POSIX_C_SOURCE 200809L
#include "folder.h"

#include "check.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

folder folder_make(void)
{
    folder f;
    const char *top = getenv("TMPDIR");
    int n = snprintf(f.path, sizeof f.path, "%s/bit_ttt_XXXXXX", top && *top ? top : "/tmp");
    REQUIRE(n > 0 && (size_t)n < sizeof f.path && mkdtemp(f.path) != NULL);
    snprintf(f.file, sizeof f.file, "%s/model", f.path);
    return f;
}

/* The number of files; each is removed if that is wished. */
static size_t walk(const folder *f, bool removes)
{
    DIR *entries = opendir(f->path);
    size_t count = 0;
    if (!CHECK(entries != NULL)) return 0;
    for (struct dirent *e; (e = readdir(entries)) != NULL;) {
        char path[600];
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        snprintf(path, sizeof path, "%s/%s", f->path, e->d_name);
        count++;
        if (removes && remove(path) != 0) printf("  %s stays\n", path);
    }
    closedir(entries);
    return count;
}

void folder_remove(const folder *f)
{
    walk(f, true);
    CHECK(rmdir(f->path) == 0);
}

size_t folder_count(const folder *f)
{
    return walk(f, false);
}

void folder_write(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    REQUIRE(file != NULL);
    CHECK(fwrite(bytes, 1, size, file) == size);
    CHECK(fclose(file) == 0);
}

bool folder_holds(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "rb");
    if (!file) return false;
    char *found = malloc(size + 2);
    size_t n = found ? fread(found, 1, size + 2, file) : 0;
    bool same = n == size && (size == 0 || memcmp(found, bytes, size) == 0);
    fclose(file);
    free(found);
    return same;
}

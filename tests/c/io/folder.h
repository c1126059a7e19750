/* folder.h - a temporary folder with one file in it, for tests of file.c.
 * SPDX-License-Identifier: MIT */
#ifndef FOLDER_H
#define FOLDER_H

#include <stdbool.h>
#include <stddef.h>

typedef struct folder {
    char path[256];
    char file[280]; /* the path of "model" in it */
} folder;

/* An empty folder; leaves the case if it cannot be made. Removed with all that is in it. */
folder folder_make(void);
void folder_remove(const folder *f);

/* How many files are in it. */
size_t folder_count(const folder *f);

/* Writes and compares by the C library's own means. */
void folder_write(const char *path, const void *bytes, size_t size);
bool folder_holds(const char *path, const void *bytes, size_t size);

#endif

/* replay.c - runs a fuzz target over files, for builds without libFuzzer: one file, one input, in a
 * heap block of exactly its size.
 *
 * Usage: replay_NAME FILE...
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "image.h"

#include <stdio.h>
#include <stdlib.h>

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    long size = -1;
    if (file && fseek(file, 0, SEEK_END) == 0) size = ftell(file);
    if (size < 0 || fseek(file, 0, SEEK_SET) != 0) {
        fprintf(stderr, "%s cannot be read\n", path);
        return 1;
    }
    uint8_t *bytes = take((size_t)size);
    size_t n = fread(bytes, 1, (size_t)size, file);
    fclose(file);
    if (n == (size_t)size) LLVMFuzzerTestOneInput(bytes, n);
    free(bytes);
    return n == (size_t)size ? 0 : 1;
}

int main(int argc, char **argv)
{
    int failed = 0;
    for (int i = 1; i < argc; i++) failed += replay(argv[i]);
    printf("%d files replayed, %d not\n", argc - 1 - failed, failed);
    return argc < 2 || failed > 0;
}

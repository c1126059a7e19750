/* image.h - files in memory for the tests of their readers, and what must hold for what is read.
 *
 * Used by the tests and by the fuzz targets, so nothing here knows of the test harness. Every image
 * is a heap block of exactly its size: AddressSanitizer sees each byte read beyond it.
 * SPDX-License-Identifier: MIT */
#ifndef IMAGE_H
#define IMAGE_H

#include "io/safetensors.h"

#include <stddef.h>
#include <stdint.h>

typedef struct image {
    uint8_t *bytes;
    size_t size;
} image;

/* Blocks that end the process if there is no memory. */
void *take(size_t size);
void *take_copy(const void *from, size_t size);

/* Length prefix, header, then data_size bytes of 1, 2, 3 ... The caller frees .bytes. */
image image_of(const char *header, size_t header_size, size_t data_size);

/* NULL, or what is wrong with a table read from these bytes: found by looking at the format alone,
 * and in other ways than the reader's. Walks tensors, names, metadata and conversions. */
const char *table_problem(const bt_safetensors *table, const uint8_t *file, size_t size);

/* NULL, or what is wrong with an error that came with this code from a text of this size. */
const char *error_problem(const bt_io_error *error, int code, size_t size);

/* Opens a copy of the bytes, looks for problems, and closes it. The code; *problem is NULL or a
 * sentence. */
int open_and_check(const uint8_t *bytes, size_t size, const char **problem);

/* NULL, or why writing what the table holds and reading that again gives another table. */
const char *rewrite_problem(const bt_safetensors *table);

#endif

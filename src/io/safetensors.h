/* safetensors.h - reads and writes files of the safetensors format, in memory.
 *
 * Whatever the bytes are, reading ends with a table or an error and never reads outside of them. With
 * a header of n bytes it takes time O(n log n) and at most 4 n bytes + 64 KiB of memory. The rules are
 * numbered in safetensors.c. A table is immutable: any number of threads may use it.
 * SPDX-License-Identifier: MIT */
#ifndef BT_SAFETENSORS_H
#define BT_SAFETENSORS_H

#include "tensor.h"

#define BT_ST_LARGEST_HEADER 100000000u /* bytes */
#define BT_ST_MOST_TENSORS 1048576u     /* and as many metadata entries */

typedef struct bt_safetensors bt_safetensors;

/* Borrowed UTF-8 without a terminating NUL. */
typedef struct bt_text {
    const char *bytes;
    size_t length;
} bt_text;

/* Reads a file of `size` bytes, which stay the caller's and must not change while the table is
 * used: its names and data point into them. Returns a bt_io_code; on failure *table is NULL and
 * `error` (which may be NULL) says what is wrong at which byte. */
int bt_safetensors_open(const void *file, size_t size, bt_safetensors **table, bt_io_error *error);
void bt_safetensors_close(bt_safetensors *table); /* NULL is fine */

/* The tensors, which the table owns: in the order of their data, and by name (NULL: none). */
size_t bt_safetensors_count(const bt_safetensors *table);
const bt_tensor *bt_safetensors_at(const bt_safetensors *table, size_t index);
const bt_tensor *bt_safetensors_find(const bt_safetensors *table, bt_text name);
/* The tensor of an index in the order of the header, and the index of a tensor. */
const bt_tensor *bt_safetensors_listed(const bt_safetensors *table, size_t number);
size_t bt_safetensors_number(const bt_safetensors *table, const bt_tensor *tensor);

/* The keys of __metadata__, which the table owns, in the order of the header. */
size_t bt_safetensors_metadata_count(const bt_safetensors *table);
bt_text bt_safetensors_metadata_key(const bt_safetensors *table, size_t index);
/* Copies the value of a key, escapes resolved and without a terminating NUL, to value [capacity],
 * and sets its length. BT_ST_METADATA_ABSENT if there is no such key; BT_IO_BUFFER_SIZE, with the
 * length set, if it does not fit. */
int bt_safetensors_metadata(const bt_safetensors *table, bt_text key, char *value, size_t capacity,
                            size_t *length);

/* The text of a terminated string. */
bt_text bt_text_of(const char *terminated);

typedef struct bt_metadata {
    bt_text key, value;
} bt_metadata;

/* Writes a file to buffer [capacity]: the header, padded with spaces to a multiple of 8 bytes, then
 * the data without gaps. Tensors are sorted by descending dtype size, then by name, metadata by
 * key, so that the same tensors give the same bytes and the data of each is aligned to its dtype.
 * Uses name, dtype, rank, shape, data and size of a tensor.
 *
 * Sets *size to the size of the file; with a NULL buffer that is all. BT_IO_BUFFER_SIZE, and
 * nothing is written, if it does not fit. Refuses what bt_safetensors_open would refuse, with the
 * same codes; `error` may be NULL. Allocates 16 bytes a tensor or entry for sorting. */
int bt_safetensors_write(const bt_tensor *tensors, size_t count, const bt_metadata *metadata,
                         size_t entries, void *buffer, size_t capacity, size_t *size,
                         bt_io_error *error);

/* The same in the order in which tensors and metadata are given; names and keys must be unique,
 * which is not checked. Allocates nothing. Both functions leave the bytes of a tensor whose data is
 * NULL as they are, for the caller to fill. */
int bt_safetensors_write_listed(const bt_tensor *tensors, size_t count, const bt_metadata *metadata,
                                size_t entries, void *buffer, size_t capacity, size_t *size);

#endif

/* safetensors.h - reads and writes files of the safetensors format, in memory.
 *
 * Whatever the bytes are, reading ends with a table or an error, never looks outside of them, takes
 * time linear in the header (but for a logarithm) and memory of at most four times the header and
 * 64 KiB. The rules are numbered in safetensors.c. Nothing here keeps anything between calls: one
 * table may be read by several threads at a time.
 * SPDX-License-Identifier: MIT */
#ifndef BT_SAFETENSORS_H
#define BT_SAFETENSORS_H

#include "tensor.h"

#define BT_ST_LARGEST_HEADER 100000000u /* bytes */
#define BT_ST_MOST_TENSORS 1048576u     /* and as many metadata entries */

typedef struct bt_safetensors bt_safetensors;

/* Bytes of UTF-8, without a terminating NUL; they belong to whoever made them. */
typedef struct bt_text {
    const char *bytes;
    size_t length;
} bt_text;

/* Reads the `size` bytes of a file. They stay the caller's, who keeps them as they are for as long
 * as the table is used: its names and data point into them. On failure *table is NULL, the code is
 * returned and `error` (which may be NULL) says what is wrong at which byte of the file. */
int bt_safetensors_open(const void *file, size_t size, bt_safetensors **table, bt_io_error *error);
void bt_safetensors_close(bt_safetensors *table); /* NULL is fine */

/* The tensors, in the order of their data, and one by its name or NULL. They are the table's. */
size_t bt_safetensors_count(const bt_safetensors *table);
const bt_tensor *bt_safetensors_at(const bt_safetensors *table, size_t index);
const bt_tensor *bt_safetensors_find(const bt_safetensors *table, bt_text name);
/* One by its number, from 0, in the order of the header; and the number of one. */
const bt_tensor *bt_safetensors_listed(const bt_safetensors *table, size_t number);
size_t bt_safetensors_number(const bt_safetensors *table, const bt_tensor *tensor);

/* The keys of __metadata__, in the order of the header. They are the table's. */
size_t bt_safetensors_metadata_count(const bt_safetensors *table);
bt_text bt_safetensors_metadata_key(const bt_safetensors *table, size_t index);
/* The value of a key, escapes resolved: its length, and a copy of it without a terminating NUL in
 * `value`, which holds `capacity` bytes. BT_ST_METADATA_ABSENT if there is no such key,
 * BT_IO_BUFFER_SIZE with the length set and nothing copied if it does not fit. */
int bt_safetensors_metadata(const bt_safetensors *table, bt_text key, char *value, size_t capacity,
                            size_t *length);

/* A text from a literal. */
bt_text bt_text_of(const char *terminated);

typedef struct bt_metadata {
    bt_text key, value;
} bt_metadata;

/* Writes a file into `buffer`: the header, padded with spaces to a multiple of 8 bytes, then the
 * data of the tensors without gaps, those of wide dtypes first, then by name; the metadata by key.
 * So the same tensors give the same bytes, and the data of each is aligned to its dtype. Of a
 * tensor name, dtype, rank, shape, data and size are used; begin, end and elements are not.
 *
 * *size is set to the file's bytes. A NULL buffer asks for that alone; BT_IO_BUFFER_SIZE says that
 * capacity is less, and nothing was written. Refuses what bt_safetensors_open would refuse, by the
 * same codes; `error` may be NULL. Takes memory for the sorting, 16 bytes a tensor or entry. */
int bt_safetensors_write(const bt_tensor *tensors, size_t count, const bt_metadata *metadata,
                         size_t entries, void *buffer, size_t capacity, size_t *size,
                         bt_io_error *error);

/* The same in the order in which tensors and metadata are given; names and keys must be unique,
 * which is not checked. Takes no memory. In both, the place of a tensor whose data is NULL is left
 * as it is, for the caller to fill. */
int bt_safetensors_write_listed(const bt_tensor *tensors, size_t count, const bt_metadata *metadata,
                                size_t entries, void *buffer, size_t capacity, size_t *size);

#endif

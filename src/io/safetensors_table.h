/* safetensors_table.h - what is known of a file, shared by the two halves of the reader:
 * safetensors_header.c fills a table from the header, safetensors.c checks and searches it.
 * SPDX-License-Identifier: MIT */
#ifndef BT_SAFETENSORS_TABLE_H
#define BT_SAFETENSORS_TABLE_H

#include "order.h"
#include "safetensors.h"

/* A key and its value by their offsets in the header and their lengths in bytes as written. For a
 * key with escapes: offset and length of its resolved form in the table's `names`. */
typedef struct bt_st_entry {
    uint32_t key_at, key_length, value_at, value_length;
} bt_st_entry;
#define BT_ST_ESCAPED 0x80000000u /* flag in a length, which is smaller than that */

/* Followed by its arrays in the same block. */
struct bt_safetensors {
    const char *header;
    size_t count, entries;
    bt_tensor *tensors;        /* [count] in the order of the header */
    bt_st_entry *metadata;     /* [entries] likewise */
    bt_rank *by_offset;        /* [count] key: the highest bits of `begin` */
    bt_rank *by_name, *by_key; /* [count], [entries] key: hash */
    bt_rank *scratch;
    char *names; /* those that are written with escapes, resolved */
};

/* Reads a header of `size` bytes, which the data_size bytes of data follow, and checks each tensor
 * by itself: all rules but R1, R2, R15, R16 for the last byte, and the uniqueness of R7 and R17.
 * Returns a bt_io_code; *table is NULL unless that is BT_IO_OK. */
int bt_safetensors_read_header(const char *header, size_t size, const uint8_t *data,
                               uint64_t data_size, bt_safetensors **table, bt_io_error *error);

/* An offset in the header as one in the file. */
static inline uint64_t bt_st_in_file(size_t header_offset)
{
    return 8 + (uint64_t)header_offset;
}

#endif

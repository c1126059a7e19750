/* safetensors.c - opens a file: checks its tensors against each other, and finds them by name.
 *
 * The rules of the reader, here and in safetensors_header.c:
 *
 *   R1  at least 8 bytes                        R11 the product of the shape does not overflow
 *   R2  header <= 100000000 and inside the file R12 nor does that times the dtype
 *   R3  strict UTF-8                            R13 begin <= end
 *   R4  strict JSON, an object, then blanks     R14 end - begin is the size by R12
 *   R5  no recursion, depth <= 8, linear work   R15 ranges follow each other from 0: no gap, no
 *   R6  integers 0 to 2^63-1, digits only           overlap
 *   R7  names unique, no NUL, <= 4096 bytes     R16 up to the end of the file
 *   R8  dtype, shape, data_offsets once each;   R17 __metadata__ is null or maps unique strings to
 *       other keys are skipped                      strings
 *   R9  dtype known to the format               R18 at most 2^20 tensors, and metadata entries
 *   R10 rank <= 8                               R19 memory <= 4 header + 64 KiB
 *   R20 views carry their length and are read by bytes, little-endian
 * SPDX-License-Identifier: MIT */
#include "safetensors_table.h"

#include "../base/alloc.h"
#include "../base/bytes.h"
#include "json.h"

#include <string.h>

static bt_text key_of(const bt_safetensors *table, uint32_t i)
{
    const bt_st_entry *e = table->metadata + i;
    const char *from = (e->key_length & BT_ST_ESCAPED) != 0 ? table->names : table->header;
    return (bt_text){from + e->key_at, e->key_length & ~BT_ST_ESCAPED};
}

static bt_text name_of(const bt_safetensors *table, uint32_t i)
{
    return (bt_text){table->tensors[i].name, table->tensors[i].name_length};
}

static int compare_offsets(const void *context, uint32_t a, uint32_t b)
{
    const bt_safetensors *table = context;
    const bt_tensor *x = table->tensors + a, *y = table->tensors + b;
    if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end; /* an empty one first */
}

static int compare_names(const void *context, uint32_t a, uint32_t b)
{
    bt_text x = name_of(context, a), y = name_of(context, b);
    return bt_compare_text(x.bytes, x.length, y.bytes, y.length);
}

static int compare_keys(const void *context, uint32_t a, uint32_t b)
{
    bt_text x = key_of(context, a), y = key_of(context, b);
    return bt_compare_text(x.bytes, x.length, y.bytes, y.length);
}

static int fail_checked(bt_io_error *error, int code, const bt_tensor *t)
{
    return bt_io_fail_at(error, code, bt_st_in_file(t->header_at), "tensor", t->name,
                         t->name_length);
}

/* Sorts texts by hash; returns the index of one that equals its predecessor, or count. */
static size_t find_duplicate(const bt_safetensors *table, bt_rank *order, size_t count,
                             bt_text (*get)(const bt_safetensors *, uint32_t), bt_compare compare)
{
    for (uint32_t i = 0; i < count; i++) {
        bt_text text = get(table, i);
        order[i] = (bt_rank){bt_text_hash(text.bytes, text.length), i};
    }
    bt_order(order, table->scratch, count, compare, table);
    for (size_t i = 1; i < count; i++)
        if (order[i - 1].key == order[i].key &&
            compare(table, order[i - 1].index, order[i].index) == 0)
            return order[i].index;
    return count;
}

/* R7 and R17: every name and key once. */
static int check_unique(const bt_safetensors *table, bt_io_error *error)
{
    size_t second = find_duplicate(table, table->by_name, table->count, name_of, compare_names);
    if (second < table->count)
        return fail_checked(error, BT_ST_NAME_TWICE, table->tensors + second);
    second = find_duplicate(table, table->by_key, table->entries, key_of, compare_keys);
    if (second == table->entries) return BT_IO_OK;
    bt_text key = key_of(table, (uint32_t)second);
    return bt_io_fail_at(error, BT_ST_METADATA_KEY_TWICE,
                         bt_st_in_file(table->metadata[second].value_at), "metadata", key.bytes,
                         key.length);
}

/* R15 and R16: the tensors cover the data from its first to its last byte. */
static int check_ranges(const bt_safetensors *table, uint64_t data_size, uint64_t data_at,
                        bt_io_error *error)
{
    uint64_t end = 0;
    unsigned shift = 0;
    while (data_size >> shift > UINT32_MAX) shift++;
    for (uint32_t i = 0; i < table->count; i++)
        table->by_offset[i] = (bt_rank){(uint32_t)(table->tensors[i].begin >> shift), i};
    bt_order(table->by_offset, table->scratch, table->count, compare_offsets, table);
    for (size_t i = 0; i < table->count; i++) {
        const bt_tensor *t = table->tensors + table->by_offset[i].index;
        if (t->begin < end) return fail_checked(error, BT_ST_OVERLAP, t);
        if (t->begin > end) return fail_checked(error, BT_ST_HOLE, t);
        end = t->end;
    }
    return end == data_size ? BT_IO_OK : bt_io_fail(error, BT_ST_DATA_LEFT, data_at + end);
}

int bt_safetensors_open(const void *file, size_t size, bt_safetensors **table, bt_io_error *error)
{
    const uint8_t *bytes = file;
    *table = NULL;
    if (error) *error = (bt_io_error){0};
    if (size < 8) return bt_io_fail(error, BT_ST_TOO_SHORT, size); /* R1 */
    uint64_t header = bt_get_u64(bytes);                           /* R2 */
    if (header > BT_ST_LARGEST_HEADER) return bt_io_fail(error, BT_ST_HEADER_LIMIT, 0);
    if (header > size - 8) return bt_io_fail(error, BT_ST_HEADER_PAST_END, 0);
    uint64_t data_size = size - 8 - header;
    bt_safetensors *made;
    int code = bt_safetensors_read_header((const char *)bytes + 8, (size_t)header,
                                          bytes + 8 + (size_t)header, data_size, &made, error);
    if (code == BT_IO_OK) code = check_unique(made, error);
    if (code == BT_IO_OK) code = check_ranges(made, data_size, 8 + header, error);
    if (code == BT_IO_OK) *table = made;
    else bt_safetensors_close(made);
    return code;
}

void bt_safetensors_close(bt_safetensors *table)
{
    bt_free(table);
}

size_t bt_safetensors_count(const bt_safetensors *table)
{
    return table->count;
}

const bt_tensor *bt_safetensors_at(const bt_safetensors *table, size_t index)
{
    return index < table->count ? table->tensors + table->by_offset[index].index : NULL;
}

/* Binary search: the index of the tensor or entry with this text, or count. */
static size_t search(const bt_safetensors *table, const bt_rank *order, size_t count, bt_text text,
                     bt_text (*get)(const bt_safetensors *, uint32_t))
{
    uint32_t hash = bt_text_hash(text.bytes, text.length);
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        bt_rank at = order[middle];
        bt_text other = get(table, at.index);
        int difference = hash < at.key ? -1 : hash > at.key;
        if (difference == 0)
            difference = bt_compare_text(text.bytes, text.length, other.bytes, other.length);
        if (difference == 0) return at.index;
        if (difference < 0) high = middle;
        else low = middle + 1;
    }
    return count;
}

const bt_tensor *bt_safetensors_find(const bt_safetensors *table, bt_text name)
{
    size_t i = search(table, table->by_name, table->count, name, name_of);
    return i < table->count ? table->tensors + i : NULL;
}

const bt_tensor *bt_safetensors_listed(const bt_safetensors *table, size_t number)
{
    return number < table->count ? table->tensors + number : NULL;
}

size_t bt_safetensors_number(const bt_safetensors *table, const bt_tensor *tensor)
{
    return (size_t)(tensor - table->tensors);
}

size_t bt_safetensors_metadata_count(const bt_safetensors *table)
{
    return table->entries;
}

bt_text bt_safetensors_metadata_key(const bt_safetensors *table, size_t index)
{
    return index < table->entries ? key_of(table, (uint32_t)index) : (bt_text){"", 0};
}

int bt_safetensors_metadata(const bt_safetensors *table, bt_text key, char *value, size_t capacity,
                            size_t *length)
{
    size_t i = search(table, table->by_key, table->entries, key, key_of);
    if (i == table->entries) return BT_ST_METADATA_ABSENT;
    const bt_st_entry *entry = table->metadata + i;
    bt_json_token token = {.kind = BT_JSON_STRING,
                           .escaped = (entry->value_length & BT_ST_ESCAPED) != 0,
                           .text = table->header + entry->value_at,
                           .length = entry->value_length & ~BT_ST_ESCAPED};
    *length = bt_json_length(&token);
    return bt_json_copy(&token, value, capacity) ? BT_IO_OK : BT_IO_BUFFER_SIZE;
}

bt_text bt_text_of(const char *terminated)
{
    return (bt_text){terminated, strlen(terminated)};
}

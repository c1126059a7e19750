/* safetensors_write.c - the writer: checks and sorts tensors and metadata, then writes them.
 * SPDX-License-Identifier: MIT */
#include "safetensors.h"

#include "../base/alloc.h"
#include "../base/bytes.h"
#include "../base/checked.h"
#include "../base/utf8.h"
#include "json.h"
#include "order.h"

#include <string.h>

static void put_tensor(bt_sink *s, const bt_tensor *t, uint64_t begin)
{
    bt_put_string(s, t->name, t->name_length);
    bt_put_text(s, ":{\"dtype\":\"");
    bt_put_text(s, bt_dtype_name(t->dtype));
    bt_put_text(s, "\",\"shape\":[");
    for (size_t i = 0; i < t->rank; i++) {
        if (i > 0) bt_put_text(s, ",");
        bt_put_number(s, t->shape[i], 1);
    }
    bt_put_text(s, "],\"data_offsets\":[");
    bt_put_number(s, begin, 1);
    bt_put_text(s, ",");
    bt_put_number(s, begin + t->size, 1);
    bt_put_text(s, "]}");
}

/* What is written, and in what order. */
typedef struct {
    const bt_tensor *tensors;
    const bt_metadata *metadata;
    size_t count, entries;
    bt_rank *by_key, *by_place; /* the orders of metadata and tensors; NULL: as given */
} plan;

static const bt_tensor *tensor_at(const plan *p, size_t i)
{
    return p->tensors + (p->by_place ? p->by_place[i].index : i);
}

static void put_header(bt_sink *s, const plan *p)
{
    bt_put_text(s, "{");
    if (p->entries > 0) bt_put_text(s, "\"__metadata__\":{");
    for (size_t i = 0; i < p->entries; i++) {
        const bt_metadata *m = p->metadata + (p->by_key ? p->by_key[i].index : i);
        if (i > 0) bt_put_text(s, ",");
        bt_put_string(s, m->key.bytes, m->key.length);
        bt_put_text(s, ":");
        bt_put_string(s, m->value.bytes, m->value.length);
    }
    if (p->entries > 0) bt_put_text(s, "}");
    uint64_t begin = 0;
    for (size_t i = 0; i < p->count; i++) {
        const bt_tensor *t = tensor_at(p, i);
        if (i > 0 || p->entries > 0) bt_put_text(s, ",");
        put_tensor(s, t, begin);
        begin += t->size;
    }
    bt_put_text(s, "}");
    while (s->at % 8 != 0) bt_put_text(s, " ");
}

static int compare_names(const void *context, uint32_t a, uint32_t b)
{
    const bt_tensor *tensors = context, *x = tensors + a, *y = tensors + b;
    return bt_compare_text(x->name, x->name_length, y->name, y->name_length);
}

/* For a stable sort by keys alone. */
static int compare_nothing(const void *context, uint32_t a, uint32_t b)
{
    (void)context;
    (void)a;
    (void)b;
    return 0;
}

static int compare_keys(const void *context, uint32_t a, uint32_t b)
{
    const bt_metadata *metadata = context;
    bt_text x = metadata[a].key, y = metadata[b].key;
    return bt_compare_text(x.bytes, x.length, y.bytes, y.length);
}

/* Checks one tensor, and adds its size to the total. */
static int check_tensor(const bt_tensor *t, size_t *total)
{
    uint64_t elements, bytes;
    if (t->name_length > BT_TENSOR_NAME) return BT_ST_NAME_LONG;
    if (!bt_utf8_valid(t->name, t->name_length)) return BT_ST_NAME_UTF8;
    if (t->name_length > 0 && memchr(t->name, 0, t->name_length)) return BT_ST_NAME_NUL;
    if (bt_compare_text(t->name, t->name_length, "__metadata__", 12) == 0)
        return BT_ST_NAME_RESERVED;
    if (t->dtype >= BT_DTYPE_COUNT) return BT_ST_DTYPE_UNKNOWN;
    int code = bt_tensor_extent(t->dtype, t->shape, t->rank, &elements, &bytes);
    if (code) return code;
    if (t->size != bytes) return BT_ST_RANGE_SIZE;
    return bt_add_size(*total, t->size, total) ? BT_IO_OK : BT_ST_SHAPE_OVERFLOW;
}

static int fail_tensor(bt_io_error *error, int code, const bt_tensor *t)
{
    return bt_io_fail_at(error, code, 0, "tensor", t->name, t->name_length);
}

static int fail_entry(bt_io_error *error, int code, const bt_metadata *m)
{
    return bt_io_fail_at(error, code, 0, "metadata", m->key.bytes, m->key.length);
}

/* Checks all but the uniqueness of names and keys; sets the size of all data. */
static int check(const plan *p, size_t *data, bt_io_error *error)
{
    *data = 0;
    if (p->count > BT_ST_MOST_TENSORS) return bt_io_fail(error, BT_ST_TENSOR_LIMIT, 0);
    if (p->entries > BT_ST_MOST_TENSORS) return bt_io_fail(error, BT_ST_METADATA_LIMIT, 0);
    uint64_t text = 0; /* a lower bound of the header's length, to refuse by R2 before sorting */
    for (size_t i = 0; i < p->count; i++) {
        int code = check_tensor(p->tensors + i, data);
        if (code) return fail_tensor(error, code, p->tensors + i);
        text += p->tensors[i].name_length;
    }
    for (size_t i = 0; i < p->entries; i++) {
        const bt_metadata *m = p->metadata + i;
        if (m->key.length > BT_ST_LARGEST_HEADER || m->value.length > BT_ST_LARGEST_HEADER)
            return bt_io_fail(error, BT_ST_HEADER_LIMIT, 0);
        if (!bt_utf8_valid(m->key.bytes, m->key.length) ||
            !bt_utf8_valid(m->value.bytes, m->value.length))
            return fail_entry(error, BT_ST_METADATA_UTF8, m);
        text += m->key.length + m->value.length;
    }
    return text <= BT_ST_LARGEST_HEADER ? BT_IO_OK : bt_io_fail(error, BT_ST_HEADER_LIMIT, 0);
}

/* An item that equals its predecessor in the order, or NULL. */
static const bt_rank *find_duplicate(const bt_rank *order, size_t count, bt_compare compare,
                                     const void *context)
{
    for (size_t i = 1; i < count; i++)
        if (compare(context, order[i - 1].index, order[i].index) == 0) return order + i;
    return NULL;
}

/* Sorts tensors by name, which finds equal names, then by dtype size; sorts metadata by key. */
static int sort(plan *p, bt_rank *scratch, bt_io_error *error)
{
    for (uint32_t i = 0; i < p->count; i++) {
        const bt_tensor *t = p->tensors + i;
        p->by_place[i] = (bt_rank){bt_text_start(t->name, t->name_length), i};
    }
    bt_order(p->by_place, scratch, p->count, compare_names, p->tensors);
    const bt_rank *second = find_duplicate(p->by_place, p->count, compare_names, p->tensors);
    if (second) return fail_tensor(error, BT_ST_NAME_TWICE, p->tensors + second->index);
    for (size_t i = 0; i < p->count; i++)
        p->by_place[i].key = 64 - bt_dtype_bits(p->tensors[p->by_place[i].index].dtype);
    bt_order(p->by_place, scratch, p->count, compare_nothing, NULL);

    for (uint32_t i = 0; i < p->entries; i++) {
        bt_text key = p->metadata[i].key;
        p->by_key[i] = (bt_rank){bt_text_start(key.bytes, key.length), i};
    }
    bt_order(p->by_key, scratch, p->entries, compare_keys, p->metadata);
    second = find_duplicate(p->by_key, p->entries, compare_keys, p->metadata);
    return second ? fail_entry(error, BT_ST_METADATA_KEY_TWICE, p->metadata + second->index)
                  : BT_IO_OK;
}

/* Sets the size of the file, and writes it if there is a buffer. */
static int emit(const plan *p, size_t data, uint8_t *buffer, size_t capacity, size_t *size,
                bt_io_error *error)
{
    bt_sink counted = {0};
    put_header(&counted, p);
    size_t header = counted.at;
    if (header > BT_ST_LARGEST_HEADER) return bt_io_fail(error, BT_ST_HEADER_LIMIT, 0);
    if (!bt_add_size(8 + header, data, size)) return bt_io_fail(error, BT_ST_SHAPE_OVERFLOW, 0);
    if (!buffer) return BT_IO_OK;
    if (*size > capacity) return bt_io_fail(error, BT_IO_BUFFER_SIZE, capacity);
    bt_put_u64(buffer, header);
    bt_sink written = {.out = (char *)buffer + 8};
    put_header(&written, p);
    uint8_t *to = buffer + 8 + header;
    for (size_t i = 0; i < p->count; i++) {
        const bt_tensor *t = tensor_at(p, i);
        if (t->size > 0 && t->data) memcpy(to, t->data, t->size);
        to += t->size;
    }
    return BT_IO_OK;
}

int bt_safetensors_write(const bt_tensor *tensors, size_t count, const bt_metadata *metadata,
                         size_t entries, void *buffer, size_t capacity, size_t *size,
                         bt_io_error *error)
{
    plan p = {.tensors = tensors, .metadata = metadata, .count = count, .entries = entries};
    size_t data, most = count > entries ? count : entries;
    *size = 0;
    if (error) *error = (bt_io_error){0};
    int code = check(&p, &data, error);
    if (code) return code;
    bt_rank *block = bt_alloc(count + entries + most, sizeof *block);
    if (!block) return bt_io_fail(error, BT_IO_OUT_OF_MEMORY, 0);
    p.by_place = block;
    p.by_key = block + count;
    code = sort(&p, block + count + entries, error);
    if (code == BT_IO_OK) code = emit(&p, data, buffer, capacity, size, error);
    bt_free(block);
    return code;
}

int bt_safetensors_write_listed(const bt_tensor *tensors, size_t count, const bt_metadata *metadata,
                                size_t entries, void *buffer, size_t capacity, size_t *size)
{
    const plan p = {.tensors = tensors, .metadata = metadata, .count = count, .entries = entries};
    size_t data;
    *size = 0;
    int code = check(&p, &data, NULL);
    return code ? code : emit(&p, data, buffer, capacity, size, NULL);
}

/* safetensors_header.c - from the header of a file to a table of its tensors and metadata.
 *
 * The header is read twice by the same code: once to check each tensor by itself and to count what
 * the table will hold, and, once the table is allocated, a second time to fill it. The rules are
 * numbered in safetensors.c.
 * SPDX-License-Identifier: MIT */
#include "safetensors_table.h"

#include "../base/alloc.h"
#include "../base/checked.h"
#include "json.h"

#include <string.h>

/* R19: bytes of the shortest tensor and metadata entry of a header. Shorter keys of metadata exist,
 * but keys are unique: there are at most 129 of 0 or 1 byte, which the 64 KiB allow for. */
#define SHORTEST_TENSOR (sizeof "\"\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,0]}" - 1)
#define SHORTEST_ENTRY (sizeof "\"kk\":\"\"," - 1)
_Static_assert(sizeof(bt_tensor) + 3 * sizeof(bt_rank) <= 4 * SHORTEST_TENSOR, "R19, tensors");
_Static_assert(sizeof(bt_st_entry) + 2 * sizeof(bt_rank) <= 4 * SHORTEST_ENTRY, "R19, metadata");

/* The state of one reading of the header. */
typedef struct {
    bt_json json;
    bt_json_token token; /* the last one */
    bt_io_error *error;
    const uint8_t *data;
    uint64_t data_size;
    bt_safetensors *table; /* NULL while counting */
    size_t count, entries, name_bytes;
    bool metadata_seen;
} reader;

/* The fields of a tensor. */
enum { DTYPE = 1, SHAPE = 2, OFFSETS = 4 };
typedef struct {
    bt_json_token name;
    unsigned seen;
    bt_tensor tensor;
} description;

static int fail_here(reader *r, int code)
{
    return bt_io_fail(r->error, code, bt_st_in_file(r->token.offset));
}

static int fail_tensor(reader *r, int code, const bt_json_token *name)
{
    return bt_io_fail_at(r->error, code, bt_st_in_file(name->offset), "tensor", name->text,
                         name->length);
}

/* R3, R4, R5: the next token. */
static int next(reader *r)
{
    if (bt_json_next(&r->json, &r->token) != BT_JSON_ERROR) return BT_IO_OK;
    return bt_io_fail(r->error, r->json.code, bt_st_in_file(r->json.at));
}

/* R8: skips the value of an unknown key. The reference refuses numbers too large for a double. */
static int skip_value(reader *r)
{
    uint32_t outside = r->json.depth;
    do {
        int code = next(r);
        if (code) return code;
        bool first_time = !r->table;
        if (r->token.kind == BT_JSON_NUMBER_TOKEN && first_time && bt_json_power(&r->token) > 307)
            return fail_here(r, BT_JSON_RANGE);
    } while (r->json.depth > outside);
    return BT_IO_OK;
}

/* R6: an array of at most `most` integers, of which those above 2^63-1 give the code `above`. */
static int read_integers(reader *r, uint64_t *out, size_t most, size_t *count, int above)
{
    int code = next(r);
    if (code) return code;
    if (r->token.kind != BT_JSON_ARRAY) return fail_here(r, BT_ST_FIELD_TYPE);
    *count = 0;
    for (;;) {
        if ((code = next(r)) != BT_IO_OK) return code;
        if (r->token.kind == BT_JSON_ARRAY_END) return BT_IO_OK;
        uint64_t value;
        code = bt_json_integer(&r->token, BT_TENSOR_DIMENSION, &value);
        if (code) return fail_here(r, code == BT_JSON_RANGE ? above : code);
        /* R10, or more than two offsets */
        if (*count == most) return fail_here(r, most > 2 ? BT_ST_RANK : BT_ST_FIELD_TYPE);
        out[(*count)++] = value;
    }
}

static int read_dtype(reader *r, bt_tensor *tensor)
{
    int code = next(r);
    if (code) return code;
    if (r->token.kind != BT_JSON_STRING) return fail_here(r, BT_ST_FIELD_TYPE);
    for (unsigned i = 0; i < BT_DTYPE_COUNT; i++) {
        if (!bt_json_equals(&r->token, bt_dtype_name(i))) continue;
        tensor->dtype = (uint8_t)i;
        return BT_IO_OK;
    }
    return fail_here(r, BT_ST_DTYPE_UNKNOWN); /* R9 */
}

/* R8: the value of one key of a tensor, which is r->token. */
static int read_field(reader *r, description *d)
{
    bt_tensor *t = &d->tensor;
    unsigned field = 0;
    if (bt_json_equals(&r->token, "dtype")) field = DTYPE;
    else if (bt_json_equals(&r->token, "shape")) field = SHAPE;
    else if (bt_json_equals(&r->token, "data_offsets")) field = OFFSETS;
    if ((d->seen & field) != 0) return fail_here(r, BT_ST_FIELD_TWICE);
    d->seen |= field;
    if (field == 0) return skip_value(r);
    if (field == DTYPE) return read_dtype(r, t);

    size_t count = 0;
    if (field == SHAPE) {
        int code = read_integers(r, t->shape, BT_TENSOR_RANK, &count, BT_ST_DIMENSION);
        if (code == BT_IO_OK) t->rank = (uint8_t)count;
        return code;
    }
    uint64_t range[2] = {0};
    int code = read_integers(r, range, 2, &count, BT_ST_OFFSET);
    if (code) return code;
    if (count != 2) return fail_here(r, BT_ST_FIELD_TYPE);
    t->begin = range[0];
    t->end = range[1];
    return BT_IO_OK;
}

/* R11 to R14, and R16 for one tensor. */
static int check_tensor(reader *r, description *d)
{
    bt_tensor *t = &d->tensor;
    uint64_t bytes;
    if (d->seen != (DTYPE | SHAPE | OFFSETS)) return fail_tensor(r, BT_ST_FIELD_MISSING, &d->name);
    int code = bt_tensor_extent(t->dtype, t->shape, t->rank, &t->elements, &bytes);
    if (code) return fail_tensor(r, code, &d->name);
    if (t->begin > t->end) return fail_tensor(r, BT_ST_RANGE_ORDER, &d->name);
    if (t->end - t->begin != bytes) return fail_tensor(r, BT_ST_RANGE_SIZE, &d->name);
    if (t->end > r->data_size) return fail_tensor(r, BT_ST_RANGE_PAST_END, &d->name);
    t->data = r->data + t->begin;
    t->size = (size_t)bytes;
    return BT_IO_OK;
}

/* Copies a name with its escapes resolved to table->names and returns it; NULL while counting. */
static const char *resolve(reader *r, const bt_json_token *name, size_t length)
{
    size_t at = r->name_bytes;
    r->name_bytes += length;
    if (!r->table) return NULL;
    bt_json_copy(name, r->table->names + at, length);
    return r->table->names + at;
}

/* R7 for one name, which is r->token. */
static int check_name(reader *r, size_t length)
{
    char resolved[BT_TENSOR_NAME];
    if (length > sizeof resolved) return fail_tensor(r, BT_ST_NAME_LONG, &r->token);
    if (!r->token.escaped) return BT_IO_OK; /* a NUL is a control character, which R4 forbids */
    bt_json_copy(&r->token, resolved, sizeof resolved);
    if (memchr(resolved, 0, length)) return fail_tensor(r, BT_ST_NAME_NUL, &r->token);
    return BT_IO_OK;
}

/* A tensor, whose name is r->token. */
static int read_tensor(reader *r)
{
    description d = {.name = r->token};
    size_t length = bt_json_length(&d.name);
    if (r->count == BT_ST_MOST_TENSORS) return fail_here(r, BT_ST_TENSOR_LIMIT); /* R18 */
    int code = check_name(r, length);
    if (code || (code = next(r)) != BT_IO_OK) return code;
    if (r->token.kind != BT_JSON_OBJECT) return fail_tensor(r, BT_ST_TENSOR_NOT_OBJECT, &d.name);
    for (;;) {
        if ((code = next(r)) != BT_IO_OK) return code;
        if (r->token.kind == BT_JSON_OBJECT_END) break;
        if ((code = read_field(r, &d)) != BT_IO_OK) return code;
    }
    if ((code = check_tensor(r, &d)) != BT_IO_OK) return code;
    d.tensor.name = d.name.escaped ? resolve(r, &d.name, length) : d.name.text;
    d.tensor.name_length = length;
    d.tensor.header_at = (uint32_t)d.name.offset;
    if (r->table) r->table->tensors[r->count] = d.tensor;
    r->count++;
    return BT_IO_OK;
}

/* R17 without the uniqueness of keys. */
static int read_metadata(reader *r)
{
    if (r->metadata_seen) return fail_here(r, BT_ST_METADATA_TWICE);
    r->metadata_seen = true;
    int code = next(r);
    if (code || r->token.kind == BT_JSON_NULL) return code;
    if (r->token.kind != BT_JSON_OBJECT) return fail_here(r, BT_ST_METADATA_TYPE);
    for (;;) {
        if ((code = next(r)) != BT_IO_OK) return code;
        if (r->token.kind == BT_JSON_OBJECT_END) return BT_IO_OK;
        if (r->entries == BT_ST_MOST_TENSORS) return fail_here(r, BT_ST_METADATA_LIMIT);
        bt_st_entry entry = {(uint32_t)(r->token.offset + 1), (uint32_t)r->token.length, 0, 0};
        if (r->token.escaped) {
            size_t length = bt_json_length(&r->token);
            entry.key_at = (uint32_t)r->name_bytes;
            entry.key_length = (uint32_t)length | BT_ST_ESCAPED;
            resolve(r, &r->token, length);
        }
        if ((code = next(r)) != BT_IO_OK) return code;
        if (r->token.kind != BT_JSON_STRING) return fail_here(r, BT_ST_METADATA_TYPE);
        entry.value_at = (uint32_t)(r->token.offset + 1);
        entry.value_length = (uint32_t)r->token.length | (r->token.escaped ? BT_ST_ESCAPED : 0);
        if (r->table) r->table->metadata[r->entries] = entry;
        r->entries++;
    }
}

static int read_header(reader *r)
{
    int code = next(r);
    if (code) return code;
    if (r->token.kind != BT_JSON_OBJECT) return fail_here(r, BT_ST_NOT_OBJECT);
    for (;;) {
        if ((code = next(r)) != BT_IO_OK) return code;
        if (r->token.kind == BT_JSON_OBJECT_END) return next(r); /* R4: that is the end */
        code = bt_json_equals(&r->token, "__metadata__") ? read_metadata(r) : read_tensor(r);
        if (code) return code;
    }
}

/* R19: the table and all of its arrays, in one block. */
static bt_safetensors *allocate(const reader *counted)
{
    size_t n = counted->count, m = counted->entries, most = n > m ? n : m;
    size_t size = sizeof(bt_safetensors), tensors, metadata, ranks;
    if (!bt_mul_size(n, sizeof(bt_tensor), &tensors) ||
        !bt_mul_size(m, sizeof(bt_st_entry), &metadata) ||
        !bt_mul_size(2 * n + m + most, sizeof(bt_rank), &ranks) ||
        !bt_add_size(size, tensors, &size) || !bt_add_size(size, metadata, &size) ||
        !bt_add_size(size, ranks, &size) || !bt_add_size(size, counted->name_bytes, &size))
        return NULL;
    uint8_t *block = bt_alloc(1, size);
    if (!block) return NULL;
    bt_safetensors *table = (void *)block;
    uint8_t *p = block + sizeof *table;
    table->tensors = (void *)p;
    table->metadata = (void *)(p + tensors);
    table->by_offset = (void *)(p + tensors + metadata);
    table->by_name = table->by_offset + n;
    table->by_key = table->by_name + n;
    table->scratch = table->by_key + m;
    table->names = (char *)(table->scratch + most);
    return table;
}

int bt_safetensors_read_header(const char *header, size_t size, const uint8_t *data,
                               uint64_t data_size, bt_safetensors **table, bt_io_error *error)
{
    reader counting = {.error = error, .data = data, .data_size = data_size};
    *table = NULL;
    bt_json_init(&counting.json, header, size, 0);
    reader filling = counting;
    int code = read_header(&counting);
    if (code) return code;
    filling.table = allocate(&counting);
    if (!filling.table) return bt_io_fail(error, BT_IO_OUT_OF_MEMORY, 0);
    filling.table->header = header;
    code = read_header(&filling);
    filling.table->count = filling.count;
    filling.table->entries = filling.entries;
    if (code == BT_IO_OK) *table = filling.table;
    else bt_safetensors_close(filling.table);
    return code;
}

/* safetensors.c - the reader: from the bytes of a file to a table that was checked whole.
 *
 * The header is read twice by the same code. The first time every tensor is checked by itself, and
 * what the table will hold is counted; then the table is allocated, once, and filled the second
 * time; then the tensors are checked against each other. The rules:
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
#include "safetensors.h"

#include "../base/alloc.h"
#include "../base/bytes.h"
#include "../base/checked.h"
#include "json.h"
#include "order.h"

#include <string.h>

/* Where a key and its value stand in the header, and their lengths in bytes as they are written. Of
 * a key with escapes, where its resolved form stands in the names, and the length of that. */
typedef struct {
    uint32_t key_at, key_length, value_at, value_length;
} metadata_entry;
#define ESCAPED 0x80000000u /* in a length; a header is shorter than that */

/* Followed by its arrays in the same block. */
struct bt_safetensors {
    const char *header;
    size_t count, entries;
    bt_tensor *tensors; /* in the order of the header */
    metadata_entry *metadata;
    bt_rank *by_offset;        /* key: the highest bits of `begin` */
    bt_rank *by_name, *by_key; /* key: hash */
    bt_rank *scratch;
    char *names; /* those that were written with escapes, resolved */
};

/* R19: what the shortest tensor and metadata entry of a header cost. Those with keys of less than
 * two bytes are too few to count. */
#define SHORTEST_TENSOR (sizeof "\"\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,0]}" - 1)
#define SHORTEST_ENTRY (sizeof "\"kk\":\"\"," - 1)
_Static_assert(sizeof(bt_tensor) + 3 * sizeof(bt_rank) <= 4 * SHORTEST_TENSOR, "R19, tensors");
_Static_assert(sizeof(metadata_entry) + 2 * sizeof(bt_rank) <= 4 * SHORTEST_ENTRY, "R19, metadata");

/* One reading of the header. */
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

static uint64_t in_file(size_t header_offset)
{
    return 8 + (uint64_t)header_offset;
}

static int fail_here(reader *r, int code)
{
    return bt_io_fail(r->error, code, in_file(r->token.offset));
}

static int fail_tensor(reader *r, int code, const bt_json_token *name)
{
    return bt_io_fail_at(r->error, code, in_file(name->offset), "tensor", name->text, name->length);
}

/* R3, R4, R5: the next token. */
static int next(reader *r)
{
    if (bt_json_next(&r->json, &r->token) != BT_JSON_ERROR) return BT_IO_OK;
    return bt_io_fail(r->error, r->json.code, in_file(r->json.at));
}

/* R8: a value that means nothing here. The reference refuses a number that no double can hold. */
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
    for (uint8_t i = 0; i < BT_DTYPE_COUNT; i++) {
        if (!bt_json_equals(&r->token, bt_dtype_name(i))) continue;
        tensor->dtype = i;
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

    size_t count;
    if (field == SHAPE) {
        int code = read_integers(r, t->shape, BT_TENSOR_RANK, &count, BT_ST_DIMENSION);
        if (code == BT_IO_OK) t->rank = (uint8_t)count;
        return code;
    }
    uint64_t range[2];
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

/* Resolves a name that was written with escapes into the table; where, or NULL while counting. */
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

/* R17, but for the uniqueness of keys. */
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
        metadata_entry entry = {(uint32_t)(r->token.offset + 1), (uint32_t)r->token.length, 0, 0};
        if (r->token.escaped) {
            size_t length = bt_json_length(&r->token);
            entry.key_at = (uint32_t)r->name_bytes;
            entry.key_length = (uint32_t)length | ESCAPED;
            resolve(r, &r->token, length);
        }
        if ((code = next(r)) != BT_IO_OK) return code;
        if (r->token.kind != BT_JSON_STRING) return fail_here(r, BT_ST_METADATA_TYPE);
        entry.value_at = (uint32_t)(r->token.offset + 1);
        entry.value_length = (uint32_t)r->token.length | (r->token.escaped ? ESCAPED : 0);
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
        !bt_mul_size(m, sizeof(metadata_entry), &metadata) ||
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

static bt_text key_of(const bt_safetensors *table, uint32_t i)
{
    const metadata_entry *e = table->metadata + i;
    const char *from = (e->key_length & ESCAPED) != 0 ? table->names : table->header;
    return (bt_text){from + e->key_at, e->key_length & ~ESCAPED};
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
    return bt_io_fail_at(error, code, in_file(t->header_at), "tensor", t->name, t->name_length);
}

/* Sorts the texts that `get` gives, by their hashes; two that are equal meet. The number of the
 * second of them, or count. */
static size_t find_twin(const bt_safetensors *table, bt_rank *order, size_t count,
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
    size_t twin = find_twin(table, table->by_name, table->count, name_of, compare_names);
    if (twin < table->count) return fail_checked(error, BT_ST_NAME_TWICE, table->tensors + twin);
    twin = find_twin(table, table->by_key, table->entries, key_of, compare_keys);
    if (twin == table->entries) return BT_IO_OK;
    bt_text key = key_of(table, (uint32_t)twin);
    return bt_io_fail_at(error, BT_ST_METADATA_KEY_TWICE, in_file(table->metadata[twin].value_at),
                         "metadata", key.bytes, key.length);
}

/* R15 and R16: the data from its first to its last byte. */
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

    reader counting = {
        .error = error, .data = bytes + 8 + (size_t)header, .data_size = size - 8 - (size_t)header};
    bt_json_init(&counting.json, bytes + 8, (size_t)header, 0);
    reader filling = counting;
    int code = read_header(&counting);
    if (code) return code;

    bt_safetensors *made = allocate(&counting);
    if (!made) return bt_io_fail(error, BT_IO_OUT_OF_MEMORY, 0);
    made->header = (const char *)bytes + 8;
    filling.table = made;
    code = read_header(&filling);
    made->count = filling.count;
    made->entries = filling.entries;
    if (code == BT_IO_OK) code = check_unique(made, error);
    if (code == BT_IO_OK) code = check_ranges(made, counting.data_size, 8 + header, error);
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

/* The number of the thing whose text, as `get` gives it, is `text`; count if there is none. */
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
    const metadata_entry *entry = table->metadata + i;
    bt_json_token token = {.kind = BT_JSON_STRING,
                           .escaped = (entry->value_length & ESCAPED) != 0,
                           .text = table->header + entry->value_at,
                           .length = entry->value_length & ~ESCAPED};
    *length = bt_json_length(&token);
    return bt_json_copy(&token, value, capacity) ? BT_IO_OK : BT_IO_BUFFER_SIZE;
}

bt_text bt_text_of(const char *terminated)
{
    return (bt_text){terminated, strlen(terminated)};
}

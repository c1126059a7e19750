/* image.c - builds files in memory, and checks what the reader makes of any.
 * SPDX-License-Identifier: MIT */
#include "image.h"

#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__extension__ typedef unsigned __int128 wide; /* holds any product of two u64 */

void *take(size_t size)
{
    void *block = malloc(size > 0 ? size : 1);
    if (block) return block;
    fprintf(stderr, "the test has no memory\n");
    exit(2);
}

void *take_copy(const void *from, size_t size)
{
    uint8_t *copy = take(size);
    if (size > 0) memcpy(copy, from, size);
    return copy;
}

image image_of(const char *header, size_t header_size, size_t data_size)
{
    image made = {.size = 8 + header_size + data_size};
    made.bytes = take(made.size);
    for (int i = 0; i < 8; i++) made.bytes[i] = (uint8_t)((uint64_t)header_size >> 8 * i);
    memcpy(made.bytes + 8, header, header_size);
    for (size_t i = 0; i < data_size; i++) made.bytes[8 + header_size + i] = (uint8_t)(i + 1);
    return made;
}

static const char *conversion_problem(const bt_tensor *t)
{
    bt_io_error error;
    if (t->elements > 100000) return NULL;
    size_t n = (size_t)t->elements;
    float *out = take(n * sizeof *out);
    int code = bt_tensor_to_f32(t, out, n, &error);
    bool told = error.code == code && (error.text[0] != 0) == (code != BT_IO_OK);
    int wrong = bt_tensor_to_f32(t, out, n + 1, &error);
    const char *problem = NULL;
    bool floats = strcmp(bt_dtype_name(t->dtype), "F32") == 0 ||
                  strcmp(bt_dtype_name(t->dtype), "F16") == 0 ||
                  strcmp(bt_dtype_name(t->dtype), "BF16") == 0;
    if (code != (floats ? BT_IO_OK : BT_ST_DTYPE_UNSUPPORTED)) problem = "conversion to f32";
    if (!told) problem = "the error of a conversion";
    if (wrong != BT_ST_COUNT) problem = "conversion of too many elements";
    if (floats && t->dtype == BT_DTYPE_F32 && memcmp(out, t->data, t->size) != 0)
        problem = "an f32 tensor was not copied exactly"; /* on the little-endian test machines */
    free(out);
    return problem;
}

static const char *tensor_problem(const bt_safetensors *table, const bt_tensor *t)
{
    if (t->rank > 8) return "rank";
    wide product = 1;
    bool zero = false;
    for (size_t i = 0; i < t->rank; i++) {
        if (t->shape[i] > INT64_MAX) return "dimension";
        product *= t->shape[i];
        if (product >> 64 != 0) return "the shape overflows";
        if (t->shape[i] == 0) zero = true;
    }
    if (zero != (product == 0) || product != t->elements) return "elements";
    if (product * bt_dtype_bits(t->dtype) != (wide)t->size * 8) return "size";
    if (t->end - t->begin != t->size || t->end < t->begin) return "range";
    if (t->name_length > 4096 || !bt_utf8_valid(t->name, t->name_length)) return "name";
    if (t->name_length > 0 && memchr(t->name, 0, t->name_length)) return "NUL in a name";
    if (bt_safetensors_find(table, (bt_text){t->name, t->name_length}) != t) return "find";
    unsigned sum = 0; /* reads every byte of the view */
    for (size_t i = 0; i < t->size; i++) sum += t->data[i];
    return sum == 0xffffffffu ? "no tensor here is that large" : conversion_problem(t);
}

static const char *metadata_problem(const bt_safetensors *table)
{
    for (size_t i = 0; i < bt_safetensors_metadata_count(table); i++) {
        bt_text key = bt_safetensors_metadata_key(table, i);
        if (!bt_utf8_valid(key.bytes, key.length)) return "metadata key";
        for (size_t k = 0; k < i && i < 50; k++) {
            bt_text other = bt_safetensors_metadata_key(table, k);
            if (other.length == key.length && memcmp(other.bytes, key.bytes, key.length) == 0)
                return "a key twice";
        }
        size_t length, again;
        char none[1];
        int code = bt_safetensors_metadata(table, key, none, 0, &length);
        if (code != (length == 0 ? BT_IO_OK : BT_IO_BUFFER_SIZE)) return "length of a value";
        char *value = take(length);
        code = bt_safetensors_metadata(table, key, value, length, &again);
        bool good = code == BT_IO_OK && again == length && bt_utf8_valid(value, length);
        free(value);
        if (!good) return "metadata value";
    }
    return NULL;
}

const char *table_problem(const bt_safetensors *table, const uint8_t *file, size_t size)
{
    uint64_t header = 0, end = 0;
    for (int i = 0; i < 8; i++) header |= (uint64_t)file[i] << 8 * i;
    size_t count = bt_safetensors_count(table);
    for (size_t i = 0; i < count; i++) {
        const bt_tensor *t = bt_safetensors_at(table, i);
        if (t->begin != end) return "a gap or an overlap";
        end = t->end;
        if (t->data != file + 8 + header + t->begin) return "data pointer";
        const char *problem = tensor_problem(table, t);
        if (problem) return problem;
    }
    if (8 + header + end != size) return "data that belongs to no tensor";
    if (bt_safetensors_at(table, count)) return "a tensor too many";
    return metadata_problem(table);
}

const char *error_problem(const bt_io_error *error, int code, size_t size)
{
    if (error->code != code) return "the error has another code";
    if (code == BT_IO_OK) return error->text[0] ? "a text without an error" : NULL;
    if (error->offset > size) return "the error lies behind the end";
    if (!memchr(error->text, 0, sizeof error->text)) return "the text is not terminated";
    if (!strstr(error->text, bt_io_text(code))) return "the text is not the code's";
    if (strcmp(bt_io_text(code), "unknown error") == 0) return "the code has no text";
    for (const char *p = error->text; *p; p++)
        if (*p < 0x20 || *p > 0x7e) return "the text is not printable";
    return NULL;
}

int open_and_check(const uint8_t *bytes, size_t size, const char **problem)
{
    uint8_t *copy = take_copy(bytes, size);
    bt_safetensors *table;
    bt_io_error error;
    /* A block of size 0 cannot be; the reader is told of none of the one byte's. */
    int code = bt_safetensors_open(copy, size, &table, &error);
    *problem = error_problem(&error, code, size);
    if (!*problem && (code == BT_IO_OK) != (table != NULL)) *problem = "a table with an error";
    if (!*problem && table) *problem = table_problem(table, copy, size);
    bt_safetensors_close(table);
    free(copy);
    return code;
}

static bool same_tensor(const bt_tensor *a, const bt_tensor *b)
{
    return b && a->dtype == b->dtype && a->rank == b->rank && a->size == b->size &&
           a->elements == b->elements &&
           memcmp(a->shape, b->shape, a->rank * sizeof *a->shape) == 0 &&
           (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

static bool has_entry(const bt_safetensors *table, const bt_metadata *entry)
{
    size_t length;
    char *value = take(entry->value.length);
    int code = bt_safetensors_metadata(table, entry->key, value, entry->value.length, &length);
    bool same = code == BT_IO_OK && length == entry->value.length &&
                memcmp(value, entry->value.bytes, length) == 0;
    free(value);
    return same;
}

/* Writes to an exactly sized block, and reads that. */
static const char *write_and_compare(const bt_safetensors *table, const bt_tensor *tensors,
                                     const bt_metadata *metadata)
{
    size_t n = bt_safetensors_count(table), m = bt_safetensors_metadata_count(table), size, again;
    bt_io_error error;
    int code = bt_safetensors_write(tensors, n, metadata, m, NULL, 0, &size, &error);
    if (code == BT_ST_HEADER_LIMIT) return NULL; /* offsets may need more digits than before */
    if (code) return "what was read cannot be written";
    uint8_t *file = take(size);
    if (bt_safetensors_write(tensors, n, metadata, m, file, size - 1, &again, &error) !=
        BT_IO_BUFFER_SIZE)
        return "written into too little room";
    code = bt_safetensors_write(tensors, n, metadata, m, file, size, &again, &error);
    const char *problem = code || again != size ? "writing" : NULL;
    bt_safetensors *other = NULL;
    if (!problem && bt_safetensors_open(file, size, &other, &error) != BT_IO_OK)
        problem = "what was written cannot be read";
    if (!problem) problem = table_problem(other, file, size);
    if (!problem && (file[0] % 8 != 0 || bt_safetensors_count(other) != n ||
                     bt_safetensors_metadata_count(other) != m))
        problem = "the header's padding, or counts";
    for (size_t i = 0; !problem && i < n; i++)
        if (!same_tensor(
                tensors + i,
                bt_safetensors_find(other, (bt_text){tensors[i].name, tensors[i].name_length})))
            problem = "a tensor changed by being written";
    for (size_t i = 0; !problem && i < m; i++)
        if (!has_entry(other, metadata + i)) problem = "metadata changed";
    bt_safetensors_close(other);
    free(file);
    return problem;
}

const char *rewrite_problem(const bt_safetensors *table)
{
    size_t n = bt_safetensors_count(table), m = bt_safetensors_metadata_count(table);
    bt_tensor *tensors = take(n * sizeof *tensors);
    bt_metadata *metadata = take(m * sizeof *metadata);
    char **values = take(m * sizeof *values);
    for (size_t i = 0; i < n; i++) tensors[i] = *bt_safetensors_at(table, i);
    for (size_t i = 0; i < m; i++) {
        size_t length = 0;
        metadata[i].key = bt_safetensors_metadata_key(table, i);
        values[i] = NULL;
        bt_safetensors_metadata(table, metadata[i].key, values[i], 0, &length);
        values[i] = take(length);
        bt_safetensors_metadata(table, metadata[i].key, values[i], length, &length);
        metadata[i].value = (bt_text){values[i], length};
    }
    const char *problem = write_and_compare(table, tensors, metadata);
    for (size_t i = 0; i < m; i++) free(values[i]);
    free(values);
    free(metadata);
    free(tensors);
    return problem;
}

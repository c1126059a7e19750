/* io_error.c - the sentences of the codes, and how an error is filled.
 * SPDX-License-Identifier: MIT */
#include "io_error.h"

#include <string.h>

#define SUBJECT_SHOWN 64u

static const char *general_text(int code)
{
    switch (code) {
    case BT_IO_OK: return "ok";
    case BT_IO_OUT_OF_MEMORY: return "out of memory";
    case BT_IO_BUFFER_SIZE: return "the buffer is too small";
    default: return NULL;
    }
}

static const char *json_text(int code)
{
    switch (code) {
    case BT_JSON_SYNTAX: return "this character may not stand here in JSON";
    case BT_JSON_TRUNCATED: return "the JSON text ends too early";
    case BT_JSON_UTF8: return "a string is not valid UTF-8";
    case BT_JSON_CONTROL: return "a string holds an unescaped control character";
    case BT_JSON_ESCAPE: return "a string holds an unknown escape";
    case BT_JSON_SURROGATE: return "a string holds half of a surrogate pair";
    case BT_JSON_NUMBER: return "a number is not written as JSON demands";
    case BT_JSON_DEPTH: return "the JSON text is nested too deeply";
    case BT_JSON_TRAILING: return "something follows the end of the JSON value";
    case BT_JSON_INTEGER: return "this must be a non-negative integer";
    case BT_JSON_RANGE: return "a number is too large";
    default: return NULL;
    }
}

static const char *tensor_text(int code)
{
    switch (code) {
    case BT_ST_NAME_TWICE: return "two tensors have this name";
    case BT_ST_NAME_NUL: return "a tensor's name holds a NUL";
    case BT_ST_NAME_LONG: return "a tensor's name is longer than 4096 bytes";
    case BT_ST_NAME_UTF8: return "a tensor's name is not valid UTF-8";
    case BT_ST_NAME_RESERVED: return "a tensor may not have this name";
    case BT_ST_TENSOR_NOT_OBJECT: return "the description of a tensor must be an object";
    case BT_ST_FIELD_TYPE: return "dtype, shape or data_offsets is of a wrong type";
    case BT_ST_FIELD_TWICE: return "dtype, shape or data_offsets is given twice";
    case BT_ST_FIELD_MISSING: return "dtype, shape or data_offsets is missing";
    case BT_ST_DTYPE_UNKNOWN: return "the dtype is unknown";
    case BT_ST_DTYPE_UNSUPPORTED: return "the dtype cannot be converted to f32";
    case BT_ST_RANK: return "tensors of more than 8 dimensions are not supported";
    case BT_ST_DIMENSION: return "a dimension is above 2^63-1";
    case BT_ST_OFFSET: return "an offset is above 2^63-1";
    case BT_ST_SHAPE_OVERFLOW: return "the shape describes more than can exist";
    case BT_ST_SHAPE_BITS: return "the elements do not fill whole bytes";
    case BT_ST_RANGE_ORDER: return "the data ends before it begins";
    case BT_ST_RANGE_SIZE: return "shape and dtype do not make up the size of the data";
    case BT_ST_OVERLAP: return "the data overlaps another tensor's";
    case BT_ST_HOLE: return "the bytes before the data belong to no tensor";
    case BT_ST_RANGE_PAST_END: return "the data ends after the file";
    case BT_ST_COUNT: return "the tensor has another number of elements";
    default: return NULL;
    }
}

static const char *header_text(int code)
{
    switch (code) {
    case BT_ST_TOO_SHORT: return "the file is too short for safetensors";
    case BT_ST_HEADER_LIMIT: return "the header is longer than 100000000 bytes";
    case BT_ST_HEADER_PAST_END: return "the header ends after the file";
    case BT_ST_NOT_OBJECT: return "the header must be a JSON object";
    case BT_ST_DATA_LEFT: return "bytes at the end belong to no tensor";
    case BT_ST_METADATA_TYPE: return "__metadata__ must map strings to strings";
    case BT_ST_METADATA_TWICE: return "__metadata__ is given twice";
    case BT_ST_METADATA_KEY_TWICE: return "this key is given twice";
    case BT_ST_METADATA_UTF8: return "a key or value is not valid UTF-8";
    case BT_ST_TENSOR_LIMIT: return "there are more than 1048576 tensors";
    case BT_ST_METADATA_LIMIT: return "there are more than 1048576 metadata entries";
    case BT_ST_METADATA_ABSENT: return "the metadata has no such key";
    default: return NULL;
    }
}

const char *bt_io_text(int code)
{
    static const char *(*const tables[])(int) = {general_text, json_text, tensor_text, header_text};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const char *text = tables[i](code);
        if (text) return text;
    }
    return "unknown error";
}

/* Appends to a text of BT_IO_TEXT bytes, which stays terminated. */
static size_t append(char *out, size_t at, const char *text, size_t length)
{
    for (size_t i = 0; i < length && at + 1 < BT_IO_TEXT; i++) {
        char c = text[i];
        out[at++] = c >= 0x20 && c < 0x7f ? c : '?';
    }
    out[at] = 0;
    return at;
}

int bt_io_fail_at(bt_io_error *error, int code, uint64_t offset, const char *kind,
                  const char *subject, size_t length)
{
    if (!error) return code;
    const char *sentence = bt_io_text(code);
    size_t at = 0;
    *error = (bt_io_error){.code = code, .offset = offset};
    if (kind) {
        size_t shown = length <= SUBJECT_SHOWN ? length : SUBJECT_SHOWN;
        at = append(error->text, at, kind, strlen(kind));
        at = append(error->text, at, " \"", 2);
        at = append(error->text, at, subject, shown);
        if (shown < length) at = append(error->text, at, "...", 3);
        at = append(error->text, at, "\": ", 3);
    }
    append(error->text, at, sentence, strlen(sentence));
    return code;
}

int bt_io_fail(bt_io_error *error, int code, uint64_t offset)
{
    return bt_io_fail_at(error, code, offset, NULL, NULL, 0);
}

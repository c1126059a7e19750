/* io_error.h - what is wrong with a file: a code, an offset and a sentence.
 * SPDX-License-Identifier: MIT */
#ifndef BT_IO_ERROR_H
#define BT_IO_ERROR_H

#include <stddef.h>
#include <stdint.h>

/* Functions that read or write formats return a bt_io_code as an int; its numbers differ from those
 * of ttt_status. The list gives each code its sentence, and the rule of safetensors.c that it
 * belongs to. */
#define BT_IO_CODES(X)                                                                             \
    X(BT_IO_OUT_OF_MEMORY, "out of memory")                                                        \
    X(BT_IO_BUFFER_SIZE, "the buffer is too small")                                                \
    X(BT_JSON_SYNTAX, "this character may not stand here in JSON")                                 \
    X(BT_JSON_TRUNCATED, "the JSON text ends too early")                                           \
    X(BT_JSON_UTF8, "a string is not valid UTF-8")                                                 \
    X(BT_JSON_CONTROL, "a string holds an unescaped control character")                            \
    X(BT_JSON_ESCAPE, "a string holds an unknown escape")                                          \
    X(BT_JSON_SURROGATE, "a string holds half of a surrogate pair")                                \
    X(BT_JSON_NUMBER, "a number is not written as JSON demands")                                   \
    X(BT_JSON_DEPTH, "the JSON text is nested too deeply")                                         \
    X(BT_JSON_TRAILING, "something follows the end of the JSON value")                             \
    X(BT_JSON_INTEGER, "this must be a non-negative integer")                                      \
    X(BT_JSON_RANGE, "a number is too large")                                                      \
    X(BT_ST_TOO_SHORT, "the file is too short for safetensors")                 /* R1 */           \
    X(BT_ST_HEADER_LIMIT, "the header is longer than 100000000 bytes")          /* R2 */           \
    X(BT_ST_HEADER_PAST_END, "the header ends after the file")                  /* R2 */           \
    X(BT_ST_NOT_OBJECT, "the header must be a JSON object")                     /* R4 */           \
    X(BT_ST_NAME_TWICE, "two tensors have this name")                           /* R7 */           \
    X(BT_ST_NAME_NUL, "a tensor's name holds a NUL")                            /* R7 */           \
    X(BT_ST_NAME_LONG, "a tensor's name is longer than 4096 bytes")             /* R7 */           \
    X(BT_ST_NAME_UTF8, "a tensor's name is not valid UTF-8")                    /* R7, writing */  \
    X(BT_ST_NAME_RESERVED, "a tensor may not have this name")                   /* R7, writing */  \
    X(BT_ST_TENSOR_NOT_OBJECT, "the description of a tensor must be an object") /* R8 */           \
    X(BT_ST_FIELD_TYPE, "dtype, shape or data_offsets is of a wrong type")      /* R8 */           \
    X(BT_ST_FIELD_TWICE, "dtype, shape or data_offsets is given twice")         /* R8 */           \
    X(BT_ST_FIELD_MISSING, "dtype, shape or data_offsets is missing")           /* R8 */           \
    X(BT_ST_DTYPE_UNKNOWN, "the dtype is unknown")                              /* R9 */           \
    X(BT_ST_DTYPE_UNSUPPORTED, "the dtype cannot be converted to f32")          /* R9 */           \
    X(BT_ST_RANK, "tensors of more than 8 dimensions are not supported")        /* R10 */          \
    X(BT_ST_DIMENSION, "a dimension is above 2^63-1")                           /* R6 */           \
    X(BT_ST_OFFSET, "an offset is above 2^63-1")                                /* R6 */           \
    X(BT_ST_SHAPE_OVERFLOW, "the shape describes more than can exist")          /* R11, R12 */     \
    X(BT_ST_SHAPE_BITS, "the elements do not fill whole bytes")                 /* R12 */          \
    X(BT_ST_RANGE_ORDER, "the data ends before it begins")                      /* R13 */          \
    X(BT_ST_RANGE_SIZE, "shape and dtype do not make up the size of the data")  /* R14 */          \
    X(BT_ST_OVERLAP, "the data overlaps another tensor's")                      /* R15 */          \
    X(BT_ST_HOLE, "the bytes before the data belong to no tensor")              /* R15 */          \
    X(BT_ST_RANGE_PAST_END, "the data ends after the file")                     /* R16 */          \
    X(BT_ST_DATA_LEFT, "bytes at the end belong to no tensor")                  /* R16 */          \
    X(BT_ST_METADATA_TYPE, "__metadata__ must map strings to strings")          /* R17 */          \
    X(BT_ST_METADATA_TWICE, "__metadata__ is given twice")                      /* R17 */          \
    X(BT_ST_METADATA_KEY_TWICE, "this key is given twice")                      /* R17 */          \
    X(BT_ST_METADATA_UTF8, "a key or value is not valid UTF-8")                 /* R17, writing */ \
    X(BT_ST_TENSOR_LIMIT, "there are more than 1048576 tensors")                /* R18 */          \
    X(BT_ST_METADATA_LIMIT, "there are more than 1048576 metadata entries")     /* R18 */          \
    X(BT_ST_METADATA_ABSENT, "the metadata has no such key")                                       \
    X(BT_ST_COUNT, "the tensor has another number of elements")

#define BT_IO_NAME(name, sentence) name,
typedef enum bt_io_code {
    BT_IO_OK = 0,
    BT_IO_BEFORE_FIRST = 99, /* never returned */
    BT_IO_CODES(BT_IO_NAME) BT_IO_CODE_END
} bt_io_code;
#undef BT_IO_NAME

#define BT_IO_TEXT 192u

typedef struct bt_io_error {
    int code;              /* bt_io_code */
    uint64_t offset;       /* in bytes from the start of the text or file */
    char text[BT_IO_TEXT]; /* one sentence, with the tensor's or file's name where there is one */
} bt_io_error;

/* The sentence of a code, without a full stop; a fixed text for unknown numbers. */
const char *bt_io_text(int code);

/* Appends to the text at out + at, which stays terminated within `size` bytes; returns the new end.
 * Bytes that are not printable ASCII become '?'. bt_append_cut appends at most `most` bytes, and
 * "..." for the rest. */
size_t bt_append(char *out, size_t size, size_t at, const char *text, size_t length);
size_t bt_append_cut(char *out, size_t size, size_t at, const char *text, size_t length,
                     size_t most);

/* Fills an error (NULL is fine) and returns the code. The subject, such as the name of a tensor
 * from a file, may be any bytes of any length; `kind` says what it names ("tensor"). */
int bt_io_fail(bt_io_error *error, int code, uint64_t offset);
int bt_io_fail_at(bt_io_error *error, int code, uint64_t offset, const char *kind,
                  const char *subject, size_t length);

#endif

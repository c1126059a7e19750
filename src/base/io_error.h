/* io_error.h - what can be wrong with a file or its contents: a code, a place and a sentence.
 * SPDX-License-Identifier: MIT */
#ifndef BT_IO_ERROR_H
#define BT_IO_ERROR_H

#include <stddef.h>
#include <stdint.h>

/* Functions that read or write formats return one of these as an int; the numbers do not
 * meet those of ttt_status. R1 to R20 are the rules that safetensors.c numbers. */
typedef enum bt_io_code {
    BT_IO_OK = 0,
    BT_IO_OUT_OF_MEMORY = 100,
    BT_IO_BUFFER_SIZE, /* the caller's buffer is too small */

    BT_JSON_SYNTAX = 130,
    BT_JSON_TRUNCATED,
    BT_JSON_UTF8,
    BT_JSON_CONTROL,   /* an unescaped control character in a string */
    BT_JSON_ESCAPE,    /* a backslash and what may not follow it */
    BT_JSON_SURROGATE, /* half of a surrogate pair */
    BT_JSON_NUMBER,    /* not written as JSON writes numbers */
    BT_JSON_DEPTH,
    BT_JSON_TRAILING, /* something follows the value */
    BT_JSON_INTEGER,  /* a number with a sign, a fraction or an exponent, or no number */
    BT_JSON_RANGE,    /* a number that is too large */

    BT_ST_TOO_SHORT = 150,    /* R1 */
    BT_ST_HEADER_LIMIT,       /* R2 */
    BT_ST_HEADER_PAST_END,    /* R2 */
    BT_ST_NOT_OBJECT,         /* R4 */
    BT_ST_NAME_TWICE,         /* R7 */
    BT_ST_NAME_NUL,           /* R7 */
    BT_ST_NAME_LONG,          /* R7 */
    BT_ST_NAME_UTF8,          /* R7, writing */
    BT_ST_NAME_RESERVED,      /* R7, writing */
    BT_ST_TENSOR_NOT_OBJECT,  /* R8 */
    BT_ST_FIELD_TYPE,         /* R8 */
    BT_ST_FIELD_TWICE,        /* R8 */
    BT_ST_FIELD_MISSING,      /* R8 */
    BT_ST_DTYPE_UNKNOWN,      /* R9 */
    BT_ST_DTYPE_UNSUPPORTED,  /* R9: known to the format, not convertible to f32 */
    BT_ST_RANK,               /* R10 */
    BT_ST_DIMENSION,          /* R6: a dimension above 2^63-1 */
    BT_ST_OFFSET,             /* R6: an offset above 2^63-1 */
    BT_ST_SHAPE_OVERFLOW,     /* R11, R12 */
    BT_ST_SHAPE_BITS,         /* R12: elements of 4 or 6 bits that do not fill whole bytes */
    BT_ST_RANGE_ORDER,        /* R13 */
    BT_ST_RANGE_SIZE,         /* R14 */
    BT_ST_OVERLAP,            /* R15 */
    BT_ST_HOLE,               /* R15 */
    BT_ST_RANGE_PAST_END,     /* R16 */
    BT_ST_DATA_LEFT,          /* R16 */
    BT_ST_METADATA_TYPE,      /* R17 */
    BT_ST_METADATA_TWICE,     /* R17: two __metadata__ */
    BT_ST_METADATA_KEY_TWICE, /* R17 */
    BT_ST_METADATA_UTF8,      /* R17, writing */
    BT_ST_TENSOR_LIMIT,       /* R18 */
    BT_ST_METADATA_LIMIT,     /* R18, for metadata entries */
    BT_ST_METADATA_ABSENT,    /* no entry has that key */
    BT_ST_COUNT,              /* a tensor has another number of elements than was asked for */
    BT_IO_CODE_END
} bt_io_code;

#define BT_IO_TEXT 192u

typedef struct bt_io_error {
    int code;              /* bt_io_code */
    uint64_t offset;       /* in bytes from the start of the text or file */
    char text[BT_IO_TEXT]; /* one sentence, with the tensor's or file's name where there is one */
} bt_io_error;

/* The sentence of a code, without a full stop; a fixed text for numbers it does not know. */
const char *bt_io_text(int code);

/* Fills an error (NULL is fine) and returns the code. The subject, such as a tensor's name from a
 * file, may hold any bytes: what is not printable ASCII becomes '?', and a long one is cut. `kind`
 * says what it names ("tensor"); without a kind there is no subject. */
int bt_io_fail(bt_io_error *error, int code, uint64_t offset);
int bt_io_fail_at(bt_io_error *error, int code, uint64_t offset, const char *kind,
                  const char *subject, size_t length);

#endif

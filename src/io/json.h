/* json.h - reads strict JSON (RFC 8259) from memory, token by token, without recursion or allocation.
 *
 * The text stays the caller's and must outlive its tokens. Time is linear in its length. Duplicate
 * keys are not detected. One thread at a time may use a bt_json, any number of them its tokens.
 * SPDX-License-Identifier: MIT */
#ifndef BT_JSON_H
#define BT_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BT_JSON_DEFAULT_DEPTH 8u
#define BT_JSON_LARGEST_DEPTH 64u

typedef enum bt_json_kind {
    BT_JSON_ERROR, /* bt_json.code and .at say which; all later tokens are errors too */
    BT_JSON_END,   /* after the value; all later tokens are ends too */
    BT_JSON_OBJECT,
    BT_JSON_OBJECT_END,
    BT_JSON_ARRAY,
    BT_JSON_ARRAY_END,
    BT_JSON_KEY, /* the colon behind it has been read too */
    BT_JSON_STRING,
    BT_JSON_NUMBER_TOKEN,
    BT_JSON_TRUE,
    BT_JSON_FALSE,
    BT_JSON_NULL
} bt_json_kind;

typedef struct bt_json_token {
    bt_json_kind kind;
    bool escaped;     /* a key or string that holds a backslash */
    const char *text; /* as written; of a key or string without the quotes */
    size_t length;    /* of text in bytes */
    size_t offset;    /* of the token (a string's quote) from the start of the whole text */
} bt_json_token;

typedef struct bt_json {
    const char *text;
    size_t size, at;  /* at: where the next token begins after blanks, or where the error is */
    uint64_t objects; /* bit i: the container at depth i + 1 is an object, otherwise an array */
    uint32_t depth, max_depth;
    int expects, code; /* code: bt_io_code */
} bt_json;

/* Begins to read `size` bytes of UTF-8. max_depth: the largest number of open containers, at most
 * BT_JSON_LARGEST_DEPTH; 0 means BT_JSON_DEFAULT_DEPTH. */
void bt_json_init(bt_json *json, const void *text, size_t size, uint32_t max_depth);
/* Before the first token: skips a byte order mark, as RFC 8259 permits. For files that people edit,
 * where some editors write one. */
void bt_json_pass_mark(bt_json *json);

/* Reads the next token, and returns its kind. Strings are fully checked, escapes included. */
bt_json_kind bt_json_next(bt_json *json, bt_json_token *token);

/* Skips the rest of the value that begins with `token`, the last one read; false after an error. */
bool bt_json_skip(bt_json *json, const bt_json_token *token);

/* The length, a copy and a comparison of a key or string with its escapes resolved. The copy is not
 * terminated and may hold NULs; if it does not fit, nothing is written and the result is false. */
size_t bt_json_length(const bt_json_token *token);
bool bt_json_copy(const bt_json_token *token, char *out, size_t capacity);
bool bt_json_equals(const bt_json_token *token, const char *literal);

/* A number token as an integer from 0 to largest (R6: digits only): BT_IO_OK, BT_JSON_INTEGER (also
 * for other kinds of token) or BT_JSON_RANGE. */
int bt_json_integer(const bt_json_token *token, uint64_t largest, uint64_t *value);

/* A number token as the nearest double, ties to even; independent of the locale.
 * BT_JSON_NUMBER for other kinds of token, BT_JSON_RANGE for numbers too large for a
 * double; those too small give 0. */
int bt_json_double(const bt_json_token *token, double *value);

/* The decimal exponent of a number token's first digit other than 0 ("0.05e1" gives -1), clamped to
 * plus or minus INT32_MAX; -INT32_MAX for zero and other kinds of token. */
int32_t bt_json_power(const bt_json_token *token);

/* Writes text as a JSON string with quotes, at most 6 length + 2 bytes, and returns its length; a
 * NULL out only counts. 0 if the text is not UTF-8; part of it may then have been written. */
size_t bt_json_quote(const char *text, size_t length, char *out);

/* Writes text to a buffer that is large enough; with a NULL `out` only counts its bytes. */
typedef struct bt_sink {
    char *out;
    size_t at; /* bytes so far */
} bt_sink;
void bt_put_text(bt_sink *s, const char *terminated);
/* In decimal, with leading zeros up to `digits` digits. */
void bt_put_number(bt_sink *s, uint64_t value, size_t digits);
void bt_put_string(bt_sink *s, const char *text, size_t length); /* as bt_json_quote */

#endif

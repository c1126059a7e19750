/* fuzz_json.c - the tokenizer on any bytes. What it accepts is written again from its tokens; that
 * must be accepted with the same tokens, and be what it is when written once more.
 *
 * The first byte of the input chooses the depth.
 * SPDX-License-Identifier: MIT */
#include "fuzz.h"
#include "image.h"

#include "base/utf8.h"
#include "io/json.h"

#include <string.h>

/* A text under construction, with room for all that a rewritten input can need. */
typedef struct {
    char *bytes;
    size_t size, room;
} text;

static void add(text *t, const char *bytes, size_t size)
{
    fuzz_require(size <= t->room - t->size, "the rewritten text is too long");
    if (size > 0) memcpy(t->bytes + t->size, bytes, size);
    t->size += size;
}

static void add_string(text *t, const bt_json_token *token)
{
    size_t length = bt_json_length(token);
    char *resolved = take(length);
    fuzz_require(length <= token->length, "a resolved string is longer");
    fuzz_require(length == 0 || !bt_json_copy(token, resolved, length - 1), "copied without room");
    fuzz_require(bt_json_copy(token, resolved, length), "not copied");
    fuzz_require(bt_utf8_valid(resolved, length), "a string is not UTF-8");
    if (!memchr(resolved, 0, length)) {
        char *terminated = take(length + 1);
        memcpy(terminated, resolved, length);
        terminated[length] = 0;
        fuzz_require(bt_json_equals(token, terminated), "a string is not its own");
        free(terminated);
    }
    size_t quoted = bt_json_quote(resolved, length, NULL);
    fuzz_require(quoted >= length + 2 && quoted <= 6 * length + 2, "length of a quoted string");
    fuzz_require(quoted <= t->room - t->size, "the rewritten text is too long");
    fuzz_require(bt_json_quote(resolved, length, t->bytes + t->size) == quoted, "quoted otherwise");
    t->size += quoted;
    free(resolved);
}

static void try_number(const bt_json_token *token)
{
    uint64_t integer;
    double number;
    int code = bt_json_integer(token, UINT64_MAX, &integer);
    if (bt_json_double(token, &number) != BT_IO_OK) {
        fuzz_require(code != BT_IO_OK, "an integer that is too large for a double");
        fuzz_require(bt_json_power(token) >= 308, "a small number that is too large");
    } else {
        fuzz_require(bt_json_power(token) <= 308, "a large number that fits");
        double difference = code == BT_IO_OK ? number - (double)integer : 0.0;
        fuzz_require(difference == 0.0, "an integer is another as a double");
    }
}

/* Tokenizes, and writes what was read without blanks; the code. */
static int rewrite(const char *bytes, size_t size, uint32_t depth, text *out)
{
    bt_json json;
    bt_json_token token;
    bool comma = false;
    size_t last = 0;
    bt_json_init(&json, bytes, size, depth);
    for (;;) {
        bt_json_kind kind = bt_json_next(&json, &token);
        if (kind == BT_JSON_ERROR || kind == BT_JSON_END) break;
        bool string = kind == BT_JSON_KEY || kind == BT_JSON_STRING;
        fuzz_require(token.offset >= last && token.offset + token.length <= size, "token place");
        fuzz_require(token.text == bytes + token.offset + (string ? 1 : 0), "token text");
        fuzz_require(json.depth <= json.max_depth, "too deep");
        last = token.offset + token.length;
        bool closes = kind == BT_JSON_OBJECT_END || kind == BT_JSON_ARRAY_END;
        if (comma && !closes) add(out, ",", 1);
        if (string) add_string(out, &token);
        else add(out, token.text, token.length);
        if (kind == BT_JSON_KEY) add(out, ":", 1);
        if (kind == BT_JSON_NUMBER_TOKEN) try_number(&token);
        comma = kind != BT_JSON_KEY && kind != BT_JSON_OBJECT && kind != BT_JSON_ARRAY;
    }
    fuzz_require((token.kind == BT_JSON_ERROR) == (json.code != 0), "code without an error");
    fuzz_require(json.at <= size, "place of the end");
    fuzz_require(token.kind == BT_JSON_ERROR || json.depth == 0, "the end inside of something");
    return json.code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0) return 0;
    uint32_t depth = data[0] % 70;
    char *bytes = take_copy(data + 1, size - 1);
    text first = {.bytes = take(6 * size + 16), .room = 6 * size + 16};
    if (rewrite(bytes, size - 1, depth, &first) == BT_IO_OK) {
        char *exact = take_copy(first.bytes, first.size);
        text second = {.bytes = take(first.size), .room = first.size};
        fuzz_require(rewrite(exact, first.size, depth, &second) == BT_IO_OK, "rewritten, refused");
        fuzz_require(second.size == first.size, "rewritten twice, another length");
        bool same = memcmp(first.bytes, second.bytes, first.size) == 0;
        fuzz_require(same, "rewritten twice, changed");
        free(second.bytes);
        free(exact);
    }
    free(first.bytes);
    free(bytes);
    return 0;
}

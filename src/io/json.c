/* json.c - a pull tokenizer. Its state is what may come next, and a bit for each open container.
 * SPDX-License-Identifier: MIT */
#include "json.h"

#include "../base/io_error.h"
#include "../base/utf8.h"

#include <string.h>

/* bt_json.expects */
enum { VALUE, VALUE_OR_END, KEY, KEY_OR_END, COMMA_OR_END };

void bt_json_init(bt_json *json, const void *text, size_t size, uint32_t max_depth)
{
    if (max_depth == 0) max_depth = BT_JSON_DEFAULT_DEPTH;
    if (max_depth > BT_JSON_LARGEST_DEPTH) max_depth = BT_JSON_LARGEST_DEPTH;
    *json = (bt_json){.text = text, .size = size, .max_depth = max_depth, .expects = VALUE};
}

void bt_json_pass_mark(bt_json *json)
{
    if (json->size >= 3 && memcmp(json->text, "\xef\xbb\xbf", 3) == 0) json->at = 3;
}

static bt_json_kind fail(bt_json *json, int code, size_t at)
{
    json->code = code;
    json->at = at;
    return BT_JSON_ERROR;
}

static void skip_space(bt_json *json)
{
    while (json->at < json->size) {
        char c = json->text[json->at];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t') return;
        json->at++;
    }
}

static bool in_object(const bt_json *json)
{
    return json->depth > 0 && (json->objects >> (json->depth - 1) & 1u) != 0;
}

static bt_json_kind finish(bt_json *json, bt_json_token *token, bt_json_kind kind, size_t length)
{
    token->kind = kind;
    token->text = json->text + json->at;
    token->length = length;
    token->offset = json->at;
    json->at += length;
    json->expects = COMMA_OR_END;
    return kind;
}

static bt_json_kind open_container(bt_json *json, bt_json_token *token, bool object)
{
    if (json->depth == json->max_depth) return fail(json, BT_JSON_DEPTH, json->at);
    finish(json, token, object ? BT_JSON_OBJECT : BT_JSON_ARRAY, 1);
    uint64_t bit = (uint64_t)1 << json->depth++;
    json->objects = object ? json->objects | bit : json->objects & ~bit;
    json->expects = object ? KEY_OR_END : VALUE_OR_END;
    return token->kind;
}

static bt_json_kind close_container(bt_json *json, bt_json_token *token)
{
    finish(json, token, in_object(json) ? BT_JSON_OBJECT_END : BT_JSON_ARRAY_END, 1);
    json->depth--;
    return token->kind;
}

static bt_json_kind word(bt_json *json, bt_json_token *token, bt_json_kind kind,
                         const char *letters)
{
    size_t length = strlen(letters);
    for (size_t i = 1; i < length; i++) {
        size_t at = json->at + i;
        if (at == json->size) return fail(json, BT_JSON_TRUNCATED, at);
        if (json->text[at] != letters[i]) return fail(json, BT_JSON_SYNTAX, at);
    }
    return finish(json, token, kind, length);
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Reads at least one digit from `at` on; returns where they end, or 0 after an error. */
static size_t digits(bt_json *json, size_t at)
{
    size_t start = at;
    while (at < json->size && is_digit(json->text[at])) at++;
    if (at > start) return at;
    fail(json, at == json->size ? BT_JSON_TRUNCATED : BT_JSON_NUMBER, at);
    return 0;
}

static bt_json_kind number(bt_json *json, bt_json_token *token)
{
    const char *text = json->text;
    size_t at = json->at, size = json->size;
    if (text[at] == '-') at++;
    if (at < size && text[at] == '0') at++; /* no digit may follow a leading zero */
    else if ((at = digits(json, at)) == 0) return BT_JSON_ERROR;
    if (at < size && text[at] == '.' && (at = digits(json, at + 1)) == 0) return BT_JSON_ERROR;
    if (at < size && (text[at] == 'e' || text[at] == 'E')) {
        at++;
        if (at < size && (text[at] == '+' || text[at] == '-')) at++;
        if ((at = digits(json, at)) == 0) return BT_JSON_ERROR;
    }
    if (at < size && (is_digit(text[at]) || text[at] == '.' || text[at] == '-' || text[at] == '+'))
        return fail(json, BT_JSON_NUMBER, at);
    return finish(json, token, BT_JSON_NUMBER_TOKEN, at - json->at);
}

/* Length of the run of plain characters at p: ASCII without controls, quotes and backslashes. */
static size_t plain_run(const char *p, size_t left)
{
    const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
    size_t n = 0;
    for (; left - n >= 8; n += 8) {
        uint64_t v;
        memcpy(&v, p + n, 8);
        uint64_t quote = v ^ ones * '"', backslash = v ^ ones * '\\';
        /* The subtractions set the top bit of bytes below 0x20, and of those equal to a quote or a
         * backslash. */
        if (((v | (v - ones * 0x20) | (quote - ones) | (backslash - ones)) & tops) != 0) break;
    }
    for (; n < left; n++) {
        uint8_t c = (uint8_t)p[n];
        if (c < 0x20 || c > 0x7f || c == '"' || c == '\\') break;
    }
    return n;
}

/* Sets the error at `at`, or that the text is truncated if `at` is past its end. Returns 0. */
static size_t fail_escape(bt_json *json, int code, size_t at)
{
    bool end = at >= json->size;
    fail(json, end ? BT_JSON_TRUNCATED : code, end ? json->size : at);
    return 0;
}

/* Four hexadecimal digits at `at`, or -1 after an error. */
static int32_t hex4(bt_json *json, size_t at)
{
    int32_t unit = 0;
    for (size_t i = at; i < at + 4; i++) {
        char c = (char)(i < json->size ? json->text[i] : 0);
        if (is_digit(c)) unit = unit * 16 + (c - '0');
        else if (c >= 'a' && c <= 'f') unit = unit * 16 + (c - 'a' + 10);
        else if (c >= 'A' && c <= 'F') unit = unit * 16 + (c - 'A' + 10);
        else {
            fail_escape(json, BT_JSON_ESCAPE, i);
            return -1;
        }
    }
    return unit;
}

/* Length of the escape whose backslash is at `at`; 0 after an error. */
static size_t escape(bt_json *json, size_t at)
{
    char c = (char)(at + 1 < json->size ? json->text[at + 1] : 0);
    if (c != 'u') {
        if (c != 0 && strchr("\"\\/bfnrt", c)) return 2;
        return fail_escape(json, BT_JSON_ESCAPE, at + 1);
    }
    int32_t unit = hex4(json, at + 2);
    if (unit < 0) return 0;
    if (unit < 0xd800 || unit > 0xdfff) return 6;
    if (unit > 0xdbff) return fail_escape(json, BT_JSON_SURROGATE, at);
    /* A high surrogate: its low one must follow. */
    for (size_t i = 0; i < 2; i++) {
        size_t next_at = at + 6 + i;
        if (next_at >= json->size || json->text[next_at] != "\\u"[i])
            return fail_escape(json, BT_JSON_SURROGATE, next_at);
    }
    int32_t low = hex4(json, at + 8);
    if (low < 0) return 0;
    if (low < 0xdc00 || low > 0xdfff) return fail_escape(json, BT_JSON_SURROGATE, at + 6);
    return 12;
}

static bt_json_kind string(bt_json *json, bt_json_token *token, bt_json_kind kind)
{
    size_t start = json->at + 1, at = start;
    token->escaped = false;
    for (;;) {
        at += plain_run(json->text + at, json->size - at);
        if (at == json->size) return fail(json, BT_JSON_TRUNCATED, at);
        uint8_t c = (uint8_t)json->text[at];
        if (c == '"') break;
        size_t length;
        if (c == '\\') {
            token->escaped = true;
            length = escape(json, at);
            if (length == 0) return BT_JSON_ERROR;
        } else {
            if (c < 0x20) return fail(json, BT_JSON_CONTROL, at);
            length = bt_utf8_length(json->text + at, json->size - at);
            if (length == 0) return fail(json, BT_JSON_UTF8, at);
        }
        at += length;
    }
    finish(json, token, kind, at + 1 - json->at);
    token->text++;
    token->length -= 2;
    return kind;
}

static bt_json_kind key(bt_json *json, bt_json_token *token)
{
    if (json->text[json->at] != '"') return fail(json, BT_JSON_SYNTAX, json->at);
    if (string(json, token, BT_JSON_KEY) == BT_JSON_ERROR) return BT_JSON_ERROR;
    skip_space(json);
    if (json->at == json->size) return fail(json, BT_JSON_TRUNCATED, json->at);
    if (json->text[json->at] != ':') return fail(json, BT_JSON_SYNTAX, json->at);
    json->at++;
    json->expects = VALUE;
    return BT_JSON_KEY;
}

static bt_json_kind value(bt_json *json, bt_json_token *token)
{
    switch (json->text[json->at]) {
    case '{': return open_container(json, token, true);
    case '[': return open_container(json, token, false);
    case '"': return string(json, token, BT_JSON_STRING);
    case 't': return word(json, token, BT_JSON_TRUE, "true");
    case 'f': return word(json, token, BT_JSON_FALSE, "false");
    case 'n': return word(json, token, BT_JSON_NULL, "null");
    default: break;
    }
    char c = json->text[json->at];
    if (c == '-' || is_digit(c)) return number(json, token);
    return fail(json, BT_JSON_SYNTAX, json->at);
}

static bt_json_kind next(bt_json *json, bt_json_token *token)
{
    skip_space(json);
    bool end = json->at == json->size;
    if (json->expects == COMMA_OR_END && json->depth == 0)
        return end ? BT_JSON_END : fail(json, BT_JSON_TRAILING, json->at);
    if (!end && json->expects == COMMA_OR_END && json->text[json->at] == ',') {
        json->expects = in_object(json) ? KEY : VALUE;
        json->at++;
        skip_space(json);
        end = json->at == json->size;
    }
    if (end) return fail(json, BT_JSON_TRUNCATED, json->at);
    bool closes = json->text[json->at] == (in_object(json) ? '}' : ']');
    switch (json->expects) {
    case COMMA_OR_END:
        return closes ? close_container(json, token) : fail(json, BT_JSON_SYNTAX, json->at);
    case VALUE_OR_END: return closes ? close_container(json, token) : value(json, token);
    case KEY_OR_END: return closes ? close_container(json, token) : key(json, token);
    case KEY: return key(json, token);
    default: return value(json, token);
    }
}

bt_json_kind bt_json_next(bt_json *json, bt_json_token *token)
{
    bt_json_kind kind = BT_JSON_ERROR;
    token->escaped = false;
    if (json->code == 0) kind = next(json, token);
    if (kind == BT_JSON_ERROR || kind == BT_JSON_END)
        *token = (bt_json_token){.kind = kind, .text = "", .offset = json->at};
    return kind;
}

bool bt_json_skip(bt_json *json, const bt_json_token *token)
{
    if (token->kind != BT_JSON_OBJECT && token->kind != BT_JSON_ARRAY) return json->code == 0;
    uint32_t outside = json->depth - 1;
    bt_json_token inner;
    while (json->depth > outside)
        if (bt_json_next(json, &inner) == BT_JSON_ERROR) return false;
    return true;
}

/* test_json.c - the tokenizer: grammar, UTF-8, escapes, depth, and the texts of tokens.
 * SPDX-License-Identifier: MIT */
#include "check.h"
#include "image.h"

#include "base/utf8.h"
#include "io/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tokens as letters: { } [ ] k s n t f 0, then . for the end or ! for an error. */
static int tokens(const char *text, size_t size, uint32_t depth, char *letters, size_t *at)
{
    char *copy = take_copy(text, size);
    bt_json json;
    bt_json_token token;
    size_t n = 0;
    bt_json_init(&json, copy, size, depth);
    for (;;) {
        bt_json_kind kind = bt_json_next(&json, &token);
        if (letters && n < 60) letters[n++] = "!.{}[]ksntf0"[kind];
        if (kind == BT_JSON_ERROR || kind == BT_JSON_END) break;
        if (token.offset + token.length > size) letters[n++] = '?';
    }
    CHECK(bt_json_next(&json, &token) == token.kind); /* it stays there */
    CHECK((token.kind == BT_JSON_ERROR) == (json.code != 0));
    if (letters) letters[n] = 0;
    if (at) *at = json.at;
    free(copy);
    return json.code;
}

static int code_of(const char *text, size_t size)
{
    return tokens(text, size, 0, NULL, NULL);
}

static const struct {
    const char *text, *letters;
    int code;
    size_t at;
} texts[] = {
    {"{}", "{}.", 0, 2},
    {" [ ] ", "[].", 0, 5},
    {"\"a\"", "s.", 0, 3},
    {"true", "t.", 0, 4},
    {"\tfalse\r\n", "f.", 0, 8},
    {"null", "0.", 0, 4},
    {"{\"a\":[1,true],\"b\":{\"c\":null}}", "{k[nt]k{k0}}.", 0, 29},
    {"[[],{},[{}],\"\",-0.5e+10]", "[[]{}[{}]sn].", 0, 24},
    {"", "!", BT_JSON_TRUNCATED, 0},
    {"  ", "!", BT_JSON_TRUNCATED, 2},
    {"{", "{!", BT_JSON_TRUNCATED, 1},
    {"[", "[!", BT_JSON_TRUNCATED, 1},
    {"[1", "[n!", BT_JSON_TRUNCATED, 2},
    {"[1,", "[n!", BT_JSON_TRUNCATED, 3},
    {"{\"a\"", "{!", BT_JSON_TRUNCATED, 4},
    {"{\"a\":", "{k!", BT_JSON_TRUNCATED, 5},
    {"{\"a\":1", "{kn!", BT_JSON_TRUNCATED, 6},
    {"{\"a\":1,", "{kn!", BT_JSON_TRUNCATED, 7},
    {"tru", "!", BT_JSON_TRUNCATED, 3},
    {"\"abc", "!", BT_JSON_TRUNCATED, 4},
    {"\"\\", "!", BT_JSON_TRUNCATED, 2},
    {"\"\\u12", "!", BT_JSON_TRUNCATED, 5},
    {"\"\\ud83d", "!", BT_JSON_TRUNCATED, 7},
    {"\"\\ud83d\\", "!", BT_JSON_TRUNCATED, 8},
    {"\"\\ud83d\\ude0", "!", BT_JSON_TRUNCATED, 12},
    {"}", "!", BT_JSON_SYNTAX, 0},
    {"]", "!", BT_JSON_SYNTAX, 0},
    {",", "!", BT_JSON_SYNTAX, 0},
    {"[}", "[!", BT_JSON_SYNTAX, 1},
    {"{]", "{!", BT_JSON_SYNTAX, 1},
    {"[1}", "[n!", BT_JSON_SYNTAX, 2},
    {"{\"a\":1]", "{kn!", BT_JSON_SYNTAX, 6},
    {"[,1]", "[!", BT_JSON_SYNTAX, 1},
    {"[1,]", "[n!", BT_JSON_SYNTAX, 3},
    {"[1,,2]", "[n!", BT_JSON_SYNTAX, 3},
    {"[1 2]", "[n!", BT_JSON_SYNTAX, 3},
    {"[1:2]", "[n!", BT_JSON_SYNTAX, 2},
    {"{,}", "{!", BT_JSON_SYNTAX, 1},
    {"{\"a\":1,}", "{kn!", BT_JSON_SYNTAX, 7},
    {"{\"a\",1}", "{!", BT_JSON_SYNTAX, 4},
    {"{\"a\" 1}", "{!", BT_JSON_SYNTAX, 5},
    {"{\"a\":}", "{k!", BT_JSON_SYNTAX, 5},
    {"{\"a\":1 \"b\":2}", "{kn!", BT_JSON_SYNTAX, 7},
    {"{a:1}", "{!", BT_JSON_SYNTAX, 1},
    {"{1:1}", "{!", BT_JSON_SYNTAX, 1},
    {"trux", "!", BT_JSON_SYNTAX, 3},
    {"True", "!", BT_JSON_SYNTAX, 0},
    {"NaN", "!", BT_JSON_SYNTAX, 0},
    {"Infinity", "!", BT_JSON_SYNTAX, 0},
    {"'a'", "!", BT_JSON_SYNTAX, 0},
    {"[1]//", "[n]!", BT_JSON_TRAILING, 3},
    {"{} {}", "{}!", BT_JSON_TRAILING, 3},
    {"truex", "t!", BT_JSON_TRAILING, 4},
    {"1 1", "n!", BT_JSON_TRAILING, 2},
    {"1,", "n!", BT_JSON_TRAILING, 1},
    {"[\xa0]", "[!", BT_JSON_SYNTAX, 1},
    {"[\v]", "[!", BT_JSON_SYNTAX, 1},
};

static void grammar(void)
{
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char letters[64];
        size_t at;
        check_context("%s", texts[i].text);
        CHECK_EQ(tokens(texts[i].text, strlen(texts[i].text), 0, letters, &at), texts[i].code);
        if (!CHECK(strcmp(letters, texts[i].letters) == 0)) printf("  %s\n", letters);
        CHECK_EQ(at, texts[i].at);
    }
    CHECK_EQ(code_of("1\0", 2), BT_JSON_TRAILING);
    CHECK_EQ(code_of("\0", 1), BT_JSON_SYNTAX);
    CHECK_EQ(code_of("\"\\\0\"", 4), BT_JSON_ESCAPE);
}

static void numbers(void)
{
    static const char *const good[] = {
        "0",    "-0",         "1",       "-1",
        "10",   "1234567890", "0.0",     "-0.5",
        "1.25", "1e1",        "1E1",     "1e+1",
        "1e-1", "0e0",        "1.5e-08", "123456789012345678901234567890"};
    static const char *const bad[] = {"01",   "-01",   "00",  "1.",    ".5",  "-.5",
                                      "+1",   "1e",    "1e+", "1.e1",  "--1", "-",
                                      "1..2", "1.2.3", "1-1", "1e1.5", "-a",  "1+"};
    static const char *const other[] = {"1a", "1e1e1", "0x10", "1_0"}; /* wrong after a number */
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        check_context("%s", good[i]);
        CHECK_EQ(code_of(good[i], strlen(good[i])), 0);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[32];
        int n = snprintf(text, sizeof text, "[%s]", bad[i]);
        check_context("%s", bad[i]);
        bool not_begun = bad[i][0] == '.' || bad[i][0] == '+';
        CHECK_EQ(code_of(text, (size_t)n), not_begun ? BT_JSON_SYNTAX : BT_JSON_NUMBER);
    }
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        CHECK_EQ(code_of(other[i], strlen(other[i])), BT_JSON_TRAILING);
    CHECK_EQ(code_of("-", 1), BT_JSON_TRUNCATED);
    CHECK_EQ(code_of("1.", 2), BT_JSON_TRUNCATED);
    CHECK_EQ(code_of("1e-", 3), BT_JSON_TRUNCATED);
}

/* Everything shorter than a text that is complete is truncated, and nothing else. */
static void truncations(void)
{
    static const char text[] =
        " {\"k\\n\\ud83d\\ude00\xc3\xa9\": [1.5e-3, {\"a\": null}, true, \"x\"]} ";
    size_t size = sizeof text - 1;
    CHECK_EQ(code_of(text, size), 0);
    for (size_t n = 0; n + 1 < size; n++) {
        int code = code_of(text, n);
        check_context("%zu bytes", n);
        CHECK(code == BT_JSON_TRUNCATED || (code == BT_JSON_UTF8 && text[n] == '\xa9'));
    }
}

static void depth(void)
{
    char text[400], letters[64];
    for (uint32_t cap = 0; cap <= 70; cap++) {
        size_t most = cap == 0 ? 8 : cap < 64 ? cap : 64, at;
        for (size_t n = most; n <= most + 1; n++) {
            for (int kind = 0; kind < 3; kind++) { /* arrays, objects, in turn */
                size_t size = 0;
                for (size_t i = 0; i < n; i++) {
                    bool object = kind == 1 || (kind == 2 && i % 2 == 1);
                    memcpy(text + size, object ? "{\"\":" : "[", object ? 4 : 1);
                    size += object ? 4 : 1;
                }
                text[size++] = '1';
                for (size_t i = n; i-- > 0;)
                    text[size++] = kind == 1 || (kind == 2 && i % 2 == 1) ? '}' : ']';
                check_context("cap %u depth %zu kind %d", cap, n, kind);
                CHECK_EQ(tokens(text, size, cap, letters, &at), n > most ? BT_JSON_DEPTH : 0);
            }
        }
    }
}

/* U+0000 to U+10FFFF as the standard's table has it, by arithmetic. */
static size_t encode(uint32_t c, uint8_t *out)
{
    if (c < 0x80) return out[0] = (uint8_t)c, 1;
    if (c < 0x800) return out[0] = (uint8_t)(192 + c / 64), out[1] = (uint8_t)(128 + c % 64), 2;
    size_t n = c < 0x10000 ? 3 : 4;
    out[0] = (uint8_t)(n == 3 ? 224 + c / 4096 : 240 + c / 262144);
    if (n == 4) out[1] = (uint8_t)(128 + c / 4096 % 64);
    out[n - 2] = (uint8_t)(128 + c / 64 % 64);
    out[n - 1] = (uint8_t)(128 + c % 64);
    return n;
}

static void every_character(void)
{
    for (uint32_t c = 0; c < 0x110000; c += check_quick() && c > 0x3000 ? 61 : 1) {
        char raw[4], quoted[32], back[8];
        bool surrogate = c >= 0xd800 && c < 0xe000;
        size_t n = encode(c, (uint8_t *)raw);
        size_t size = bt_json_quote(raw, n, NULL);
        check_context("U+%04x", c);
        CHECK((size == 0) == surrogate);
        if (surrogate) continue;
        CHECK_EQ(bt_json_quote(raw, n, quoted), size);
        bt_json json;
        bt_json_token token;
        bt_json_init(&json, quoted, size, 0);
        CHECK(bt_json_next(&json, &token) == BT_JSON_STRING);
        CHECK_EQ(bt_json_length(&token), n);
        CHECK(bt_json_copy(&token, back, n) && memcmp(back, raw, n) == 0);
        CHECK(bt_json_next(&json, &token) == BT_JSON_END);
    }
}

/* Bytes at the boundaries of the table, in all combinations of up to four. */
static void bytes_of_characters(void)
{
    static const uint8_t edges[] = {'a',  0x7f, 0x80, 0x8f, 0x90, 0x9f,
                                    0xa0, 0xbf, 0xc0, 0xe1, 0xff};
    enum { EDGES = sizeof edges };
    for (uint32_t first = 0x80; first < 256; first++) {
        for (uint32_t rest = 0; rest < EDGES * EDGES * EDGES; rest += check_quick() ? 7 : 1) {
            uint8_t text[6] = {'"',
                               (uint8_t)first,
                               edges[rest % EDGES],
                               edges[rest / EDGES % EDGES],
                               edges[rest / EDGES / EDGES],
                               '"'};
            /* Valid if it is what some characters encode to. */
            bool valid = true;
            for (size_t i = 1; valid && i < 5;) {
                uint8_t again[4];
                uint32_t c = text[i];
                size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
                valid = i + n <= 5;
                if (!valid) break;
                if (n > 1) c &= 0x7fu >> n;
                for (size_t k = 1; k < n; k++) c = c * 64 + (text[i + k] & 63u);
                valid = c < 0x110000 && (c < 0xd800 || c >= 0xe000) && encode(c, again) == n &&
                        memcmp(again, text + i, n) == 0;
                i += n;
            }
            check_context("%02x %02x %02x %02x", text[1], text[2], text[3], text[4]);
            CHECK_EQ(code_of((const char *)text, 6), valid ? 0 : BT_JSON_UTF8);
        }
    }
}

static void every_escape(void)
{
    char text[32];
    for (int c = 1; c < 256; c++) {
        int n = snprintf(text, sizeof text, "\"\\%c\"", c);
        check_context("\\ and byte %d", c);
        int expected = strchr("\"\\/bfnrt", c) ? 0 : BT_JSON_ESCAPE;
        if (c != 'u') CHECK_EQ(code_of(text, (size_t)n), expected);
    }
    for (uint32_t unit = 0; unit < 0x10000; unit++) {
        uint8_t expected[4];
        char back[4];
        int n = snprintf(text, sizeof text, unit % 2 ? "\"\\u%04x\"" : "\"\\u%04X\"", unit);
        check_context("\\u%04x", unit);
        bool surrogate = unit >= 0xd800 && unit < 0xe000;
        CHECK_EQ(code_of(text, (size_t)n), surrogate ? BT_JSON_SURROGATE : 0);
        bt_json json;
        bt_json_token token;
        bt_json_init(&json, text, (size_t)n, 0);
        if (surrogate || bt_json_next(&json, &token) != BT_JSON_STRING) continue;
        size_t size = encode(unit, expected);
        CHECK(bt_json_length(&token) == size && bt_json_copy(&token, back, size));
        CHECK_SAME(back, expected, size);
        CHECK(!bt_json_copy(&token, back, size - 1));
    }
    for (uint32_t c = 0x10000; c < 0x110000; c += 0x3fd) {
        uint8_t expected[4];
        char back[4];
        int n = snprintf(text, sizeof text, "\"\\u%04x\\u%04x\"", 0xd800 + ((c - 0x10000) >> 10),
                         0xdc00 + (c & 1023));
        bt_json json;
        bt_json_token token;
        bt_json_init(&json, text, (size_t)n, 0);
        REQUIRE(bt_json_next(&json, &token) == BT_JSON_STRING);
        CHECK(encode(c, expected) == 4 && bt_json_copy(&token, back, 4));
        CHECK_SAME(back, expected, 4);
    }
    CHECK_EQ(code_of("\"\\uD83D\\n\"", 10), BT_JSON_SURROGATE);
    CHECK_EQ(code_of("\"\\uD83Dx\"", 9), BT_JSON_SURROGATE);
    CHECK_EQ(code_of("\"\\uD83D\\u0041\"", 14), BT_JSON_SURROGATE);
    CHECK_EQ(code_of("\"\\uD83D\\uDE0g\"", 14), BT_JSON_ESCAPE);
    CHECK_EQ(code_of("\"\\u00g0\"", 8), BT_JSON_ESCAPE);
}

/* Whatever stands where in a string: eight bytes are looked at at a time. */
static void strings_by_eights(void)
{
    char text[48];
    for (size_t size = 1; size <= 40; size++) {
        for (size_t at = 1; at <= size; at++) {
            for (int c = 0; c < 256; c++) {
                memset(text, 'x', sizeof text);
                text[0] = text[size + 1] = '"';
                text[at] = (char)c;
                int expected = 0;
                if (c < 0x20) expected = BT_JSON_CONTROL;
                else if (c >= 0x80) expected = BT_JSON_UTF8;
                else if (c == '\\' && at == size) expected = BT_JSON_TRUNCATED;
                else if (c == '\\') expected = BT_JSON_ESCAPE;
                else if (c == '"') expected = BT_JSON_TRAILING;
                check_context("size %zu at %zu byte %02x", size, at, c);
                CHECK_EQ(code_of(text, size + 2), expected);
            }
        }
        if (check_quick()) size += 6;
    }
}

static void texts_of_tokens(void)
{
    static const char text[] = "[\"d\\u0074ype\",\"dtype\",\"\",\"dtyp\",\"dtypes\",\"a\\u0000b\"]";
    bt_json json;
    bt_json_token token;
    bool equal[6];
    bt_json_init(&json, text, sizeof text - 1, 0);
    bt_json_next(&json, &token);
    for (int i = 0; i < 6; i++) {
        CHECK(bt_json_next(&json, &token) == BT_JSON_STRING);
        equal[i] = bt_json_equals(&token, "dtype");
        CHECK(bt_json_equals(&token, "") == (i == 2));
        CHECK(bt_json_equals(&token, "dtyp") == (i == 3));
        CHECK(token.escaped == (i == 0 || i == 5));
    }
    CHECK(equal[0] && equal[1] && !equal[2] && !equal[3] && !equal[4] && !equal[5]);
    CHECK(!bt_json_equals(&token, "a") && bt_json_length(&token) == 3);
}

static void skipping(void)
{
    static const char text[] = "{\"a\":{\"x\":[1,[2],{}]},\"b\":[],\"c\":7,\"d\":[1,oops]}";
    bt_json json;
    bt_json_token token;
    char keys[5] = "";
    bt_json_init(&json, text, sizeof text - 1, 0);
    CHECK(bt_json_next(&json, &token) == BT_JSON_OBJECT);
    for (size_t i = 0; i < 4; i++) {
        REQUIRE(bt_json_next(&json, &token) == BT_JSON_KEY);
        keys[i] = token.text[0];
        bt_json_next(&json, &token);
        CHECK(bt_json_skip(&json, &token) == (i < 3));
    }
    CHECK(strcmp(keys, "abcd") == 0);
    CHECK_EQ(json.code, BT_JSON_SYNTAX);
    CHECK_EQ(json.at, strstr(text, "oops") - text);
    CHECK(!bt_json_skip(&json, &token));
}

static void quoting(void)
{
    static const char raw[] = "a\"\\/\b\f\n\r\t\x01\x1f\x7f\xc3\xa9";
    static const char quoted[] = "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xa9\"";
    char out[64];
    size_t n = bt_json_quote(raw, sizeof raw - 1, out);
    CHECK_EQ(n, sizeof quoted - 1);
    CHECK_SAME(out, quoted, n);
    CHECK_EQ(bt_json_quote("", 0, out), 2);
    CHECK_EQ(bt_json_quote("a\0b", 3, out), 10);
    CHECK_SAME(out, "\"a\\u0000b\"", 10);
    CHECK_EQ(bt_json_quote("a\xff", 2, NULL), 0);
    CHECK_EQ(bt_json_quote("a\xc3", 2, NULL), 0);
}

static const check_case cases[] = {{"grammar", grammar},
                                   {"numbers", numbers},
                                   {"truncations", truncations},
                                   {"depth", depth},
                                   {"every_character", every_character},
                                   {"bytes_of_characters", bytes_of_characters},
                                   {"every_escape", every_escape},
                                   {"strings_by_eights", strings_by_eights},
                                   {"texts_of_tokens", texts_of_tokens},
                                   {"skipping", skipping},
                                   {"quoting", quoting}};

int main(int argc, char **argv)
{
    return check_main(argc, argv, cases, sizeof cases / sizeof *cases);
}

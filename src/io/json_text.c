/* json_text.c - the strings of JSON: resolves escapes, and writes them.
 * SPDX-License-Identifier: MIT */
#include "json.h"

#include "../base/utf8.h"

#include <string.h>

static uint32_t hex4(const char *p)
{
    uint32_t value = 0;
    for (size_t i = 0; i < 4; i++) {
        uint32_t c = (uint8_t)p[i];
        value = value * 16 + (c <= '9' ? c - '0' : (c | 0x20u) - 'a' + 10u);
    }
    return value;
}

/* Resolves the escape at p, which the tokenizer has checked, into out[4]. Sets its length as
 * written, returns its length resolved. */
static size_t resolve(const char *p, size_t *written, char *out)
{
    static const char letters[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
    if (p[1] != 'u') {
        *written = 2;
        out[0] = meant[strchr(letters, p[1]) - letters];
        return 1;
    }
    uint32_t unit = hex4(p + 2);
    *written = 6;
    if (unit >= 0xd800 && unit <= 0xdfff) {
        *written = 12;
        unit = 0x10000 + ((unit - 0xd800) << 10) + (hex4(p + 8) - 0xdc00);
    }
    return bt_utf8_put(unit, out);
}

/* The next part of a token, from *at on: a resolved escape in four[4], or the text up to the next
 * escape. Sets its length; NULL at the end. */
static const char *part(const bt_json_token *token, size_t *at, size_t *length, char *four)
{
    if (*at == token->length) return NULL;
    const char *p = token->text + *at;
    if (*p == '\\') {
        size_t written;
        *length = resolve(p, &written, four);
        *at += written;
        return four;
    }
    const char *stop = token->escaped ? memchr(p, '\\', token->length - *at) : NULL;
    *length = stop ? (size_t)(stop - p) : token->length - *at;
    *at += *length;
    return p;
}

size_t bt_json_length(const bt_json_token *token)
{
    if (!token->escaped) return token->length;
    char four[4];
    size_t at = 0, n, total = 0;
    while (part(token, &at, &n, four)) total += n;
    return total;
}

bool bt_json_copy(const bt_json_token *token, char *out, size_t capacity)
{
    if (bt_json_length(token) > capacity) return false;
    char four[4];
    const char *p;
    size_t at = 0, n;
    while ((p = part(token, &at, &n, four)) != NULL) {
        memcpy(out, p, n);
        out += n;
    }
    return true;
}

bool bt_json_equals(const bt_json_token *token, const char *literal)
{
    char four[4];
    const char *p;
    size_t at = 0, n, left = strlen(literal);
    if (!token->escaped)
        return token->length == left && (left == 0 || memcmp(token->text, literal, left) == 0);
    while ((p = part(token, &at, &n, four)) != NULL) {
        if (n > left || memcmp(p, literal, n) != 0) return false;
        literal += n;
        left -= n;
    }
    return left == 0;
}

/* Writes the escape of an ASCII character to out[6]; returns its length, 0 if it needs none. */
static size_t short_escape(uint8_t c, char *out)
{
    static const char letters[] = "\"\\bfnrt", meant[] = "\"\\\b\f\n\r\t";
    static const char hex[] = "0123456789abcdef";
    const char *found = c ? strchr(meant, c) : NULL;
    out[0] = '\\';
    if (found) {
        out[1] = letters[found - meant];
        return 2;
    }
    if (c >= 0x20) return 0;
    memcpy(out + 1, "u00", 3);
    out[4] = hex[c >> 4];
    out[5] = hex[c & 15];
    return 6;
}

size_t bt_json_quote(const char *text, size_t length, char *out)
{
    size_t total = 1;
    if (out) out[0] = '"';
    for (size_t i = 0, n; i < length; i += n) {
        char escaped[6];
        const char *from = escaped;
        size_t size = short_escape((uint8_t)text[i], escaped);
        n = 1;
        if (size == 0) {
            n = size = bt_utf8_length(text + i, length - i);
            if (n == 0) return 0;
            from = text + i;
        }
        if (out) memcpy(out + total, from, size);
        total += size;
    }
    if (out) out[total] = '"';
    return total + 1;
}

void bt_put_text(bt_sink *s, const char *terminated)
{
    size_t length = strlen(terminated);
    if (s->out) memcpy(s->out + s->at, terminated, length);
    s->at += length;
}

void bt_put_number(bt_sink *s, uint64_t value, size_t digits)
{
    char text[21];
    size_t at = sizeof text - 1;
    text[at] = 0;
    do text[--at] = (char)('0' + value % 10);
    while ((value /= 10) > 0 || sizeof text - 1 - at < digits);
    bt_put_text(s, text + at);
}

void bt_put_string(bt_sink *s, const char *text, size_t length)
{
    s->at += bt_json_quote(text, length, s->out ? s->out + s->at : NULL);
}

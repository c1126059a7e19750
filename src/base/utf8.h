/* utf8.h - strict UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.
 * SPDX-License-Identifier: MIT */
#ifndef BT_UTF8_H
#define BT_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Length in bytes of the character at text, which has `left` (at least one) bytes; 0 if it is
 * invalid. */
static inline size_t bt_utf8_length(const char *text, size_t left)
{
    const uint8_t *p = (const uint8_t *)text;
    uint8_t first = p[0], low = 0x80, high = 0xbf; /* range of the second byte */
    size_t length;
    if (first < 0x80) return 1;
    if (first < 0xc2 || first > 0xf4) return 0;
    if (first < 0xe0) length = 2;
    else if (first < 0xf0) length = 3;
    else length = 4;
    if (left < length) return 0;
    if (first == 0xe0) low = 0xa0;
    else if (first == 0xed) high = 0x9f;
    else if (first == 0xf0) low = 0x90;
    else if (first == 0xf4) high = 0x8f;
    if (p[1] < low || p[1] > high) return 0;
    for (size_t i = 2; i < length; i++)
        if (p[i] < 0x80 || p[i] > 0xbf) return 0;
    return length;
}

/* The character at text, which has that many bytes (bt_utf8_length). */
static inline uint32_t bt_utf8_character(const char *text, size_t length)
{
    const uint8_t *p = (const uint8_t *)text;
    if (length == 1) return p[0];
    uint32_t character = p[0] & (0x7fu >> length);
    for (size_t i = 1; i < length; i++) character = character << 6 | (p[i] & 0x3fu);
    return character;
}

/* Writes a character (no surrogate, at most U+10FFFF) to out[4]; returns its length in bytes. */
static inline size_t bt_utf8_put(uint32_t character, char *out)
{
    if (character < 0x80) {
        out[0] = (char)character;
        return 1;
    }
    size_t length = character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
    for (size_t i = length; i-- > 1; character >>= 6) out[i] = (char)(0x80 | (character & 0x3f));
    out[0] = (char)((0xf00u >> length & 0xf0u) | character);
    return length;
}

static inline bool bt_utf8_valid(const char *text, size_t size)
{
    for (size_t i = 0, n; i < size; i += n)
        if ((n = bt_utf8_length(text + i, size - i)) == 0) return false;
    return true;
}

#endif

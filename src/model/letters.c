/* letters.c - what belongs to a word (letters.h).
 * SPDX-License-Identifier: MIT */
#include "letters.h"

#include "../base/utf8.h"

/* Letters by ranges: in other alphabets everything counts as one but what is known as punctuation
 * and symbols. */
static bool is_letter(uint32_t c)
{
    if (c < 0x80) return (c | 0x20u) - 'a' < 26u || c == '\'';
    if (c < 0xc0) return c == 0xaa || c == 0xb5 || c == 0xba;
    if (c == 0xd7 || c == 0xf7) return false;
    if (c >= 0x2000 && c < 0x2c00) return c == 0x2019; /* the apostrophe of typesetters */
    return !(c >= 0x3000 && c < 0x3040) && !(c >= 0xfe00 && c < 0xff21) && c < 0x1f000;
}

/* The number of bytes that a character takes by its first one; 0: none begins so. */
static size_t announced(uint8_t first)
{
    return first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

size_t bt_word_end(const uint8_t *text, size_t from, size_t length)
{
    for (size_t at = from, n; at < length; at += n) {
        n = announced(text[at]);
        if (n > length - at) return length; /* its beginning alone */
        if (n == 0 || !bt_utf8_length((const char *)text + at, n)) return at;
        if (!is_letter(bt_utf8_character((const char *)text + at, n))) return at;
    }
    return length;
}

size_t bt_trim_apostrophes(const uint8_t *text, size_t begin, size_t end)
{
    for (;;) {
        if (end > begin && text[end - 1] == '\'') end--;
        else if (end >= begin + 3 && bt_apostrophe(text + end - 3, 3) == 3) end -= 3;
        else return end;
    }
}

bool bt_text_broken(const uint8_t *text, size_t length)
{
    return !bt_utf8_valid((const char *)text, length);
}

bool bt_ends_word(const uint8_t *text, size_t length)
{
    size_t at = length - 1;
    while (at > 0 && (text[at] & 0xc0u) == 0x80) at--;
    if (text[at] >= '0' && text[at] <= '9') return true;
    if (bt_apostrophe(text + at, length - at) > 0) return false;
    if ((text[at] & 0xc0u) == 0x80) return true; /* inside a character */
    return bt_word_end(text, at, length) == length;
}

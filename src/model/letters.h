/* letters.h - words: runs of letters and apostrophes, in UTF-8.
 * SPDX-License-Identifier: MIT */
#ifndef BT_LETTERS_H
#define BT_LETTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of ASCII. */
static inline bool bt_is_capital(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z';
}

static inline bool bt_is_small(uint8_t byte)
{
    return byte >= 'a' && byte <= 'z';
}

static inline uint8_t bt_small_letter(uint8_t byte)
{
    return bt_is_capital(byte) ? byte | 0x20u : byte;
}

static inline uint8_t bt_capital_letter(uint8_t byte)
{
    return bt_is_small(byte) ? byte & 0xdfu : byte;
}

/* The bytes of an apostrophe (' or U+2019) at the beginning of a text, or 0. */
static inline size_t bt_apostrophe(const uint8_t *text, size_t length)
{
    if (length > 0 && text[0] == '\'') return 1;
    return length >= 3 && text[0] == 0xe2 && text[1] == 0x80 && text[2] == 0x99 ? 3 : 0;
}

/* The end of text[begin..end) without apostrophes at its end. */
size_t bt_trim_apostrophes(const uint8_t *text, size_t begin, size_t end);
/* Where the letters and apostrophes from text[from] on end; a character that text [length] has only
 * the beginning of counts as one. */
size_t bt_word_end(const uint8_t *text, size_t from, size_t length);
/* Whether a text [length > 0] ends with a letter, a digit or inside a character. */
bool bt_ends_word(const uint8_t *text, size_t length);
/* Whether it is not UTF-8, as it ends inside a character. */
bool bt_text_broken(const uint8_t *text, size_t length);

#endif

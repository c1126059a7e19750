/* letters.h - words: runs of letters and apostrophes, in UTF-8.
 * SPDX-License-Identifier: MIT */
#ifndef BT_LETTERS_H
#define BT_LETTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where the letters and apostrophes from text[from] on end; a character that text [length] has only
 * the beginning of counts as one. */
size_t bt_word_end(const uint8_t *text, size_t from, size_t length);
/* Whether a text [length > 0] ends with a letter, a digit or inside a character. */
bool bt_ends_word(const uint8_t *text, size_t length);
/* Whether it is not UTF-8, as it ends inside a character. */
bool bt_text_broken(const uint8_t *text, size_t length);

#endif

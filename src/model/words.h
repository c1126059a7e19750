/* words.h - cuts a text, byte by byte as its tokens come, into words: runs of letters (letters.h) with
 * single apostrophes between them. An apostrophe before or after a word is a quotation mark.
 * SPDX-License-Identifier: MIT */
#ifndef BT_WORDS_H
#define BT_WORDS_H

#include "letters.h"

#define BT_WORD_BYTES 247u /* the longest word */

/* A word as it was read. */
typedef struct bt_read_word {
    uint64_t folded; /* hash of its bytes in lower case (ASCII) */
    uint32_t length; /* 0: none; above BT_WORD_BYTES: `text` has only the beginning */
    bool remembered; /* all of it is */
    bool begins_sentence;
    bool curly; /* it has an apostrophe that was U+2019; in `text` all are ' */
    uint8_t text[BT_WORD_BYTES + 1];
} bt_read_word;

typedef struct bt_cutter {
    bt_read_word now;  /* what has come of it so far */
    bool cut;          /* the text may begin inside a word, which is then not remembered */
    bool sentence;     /* the next word begins one */
    uint32_t newlines; /* in a row */
    uint8_t pending[4];
    uint32_t pending_count; /* bytes of a character that is not whole yet */
    enum { BT_NO_APOSTROPHE, BT_STRAIGHT, BT_CURLY } apostrophe; /* after the letters so far */
    void (*ended)(void *context, const bt_read_word *word);      /* is called with each word */
    void *context;
} bt_cutter;

/* `cut` as above. */
void bt_cutter_init(bt_cutter *cutter, bool cut, void (*ended)(void *, const bt_read_word *),
                    void *context);
/* The bytes of a token; none: a special token, which begins a text. */
void bt_cutter_add(bt_cutter *cutter, const uint8_t *bytes, size_t length, bool remembered);
/* The text ends here. */
void bt_cutter_end(bt_cutter *cutter);

#endif

/* suggest.h - completing words: a search over tokens, and counts of the words that were read.
 *
 * A word is a run of letters and apostrophes. What is asked for is what follows the letters typed
 * up to the end of the word that they stand in.
 * SPDX-License-Identifier: MIT */
#ifndef BT_SUGGEST_H
#define BT_SUGGEST_H

#include "letters.h"
#include "pieces.h"
#include "session.h"

#define BT_WORD_BYTES 247u  /* the longest word with what was typed */
#define BT_TYPED_BYTES 200u /* the most that may be typed */
#define BT_WORDS 128u       /* words in a list */

/* A word with its probability, given the letters typed. */
typedef struct bt_word {
    float probability;
    uint32_t length;
    uint8_t text[BT_WORD_BYTES + 1];
} bt_word;

typedef struct bt_word_list {
    uint32_t count;
    bt_word words[BT_WORDS];
} bt_word_list;

/* Adds to the probability of a word, which joins the list unless that is full. */
void bt_words_add(bt_word_list *list, const uint8_t *text, size_t length, float probability);

/* What is asked. */
typedef struct bt_question {
    const bt_session *session;
    const bt_pieces *pieces;
    const uint32_t *before; /* [n] tokens after what the session has read, valid ids */
    size_t n;
    bool spaced, joined; /* the word may follow a space; may follow at once */
    const uint8_t *typed;
    size_t typed_length;
    uint32_t count;
} bt_question;

/* The likeliest words by model and recall, in no order. Errors: OUT_OF_MEMORY. */
int bt_search_words(const bt_question *question, bt_word_list *list);

#endif

/* suggest.h - completing words: a search over tokens, and counts of the words that were read.
 *
 * A word is a run of letters with single apostrophes between them. What is asked for is what follows
 * the letters typed up to the end of the word that they stand in.
 * SPDX-License-Identifier: MIT */
#ifndef BT_SUGGEST_H
#define BT_SUGGEST_H

#include "pieces.h"
#include "session.h"
#include "words.h"

#define BT_TYPED_BYTES 200u /* the most that may be typed */
#define BT_WORDS 128u       /* words in a list */

/* A word with the probability that it comes next, given that a word does. */
typedef struct bt_word {
    float probability;
    uint32_t length;
    bool curly; /* its apostrophes are U+2019; in `text` they are ' */
    uint8_t text[BT_WORD_BYTES + 1];
} bt_word;

typedef struct bt_word_list {
    uint32_t count;
    float covering; /* probability of all words that begin with the letters typed, listed or not */
    bt_word words[BT_WORDS];
} bt_word_list;

/* Adds to the probability of a word, which joins the list unless that is full. Apostrophes of both
 * kinds are the same here. */
void bt_words_add(bt_word_list *list, const uint8_t *text, size_t length, float probability);

/* What is asked. */
typedef struct bt_question {
    const bt_session *session;
    const bt_pieces *pieces;
    const uint32_t *before; /* [n] tokens after what the session has read, valid ids */
    size_t n;
    bool spaced, joined;  /* the word may follow a space; may follow at once */
    bool sentence;        /* a sentence begins: the word may be written with a capital */
    const uint8_t *typed; /* with ' for U+2019 */
    size_t typed_length;
    size_t lead;          /* bytes of it before its last word */
    const uint8_t *shown; /* as it was typed: how suggestions begin */
    size_t shown_length;
    bool curly;     /* it has a U+2019 */
    uint32_t count; /* of suggestions */
} bt_question;

/* The likeliest words by model and recall into the list of the room, in no order. */
struct bt_suggest_room;
void bt_search_words(const bt_question *question, struct bt_suggest_room *room);

/* Mixes what was read, by a session with a recall, into the list, and adds words that only were
 * read. Changes `covering` to match. */
struct bt_tally;
void bt_mix_read_words(const bt_question *question, struct bt_tally *tally, bt_word_list *list);

#endif

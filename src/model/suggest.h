/* suggest.h - completing words: a search over tokens, and counts of the words that were read.
 *
 * A word is a run of letters and apostrophes. What is asked for is what follows the letters typed
 * up to the end of the word that they stand in.
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
    uint8_t text[BT_WORD_BYTES + 1];
} bt_word;

typedef struct bt_word_list {
    uint32_t count;
    float covering; /* probability of all words that begin with the letters typed, listed or not */
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
    uint32_t count; /* of suggestions */
} bt_question;

/* The likeliest words by model and recall into the list of the room, in no order. */
struct bt_suggest_room;
void bt_search_words(const bt_question *question, struct bt_suggest_room *room);

/* Counts of words that were read. */
#define BT_WORD_ORDERS 3u /* words of the longest context */
#define BT_TALLY 1024u
#define BT_TALLY_SLOTS (2 * BT_TALLY)

typedef struct bt_seen {
    uint64_t key;
    float recent;                    /* sum of the weights of its places */
    uint32_t counts[BT_WORD_ORDERS]; /* after 1, 2, 3 words of the context */
    uint32_t length;                 /* 0: it was not read */
    bool listed;                     /* the search has found it */
    bool agrees;                     /* with what was typed */
    uint8_t text[BT_WORD_BYTES + 1];
} bt_seen;

typedef struct bt_tally {
    uint32_t words, count; /* words read; entries */
    uint32_t places[BT_WORD_ORDERS], kinds[BT_WORD_ORDERS];
    float total;                    /* of `recent` */
    uint16_t slots[BT_TALLY_SLOTS]; /* a hash table by linear probing: entry + 1, or 0 */
    bt_seen seen[BT_TALLY];         /* [count] */
} bt_tally;

/* Mixes what was read, by a session with a recall, into the list, and adds words that only were
 * read. Changes `covering` to match. */
void bt_mix_read_words(const bt_question *question, bt_tally *tally, bt_word_list *list);

#endif

/* suggest_tally.h - how often words were read, and after which: a table by their bytes.
 * SPDX-License-Identifier: MIT */
#ifndef BT_SUGGEST_TALLY_H
#define BT_SUGGEST_TALLY_H

#include "words.h"

#define BT_WORD_ORDERS 3u /* words of the longest context */
#define BT_TALLY 1024u
#define BT_TALLY_SLOTS (2 * BT_TALLY)

/* How a word was read. A capital at the beginning of a sentence does not say how the word is written
 * elsewhere: such words have entries of their own until bt_tally_settle. */
typedef enum bt_form { BT_AS_READ, BT_INITIAL } bt_form;

typedef struct bt_seen {
    uint64_t key;
    float recent;                    /* sum of the weights of its places */
    uint32_t counts[BT_WORD_ORDERS]; /* after 1, 2, 3 words of the context */
    uint32_t length;                 /* 0: it was not read */
    bt_form form;
    bool listed;  /* the search has found it */
    bool agrees;  /* with what was typed */
    bool similar; /* but for capitals */
    bool curly;   /* as in bt_read_word */
    uint8_t text[BT_WORD_BYTES + 1];
} bt_seen;

typedef struct bt_tally {
    uint32_t words, count; /* words read; entries */
    uint32_t places[BT_WORD_ORDERS], kinds[BT_WORD_ORDERS];
    float total;                    /* of `recent` */
    bool full;                      /* and no entry can be forgotten */
    uint16_t slots[BT_TALLY_SLOTS]; /* a hash table by linear probing: entry + 1, or 0 */
    bt_seen seen[BT_TALLY];         /* [count] */
} bt_tally;

void bt_tally_clear(bt_tally *tally);

/* The entry of a word, or NULL; `add`: a new one, for which room is made by forgetting words that
 * were read least and longest ago. An entry found earlier may then have moved. */
bt_seen *bt_tally_find(bt_tally *tally, bt_form form, const uint8_t *text, size_t length, bool add);

/* Gives what was counted for words at the beginnings of sentences to the same words as they were
 * read elsewhere: in small letters, else with a capital. A word that was not gets small letters if
 * those are typed. */
void bt_tally_settle(bt_tally *tally, bool small_typed);

/* Words that are similar to what was typed [length] are taken as if read with the capitals typed: WAL
 * gives WALNUT; Wal gives Walnut, where nothing that was read begins with Wal. */
void bt_tally_adopt(bt_tally *tally, const uint8_t *typed, size_t length);

#endif

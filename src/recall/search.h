/* search.h - a search for what followed a context, which goes on in steps.
 *
 * Each step along a chain waits for memory. The walks for contexts of all lengths go on together, and
 * a step asks for what the next one needs, so that a caller that does something else in between does
 * not wait.
 * SPDX-License-Identifier: MIT */
#ifndef BT_SEARCH_H
#define BT_SEARCH_H

#include "kept.h"

/* On its way along the chain of a context. */
typedef struct bt_walk {
    uint32_t order, most, slot, tag, kept; /* most: places to visit */
    uint32_t head, place, steps, count;
    bool going;
    bool known;                  /* what followed is kept */
    uint32_t symbols[BT_PLACES]; /* [count] what followed, the latest first */
} bt_walk;

typedef struct bt_search {
    bt_latest latest;
    bool entered; /* the walks have begun */
    bool going;
    bt_walk walks[BT_ORDERS];
} bt_search;

/* Scratch of searches; all zero at first, and cleared when the ring was made anew. */
#define BT_SLOTS 512u
typedef struct bt_scratch {
    uint32_t stamp; /* of the slots that count: */
    uint32_t stamps[BT_SLOTS];
    uint8_t places[BT_SLOTS]; /* where a symbol stands in the list */
    bt_kept *kept;            /* NULL: nothing is kept */
} bt_scratch;

/* Takes the memory with which searches in a ring of that many places are fast: in a small one nothing
 * needs to be kept. false: there is none. */
bool bt_scratch_reserve(bt_scratch *scratch, uint32_t places);
void bt_scratch_clear(bt_scratch *scratch);
void bt_scratch_free(bt_scratch *scratch);

/* Begins a search for `latest`. Until its end the ring must not change. */
void bt_search_begin(bt_search *s, const bt_ring *ring, const bt_latest *latest,
                     const bt_scratch *scratch);
/* One step of all walks; none is needed. */
void bt_search_step(bt_search *s, const bt_ring *ring, const bt_scratch *scratch);
/* What followed contexts of 1, 2, ... symbols, up to the longest that stood before without a gap;
 * returns their number. */
uint32_t bt_search_end(bt_search *s, const bt_ring *ring, bt_scratch *scratch,
                       bt_followers found[BT_ORDERS]);

#endif

/* ring.h - the last N symbols, with an index of where each context of 1 to K symbols stood.
 *
 * A place is the number of symbols pushed before it; its symbol stands at place mod size. For each
 * order k a hash table of chains leads from the latest place after a context back to earlier ones.
 * A place is a match only if the k symbols before it are those of the context, so hashes show in
 * results only where a chain is longer than a walk may be (search.c). Of the N places the latest
 * N - K are searched; the others are kept as their contexts. The links of all orders at a place lie
 * side by side: the walks often visit the same places.
 *
 * `size` is the smallest power of two that holds what was pushed, from TTT_RECALL_MIN_CAPACITY to
 * N. Buffers may be larger, so that the memory for a text can be taken before it is read.
 * SPDX-License-Identifier: MIT */
#ifndef BT_RING_H
#define BT_RING_H

#include <bit_ttt/recall.h>
#include <stdbool.h>
#include <stddef.h>

#define BT_ORDERS TTT_RECALL_MAX_ORDER
#define BT_PLACES 128u /* the most places of a context that are visited, the latest first */
#define BT_PASSED 7u   /* as `lowest`: a symbol that no order learns, context alone */

/* The last symbols, the latest first. */
typedef struct bt_latest {
    uint32_t symbols[BT_ORDERS], count;
} bt_latest;

typedef struct bt_ring {
    uint32_t capacity, order; /* N, K */
    bool is_narrow;           /* symbols take 2 bytes */
    uint32_t size, room;      /* places in use, and allocated */
    uint32_t next;            /* the place that comes next */
    bt_latest latest;         /* with those that passed */
    uint32_t passed;          /* of `latest`: not pushed yet */

    void *block;                /* the buffers: */
    uint32_t *links;            /* [room][order] distance to the place before it in the chain (0:
                                 * none), bits of the context's hash, and the lowest order that
                                 * learned the place, or BT_PASSED (chains.h) */
    uint32_t *heads[BT_ORDERS]; /* [room / 2] the latest place of a chain, plus 1; 0: none */
    uint16_t *narrow;           /* [room] the symbols, if all are below 2^16 */
    uint32_t *wide;             /* [room] otherwise */
} bt_ring;

/* A symbol, and how often it was counted. */
typedef struct bt_count {
    uint32_t symbol, count;
} bt_count;

/* What followed a context at its latest places. */
typedef struct bt_followers {
    uint32_t total, kinds; /* places; different symbols there */
    bt_count list[BT_PLACES];
} bt_followers;

/* vocab: symbols are below, or 0. false: no memory. */
bool bt_ring_init(bt_ring *ring, uint32_t capacity, uint32_t order, uint32_t vocab);
void bt_ring_free(bt_ring *ring);
bool bt_ring_copy(bt_ring *to, const bt_ring *from); /* to: all zero; false: no memory */
void bt_ring_reset(bt_ring *ring);

/* Takes the memory for n more symbols; false: there is none, and nothing has changed. */
bool bt_ring_reserve(bt_ring *ring, size_t n);
uint32_t bt_ring_held(const bt_ring *ring); /* symbols that stand in it */

/* The symbol that the next push puts out of reach, and the lowest order that had learned it; false:
 * none. */
bool bt_ring_leaving(const bt_ring *ring, uint32_t *symbol, uint32_t *lowest);
/* Appends a symbol that orders `lowest` and above learn as what followed `latest`. Neither takes
 * memory (bt_ring_reserve) nor changes `latest`. true: the index was made anew, and what is kept in
 * a bt_scratch no longer holds. */
bool bt_ring_push(bt_ring *ring, uint32_t symbol, uint32_t lowest);
/* Puts a symbol before the others of `latest`. */
void bt_latest_add(bt_latest *latest, uint32_t order, uint32_t symbol);

/* For loading: the symbol held at `index` from the oldest, and its lowest order; and the index,
 * made anew after all are in place. */
uint32_t bt_ring_symbol(const bt_ring *ring, uint32_t index, uint32_t *lowest);
void bt_ring_put(bt_ring *ring, uint32_t index, uint32_t symbol, uint32_t lowest);
void bt_ring_index(bt_ring *ring);
/* Makes room for `held` symbols, to be put. `held` is at most N; false: no memory. */
bool bt_ring_hold(bt_ring *ring, uint32_t held);

#endif

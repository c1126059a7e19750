/* kept.h - what followed frequent contexts, kept because their chains are long.
 *
 * A log of records, of which the oldest are overwritten, and a table of the latest record of a chain.
 * SPDX-License-Identifier: MIT */
#ifndef BT_KEPT_H
#define BT_KEPT_H

#include "ring.h"

#define BT_KEPT_SLOTS 1024u
#define BT_KEPT_WORDS 11264u

/* What was found at the places of a chain from `head` (as in bt_ring.heads) to `last`. */
typedef struct bt_kept_record {
    uint32_t last;
    uint8_t order, kinds, total;
    bool is_narrow; /* symbols take 2 bytes */
    uint32_t
        words[]; /* [order] the context, then [kinds] symbols and [kinds] bytes, their counts */
} bt_kept_record;

typedef struct bt_kept_slot {
    uint32_t head, begin; /* begin: where the record begins, plus 1; 0: none */
} bt_kept_slot;

typedef struct bt_kept {
    uint32_t next; /* words written so far, those left out included */
    bt_kept_slot slots[BT_KEPT_SLOTS];
    uint32_t words[BT_KEPT_WORDS];
} bt_kept;

/* A chain has a slot, by its order and its slot among the heads. */
static inline uint32_t bt_kept_slot_of(uint32_t order, uint32_t slot)
{
    return (slot + 257 * order) % BT_KEPT_SLOTS;
}

/* Bytes of what is in `words`. */
static inline uint32_t bt_kept_bytes(const bt_kept_record *record)
{
    return record->order * 4u + record->kinds * (record->is_narrow ? 3u : 5u);
}

/* The record of a context of `order` symbols whose chain begins at `head`; NULL: none. The next
 * bt_kept_put may overwrite it. */
const bt_kept_record *bt_kept_find(const bt_kept *kept, uint32_t slot, uint32_t head,
                                   const bt_latest *latest, uint32_t order);
void bt_kept_take(const bt_kept_record *record, bt_followers *found);
void bt_kept_put(bt_kept *kept, uint32_t slot, uint32_t head, const bt_latest *latest,
                 uint32_t order, uint32_t last, const bt_followers *found, bool is_narrow);

#endif

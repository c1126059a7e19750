/* kept.h - what followed frequent symbols, kept because their chains are long.
 *
 * A log of records, of which the oldest are overwritten, and a table of the latest record of a symbol.
 * SPDX-License-Identifier: MIT */
#ifndef BT_KEPT_H
#define BT_KEPT_H

#include "ring.h"

#define BT_KEPT_SLOTS 512u
#define BT_KEPT_WORDS 12288u

typedef struct bt_kept {
    uint32_t next;                  /* words written so far, those left out included */
    uint32_t latest[BT_KEPT_SLOTS]; /* by symbol: where the record begins, plus 1; 0: none */
    uint32_t words[BT_KEPT_WORDS];
} bt_kept;

/* A record: what was found at the places of a chain from `head` (as in bt_ring.heads) to `last`, in
 * `words`. */
typedef struct bt_kept_record {
    uint32_t symbol, head, last;
    uint16_t total, kinds;
    uint32_t words[]; /* [kinds] symbols, then their counts as bytes */
} bt_kept_record;

/* The record of a symbol with this head; NULL: none. The next bt_kept_put may overwrite it. */
const bt_kept_record *bt_kept_find(const bt_kept *kept, uint32_t symbol, uint32_t head);
void bt_kept_take(const bt_kept_record *record, bt_followers *found);
void bt_kept_put(bt_kept *kept, uint32_t symbol, uint32_t head, uint32_t last,
                 const bt_followers *found);

#endif

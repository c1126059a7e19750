/* counts.h - how often each symbol that order 0 has learned is held: an array for a vocabulary, a
 * hash table for any 32-bit symbols.
 * SPDX-License-Identifier: MIT */
#ifndef BT_COUNTS_H
#define BT_COUNTS_H

#include "ring.h"

typedef struct bt_counts {
    uint32_t vocab; /* 0: open */
    uint32_t total, kinds;
    uint32_t *of;    /* [vocab], or NULL */
    bt_count *table; /* [slots] by linear probing; count 0: an empty slot. NULL with a vocabulary */
    uint32_t slots;  /* a power of two, at least twice the symbols held */
} bt_counts;

bool bt_counts_init(bt_counts *counts, uint32_t vocab); /* false: no memory */
void bt_counts_free(bt_counts *counts);
bool bt_counts_copy(bt_counts *to, const bt_counts *from); /* false: no memory */
void bt_counts_reset(bt_counts *counts);
/* Takes the memory for `held` different symbols; false: there is none, and nothing has changed. */
bool bt_counts_reserve(bt_counts *counts, uint32_t held);

uint32_t bt_counts_of(const bt_counts *counts, uint32_t symbol);
void bt_counts_add(bt_counts *counts, uint32_t symbol);
void bt_counts_remove(bt_counts *counts, uint32_t symbol); /* its count is not 0 */

#endif

/* counts.c - how often each symbol is held (counts.h).
 * SPDX-License-Identifier: MIT */
#include "counts.h"

#include "../base/alloc.h"
#include "../base/hash.h"
#include "../kernels/layout.h"

#include <string.h>

enum { FEWEST_SLOTS = 64 };

/* The kernels read whole vectors. */
static size_t padded(uint32_t vocab)
{
    return bt_round_up(vocab, 16);
}

bool bt_counts_init(bt_counts *counts, uint32_t vocab)
{
    *counts = (bt_counts){.vocab = vocab, .slots = vocab ? 0 : FEWEST_SLOTS};
    if (vocab) counts->of = bt_alloc(padded(vocab), sizeof *counts->of);
    else counts->table = bt_alloc(counts->slots, sizeof *counts->table);
    return counts->of || counts->table;
}

void bt_counts_free(bt_counts *counts)
{
    bt_free(counts->of);
    bt_free(counts->table);
}

static void copy_values(bt_counts *to, const bt_counts *from)
{
    if (to->of) memcpy(to->of, from->of, from->vocab * sizeof *to->of);
    else memcpy(to->table, from->table, from->slots * sizeof *to->table);
}

bool bt_counts_copy(bt_counts *to, const bt_counts *from)
{
    *to = *from;
    to->of = from->of ? bt_alloc(padded(from->vocab), sizeof *to->of) : NULL;
    to->table = from->table ? bt_alloc(from->slots, sizeof *to->table) : NULL;
    if (!to->of && !to->table) return false;
    copy_values(to, from);
    return true;
}

void bt_counts_reset(bt_counts *counts)
{
    counts->total = counts->kinds = 0;
    if (counts->of) memset(counts->of, 0, counts->vocab * sizeof *counts->of);
    else memset(counts->table, 0, counts->slots * sizeof *counts->table);
}

/* ---- hash table ------------------------------------------------------------------------------ */

static uint32_t home_of(const bt_counts *counts, uint32_t symbol)
{
    return (uint32_t)((symbol * BT_GOLDEN) >> 32) & (counts->slots - 1);
}

/* The slot of a symbol, or the empty one where it belongs. */
static uint32_t find(const bt_counts *counts, uint32_t symbol)
{
    uint32_t at = home_of(counts, symbol);
    while (counts->table[at].count > 0 && counts->table[at].symbol != symbol)
        at = (at + 1) & (counts->slots - 1);
    return at;
}

bool bt_counts_reserve(bt_counts *counts, uint32_t held)
{
    if (counts->of || counts->slots / 2 >= held) return true;
    bt_counts larger = *counts;
    while (larger.slots / 2 < held) larger.slots *= 2;
    larger.table = bt_alloc(larger.slots, sizeof *larger.table);
    if (!larger.table) return false;
    for (uint32_t i = 0; i < counts->slots; i++) {
        bt_count entry = counts->table[i];
        if (entry.count > 0) larger.table[find(&larger, entry.symbol)] = entry;
    }
    bt_free(counts->table);
    *counts = larger;
    return true;
}

/* Empties a slot and moves back those behind it that would no longer be found (Knuth, The Art of
 * Computer Programming 3, section 6.4, algorithm R). */
static void vacate(bt_counts *counts, uint32_t hole)
{
    uint32_t mask = counts->slots - 1;
    for (uint32_t at = (hole + 1) & mask; counts->table[at].count > 0; at = (at + 1) & mask) {
        uint32_t home = home_of(counts, counts->table[at].symbol);
        if (((at - home) & mask) < ((at - hole) & mask)) continue;
        counts->table[hole] = counts->table[at];
        hole = at;
    }
    counts->table[hole] = (bt_count){0};
}

/* ---- counting -------------------------------------------------------------------------------- */

uint32_t bt_counts_of(const bt_counts *counts, uint32_t symbol)
{
    return counts->of ? counts->of[symbol] : counts->table[find(counts, symbol)].count;
}

void bt_counts_add(bt_counts *counts, uint32_t symbol)
{
    uint32_t *count = counts->of ? &counts->of[symbol] : NULL;
    if (!count) {
        uint32_t at = find(counts, symbol);
        counts->table[at].symbol = symbol;
        count = &counts->table[at].count;
    }
    if ((*count)++ == 0) counts->kinds++;
    counts->total++;
}

void bt_counts_remove(bt_counts *counts, uint32_t symbol)
{
    uint32_t at = counts->of ? 0 : find(counts, symbol);
    uint32_t *count = counts->of ? &counts->of[symbol] : &counts->table[at].count;
    counts->total--;
    if (--*count > 0) return;
    counts->kinds--;
    if (!counts->of) {
        counts->table[at].count = 1; /* occupied until it is vacated */
        vacate(counts, at);
    }
}

/* weights.c - the ternary weights of a layer: made, packed, fingerprinted, shared.
 * SPDX-License-Identifier: MIT */
#include "weights.h"

#include "../base/hash.h"
#include "../kernels/layout.h"

/* The source of entries: an array, or random numbers, each of which gives 16 entries. */
typedef struct {
    const int8_t *entries;
    uint64_t seed, word;
    size_t index;
} source;

static int next_entry(source *from)
{
    size_t i = from->index++;
    if (from->entries) return from->entries[i];
    if (i % 16 == 0) from->word = bt_mix64(from->seed + (i / 16 + 1) * BT_GOLDEN);
    if (i % 8 == 0) from->word = from->word >> 32 | from->word << 32;
    uint64_t scaled =
        (from->word & 0xffffffffu) * 3; /* the entry in the high half, the remainder in the low */
    from->word = (from->word & ~(uint64_t)0xffffffffu) | (scaled & 0xffffffffu);
    return (int)(scaled >> 32) - 1;
}

/* Hashes entries, 32 a word. */
typedef struct {
    uint64_t hash, codes;
    unsigned count;
} hasher;

static void hash_entry(hasher *h, int value)
{
    h->codes = h->codes << 2 | (uint64_t)(value + 1);
    if (++h->count < 32) return;
    h->hash = bt_hash_word(h->hash, h->codes);
    h->codes = 0;
    h->count = 0;
}

/* Reads ins x outs entries in row-major [in][out] order into panels of outs rows. */
static void fill(uint8_t *panels, size_t ins, size_t outs, source *from, hasher *h)
{
    bt_ternary_clear(panels, outs, ins);
    for (size_t in = 0; in < ins; in++)
        for (size_t out = 0; out < outs; out++) {
            int value = next_entry(from);
            hash_entry(h, value);
            bt_ternary_set(panels, ins, out, in, value);
        }
}

static bt_weights *make(size_t dim, source down, source up)
{
    size_t d = dim / 4;
    bt_weights *w = bt_alloc(1, sizeof *w);
    if (!w) return NULL;
    atomic_init(&w->references, 1);
    uint8_t *down_panels = bt_region_alloc(&w->blocks, 1, bt_ternary_bytes(d, dim));
    uint8_t *up_panels = bt_region_alloc(&w->blocks, 1, bt_ternary_bytes(dim, d));
    if (w->blocks.failed) {
        bt_weights_release(w);
        return NULL;
    }
    hasher h = {.hash = bt_hash_word(0, dim)};
    fill(down_panels, dim, d, &down, &h);
    fill(up_panels, d, dim, &up, &h);
    w->fingerprint = bt_hash_word(h.hash, h.codes);
    bt_ternary_view(&w->down, down_panels, d, dim);
    bt_ternary_view(&w->up, up_panels, dim, d);
    return w;
}

bt_weights *bt_weights_from_seed(size_t dim, uint64_t seed)
{
    uint64_t stream = seed << 1 | seed >> 63; /* no other seed has the pair stream, stream ^ 1 */
    return make(dim, (source){.seed = bt_mix64(stream)}, (source){.seed = bt_mix64(stream ^ 1)});
}

bt_weights *bt_weights_from_entries(size_t dim, const int8_t *down, const int8_t *up)
{
    return make(dim, (source){.entries = down}, (source){.entries = up});
}

bt_weights *bt_weights_share(bt_weights *w)
{
    atomic_fetch_add(&w->references, 1);
    return w;
}

void bt_weights_release(bt_weights *w)
{
    if (!w || atomic_fetch_sub(&w->references, 1) != 1) return;
    bt_region_free(&w->blocks);
    bt_free(w);
}

size_t bt_weights_footprint(const bt_weights *w)
{
    return bt_block_bytes(w) + w->blocks.bytes;
}

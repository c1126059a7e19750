/* weights.c - makes, packs, counts references to and fingerprints ternary matrices.
 * SPDX-License-Identifier: MIT */
#include "weights.h"

#include "../base/alloc.h"
#include "../kernels/layout.h"

#include <stdatomic.h>

struct bt_weights {
    atomic_size_t references;
    bt_ternary down, up;
    uint64_t fingerprint;
    uint8_t *down_panels, *up_panels;
};

/* Finalizer of SplitMix64 (Steele, Lea and Flood 2014, OOPSLA, section 4; Stafford's variant 13). */
static uint64_t mix(uint64_t x)
{
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
    x = (x ^ x >> 27) * 0x94d049bb133111ebu;
    return x ^ x >> 31;
}

/* Where entries come from: an array, or a counter-based generator that gives 16 trits a word. */
typedef struct {
    const int8_t *entries;
    uint64_t seed, word;
    size_t index;
} source;

static int next_entry(source *from)
{
    size_t i = from->index++;
    if (from->entries) return from->entries[i];
    if (i % 16 == 0) from->word = mix(from->seed + (i / 16 + 1) * 0x9e3779b97f4a7c15u);
    if (i % 8 == 0) from->word = from->word >> 32 | from->word << 32;
    uint64_t scaled = (from->word & 0xffffffffu) * 3; /* fixed point: digit above, rest below */
    from->word = (from->word & ~(uint64_t)0xffffffffu) | (scaled & 0xffffffffu);
    return (int)(scaled >> 32) - 1;
}

/* Hashes 32 codes at a time: xor, multiply, fold. */
typedef struct {
    uint64_t hash, codes;
    unsigned count;
} hasher;

static void hash_word(hasher *h, uint64_t word)
{
    h->hash = (h->hash ^ word) * 0x9e3779b97f4a7c15u;
    h->hash ^= h->hash >> 32;
}

static void hash_entry(hasher *h, int value)
{
    h->codes = h->codes << 2 | (uint64_t)(value + 1);
    if (++h->count < 32) return;
    hash_word(h, h->codes);
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
    w->down_panels = bt_alloc(1, bt_ternary_bytes(d, dim));
    w->up_panels = bt_alloc(1, bt_ternary_bytes(dim, d));
    if (!w->down_panels || !w->up_panels) {
        bt_weights_release(w);
        return NULL;
    }
    hasher h = {0};
    hash_word(&h, dim);
    fill(w->down_panels, dim, d, &down, &h);
    fill(w->up_panels, d, dim, &up, &h);
    hash_word(&h, h.codes);
    w->fingerprint = h.hash;
    bt_ternary_view(&w->down, w->down_panels, d, dim);
    bt_ternary_view(&w->up, w->up_panels, dim, d);
    return w;
}

bt_weights *bt_weights_from_seed(size_t dim, uint64_t seed)
{
    uint64_t stream = seed << 1 | seed >> 63; /* one of two: no other seed has the same pair */
    return make(dim, (source){.seed = mix(stream)}, (source){.seed = mix(stream ^ 1)});
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

static size_t visit_blocks(bt_weights *w, bt_block_visitor visit)
{
    size_t panels = visit(w->down_panels) + visit(w->up_panels);
    return panels + visit(w);
}

void bt_weights_release(bt_weights *w)
{
    if (w && atomic_fetch_sub(&w->references, 1) == 1) visit_blocks(w, bt_free);
}

size_t bt_weights_footprint(const bt_weights *w)
{
    return visit_blocks((bt_weights *)(uintptr_t)w, bt_block_bytes);
}

const bt_ternary *bt_weights_down(const bt_weights *w)
{
    return &w->down;
}

const bt_ternary *bt_weights_up(const bt_weights *w)
{
    return &w->up;
}

uint64_t bt_weights_fingerprint(const bt_weights *w)
{
    return w->fingerprint;
}

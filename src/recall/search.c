/* search.c - what followed the contexts of a place: walks along the chains of a ring (search.h).
 * SPDX-License-Identifier: MIT */
#include "search.h"

#include "../base/alloc.h"
#include "chains.h"

#include <string.h>

enum {
    MOST_STEPS = 8 * BT_PLACES, /* along one chain, other contexts' places included */
    FEWEST_KEPT = 16            /* followers, for which keeping them saves time */
};
/* Places that are visited, by order: what is counted after long contexts is soon certain. */
static const uint32_t most_places[BT_ORDERS] = {BT_PLACES, 64, 32, 32};

/* gcc deletes calls of functions that do nothing but fetch. */
#define BT_FETCHES static inline __attribute__((always_inline))

/* ---- scratch --------------------------------------------------------------------------------- */

bool bt_scratch_reserve(bt_scratch *scratch, uint32_t places)
{
    if (!scratch->kept && places > TTT_RECALL_MIN_CAPACITY)
        scratch->kept = bt_alloc(1, sizeof *scratch->kept);
    return scratch->kept || places <= TTT_RECALL_MIN_CAPACITY;
}

void bt_scratch_clear(bt_scratch *scratch)
{
    bt_kept *kept = scratch->kept;
    *scratch = (bt_scratch){.kept = kept};
    if (kept) memset(kept, 0, sizeof *kept);
}

void bt_scratch_free(bt_scratch *scratch)
{
    bt_free(scratch->kept);
}

/* ---- one walk -------------------------------------------------------------------------------- */

static bool in_reach(const bt_ring *ring, uint32_t place)
{
    return ring->next - place <= bt_reach_of(ring);
}

/* Asks for what the next step needs. */
BT_FETCHES void fetch_place(const bt_ring *ring, const bt_walk *w)
{
    uint32_t at = w->place & (ring->size - 1);
    __builtin_prefetch(bt_link_at(ring, w->place, w->order));
    if (ring->is_narrow) __builtin_prefetch(&ring->narrow[at]);
    else __builtin_prefetch(&ring->wide[at]);
}

BT_FETCHES void fetch_record(const bt_kept_record *record)
{
    for (uint32_t i = 0; i <= bt_kept_bytes(record) / 4; i += 16)
        __builtin_prefetch(&record->words[i]);
}

static void enter_chain(const bt_ring *ring, bt_walk *w)
{
    w->head = ring->heads[w->order - 1][w->slot];
    w->place = w->head - 1;
    w->steps = w->count = 0;
    w->going = w->head != 0 && in_reach(ring, w->place);
    if (w->going) fetch_place(ring, w);
}

/* Whether the k symbols before a place are the last k. */
static bool matches(const bt_ring *ring, const bt_latest *latest, uint32_t place, uint32_t k)
{
    for (uint32_t i = 0; i < k; i++)
        if (bt_symbol_at(ring, place - 1 - i) != latest->symbols[i]) return false;
    return true;
}

/* Visits one place. */
static void visit(const bt_ring *ring, const bt_latest *latest, bt_walk *w)
{
    uint32_t link = *bt_link_at(ring, w->place, w->order);
    if ((link & BT_TAG_MASK) == w->tag && matches(ring, latest, w->place, w->order))
        w->symbols[w->count++] = bt_symbol_at(ring, w->place);
    uint32_t distance = link >> BT_DISTANCE_AT;
    w->going = distance != 0 && w->count < w->most && ++w->steps < MOST_STEPS &&
               in_reach(ring, w->place - distance);
    if (!w->going) return;
    w->place -= distance;
    fetch_place(ring, w);
}

/* ---- counting -------------------------------------------------------------------------------- */

static void count_follower(bt_followers *found, bt_scratch *scratch, uint32_t symbol)
{
    uint32_t at = (uint32_t)((symbol * BT_GOLDEN) >> 55); /* 9 bits: BT_SLOTS */
    while (scratch->stamps[at] == scratch->stamp &&
           found->list[scratch->places[at]].symbol != symbol)
        at = (at + 1) % BT_SLOTS;
    if (scratch->stamps[at] != scratch->stamp) {
        scratch->stamps[at] = scratch->stamp;
        scratch->places[at] = (uint8_t)found->kinds;
        found->list[found->kinds++] = (bt_count){symbol, 0};
    }
    found->list[scratch->places[at]].count++;
}

static void count_followers(bt_followers *found, bt_scratch *scratch, const bt_walk *w)
{
    if (++scratch->stamp == 0) {
        memset(scratch->stamps, 0, sizeof scratch->stamps);
        scratch->stamp = 1;
    }
    found->total = w->count;
    found->kinds = 0;
    for (uint32_t i = 0; i < w->count; i++) count_follower(found, scratch, w->symbols[i]);
}

/* ---- a search -------------------------------------------------------------------------------- */

void bt_search_begin(bt_search *s, const bt_ring *ring, const bt_latest *latest,
                     const bt_scratch *scratch)
{
    uint64_t hash = 0;
    s->latest = *latest;
    s->entered = false;
    s->going = latest->count > 0;
    for (uint32_t k = 0; k < latest->count && k < BT_ORDERS; k++) {
        hash = bt_hash_symbol(hash, latest->symbols[k]);
        bt_walk *w = &s->walks[k];
        w->order = k + 1;
        w->slot = bt_slot_of(ring, hash);
        w->tag = bt_tag_of(hash);
        w->most = most_places[k];
        w->kept = bt_kept_slot_of(w->order, w->slot);
        __builtin_prefetch(&ring->heads[k][w->slot]);
        if (scratch->kept) __builtin_prefetch(&scratch->kept->slots[w->kept]);
    }
}

static const bt_kept_record *kept_of(const bt_search *s, const bt_walk *w, const bt_ring *ring,
                                     const bt_scratch *scratch)
{
    if (!scratch->kept) return NULL;
    const bt_kept_record *record =
        bt_kept_find(scratch->kept, w->kept, w->head, &s->latest, w->order);
    return record && in_reach(ring, record->last) ? record : NULL;
}

static void enter_chains(bt_search *s, const bt_ring *ring, const bt_scratch *scratch)
{
    s->entered = true;
    for (uint32_t k = 0; k < s->latest.count; k++) {
        bt_walk *w = &s->walks[k];
        enter_chain(ring, w);
        const bt_kept_record *record = w->going ? kept_of(s, w, ring, scratch) : NULL;
        w->known = record != NULL;
        if (!w->known) continue;
        w->going = false;
        fetch_record(record);
    }
}

void bt_search_step(bt_search *s, const bt_ring *ring, const bt_scratch *scratch)
{
    if (!s->going) return;
    if (!s->entered) {
        enter_chains(s, ring, scratch);
        return;
    }
    s->going = false;
    for (uint32_t k = 0; k < s->latest.count; k++) {
        if (s->walks[k].going) visit(ring, &s->latest, &s->walks[k]);
        s->going |= s->walks[k].going;
    }
}

/* What followed the context of a walk. */
static void end_walk(bt_search *s, bt_walk *w, const bt_ring *ring, bt_scratch *scratch,
                     bt_followers *found)
{
    const bt_kept_record *record = w->known ? kept_of(s, w, ring, scratch) : NULL;
    if (record) {
        bt_kept_take(record, found);
        return;
    }
    if (w->known) enter_chain(ring, w); /* other searches have overwritten it since */
    while (w->going) visit(ring, &s->latest, w);
    count_followers(found, scratch, w);
    if (scratch->kept && found->total >= FEWEST_KEPT)
        bt_kept_put(scratch->kept, w->kept, w->head, &s->latest, w->order, w->place, found,
                    ring->is_narrow);
}

uint32_t bt_search_end(bt_search *s, const bt_ring *ring, bt_scratch *scratch,
                       bt_followers found[BT_ORDERS])
{
    while (s->going) bt_search_step(s, ring, scratch);
    for (uint32_t k = 0; k < s->latest.count; k++) {
        end_walk(s, &s->walks[k], ring, scratch, &found[k]);
        if (found[k].total == 0) return k;
    }
    return s->latest.count;
}

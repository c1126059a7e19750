/* ring.c - the last N symbols and their index (ring.h).
 * SPDX-License-Identifier: MIT */
#include "ring.h"

#include "../base/alloc.h"
#include "../base/hash.h"

#include <string.h>

/* A link, from the highest bits on: distance, tag (bits of the hash), lowest order. */
enum {
    LOWEST_BITS = 3,
    TAG_BITS = 7,
    DISTANCE_AT = LOWEST_BITS + TAG_BITS,
    MOST_STEPS = 8 * BT_PLACES, /* along one chain, other contexts' places included */
    FEWEST_KEPT = 16            /* followers, for which keeping them saves time */
};
/* Places that are visited, by order: what is counted after long contexts is soon certain. */
static const uint32_t most_places[BT_ORDERS] = {BT_PLACES, 64, 32, 32};
#define COUNT_ANEW 0x80000000u /* places stay below */

/* ---- memory ---------------------------------------------------------------------------------- */

/* Places the buffers for `room` symbols in a zeroed block. */
static void place_buffers(bt_ring *ring, void *block, uint32_t room)
{
    uint32_t *words = block;
    ring->block = block;
    ring->room = room;
    for (uint32_t k = 0; k < ring->order; k++, words += room) ring->links[k] = words;
    for (uint32_t k = 0; k < ring->order; k++, words += room / 2) ring->heads[k] = words;
    ring->narrow = ring->is_narrow ? (uint16_t *)(void *)words : NULL;
    ring->wide = ring->is_narrow ? NULL : words;
}

static size_t symbol_size(const bt_ring *ring)
{
    return ring->is_narrow ? sizeof *ring->narrow : sizeof *ring->wide;
}

static void *take_block(const bt_ring *ring, uint32_t room)
{
    size_t links = sizeof(uint32_t) * ring->order;
    return bt_alloc(room, links + links / 2 + symbol_size(ring));
}

bool bt_ring_init(bt_ring *ring, uint32_t capacity, uint32_t order, uint32_t vocab)
{
    *ring = (bt_ring){.capacity = capacity,
                      .order = order,
                      .is_narrow = vocab > 0 && vocab <= 1u << 16,
                      .size = TTT_RECALL_MIN_CAPACITY};
    void *block = take_block(ring, ring->size);
    if (block) place_buffers(ring, block, ring->size);
    return block != NULL;
}

void bt_ring_free(bt_ring *ring)
{
    bt_free(ring->block);
}

/* The number of places that are used once `held` symbols are held. */
static uint32_t size_for(uint32_t held)
{
    uint32_t size = TTT_RECALL_MIN_CAPACITY;
    while (size < held) size *= 2;
    return size;
}

static void clear_heads(bt_ring *ring)
{
    for (uint32_t k = 0; k < ring->order; k++)
        memset(ring->heads[k], 0, ring->size / 2 * sizeof(uint32_t));
}

void bt_ring_reset(bt_ring *ring)
{
    ring->size = TTT_RECALL_MIN_CAPACITY;
    ring->next = ring->passed = 0;
    ring->latest = (bt_latest){0};
    clear_heads(ring);
}

uint32_t bt_ring_held(const bt_ring *ring)
{
    return ring->next < ring->capacity ? ring->next : ring->capacity;
}

static void copy_places(bt_ring *to, const bt_ring *from)
{
    size_t bytes = from->size * symbol_size(from);
    if (from->is_narrow) memcpy(to->narrow, from->narrow, bytes);
    else memcpy(to->wide, from->wide, bytes);
    for (uint32_t k = 0; k < from->order; k++) {
        memcpy(to->links[k], from->links[k], from->size * sizeof(uint32_t));
        memcpy(to->heads[k], from->heads[k], from->size / 2 * sizeof(uint32_t));
    }
}

bool bt_ring_copy(bt_ring *to, const bt_ring *from)
{
    void *block = take_block(from, from->size);
    if (!block) return false;
    *to = *from;
    place_buffers(to, block, from->size);
    copy_places(to, from);
    return true;
}

/* Moves to buffers for `room` symbols. */
static bool enlarge(bt_ring *ring, uint32_t room)
{
    bt_ring old = *ring;
    void *block = take_block(ring, room);
    if (!block) return false;
    place_buffers(ring, block, room);
    copy_places(ring, &old);
    bt_free(old.block);
    return true;
}

bool bt_ring_reserve(bt_ring *ring, size_t n)
{
    uint32_t held = bt_ring_held(ring), free_places = ring->capacity - held;
    uint32_t most = n < free_places ? held + (uint32_t)n : ring->capacity;
    uint32_t room = size_for(most);
    return room <= ring->room || enlarge(ring, room);
}

bool bt_ring_hold(bt_ring *ring, uint32_t held)
{
    uint32_t size = size_for(held);
    if (size > ring->room) {
        void *block = take_block(ring, size);
        if (!block) return false;
        bt_free(ring->block);
        place_buffers(ring, block, size);
    }
    bt_ring_reset(ring);
    ring->size = size;
    ring->next = held;
    return true;
}

/* ---- symbols --------------------------------------------------------------------------------- */

static inline uint32_t symbol_at(const bt_ring *ring, uint32_t place)
{
    place &= ring->size - 1;
    return ring->is_narrow ? ring->narrow[place] : ring->wide[place];
}

static void set_symbol(bt_ring *ring, uint32_t place, uint32_t symbol)
{
    place &= ring->size - 1;
    if (ring->is_narrow) ring->narrow[place] = (uint16_t)symbol;
    else ring->wide[place] = symbol;
}

/* ---- index ----------------------------------------------------------------------------------- */

static uint64_t hash_symbol(uint64_t hash, uint32_t symbol)
{
    return bt_mix64((hash ^ symbol) * BT_GOLDEN);
}

static uint32_t slot_of(const bt_ring *ring, uint64_t hash)
{
    return (uint32_t)(hash >> 32) & (ring->size / 2 - 1);
}

/* The tag where it stands in a link. */
#define TAG_MASK (((1u << TAG_BITS) - 1) << LOWEST_BITS)
static uint32_t tag_of(uint64_t hash)
{
    return (uint32_t)hash & TAG_MASK;
}

static uint32_t lowest_of(const bt_ring *ring, uint32_t place)
{
    return ring->links[0][place & (ring->size - 1)] & ((1u << LOWEST_BITS) - 1);
}

/* Puts a place at the head of the chains of orders `lowest` and above. */
static void index_place(bt_ring *ring, const bt_latest *latest, uint32_t place, uint32_t lowest)
{
    uint64_t hash = 0;
    ring->links[0][place & (ring->size - 1)] = lowest;
    if (lowest == BT_PASSED) return;
    for (uint32_t k = 1; k <= latest->count; k++) {
        hash = hash_symbol(hash, latest->symbols[k - 1]);
        if (k < lowest) continue;
        uint32_t *head = &ring->heads[k - 1][slot_of(ring, hash)];
        uint32_t distance = *head ? place - (*head - 1) : 0;
        if (distance >= ring->capacity) distance = 0; /* overwritten long ago */
        ring->links[k - 1][place & (ring->size - 1)] =
            distance << DISTANCE_AT | tag_of(hash) | lowest;
        *head = place + 1;
    }
}

void bt_latest_add(bt_latest *latest, uint32_t order, uint32_t symbol)
{
    for (uint32_t k = order - 1; k > 0; k--) latest->symbols[k] = latest->symbols[k - 1];
    latest->symbols[0] = symbol;
    if (latest->count < order) latest->count++;
}

void bt_ring_index(bt_ring *ring)
{
    uint32_t held = bt_ring_held(ring);
    bt_latest latest = {0};
    clear_heads(ring);
    for (uint32_t place = ring->next - held; place != ring->next; place++) {
        index_place(ring, &latest, place, lowest_of(ring, place));
        bt_latest_add(&latest, ring->order, symbol_at(ring, place));
    }
}

/* Counts places anew before they overflow; the symbols stay where they are. */
static void count_anew(bt_ring *ring)
{
    ring->next = (ring->next & (ring->size - 1)) + ring->size;
    bt_ring_index(ring);
}

bool bt_ring_push(bt_ring *ring, uint32_t symbol, uint32_t lowest)
{
    bool grows = ring->next == ring->size && ring->size < ring->capacity;
    bool anew = ring->next == COUNT_ANEW;
    if (grows) {
        ring->size *= 2;
        bt_ring_index(ring);
    }
    if (anew) count_anew(ring);
    set_symbol(ring, ring->next, symbol);
    index_place(ring, &ring->latest, ring->next, lowest);
    ring->next++;
    return grows || anew;
}

/* ---- looking --------------------------------------------------------------------------------- */

static uint32_t reach_of(const bt_ring *ring)
{
    return ring->capacity - ring->order;
}

/* Whether the k symbols before a place are the last k. */
static bool matches(const bt_ring *ring, const bt_latest *latest, uint32_t place, uint32_t k)
{
    for (uint32_t i = 0; i < k; i++)
        if (symbol_at(ring, place - 1 - i) != latest->symbols[i]) return false;
    return true;
}

/* On its way along the chain of a context. */
typedef struct {
    uint32_t order, head, tag, place, steps, count;
    bool going;
    uint32_t symbols[BT_PLACES]; /* [count] what followed, the latest first */
} walker;

static void begin_walk(const bt_ring *ring, walker *w, uint32_t order, uint64_t hash)
{
    w->order = order;
    w->head = ring->heads[order - 1][slot_of(ring, hash)];
    w->tag = tag_of(hash);
    w->place = w->head - 1;
    w->steps = w->count = 0;
    w->going = w->head != 0 && ring->next - w->place <= reach_of(ring);
}

/* Visits one place. */
static void step(const bt_ring *ring, const bt_latest *latest, walker *w)
{
    uint32_t link = ring->links[w->order - 1][w->place & (ring->size - 1)];
    if ((link & TAG_MASK) == w->tag && matches(ring, latest, w->place, w->order))
        w->symbols[w->count++] = symbol_at(ring, w->place);
    uint32_t distance = link >> DISTANCE_AT;
    w->going = distance != 0 && w->count < most_places[w->order - 1] && ++w->steps < MOST_STEPS &&
               ring->next - (w->place - distance) <= reach_of(ring);
    if (w->going) w->place -= distance;
}

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

static void count_followers(bt_followers *found, bt_scratch *scratch, const walker *w)
{
    if (++scratch->stamp == 0) {
        memset(scratch->stamps, 0, sizeof scratch->stamps);
        scratch->stamp = 1;
    }
    found->total = w->count;
    found->kinds = 0;
    for (uint32_t i = 0; i < w->count; i++) count_follower(found, scratch, w->symbols[i]);
}

static void copy_followers(bt_followers *to, const bt_followers *from)
{
    to->total = from->total;
    to->kinds = from->kinds;
    memcpy(to->list, from->list, from->kinds * sizeof *to->list);
}

/* Takes what is kept of a walk along the chain of one symbol, or keeps it. */
static bool take_kept(const bt_ring *ring, const bt_kept *kept, const walker *w, uint32_t symbol,
                      bt_followers *found)
{
    bool valid = w->going && kept->head == w->head && kept->symbol == symbol &&
                 ring->next - kept->last <= reach_of(ring);
    if (valid) copy_followers(found, &kept->found);
    return valid;
}

static void keep(bt_kept *kept, const walker *w, uint32_t symbol, const bt_followers *found)
{
    if (found->total < FEWEST_KEPT) return;
    *kept = (bt_kept){.symbol = symbol, .head = w->head, .last = w->place};
    copy_followers(&kept->found, found);
}

/* The walks go on in turn: each step waits for memory, and so they wait together. */
uint32_t bt_ring_look(const bt_ring *ring, const bt_latest *latest, bt_scratch *scratch,
                      bt_followers found[BT_ORDERS])
{
    walker walkers[BT_ORDERS];
    uint32_t orders = latest->count, symbol = latest->symbols[0];
    uint64_t hash = 0;
    for (uint32_t k = 0; k < orders; k++) {
        hash = hash_symbol(hash, latest->symbols[k]);
        begin_walk(ring, &walkers[k], k + 1, hash);
    }
    if (orders == 0 || !walkers[0].going) return 0;
    bt_kept *kept = &scratch->kept[symbol % BT_KEPT];
    bool known = take_kept(ring, kept, &walkers[0], symbol, &found[0]);
    if (known) walkers[0].going = false;
    for (bool going = true; going;) {
        going = false;
        for (uint32_t k = 0; k < orders; k++)
            if (walkers[k].going) {
                step(ring, latest, &walkers[k]);
                going = true;
            }
    }
    if (!known) {
        count_followers(&found[0], scratch, &walkers[0]);
        keep(kept, &walkers[0], symbol, &found[0]);
    }
    uint32_t most = found[0].total > 0 ? 1 : 0;
    for (; most > 0 && most < orders && walkers[most].count > 0; most++)
        count_followers(&found[most], scratch, &walkers[most]);
    return most;
}

/* ---- what is held ---------------------------------------------------------------------------- */

bool bt_ring_leaving(const bt_ring *ring, uint32_t *symbol, uint32_t *lowest)
{
    uint32_t reach = reach_of(ring);
    if (ring->next < reach) return false;
    uint32_t place = ring->next - reach;
    *symbol = symbol_at(ring, place);
    *lowest = lowest_of(ring, place);
    return true;
}

uint32_t bt_ring_symbol(const bt_ring *ring, uint32_t index, uint32_t *lowest)
{
    uint32_t place = ring->next - bt_ring_held(ring) + index;
    *lowest = lowest_of(ring, place);
    return symbol_at(ring, place);
}

void bt_ring_put(bt_ring *ring, uint32_t index, uint32_t symbol, uint32_t lowest)
{
    uint32_t place = ring->next - bt_ring_held(ring) + index;
    set_symbol(ring, place, symbol);
    ring->links[0][place & (ring->size - 1)] = lowest;
}

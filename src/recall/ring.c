/* ring.c - the last N symbols and their index (ring.h).
 * SPDX-License-Identifier: MIT */
#include "ring.h"

#include "../base/alloc.h"
#include "chains.h"

#include <string.h>

#define COUNT_ANEW 0x80000000u /* places stay below */

/* ---- memory ---------------------------------------------------------------------------------- */

/* Places the buffers for `room` symbols in a zeroed block. */
static void place_buffers(bt_ring *ring, void *block, uint32_t room)
{
    uint32_t *words = block;
    ring->block = block;
    ring->room = room;
    ring->links = words;
    words += (size_t)room * ring->order;
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
    memcpy(to->links, from->links, (size_t)from->size * from->order * sizeof(uint32_t));
    for (uint32_t k = 0; k < from->order; k++)
        memcpy(to->heads[k], from->heads[k], from->size / 2 * sizeof(uint32_t));
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

static void set_symbol(bt_ring *ring, uint32_t place, uint32_t symbol)
{
    place &= ring->size - 1;
    if (ring->is_narrow) ring->narrow[place] = (uint16_t)symbol;
    else ring->wide[place] = symbol;
}

/* ---- index ----------------------------------------------------------------------------------- */

static uint32_t lowest_of(const bt_ring *ring, uint32_t place)
{
    return *bt_link_at(ring, place, 1) & ((1u << BT_LOWEST_BITS) - 1);
}

/* Puts a place at the head of the chains of orders `lowest` and above. */
static void index_place(bt_ring *ring, const bt_latest *latest, uint32_t place, uint32_t lowest)
{
    uint64_t hash = 0;
    *bt_link_at(ring, place, 1) = lowest;
    if (lowest == BT_PASSED) return;
    for (uint32_t k = 1; k <= latest->count; k++) {
        hash = bt_hash_symbol(hash, latest->symbols[k - 1]);
        if (k < lowest) continue;
        uint32_t *head = &ring->heads[k - 1][bt_slot_of(ring, hash)];
        uint32_t distance = *head ? place - (*head - 1) : 0;
        if (distance >= ring->capacity) distance = 0; /* overwritten long ago */
        *bt_link_at(ring, place, k) = distance << BT_DISTANCE_AT | bt_tag_of(hash) | lowest;
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
        bt_latest_add(&latest, ring->order, bt_symbol_at(ring, place));
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

/* ---- what is held ---------------------------------------------------------------------------- */

bool bt_ring_leaving(const bt_ring *ring, uint32_t *symbol, uint32_t *lowest)
{
    uint32_t reach = bt_reach_of(ring);
    if (ring->next < reach) return false;
    uint32_t place = ring->next - reach;
    *symbol = bt_symbol_at(ring, place);
    *lowest = lowest_of(ring, place);
    return true;
}

uint32_t bt_ring_symbol(const bt_ring *ring, uint32_t index, uint32_t *lowest)
{
    uint32_t place = ring->next - bt_ring_held(ring) + index;
    *lowest = lowest_of(ring, place);
    return bt_symbol_at(ring, place);
}

void bt_ring_put(bt_ring *ring, uint32_t index, uint32_t symbol, uint32_t lowest)
{
    uint32_t place = ring->next - bt_ring_held(ring) + index;
    set_symbol(ring, place, symbol);
    *bt_link_at(ring, place, 1) = lowest;
}

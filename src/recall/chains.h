/* chains.h - how the index of a ring lies in memory (ring.h).
 * SPDX-License-Identifier: MIT */
#ifndef BT_CHAINS_H
#define BT_CHAINS_H

#include "ring.h"

#include "../base/hash.h"

/* A link, from the highest bits on: distance, tag (bits of the hash), lowest order. */
#define BT_LOWEST_BITS 3
#define BT_TAG_BITS 7
#define BT_DISTANCE_AT (BT_LOWEST_BITS + BT_TAG_BITS)

static inline uint32_t bt_symbol_at(const bt_ring *ring, uint32_t place)
{
    place &= ring->size - 1;
    return ring->is_narrow ? ring->narrow[place] : ring->wide[place];
}

/* The link of order k at a place. */
static inline uint32_t *bt_link_at(const bt_ring *ring, uint32_t place, uint32_t k)
{
    return &ring->links[(place & (ring->size - 1)) * ring->order + k - 1];
}

/* The hash of a context, from that of the context without its oldest symbol; 0: of no symbols. */
static inline uint64_t bt_hash_symbol(uint64_t hash, uint32_t symbol)
{
    return bt_mix64((hash ^ symbol) * BT_GOLDEN);
}

static inline uint32_t bt_slot_of(const bt_ring *ring, uint64_t hash)
{
    return (uint32_t)(hash >> 32) & (ring->size / 2 - 1);
}

/* The tag where it stands in a link. */
#define BT_TAG_MASK (((1u << BT_TAG_BITS) - 1) << BT_LOWEST_BITS)
static inline uint32_t bt_tag_of(uint64_t hash)
{
    return (uint32_t)hash & BT_TAG_MASK;
}

/* Places up to this far back are searched. */
static inline uint32_t bt_reach_of(const bt_ring *ring)
{
    return ring->capacity - ring->order;
}

#endif

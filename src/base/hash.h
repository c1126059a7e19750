/* hash.h - mixing 64-bit words: random numbers from a counter, and hashes of many words.
 * SPDX-License-Identifier: MIT */
#ifndef BT_HASH_H
#define BT_HASH_H

#include <stddef.h>
#include <stdint.h>

#define BT_GOLDEN 0x9e3779b97f4a7c15u /* 2^64 / golden ratio, odd */

/* The finalizer of SplitMix64 (Steele, Lea and Flood 2014, OOPSLA, section 4; Stafford's variant
 * 13). */
static inline uint64_t bt_mix64(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

/* SplitMix64: the next number of a generator; any state is a good seed. */
static inline uint64_t bt_random_next(uint64_t *state)
{
    return bt_mix64(*state += BT_GOLDEN);
}

/* Adds a word to a fingerprint: xor, multiply, fold. Not for hostile input. */
static inline uint64_t bt_hash_word(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * BT_GOLDEN;
    return hash ^ hash >> 32;
}

/* FNV-1a (64 bits) over the bytes of words, low byte first, for the conformance hashes. */
#define BT_FNV_START 0xcbf29ce484222325u
static inline uint64_t bt_fnv_u32(uint64_t hash, uint32_t word)
{
    for (int i = 0; i < 4; i++, word >>= 8) hash = (hash ^ (word & 0xff)) * 0x100000001b3u;
    return hash;
}

#endif

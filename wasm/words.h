/* words.h - 64 bits in two words, as JavaScript can call them everywhere.
 * SPDX-License-Identifier: MIT */
#ifndef BIT_TTT_WASM_WORDS_H
#define BIT_TTT_WASM_WORDS_H

#include <stdint.h>

/* The low word first. */
static inline void bt_split(uint64_t value, uint32_t words[2])
{
    words[0] = (uint32_t)(value & 0xffffffffu);
    words[1] = (uint32_t)(value >> 32);
}

static inline uint64_t bt_join(uint32_t low, uint32_t high)
{
    return (uint64_t)high << 32 | low;
}

#endif

/**
 * random.mjs - numbers that look random and are the same for the same seed, on every machine.
 * SPDX-License-Identifier: MIT
 */

/** Mulberry32: a generator of numbers from 0 to 1 with 32 bits of state. */
export function makeRandom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A whole number from 0 up to `limit`, without it. */
export const below = (random, limit) => Math.floor(random() * limit);

/** An element of a list. */
export const pick = (random, list) => list[below(random, list.length)];

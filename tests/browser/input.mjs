// The pseudo-random tokens that the browser and Node both read.
// SPDX-License-Identifier: MIT

/** `length` floats in [-1, 1), exact in float32, from a linear congruential generator. */
export function makeInput(length) {
  let state = 12345;
  return Float32Array.from({ length }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) * 2 ** -23 - 1;
  });
}

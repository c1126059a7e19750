/**
 * relax.mjs - makes the second module: replaces a placeholder (src/kernels/isa_wasm_relaxed.c) by the
 * instruction i16x8.relaxed_dot_i8x16_i7x16_s, which has as many bytes and which the toolchain need not know.
 * The places are found by comparing two modules that were compiled with different placeholders. They must
 * be equal in all other bytes, which also proves that nothing else uses the placeholder.
 *
 * Usage: node relax.mjs PLACEHOLDER.wasm OTHER.wasm OUT.wasm OUT.json
 * SPDX-License-Identifier: MIT
 */
import { readFileSync, writeFileSync } from 'node:fs';

const [PLACEHOLDER, OTHER] = [0x86, 0x85]; // i16x8.narrow_i32x4_u, _s: 0xfd, this, 0x01
const RELAXED = [0x92, 0x02]; // i16x8.relaxed_dot_i8x16_i7x16_s: 0xfd, these (opcode 0x112)

/** The offsets of the placeholder's second byte, in ascending order. */
function places(bytes, other) {
  if (bytes.length !== other.length) throw new Error('the two modules differ in size');
  const found = [];
  bytes.forEach((byte, i) => {
    if (byte === other[i]) return;
    const whole =
      byte === PLACEHOLDER && other[i] === OTHER && bytes[i - 1] === 0xfd && bytes[i + 1] === 1;
    if (!whole) throw new Error(`the two modules differ at byte ${i} by more than the placeholder`);
    found.push(i);
  });
  if (found.length === 0) throw new Error('the module does not contain the placeholder');
  return found;
}

const [placeholder, other, outModule, outPlaces] = process.argv.slice(2);
const bytes = readFileSync(placeholder);
const found = places(bytes, readFileSync(other));
for (const place of found) bytes.set(RELAXED, place);
writeFileSync(outModule, bytes);
writeFileSync(outPlaces, `${JSON.stringify(found)}\n`);

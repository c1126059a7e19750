/**
 * relax.mjs - makes the second module: puts i16x8.relaxed_dot_i8x16_i7x16_s in place of the instruction
 * that stands for it (src/kernels/isa_wasm_relaxed.c), of as many bytes, without a toolchain that knows it.
 * The places are found by comparing two modules, one with the stand-in and one with another instruction
 * instead of it, equal in all other bytes, which also proves that nothing else uses it.
 *
 * Usage: node relax.mjs STAND_IN.wasm OTHER.wasm OUT.wasm OUT.json
 * SPDX-License-Identifier: MIT
 */
import { readFileSync, writeFileSync } from 'node:fs';

const [STAND_IN, OTHER] = [0x86, 0x85]; // i16x8.narrow_i32x4_u, _s: 0xfd, this, 0x01
const RELAXED = [0x92, 0x02]; // i16x8.relaxed_dot_i8x16_i7x16_s: 0xfd, these (opcode 0x112)

/** Where the instruction's second byte is, in ascending order. */
function places(bytes, other) {
  if (bytes.length !== other.length) throw new Error('the two modules are not of one size');
  const found = [];
  bytes.forEach((byte, i) => {
    if (byte === other[i]) return;
    const whole =
      byte === STAND_IN && other[i] === OTHER && bytes[i - 1] === 0xfd && bytes[i + 1] === 1;
    if (!whole) throw new Error(`the two modules differ at byte ${i} by more than the instruction`);
    found.push(i);
  });
  if (found.length === 0) throw new Error('the instruction is nowhere in the module');
  return found;
}

const [standIn, other, outModule, outPlaces] = process.argv.slice(2);
const bytes = readFileSync(standIn);
const found = places(bytes, readFileSync(other));
for (const place of found) bytes.set(RELAXED, place);
writeFileSync(outModule, bytes);
writeFileSync(outPlaces, `${JSON.stringify(found)}\n`);

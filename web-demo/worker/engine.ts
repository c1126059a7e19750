/**
 * engine.ts - the WebAssembly module as a file of the page's own: it need not be decoded from text, and compiles
 * while it is downloaded.
 * SPDX-License-Identifier: MIT
 */
import plain from 'bit-ttt/bit_ttt.wasm?url';
import relaxed from 'bit-ttt/bit_ttt_relaxed.wasm?url';

/** A module with one instruction of relaxed SIMD: not every browser knows these. */
const PROBE = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // version 1
  ...[1, 6, 1, 0x60, 1, 0x7b, 1, 0x7b, 3, 2, 1, 0], // one function from v128 to v128
  ...[10, 11, 1, 9, 0, 0x20, 0, 0x20, 0, 0xfd, 0x92, 2, 0x0b], // a relaxed dot product
);

/** To be given to all of the package that asks for an engine, so that there is one. */
export const ENGINE = { wasm: WebAssembly.validate(PROBE) ? relaxed : plain };

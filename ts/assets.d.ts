/**
 * assets.d.ts - the module that the build puts in place of the name `bit_ttt.wasm`.
 * SPDX-License-Identifier: MIT
 */
declare module 'bit_ttt.wasm' {
  /** Base64; empty in a build without Emscripten. */
  const text: string;
  export default text;
}

declare module 'relaxed_places.json' {
  /** Where the module has placeholders for the relaxed dot product: second bytes of instructions. */
  const places: readonly number[];
  export default places;
}

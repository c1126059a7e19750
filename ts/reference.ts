// reference.ts - what the documentation of TypeScript is made of; part of no bundle.
// SPDX-License-Identifier: MIT
/**
 * What the package exports. Each class and function has an example, with what it prints.
 *
 * | import | what it has |
 * |---|---|
 * | `bit-ttt` | everything below but `modelUrl` and `watchPino`, on the fastest engine that runs here |
 * | `bit-ttt/wasm`, `bit-ttt/native` | the same, on that engine alone |
 * | `bit-ttt/models/english`, `bit-ttt/models/stories` (also called `bit-ttt/model`) | `modelUrl`, each that of its model |
 * | `bit-ttt/pino` | `watchPino`, also as its default |
 * | `bit-ttt/bit_ttt.wasm`, `bit-ttt/bit_ttt_relaxed.wasm` | the WebAssembly modules themselves |
 *
 * @packageDocumentation
 */

export type { PinoLevel, PinoOptions } from './pino.js';
export { watchPino } from './pino.js';
export * from './public.js';
export { modelUrl } from './stories-model.js';

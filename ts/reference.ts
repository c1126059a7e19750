/**
 * All that the package exports; read by the documentation alone, part of no bundle.
 *
 * `bit-ttt` chooses the fastest engine that runs here; `bit-ttt/wasm` and `bit-ttt/native` have the same
 * exports and one engine each; `bit-ttt/models/english` and
 * `bit-ttt/models/stories` (also called `bit-ttt/model`) have `modelUrl` alone, each that of its model; `bit-ttt/pino` has `watchPino`, also as its default; `bit-ttt/bit_ttt.wasm` and
 * `bit-ttt/bit_ttt_relaxed.wasm` are the modules themselves.
 *
 * SPDX-License-Identifier: MIT
 * @packageDocumentation
 */

export type { PinoLevel, PinoOptions } from './pino.js';
export { watchPino } from './pino.js';
export * from './public.js';
export { modelUrl } from './stories-model.js';

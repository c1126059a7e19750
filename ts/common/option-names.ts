/**
 * option-names.ts - the names of the options of backends and layers, at run time. The compiler
 * checks them against the interfaces, here and in ts/llama/option-names.ts.
 * SPDX-License-Identifier: MIT
 */
import type { NamesOf } from './named-options.js';
import type { BackendOptions, ObserveAsyncOptions, ObserveInto, TTTOptions } from './types.js';

export const BACKEND = {
  backend: true,
  nativeBinding: true,
  wasm: true,
} satisfies NamesOf<BackendOptions>;

export const LAYER = {
  ...BACKEND,
  forgetting: true,
  hiddenDim: true,
  innerLr: true,
  objective: true,
  ridge: true,
  rule: true,
  seed: true,
  threads: true,
  weights: true,
} satisfies NamesOf<TTTOptions>;

export const OBSERVE_INTO = { output: true, surprise: true } satisfies NamesOf<ObserveInto>;

/** Also those of `forwardAsync`, which ignores `surprise`. */
export const OBSERVE_ASYNC = {
  signal: true,
  output: true,
  surprise: true,
} satisfies NamesOf<ObserveAsyncOptions>;

/**
 * Callers may keep one object of options for a backend and everything that runs on it, so functions
 * of the backend accept the names of layers, models and trainers too (ts/llama/option-names.ts).
 */
export const WITH_BACKEND = {
  ...LAYER,
  config: true,
  tokenizer: true,
  maxBytes: true,
  signal: true,
  onProgress: true,
  text: true,
  tokens: true,
  from: true,
  training: true,
  checkpoint: true,
} as const;

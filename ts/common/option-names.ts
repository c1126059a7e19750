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
  hiddenDim: true,
  innerLr: true,
  objective: true,
  seed: true,
  threads: true,
  weights: true,
} satisfies NamesOf<TTTOptions>;

export const OBSERVE_INTO = { output: true, surprise: true } satisfies NamesOf<ObserveInto>;

/** Of `forwardAsync` as well, which makes no use of `surprise`. */
export const OBSERVE_ASYNC = {
  signal: true,
  output: true,
  surprise: true,
} satisfies NamesOf<ObserveAsyncOptions>;

/**
 * An object of options may be made for a backend and for all that is to run on it: besides those of
 * a layer the names of BitLlama.load and Trainer.create, which ts/llama/option-names.ts compares.
 */
export const WITH_BACKEND = {
  ...LAYER,
  config: true,
  tokenizer: true,
  maxBytes: true,
  signal: true,
  text: true,
  tokens: true,
  training: true,
  checkpoint: true,
} as const;

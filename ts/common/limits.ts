/**
 * limits.ts - limits and defaults that several rooms need.
 * SPDX-License-Identifier: MIT
 */
const GIB = 2 ** 30;

/** Largest model: on platforms with a file system, and in browsers. */
export const MAX_MODEL_BYTES = 4 * GIB;
export const MAX_BROWSER_MODEL_BYTES = GIB;

/** Largest config.json, tokenizer.json (the largest in use: some 40 MB) or index. */
export const MAX_JSON_BYTES = GIB / 16;

/** Largest WebAssembly module; the package's own has less than a mebibyte. */
export const MAX_MODULE_BYTES = GIB / 16;

export const MAX_UINT32 = 2 ** 32 - 1;
/** Most layers of a model, and most threads of a layer or trainer, as the C headers have them. */
export const MAX_LAYERS = 64;
export const MAX_THREADS = 64;

/** Most suggestions of a call, and bytes of UTF-8 that may be typed, as the C headers have them. */
export const MAX_SUGGESTIONS = 32;
export const MAX_TYPED_BYTES = 200;

/** Tokens that a session remembers word for word: the fewest, the most, and unless given. */
export const MIN_RECALL = 256;
export const MAX_RECALL = 4194304;
export const DEFAULT_RECALL = 32768;

/** Tokens of a new tokenizer or model, and the tokens of a tokenizer that are not text. */
export const DEFAULT_VOCAB = 2048;
export const SPECIAL_TOKENS: readonly string[] = ['<|endoftext|>', '<|padding|>'];

/** The last learning rate of a training as a share of the highest. */
export const FINAL_RATE_SHARE = 0.05;

/** The share of lines or values that a detector may be asked to make alarms. */
export const ALARM_RATES = { min: 0.0001, max: 0.1 } as const;
export const DEFAULT_ALARM_RATE = 0.001;

/**
 * limits.ts - the most bytes that are read unless an option sets another limit.
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

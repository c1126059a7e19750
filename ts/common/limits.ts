/**
 * limits.ts - the most bytes that are read unless an option sets another limit.
 * SPDX-License-Identifier: MIT
 */
const GIB = 2 ** 30;

/** Of a model: on platforms with a file system, and in browsers. */
export const MAX_MODEL_BYTES = 4 * GIB;
export const MAX_BROWSER_MODEL_BYTES = GIB;

/** Of a config.json, a tokenizer.json (the largest in use have some 40 MB) or an index. */
export const MAX_JSON_BYTES = GIB / 16;

/** Of the WebAssembly module, which has less than a mebibyte. */
export const MAX_MODULE_BYTES = GIB / 16;

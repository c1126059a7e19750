/**
 * limits.ts - how many bytes are read at most, unless somebody says otherwise.
 * SPDX-License-Identifier: MIT
 */
const GIB = 2 ** 30;

/** Of a model, where there is a file system, and in browsers. */
export const MAX_MODEL_BYTES = 4 * GIB;
export const MAX_BROWSER_MODEL_BYTES = GIB;

/** Of a config.json, a tokenizer.json (the largest in use have some 40 MB) or an index. */
export const MAX_JSON_BYTES = GIB / 16;

/** Of the WebAssembly module, which has less than a mebibyte. */
export const MAX_MODULE_BYTES = GIB / 16;

/**
 * model-limits.ts - how much of a model is read at most, unless somebody says otherwise.
 * SPDX-License-Identifier: MIT
 */

const GIB = 2 ** 30;

/** Where there is a file system, and in browsers. */
export const MAX_MODEL_BYTES = 4 * GIB;
export const MAX_BROWSER_MODEL_BYTES = GIB;

/** Of a config.json, a tokenizer.json or an index. */
export const MAX_JSON_BYTES = GIB / 16;

/** Of the WebAssembly module, which has less than a mebibyte. */
export const MAX_MODULE_BYTES = GIB / 16;

/**
 * shipped-model.ts - the entry `bit-ttt/model`: where the model that comes with the package lies.
 *
 * Node, Vite and webpack understand this form of URL and carry the file along; a program that does
 * not import this entry does not carry it.
 * SPDX-License-Identifier: MIT
 */

/** URL of the shipped model, for `BitLlama.load`: a file's on Node, an asset's in a bundle. */
export const modelUrl: string = new URL('../models/bit-llama.bitt', import.meta.url).href;

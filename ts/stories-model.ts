/**
 * stories-model.ts - the entry `bit-ttt/models/stories`, also called `bit-ttt/model`: where the model of short
 * children's stories lies.
 *
 * Node, Vite and webpack understand this form of URL and carry the file along; a program that does
 * not import this entry does not carry it.
 * SPDX-License-Identifier: MIT
 */

/** URL of the stories' model, for `BitLlama.load`: a file's on Node, an asset's in a bundle. */
export const modelUrl: string = new URL('../models/stories.bitt', import.meta.url).href;

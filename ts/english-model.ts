/**
 * english-model.ts - the entry `bit-ttt/models/english`: where the model of everyday English lies. The form of
 * the URL is explained in stories-model.ts.
 * SPDX-License-Identifier: MIT
 */

/** URL of the English model, for `BitLlama.load`: a file's on Node, an asset's in a bundle. */
export const modelUrl: string = new URL('../models/english.bitt', import.meta.url).href;

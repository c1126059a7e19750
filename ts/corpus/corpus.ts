/**
 * corpus.ts - prepares a text for training: what is held out for evaluation, and a tokenizer. The
 * command and the demo page follow the same rules, so that nothing here needs Node.
 * SPDX-License-Identifier: MIT
 */

import type { BpeProgress } from 'bit-ttt';
import { Tokenizer, trainBpe } from 'bit-ttt';
import { SPECIAL_TOKENS } from '../common/limits.js';

/** Documents to train on, and those to evaluate on. */
export interface Split {
  training: string[];
  heldOut: string[];
}

/** With fewer documents than this the end of each is held out, instead of whole documents. */
const FEW = 20;
/** Documents that are shorter are not cut, in UTF-16 code units. */
const LEAST_CUT = 1000;

/** Cuts off the last `share` (0 to 1) of a document, at the beginning of a line or word. */
function cutEnd(document: string, share: number): [string, string] {
  const from = Math.round(document.length * (1 - share));
  const line = document.indexOf('\n', from);
  const space = document.slice(from).search(/\s/);
  const near = line >= 0 && line - from < 0.5 * (document.length - from);
  const at = near ? line : space < 0 ? document.length : from + space;
  return [document.slice(0, at).trim(), document.slice(at).trim()];
}

/** Holds out `percent` (0 to 100) of the documents, always the same ones. */
export function holdOut(documents: readonly string[], percent: number): Split {
  if (percent === 0) return { training: [...documents], heldOut: [] };
  const share = percent / 100;
  const split: Split = { training: [], heldOut: [] };
  if (documents.length < FEW) {
    for (const document of documents) {
      const [kept, end] = document.length < LEAST_CUT ? [document, ''] : cutEnd(document, share);
      split.training.push(kept);
      if (end !== '') split.heldOut.push(end);
    }
    return split;
  }
  for (const [i, document] of documents.entries()) {
    // Evenly spaced: where the count of those held out goes up by one.
    const chosen = Math.floor((i + 0.5) * share + 0.5) > Math.floor((i - 0.5) * share + 0.5);
    (chosen ? split.heldOut : split.training).push(document);
  }
  return split;
}

/** The default size of the vocabulary for a text of `bytes`. */
export function usualVocab(bytes: number): number {
  if (bytes < 200_000) return 512;
  return bytes < 2_000_000 ? 1024 : 2048;
}

/** The smallest multiple of 16 that has room for all bytes and the special tokens. */
const LEAST_VOCAB = 272;
const BYTES = 256;

/**
 * Trains a tokenizer of about `vocab` tokens. A model's vocabulary is a multiple of 16: a text with
 * too few pairs gets the next smaller one, or the smallest one, filled up with tokens that are
 * never used. Throws TTTError `INVALID_ARGUMENT` for documents without words, and whatever
 * `onProgress` throws.
 */
export async function makeTokenizer(
  documents: readonly string[],
  vocab: number,
  onProgress: (progress: BpeProgress) => void,
): Promise<Tokenizer> {
  const text = documents.flatMap((document) => [document, SPECIAL_TOKENS[0]!]);
  const wanted = Math.max(LEAST_VOCAB, vocab - (vocab % 16));
  const trained = await trainBpe(text, { vocabSize: wanted, onProgress });
  if (trained.vocabSize === wanted) return Tokenizer.from(trained.json);
  const fewer = trained.vocabSize - (trained.vocabSize % 16);
  if (fewer >= LEAST_VOCAB) {
    return Tokenizer.from((await trainBpe(text, { vocabSize: fewer })).json);
  }
  const idle = LEAST_VOCAB - BYTES - SPECIAL_TOKENS.length;
  const specialTokens = [
    ...SPECIAL_TOKENS,
    ...Array.from({ length: idle }, (_, i) => `<|idle${i}|>`),
  ];
  return Tokenizer.from((await trainBpe(text, { vocabSize: LEAST_VOCAB, specialTokens })).json);
}

/**
 * corpus.ts - what of a text is trained on, what is held out, and a tokenizer for it. Nothing here
 * needs Node: the demo page trains by the same rules.
 * SPDX-License-Identifier: MIT
 */
import type { BpeProgress } from 'bit-ttt';
import { Tokenizer, trainBpe } from 'bit-ttt';

/** Documents to train on, and others. */
export interface Split {
  training: string[];
  heldOut: string[];
}

/** Fewer documents than this are all trained on, but for the end of each. */
const FEW = 20;
/** Documents that are shorter are not cut, in UTF-16 code units. */
const LEAST_CUT = 1000;

/** The end of a document: `share` of it, from a line's or a word's beginning. */
function cutEnd(document: string, share: number): [string, string] {
  const from = Math.round(document.length * (1 - share));
  const line = document.indexOf('\n', from);
  const space = document.slice(from).search(/\s/);
  const near = line >= 0 && line - from < 0.5 * (document.length - from);
  const at = near ? line : space < 0 ? document.length : from + space;
  return [document.slice(0, at).trim(), document.slice(at).trim()];
}

/** Holds out so many percent: the same documents each time. */
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

/** A size of vocabulary for so much text. */
export function usualVocab(bytes: number): number {
  if (bytes < 200_000) return 512;
  return bytes < 2_000_000 ? 1024 : 2048;
}

/** The least vocabulary whose size a model can have. */
const LEAST_VOCAB = 272;
const BYTES = 256;
const SPECIALS = ['<|endoftext|>', '<|padding|>'];

/**
 * A tokenizer made of documents. A model's vocabulary is a multiple of 16, so a text with too few
 * pairs for `vocab` gets the next smaller one, or, if that is none at all, tokens without a use.
 */
export async function makeTokenizer(
  documents: readonly string[],
  vocab: number,
  onProgress: (progress: BpeProgress) => void,
): Promise<Tokenizer> {
  const text = documents.flatMap((document) => [document, SPECIALS[0]!]);
  const wanted = Math.max(LEAST_VOCAB, vocab - (vocab % 16));
  const trained = await trainBpe(text, { vocabSize: wanted, onProgress });
  if (trained.vocabSize === wanted) return Tokenizer.from(trained.json);
  const fewer = trained.vocabSize - (trained.vocabSize % 16);
  if (fewer >= LEAST_VOCAB) {
    return Tokenizer.from((await trainBpe(text, { vocabSize: fewer })).json);
  }
  const idle = LEAST_VOCAB - BYTES - SPECIALS.length;
  const specialTokens = [...SPECIALS, ...Array.from({ length: idle }, (_, i) => `<|idle${i}|>`)];
  return Tokenizer.from((await trainBpe(text, { vocabSize: LEAST_VOCAB, specialTokens })).json);
}

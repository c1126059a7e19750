/**
 * train-data.ts - what a model is trained on, and what is held out to measure it.
 * SPDX-License-Identifier: MIT
 */
import { encodeDocuments, Tokenizer, trainBpe } from '../index.js';
import type { BpeProgress } from '../index.js';
import { Failure } from './failure.js';
import { documentsOf, readText, utf8Length } from './text.js';

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

/** Both parts of the data. `lossy` is about invalid UTF-8. */
export async function readSplit(
  file: string,
  valid: string | undefined,
  percent: number,
  lossy: boolean,
): Promise<Split> {
  const documents = documentsOf(await readText(file, 'train', lossy));
  if (valid === undefined) return holdOut(documents, percent);
  const heldOut = documentsOf(await readText(valid, 'train', lossy));
  return { training: documents, heldOut };
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

/** The vocabulary for the documents: what was asked for, or what is usual. */
export function vocabFor(documents: readonly string[], asked: number | undefined): number {
  return asked ?? usualVocab(documents.reduce((sum, text) => sum + utf8Length(text), 0));
}

/** All documents as tokens, with an end-of-text token before each and after the last. */
export async function tokensOf(
  tokenizer: Tokenizer,
  documents: readonly string[],
  least: number,
): Promise<Uint32Array> {
  const all = await encodeDocuments(documents, tokenizer);
  if (all.length >= least) return all;
  throw new Failure(
    `the text is too short: ${all.length} tokens, and a window needs ${least} (see --context)`,
  );
}

/**
 * train-data.ts - what a model is trained on, and what is held out to measure it.
 * SPDX-License-Identifier: MIT
 */
import type { Tokenizer } from 'bit-ttt';
import { encodeDocuments } from 'bit-ttt';
import type { Split } from '../../corpus/corpus.js';
import { holdOut, usualVocab } from '../../corpus/corpus.js';
import { documentsOf, readText } from '../files/text.js';
import { Failure } from '../screen/failure.js';

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

/** The vocabulary for the documents: what was asked for, or what is usual. */
export function vocabFor(documents: readonly string[], asked: number | undefined): number {
  return asked ?? usualVocab(documents.reduce((sum, text) => sum + Buffer.byteLength(text), 0));
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

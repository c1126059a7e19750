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

/** A document, or a part of one, and what it is for. */
export interface Placed {
  text: string;
  heldOut: boolean;
}

/** Places the documents of a text as they come: a few are held out, always the same ones. */
export class HoldOut {
  readonly #share: number;
  /** The first ones, until it is known whether there are few. */
  #few: string[] | undefined = [];
  #count = 0;

  /** Holds out `percent` of the documents, 0 to 100. */
  constructor(percent: number) {
    this.#share = percent / 100;
    if (percent === 0) this.#few = undefined;
  }

  /** Takes the next document; gives those that have a place now. */
  add(document: string): Placed[] {
    if (this.#few === undefined) return [this.#place(document)];
    this.#few.push(document);
    if (this.#few.length < FEW) return [];
    const placed = this.#few.map((one) => this.#place(one));
    this.#few = undefined;
    return placed;
  }

  /** The rest, at the end of the text. */
  end(): Placed[] {
    const few = this.#few ?? [];
    this.#few = undefined;
    return few.flatMap((document) => {
      if (document.length < LEAST_CUT) return [{ text: document, heldOut: false }];
      const [kept, end] = cutEnd(document, this.#share);
      const placed = [{ text: kept, heldOut: false }];
      return end === '' ? placed : [...placed, { text: end, heldOut: true }];
    });
  }

  /** Evenly spaced: where the count of those held out goes up by one. */
  #place(text: string): Placed {
    const [i, share] = [this.#count++, this.#share];
    const heldOut = Math.floor((i + 0.5) * share + 0.5) > Math.floor((i - 0.5) * share + 0.5);
    return { text, heldOut };
  }
}

/** Holds out `percent` (0 to 100) of the documents, always the same ones. */
export function holdOut(documents: readonly string[], percent: number): Split {
  const holding = new HoldOut(percent);
  const placed = [...documents.flatMap((document) => holding.add(document)), ...holding.end()];
  const texts = (heldOut: boolean): string[] =>
    placed.filter((one) => one.heldOut === heldOut).map(({ text }) => text);
  return { training: texts(false), heldOut: texts(true) };
}

/** The default size of the vocabulary for a text of `bytes`. */
export function usualVocab(bytes: number): number {
  if (bytes < 200_000) return 512;
  return bytes < 2_000_000 ? 1024 : 2048;
}

/** The smallest multiple of 16 that has room for all bytes and the special tokens. */
const LEAST_VOCAB = 272;
const BYTES = 256;

/** Documents that can be read again. */
type Documents = () => Iterable<string> | AsyncIterable<string>;

/** The text of documents: each is followed by the token that separates them. */
async function* textOf(documents: Documents): AsyncGenerator<string> {
  for await (const document of documents()) {
    yield document;
    yield SPECIAL_TOKENS[0]!;
  }
}

/**
 * Trains a tokenizer of about `vocab` tokens. A model's vocabulary is a multiple of 16: a text with
 * too few pairs gets the next smaller one, or the smallest one, filled up with tokens that are
 * never used. The documents are read once, and once more where there are too few pairs. Throws
 * TTTError `INVALID_ARGUMENT` for documents without words, and whatever `onProgress` and
 * `documents` throw.
 */
export async function makeTokenizer(
  documents: Documents,
  vocab: number,
  onProgress: (progress: BpeProgress) => void,
): Promise<Tokenizer> {
  const wanted = Math.max(LEAST_VOCAB, vocab - (vocab % 16));
  const trained = await trainBpe(textOf(documents), { vocabSize: wanted, onProgress });
  if (trained.vocabSize === wanted) return Tokenizer.from(trained.json);
  const fewer = trained.vocabSize - (trained.vocabSize % 16);
  if (fewer >= LEAST_VOCAB) {
    return Tokenizer.from((await trainBpe(textOf(documents), { vocabSize: fewer })).json);
  }
  const idle = LEAST_VOCAB - BYTES - SPECIAL_TOKENS.length;
  const specialTokens = [
    ...SPECIAL_TOKENS,
    ...Array.from({ length: idle }, (_, i) => `<|idle${i}|>`),
  ];
  const smallest = await trainBpe(textOf(documents), { vocabSize: LEAST_VOCAB, specialTokens });
  return Tokenizer.from(smallest.json);
}

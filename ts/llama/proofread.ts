/**
 * proofread.ts - the words of a text that a reader would stumble over.
 *
 * A session reads the text once, for the bits of each word. Another one reads it again and stops before the
 * words that came least expected: it tries how what follows reads without the word, with the likeliest other
 * words in its place, and with two of its letters swapped; and before each sentence: what it takes where it
 * stands, by itself, and after what follows. What is found is weighed in word-score.ts and sentence-score.ts.
 * SPDX-License-Identifier: MIT
 */

import { checkText } from '../common/args.js';
import { takeOptions } from '../common/named-options.js';
import { optionalNumber } from '../common/options.js';
import { takeSignal } from '../common/signal.js';
import { Turns } from '../common/turns.js';
import { splitDocuments } from './documents.js';
import { PROOFREAD } from './option-names.js';
import type { Reading } from './second-reading.js';
import { beginning, bitsOf, SecondReading, sum } from './second-reading.js';
import type { SentenceEvidence } from './sentence-score.js';
import { sentenceOdds } from './sentence-score.js';
import type { LanguageModel } from './session.js';
import { checkModel, needTokenizer } from './shared.js';
import type { ProofreadOptions, ReadWord, SessionOptions } from './types.js';
import { preliminary, scoreOf } from './word-score.js';
import { sentencesOf, wordsOf } from './word-spans.js';

/** The share of words that are looked at closely, the least expected ones. */
const CLOSELY = 0.4;
const DEFAULT_SHARE = 0.05;

/** The bits of each token. */
async function firstReading(reading: Reading): Promise<Float64Array> {
  const { ids, turns } = reading;
  const session = beginning(reading);
  const bits = new Float64Array(ids.length);
  try {
    await turns.inSlices(ids.length, (from, to) => {
      bits.set(bitsOf(session, ids.subarray(from, to)), from);
    });
  } finally {
    session.destroy();
  }
  return bits;
}

const NOTHING = { without: 0, other: 0, swapped: 0 };

/** Logarithm of the odds of one or the other, from those of both (where the sum is small, their sum). */
function either(a: number, b: number): number {
  const most = Math.max(a, b);
  return most + Math.log1p(Math.exp(Math.min(a, b) - most));
}

/** The words of one document, with their places in it. */
async function readDocument(reading: Reading): Promise<Omit<ReadWord, 'marked'>[]> {
  const { ids, text, tokenizer, turns } = reading;
  const words = wordsOf(text, ids, tokenizer.byteLengths);
  const bits = await firstReading(reading);
  const first = words.map((word) => ({
    word,
    first: bits[word.from]!,
    rest: sum(bits, word.from + 1, word.to),
    next: bits[word.to] ?? 0,
    rank: ids.subarray(word.from, word.to).reduce((most, id) => Math.max(most, id), 0),
  }));
  const order = first.map(preliminary).sort((a, b) => b - a);
  const least = order[Math.floor(CLOSELY * order.length)] ?? Infinity;
  const sentences = sentencesOf(words, text.length);
  const second = new SecondReading(reading, bits);
  const evidence: SentenceEvidence[] = [];
  const scores: number[] = [];
  try {
    for (const [i, one] of first.entries()) {
      const sentence = sentences.get(i);
      if (sentence !== undefined) evidence.push(second.lookAtSentence(sentence));
      const closely = preliminary(one) >= least ? second.look(one.word) : NOTHING;
      scores.push(scoreOf({ ...one, ...closely }));
      await turns.rest();
    }
  } finally {
    second.destroy();
  }
  const odds = sentenceOdds(evidence);
  [...sentences].forEach(([at, { words: count }], n) => {
    for (let i = at; i < at + count; i++) scores[i] = either(scores[i]!, odds[n]!);
  });
  return first.map(({ word: { text: word, start, end }, first: own, rest }, i) => {
    return { text: word, start, end, bits: own + rest, score: scores[i]! };
  });
}

/**
 * Finds the words of a text that a reader would stumble over: wrong, misspelt and doubled ones, and
 * those of a sentence that does not belong there.
 *
 * Each document of the text (see `splitDocuments`) is read with an empty memory; `recall` is that
 * of `createSession`. A word is one of letters and digits, with single apostrophes and hyphens
 * between them; its bits are -log2 of its probability after all before it, and its score says how
 * much better the text reads without it, or with another word, beside how rare the word itself is.
 * Scores are for comparison within a text: the highest `share` of the words is marked. The event
 * loop runs on in between. Codes: `INVALID_ARGUMENT`, `INVALID_OPTION`, `INVALID_TOKENIZER` (the
 * model has none), `ABORTED`, `OUT_OF_MEMORY`, `DESTROYED`.
 *
 * @example
 * ```js
 * import { BitLlama, proofread } from 'bit-ttt';
 * import { modelUrl } from 'bit-ttt/models/english';
 *
 * const model = await BitLlama.load(modelUrl);
 * const words = await proofread(model, 'We went to the the market and bought bread.', { share: 0.1 });
 * console.log(words.filter(({ marked }) => marked).map(({ text, start }) => `${text} at ${start}`));
 * ```
 *
 * ```text
 * [ 'the at 15' ]
 * ```
 */
export async function proofread(
  model: LanguageModel,
  text: string,
  options: ProofreadOptions = {},
): Promise<ReadWord[]> {
  const given = takeOptions(options, PROOFREAD);
  const signal = takeSignal(given.signal);
  const share = optionalNumber(given.share, 'share', { min: 0, max: 1 }, DEFAULT_SHARE);
  const recall = given.recall as SessionOptions['recall']; // createSession checks it
  checkModel(model);
  checkText(text, 'text');
  model.createSession({ recall }).destroy(); // whatever is wrong with it shows even where nothing is read
  const tokenizer = needTokenizer(model.tokenizer);
  const turns = new Turns(signal);
  turns.check();
  const found: Omit<ReadWord, 'marked'>[] = [];
  let at = 0;
  for (const one of splitDocuments(text)) {
    at = text.indexOf(one, at);
    const ids = await tokenizer.encodeAsync(one, { signal });
    const words = await readDocument({ model, tokenizer, recall, text: one, ids, turns });
    for (const word of words) found.push({ ...word, start: word.start + at, end: word.end + at });
    at += one.length;
  }
  const wanted = Math.ceil(share * found.length);
  const order = found.map((_, i) => i).sort((a, b) => found[b]!.score - found[a]!.score || a - b);
  const marked = new Set(order.slice(0, wanted));
  return found.map((word, i) => ({ ...word, marked: marked.has(i) }));
}

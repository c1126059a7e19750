/**
 * proofread.ts - the words of a text that a reader would stumble over.
 *
 * A session reads the text once, for the bits of each word. Another one reads it again and stops before the
 * words that came least expected: it tries how what follows reads without the word, with the likeliest other
 * words in its place, and with two of its letters swapped. What it finds is weighed in word-score.ts.
 * SPDX-License-Identifier: MIT
 */

import { checkText } from '../common/args.js';
import { takeOptions } from '../common/named-options.js';
import { optionalNumber } from '../common/options.js';
import { takeSignal } from '../common/signal.js';
import { Turns } from '../common/turns.js';
import type { Tokenizer } from '../tokenizer/index.js';
import { splitDocuments } from './documents.js';
import { PROOFREAD } from './option-names.js';
import { begun } from './prompt.js';
import type { LanguageModel, Session } from './session.js';
import { checkModel, needTokenizer } from './shared.js';
import type { ProofreadOptions, ReadWord, SessionOptions } from './types.js';
import type { Evidence } from './word-score.js';
import { preliminary, scoreOf } from './word-score.js';
import type { WordSpan } from './word-spans.js';
import { wordsOf } from './word-spans.js';

/** The share of words that are looked at closely, the least expected ones. */
const CLOSELY = 0.4;
/** Tokens after a word that are read with it and without it. */
const FOLLOWING = 10;
/** Other words that are tried in a word's place. */
const OTHERS = 4;
const DEFAULT_SHARE = 0.05;
const LN2 = Math.LN2;

/** A document that is read. */
interface Reading {
  model: LanguageModel;
  tokenizer: Tokenizer;
  recall: SessionOptions['recall'];
  text: string;
  ids: Uint32Array;
  turns: Turns;
}

const sum = (list: ArrayLike<number>, from = 0, to = list.length): number => {
  let all = 0;
  for (let i = from; i < to; i++) all += list[i]!;
  return all;
};

/** Reads tokens; their bits. */
function bitsOf(session: Session, ids: Uint32Array): Float64Array {
  return Float64Array.from(session.read(ids).logProbabilities, (p) => -p / LN2);
}

/** A session that stands at the beginning of a text. */
function beginning({ model, tokenizer, recall }: Reading): Session {
  const session = model.createSession({ recall });
  session.read(begun(new Uint32Array(), tokenizer, true));
  return session;
}

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

/** The tokens of the vocabulary that begin with a letter, or with one after a space. */
function wordTokens(tokenizer: Tokenizer): boolean[] {
  return Array.from({ length: tokenizer.vocabSize }, (_, id) =>
    /^ ?\p{L}/u.test(tokenizer.decode([id])),
  );
}

/** The likeliest other tokens that begin a word. */
function othersOf(logits: ArrayLike<number>, isWord: readonly boolean[], not: number): number[] {
  const best: number[] = [];
  for (let id = 0; id < isWord.length; id++) {
    if (id === not || !isWord[id]) continue;
    let at = best.length;
    while (at > 0 && logits[best[at - 1]!]! < logits[id]!) at--;
    if (at >= OTHERS) continue;
    best.splice(at, 0, id);
    best.length = Math.min(best.length, OTHERS);
  }
  return best;
}

/** A word with two letters that stand beside each other swapped, in every place. */
function swapped({ text }: WordSpan): string[] {
  const letters = [...text];
  if (letters.length < 4 || !/^\p{L}+$/u.test(text)) return [];
  const found = letters.slice(1).map((letter, i) => {
    return [...letters.slice(0, i), letter, letters[i]!, ...letters.slice(i + 2)].join('');
  });
  return [...new Set(found)].filter((one) => one !== text);
}

/** Looks at words closely, in the order of the text. */
class SecondReading {
  readonly #reading: Reading;
  readonly #bits: Float64Array;
  readonly #session: Session;
  readonly #isWord: boolean[];
  #at = 0;

  constructor(reading: Reading, bits: Float64Array) {
    this.#reading = reading;
    this.#bits = bits;
    this.#isWord = wordTokens(reading.tokenizer);
    this.#session = beginning(reading);
  }

  destroy(): void {
    this.#session.destroy();
  }

  /** The bits of a word's first `count` tokens and of what follows, where these stand in its place. */
  #tried(tokens: ArrayLike<number>, following: Uint32Array): { own: number; next: number } {
    const all = new Uint32Array(tokens.length + following.length);
    all.set(tokens);
    all.set(following, tokens.length);
    const session = this.#session.fork();
    try {
      const bits = bitsOf(session, all);
      return { own: sum(bits, 0, tokens.length), next: sum(bits, tokens.length) };
    } finally {
      session.destroy();
    }
  }

  /** How much better the text reads without a word, with another one, and with two letters swapped. */
  look(word: WordSpan): Pick<Evidence, 'without' | 'other' | 'swapped'> {
    const { ids, text, tokenizer } = this.#reading;
    if (word.from > this.#at) this.#session.read(ids.subarray(this.#at, word.from));
    this.#at = word.from;
    const following = ids.subarray(word.to, word.to + FOLLOWING);
    const next = sum(this.#bits, word.to, word.to + following.length);
    const all = sum(this.#bits, word.from, word.to) + next;
    const gain = (tokens: ArrayLike<number>): number => {
      const tried = this.#tried(tokens, following);
      return all - tried.own - tried.next;
    };
    const own = word.to === word.from + 1 ? ids[word.from]! : -1; // of more tokens none is the word
    const others = othersOf(this.#session.logits(), this.#isWord, own);
    const space = text[word.start - 1] === ' ' ? ' ' : '';
    return {
      without: following.length > 0 ? next - this.#tried([], following).next : 0,
      other: Math.max(0, ...others.map((id) => gain([id]))),
      swapped: Math.max(0, ...swapped(word).map((one) => gain(tokenizer.encode(space + one)))),
    };
  }
}

const NOTHING = { without: 0, other: 0, swapped: 0 };

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
  const second = new SecondReading(reading, bits);
  const found: Omit<ReadWord, 'marked'>[] = [];
  try {
    for (const one of first) {
      const closely = preliminary(one) >= least ? second.look(one.word) : NOTHING;
      const { text: word, start, end } = one.word;
      found.push({
        text: word,
        start,
        end,
        bits: one.first + one.rest,
        score: scoreOf({ ...one, ...closely }),
      });
      await turns.rest();
    }
  } finally {
    second.destroy();
  }
  return found;
}

/**
 * Finds the words of a text that a reader would stumble over: wrong, misspelt and doubled ones, and those of a
 * sentence that does not belong there. Each document of the text (see `splitDocuments`) is read with an empty
 * memory; `recall` is that of `createSession`. A word is one of letters and digits, with single apostrophes and
 * hyphens between them; its bits are -log2 of its probability after all before it, and its score says how much
 * better the text reads without it, or with another word, beside how rare the word itself is. Scores are for
 * comparison within a text: the highest `share` of the words is marked. The event loop runs on in between.
 * Codes: `INVALID_ARGUMENT`, `INVALID_OPTION`, `INVALID_TOKENIZER` (the model has none), `ABORTED`,
 * `OUT_OF_MEMORY`, `DESTROYED`.
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

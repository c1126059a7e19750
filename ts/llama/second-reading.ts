/**
 * second-reading.ts - reads a text again and stops before some of its words and sentences, to see how the text
 * reads otherwise.
 * SPDX-License-Identifier: MIT
 */
import type { Turns } from '../common/turns.js';
import type { Tokenizer } from '../tokenizer/index.js';
import { begun } from './prompt.js';
import type { SentenceEvidence } from './sentence-score.js';
import type { LanguageModel, Session } from './session.js';
import type { SessionOptions } from './types.js';
import type { Evidence } from './word-score.js';
import type { SentenceSpan, WordSpan } from './word-spans.js';

/** Tokens after a word that are read with it and without it. */
const FOLLOWING = 10;
/** Other words that are tried in a word's place. */
const OTHERS = 4;
/** Tokens after a sentence that are read before it, and how many of them are read with it and without it. */
const AFTER_SENTENCE = 256;
const HARMED = 40;
const LN2 = Math.LN2;

/** A document that is read. */
export interface Reading {
  model: LanguageModel;
  tokenizer: Tokenizer;
  recall: SessionOptions['recall'];
  text: string;
  ids: Uint32Array;
  turns: Turns;
}

/** The sum of a part of a list. */
export const sum = (list: ArrayLike<number>, from = 0, to = list.length): number => {
  let all = 0;
  for (let i = from; i < to; i++) all += list[i]!;
  return all;
};

/** Reads tokens; their bits. */
export function bitsOf(session: Session, ids: Uint32Array): Float64Array {
  return Float64Array.from(session.read(ids).logProbabilities, (p) => -p / LN2);
}

/** A session that stands at the beginning of a text. */
export function beginning({ model, tokenizer, recall }: Reading): Session {
  const session = model.createSession({ recall });
  session.read(begun(new Uint32Array(), tokenizer, true));
  return session;
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
export class SecondReading {
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

  /** Reads up to a token. */
  #goTo(at: number): void {
    if (at > this.#at) this.#session.read(this.#reading.ids.subarray(this.#at, at));
    this.#at = at;
  }

  /** How much better the text reads without a word, with another one, and with two letters swapped. */
  look(word: WordSpan): Pick<Evidence, 'without' | 'other' | 'swapped'> {
    const { ids, text, tokenizer } = this.#reading;
    this.#goTo(word.from);
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

  /** What a sentence takes by itself and after what follows it, and what that takes without it. */
  lookAtSentence(sentence: SentenceSpan): SentenceEvidence {
    const { ids } = this.#reading;
    const { from, to, words, characters } = sentence;
    const own = ids.subarray(from, to);
    this.#goTo(from);
    const alone = beginning(this.#reading);
    const after = this.#session.fork();
    try {
      const following = ids.subarray(to, to + AFTER_SENTENCE);
      const next = sum(bitsOf(after, following.subarray(0, HARMED)));
      after.read(following.subarray(HARMED));
      return {
        characters,
        words,
        tokens: to - from,
        bits: sum(this.#bits, from, to),
        alone: sum(bitsOf(alone, own)),
        after: sum(bitsOf(after, own)),
        harm: sum(this.#bits, to, to + Math.min(HARMED, following.length)) - next,
      };
    } finally {
      alone.destroy();
      after.destroy();
    }
  }
}

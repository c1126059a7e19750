/**
 * word-score.ts - how much a reader would stumble over a word, by what a model says about it.
 *
 * The weights were fitted by logistic regression, on documents in which words were replaced by others that are
 * about as frequent or of another part of speech, misspelt or doubled.
 * SPDX-License-Identifier: MIT
 */
import type { WordSpan } from './word-spans.js';

/** What the first reading says of a word: bits of its first token, of its others, and of what follows it. */
export interface FirstEvidence {
  word: WordSpan;
  first: number;
  rest: number;
  next: number;
  /** The highest id of its tokens: later ones were made of rarer pieces. */
  rank: number;
}

/** With what looking closely adds: how many bits fewer the text takes otherwise. */
export interface Evidence extends FirstEvidence {
  /** What follows, without the word. */
  without: number;
  /** Word and what follows, with the best other word; with two letters swapped. */
  other: number;
  swapped: number;
}

/** How much a closer look is worth: the bits of the word and of what follows it. */
export function preliminary({ first, rest, next }: FirstEvidence): number {
  return first + rest + next;
}

/** In nats of the odds that a word is wrong: for each bit, token or doubling, and for what is so. */
const WEIGHTS = {
  first: 0.156,
  rest: -0.321,
  /** For each doubling of the token's id, of its tokens, and of how often the text has the word. */
  rank: -0.665,
  tokens: -0.67,
  count: -0.187,
  repeats: 10.2,
  /** A capital inside a sentence: a name. */
  name: -0.763,
  /** A sentence begins here, with a capital. */
  opens: -0.961,
  opensWithCapital: 2.757,
  /** It begins with a digit: nobody foresees numbers. */
  number: -5.3,
  without: 0.087,
  other: 0.333,
  swapped: 0.475,
} as const;

/** How much a reader would stumble over a word: higher is worse, and only differences count. */
export function scoreOf({ word, first, rest, rank, without, other, swapped }: Evidence): number {
  const w = WEIGHTS;
  const { text, opens, repeats, count, from, to } = word;
  const capital = /^\p{Lu}/u.test(text);
  let score = w.first * first + w.rest * rest + w.rank * Math.log2(rank + 1);
  score += w.tokens * (to - from) + w.count * Math.log2(count);
  score += w.without * without + w.other * other + w.swapped * swapped;
  if (repeats) score += w.repeats;
  if (opens) score += capital ? w.opens + w.opensWithCapital : w.opens;
  else if (capital) score += w.name;
  return /^\p{N}/u.test(text) ? score + w.number : score;
}

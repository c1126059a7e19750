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

export function scoreOf(e: Evidence): number {
  return e.first + e.other + e.swapped;
}

/**
 * word-counter.ts - counts the words of a text that comes in pieces.
 * SPDX-License-Identifier: MIT
 */
import { wordsOf } from './byte-level.js';
import { type CutRules, cutAfter, lookahead, splitsPair } from './cutting.js';
import { Literals } from './literals.js';
import { ownCopy } from './utf8.js';

/** Longest word that is learnt from, in UTF-16 code units: longer ones count as several. */
const MAX_WORD_UNITS = 10_000;

const WINDOW_UNITS = 1 << 13;
const LONGEST_PIECE_UNITS = 8 * WINDOW_UNITS;

/** Counts words; the texts of special tokens separate them and are not counted. */
export class WordCounter {
  /** How often each word was met. */
  readonly counts = new Map<string, number>();
  /** Length of all that was counted, special tokens included, in UTF-16 code units. */
  units = 0;
  /** Number of words met. */
  words = 0;

  readonly #rules: CutRules;
  readonly #specials: Literals;
  #pending = '';

  /** `specials` are texts that separate words; none is empty. */
  constructor(specials: readonly string[]) {
    this.#specials = new Literals(specials);
    this.#rules = {
      window: WINDOW_UNITS,
      longest: LONGEST_PIECE_UNITS,
      keepWhole: this.#specials,
    };
  }

  /** Takes the next piece of the text; yields after every few milliseconds' work. */
  *add(piece: string): Generator<void, void, undefined> {
    const text = this.#pending + piece;
    const needed = LONGEST_PIECE_UNITS + lookahead(this.#rules);
    let at = 0;
    while (text.length - at >= needed) {
      at = this.#countPiece(text, at);
      yield;
    }
    // Slicing would flatten the string that the JavaScript engine keeps as a list of small pieces.
    this.#pending = at > 0 ? text.slice(at) : text;
  }

  /** Counts what is left at the end of the text. */
  *finish(): Generator<void, void, undefined> {
    const text = this.#pending;
    for (let at = 0; at < text.length; ) {
      at = this.#countPiece(text, at);
      yield;
    }
    this.#pending = '';
  }

  #countPiece(text: string, start: number): number {
    const end = cutAfter(text, start, this.#rules);
    const piece = text.slice(start, end);
    for (const [i, part] of this.#specials.split(piece).entries()) {
      if (i % 2 === 0) for (const word of wordsOf(part)) this.#countWord(word);
    }
    this.units += end - start;
    return end;
  }

  #countWord(word: string): void {
    if (word.length > MAX_WORD_UNITS) return this.#countLong(word);
    this.words++;
    const count = this.counts.get(word);
    if (count !== undefined) this.counts.set(word, count + 1);
    else this.counts.set(ownCopy(word), 1);
  }

  #countLong(word: string): void {
    for (let at = 0; at < word.length; ) {
      const end = Math.min(at + MAX_WORD_UNITS, word.length);
      const cut = end < word.length && splitsPair(word, end) ? end - 1 : end;
      this.#countWord(word.slice(at, cut));
      at = cut;
    }
  }
}

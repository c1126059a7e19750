/**
 * word-ngram.mjs - counts of words after the one to three words or marks before them: what suggestions of a
 * language model are measured beside.
 * SPDX-License-Identifier: MIT
 */
import { WORD } from './suggesting.mjs';

/** Words, and the marks between them, which are context as well. */
const PARTS = new RegExp(`${WORD.source}|[^\\p{L}\\s]`, 'gu');

const isWord = (part) => /^\p{L}/u.test(part);

/**
 * Suggests the words that have followed the same words before: those after the longest context first,
 * then those after shorter ones, last all words by their number. Among those of one context the more
 * frequent comes first, and of equal ones that which was read last.
 */
export class WordNgram {
  #order;
  #seen = [];
  /** By context: how often each word came, and when it came last. */
  #counts = new Map();
  #time = 0;

  /** @param {number} [order] words of the longest context */
  constructor(order = 3) {
    this.#order = order;
  }

  #key(length) {
    return this.#seen.slice(this.#seen.length - length).join(' ');
  }

  /** Learns a text that ends where a word ends. */
  read(text) {
    for (const [part] of text.matchAll(PARTS)) {
      if (isWord(part)) this.#learn(part);
      this.#seen.push(part);
      if (this.#seen.length > this.#order) this.#seen.shift();
    }
  }

  #learn(word) {
    this.#time++;
    for (let length = 0; length <= this.#seen.length; length++) {
      const key = this.#key(length);
      let counts = this.#counts.get(key);
      if (!counts) this.#counts.set(key, (counts = new Map()));
      counts.set(word, { count: (counts.get(word)?.count ?? 0) + 1, time: this.#time });
    }
  }

  /**
   * @param {string} typed the first letters of the word, or ''
   * @param {number} count
   * @returns {string[]}
   */
  suggest(typed, count) {
    const found = [];
    for (let length = this.#seen.length; length >= 0 && found.length < count; length--) {
      const fitting = [...(this.#counts.get(this.#key(length)) ?? [])].filter(
        ([word]) => word.startsWith(typed) && !found.includes(word),
      );
      fitting.sort(([, a], [, b]) => b.count - a.count || b.time - a.time);
      found.push(...fitting.slice(0, count - found.length).map(([word]) => word));
    }
    return found;
  }
}

/**
 * word-ngram.mjs - counts of words after the one to three words or marks before them: what suggestions of a
 * language model are measured beside.
 * SPDX-License-Identifier: MIT
 */
import { WORD } from './suggesting.mjs';

/** Words, and the marks between them, which are context as well. */
const PARTS = new RegExp(`${WORD.source}|[^\\p{L}\\s]`, 'gu');

const isWord = (part) => /^\p{L}/u.test(part);

/** The more frequent first, and of equal ones that which was read last. */
const byCount = ([, a], [, b]) => b.count - a.count || b.time - a.time;

/** The last words and marks of a text, as contexts. */
class Context {
  #order;
  #seen = [];

  constructor(order) {
    this.#order = order;
  }

  push(part) {
    this.#seen.push(part);
    if (this.#seen.length > this.#order) this.#seen.shift();
  }

  /** The longest one's length. */
  get length() {
    return this.#seen.length;
  }

  /** That of the last `length` parts. */
  key(length) {
    return this.#seen.slice(this.#seen.length - length).join(' ');
  }
}

/** The contexts that words of some texts stand in, each text from its beginning. */
export function contextsOf(texts, order = 3) {
  const keys = new Set();
  for (const text of texts) {
    const context = new Context(order);
    for (const [part] of text.matchAll(PARTS)) {
      for (let length = 0; length <= context.length; length++) keys.add(context.key(length));
      context.push(part);
    }
  }
  return keys;
}

/**
 * Counts of a large text that does not change any more, for `WordNgram` to begin with. Only those `contexts`
 * are counted that will be asked for (see `contextsOf`), which gives the same suggestions in less memory.
 */
export class WordCounts {
  #order;
  #contexts;
  #counts = new Map();
  #sorted = new Map();
  #time = 0;

  /**
   * @param {Set<string>} contexts
   * @param {number} [order] words of the longest context
   */
  constructor(contexts, order = 3) {
    this.#order = order;
    this.#contexts = contexts;
  }

  /** Counts a text, which begins anew. */
  read(text) {
    const context = new Context(this.#order);
    for (const [part] of text.matchAll(PARTS)) {
      if (isWord(part)) this.#learn(context, part);
      context.push(part);
    }
    this.#sorted.clear();
  }

  #learn(context, word) {
    this.#time++;
    for (let length = 0; length <= context.length; length++) {
      const key = context.key(length);
      if (!this.#contexts.has(key)) return; // nor any longer one
      let counts = this.#counts.get(key);
      if (!counts) this.#counts.set(key, (counts = new Map()));
      const known = counts.get(word);
      if (known) {
        known.count++;
        known.time = this.#time;
      } else counts.set(word, { count: 1, time: this.#time });
    }
  }

  /** How often a word followed a context. */
  count(key, word) {
    return this.#counts.get(key)?.get(word)?.count ?? 0;
  }

  /** The words that followed a context and begin with some letters, in the order of `byCount`. */
  following(key, typed) {
    const asked = `${key}\n${typed}`;
    let found = this.#sorted.get(asked);
    if (!found) {
      const all = [...(this.#counts.get(key) ?? [])];
      found = all.filter(([word]) => word.startsWith(typed)).sort(byCount);
      this.#sorted.set(asked, found);
    }
    return found;
  }
}

/**
 * Suggests the words that have followed the same words before: those after the longest context first,
 * then those after shorter ones, last all words by their number. Among those of one context the more
 * frequent comes first, and of equal ones that which was read last.
 */
export class WordNgram {
  #context;
  #before;
  /** By context: how often each word came, and when it came last. */
  #counts = new Map();
  #time = 0;

  /**
   * @param {number} [order] words of the longest context
   * @param {WordCounts} [before] what it has read before
   */
  constructor(order = 3, before = undefined) {
    this.#context = new Context(order);
    this.#before = before;
  }

  /** Learns a text that ends where a word ends. */
  read(text) {
    for (const [part] of text.matchAll(PARTS)) {
      if (isWord(part)) this.#learn(part);
      this.#context.push(part);
    }
  }

  #learn(word) {
    this.#time++;
    for (let length = 0; length <= this.#context.length; length++) {
      const key = this.#context.key(length);
      let counts = this.#counts.get(key);
      if (!counts) this.#counts.set(key, (counts = new Map()));
      counts.set(word, { count: (counts.get(word)?.count ?? 0) + 1, time: this.#time });
    }
  }

  /** The words that followed a context, at least the first `count` of those not `found` yet. */
  #following(key, typed, count, found) {
    const isNew = ([word]) => word.startsWith(typed) && !found.includes(word);
    const own = this.#counts.get(key) ?? new Map();
    const earlier = this.#before?.following(key, typed) ?? [];
    const mixed = [...own].filter(isNew).map(([word, { count: n, time }]) => {
      return [word, { count: n + (this.#before?.count(key, word) ?? 0), time }];
    });
    const rest = earlier.filter((one) => isNew(one) && !own.has(one[0])).slice(0, count);
    // what was read before is older than all of its own, and in order already
    rest.forEach(([word, { count: n }], i) => {
      mixed.push([word, { count: n, time: -i }]);
    });
    return mixed.sort(byCount);
  }

  /**
   * @param {string} typed the first letters of the word, or ''
   * @param {number} count
   * @returns {string[]}
   */
  suggest(typed, count) {
    const found = [];
    for (let length = this.#context.length; length >= 0 && found.length < count; length--) {
      const following = this.#following(this.#context.key(length), typed, count, found);
      found.push(...following.slice(0, count - found.length).map(([word]) => word));
    }
    return found;
  }
}

/**
 * pair-merger.ts - trains byte-pair encoding (Sennrich et al. 2016): the most frequent pair of
 * neighbouring tokens becomes a new token, again and again.
 *
 * A merge visits each occurrence of its pair once and adjusts the counts of the pairs beside it, so
 * that it costs as much as there are occurrences, whatever the size of the text.
 *
 * Two invariants make this simple. Equal strings are merged in equal steps wherever they stand, so
 * that every token is made from one pair, in one round. And a pair first occurs in the round that
 * makes the later of its two tokens, which goes through the text in order, so that its places are
 * in order.
 * SPDX-License-Identifier: MIT
 */
import { bytesInSymbolOrder, symbolOfByte } from './byte-level.js';
import { type Pair, PairHeap } from './pair-heap.js';
import { bytesOf } from './utf8.js';

/** Above the highest id, and small enough for the key of a pair to be an exact integer. */
const KEY_STEP = 2 ** 21;
/** Positions between two chances to pause. */
const STRIDE = 4096;
const NONE = -1;

/** Calls `visit` for the bytes of each word and how often it was met; yields now and then. */
function* eachWord(
  counts: ReadonlyMap<string, number>,
  visit: (bytes: Uint8Array, count: number) => void,
): Generator<void, void, undefined> {
  let work = 0;
  for (const [word, count] of counts) {
    const bytes = bytesOf(word);
    visit(bytes, count);
    work += bytes.length;
    if (work < STRIDE) continue;
    work = 0;
    yield;
  }
}

/** Learns merges from counted words. */
export class PairMerger {
  /** Tokens by id, as strings of byte symbols: reserved texts, bytes, and what was merged. */
  readonly tokens: string[];
  /** Merges in the order in which they were learnt. */
  readonly merges: [string, string][] = [];
  /** UTF-8 length of all words, each counted as often as it was met. */
  bytes = 0;

  readonly #reserved: ReadonlySet<string>;
  readonly #idOfByte: Uint32Array;
  readonly #pairs = new Map<number, Pair>();
  readonly #heap = new PairHeap();
  /** Pairs that are new in this round; their counts are final only at its end. */
  #newPairs: Pair[] = [];

  // All words one after the other, an entry per byte; a token stands at its first byte.
  #token = new Int32Array(0);
  #previous = new Int32Array(0);
  #next = new Int32Array(0);
  #wordAt = new Int32Array(0);
  /** How often each word was met. */
  #weight = new Float64Array(0);

  /** @param reserved texts that get the first ids and are never the result of a merge */
  constructor(reserved: readonly string[]) {
    this.tokens = [...reserved, ...bytesInSymbolOrder.map((byte) => symbolOfByte[byte]!)];
    this.#reserved = new Set(reserved);
    this.#idOfByte = new Uint32Array(bytesInSymbolOrder.length);
    bytesInSymbolOrder.forEach((byte, i) => (this.#idOfByte[byte] = reserved.length + i));
  }

  /** Lays out the words and counts their pairs; to be run once, to its end, before `run`. */
  *load(counts: ReadonlyMap<string, number>): Generator<void, void, undefined> {
    let length = 0;
    yield* eachWord(counts, (bytes, count) => {
      length += bytes.length;
      this.bytes += bytes.length * count;
    });
    this.#token = new Int32Array(length);
    this.#previous = new Int32Array(length);
    this.#next = new Int32Array(length);
    this.#wordAt = new Int32Array(length);
    this.#weight = new Float64Array(counts.size);
    let word = 0;
    let at = 0;
    yield* eachWord(counts, (bytes, count) => {
      this.#weight[word] = count;
      this.#layOut(bytes, at, word);
      word++;
      at += bytes.length;
    });
    this.#queueNew();
  }

  #layOut(bytes: Uint8Array, start: number, word: number): void {
    const end = start + bytes.length;
    for (let at = start; at < end; at++) {
      this.#token[at] = this.#idOfByte[bytes[at - start]!]!;
      this.#previous[at] = at > start ? at - 1 : NONE;
      this.#next[at] = at + 1 < end ? at + 1 : NONE;
      this.#wordAt[at] = word;
      if (at > start) this.#add(at - 1, at);
    }
  }

  /**
   * Merges until there are `size` tokens or no pair was met `least` times. Yields between merges
   * and inside long ones.
   */
  *run(size: number, least: number): Generator<void, void, undefined> {
    while (this.tokens.length < size) {
      const pair = this.#heap.pop(least);
      if (!pair) return;
      const parts: [string, string] = [this.tokens[pair.left]!, this.tokens[pair.right]!];
      const text = parts.join('');
      if (this.#reserved.has(text)) continue;
      this.merges.push(parts);
      yield* this.#merge(pair, this.tokens.push(text) - 1);
      this.#pairs.delete(pair.left * KEY_STEP + pair.right);
      this.#queueNew();
      yield;
    }
  }

  *#merge(pair: Pair, id: number): Generator<void, void, undefined> {
    let sinceYield = 0;
    for (const at of pair.places) {
      if (this.#token[at] === pair.left) this.#mergeAt(at, pair, id);
      if (++sinceYield < STRIDE) continue;
      sinceYield = 0;
      yield;
    }
  }

  #mergeAt(at: number, pair: Pair, id: number): void {
    const token = this.#token;
    const second = this.#next[at]!;
    if (second === NONE || token[second] !== pair.right) return;
    const before = this.#previous[at]!;
    const after = this.#next[second]!;
    const weight = this.#weight[this.#wordAt[at]!]!;
    pair.count -= weight;
    if (before !== NONE) this.#remove(before, at, weight);
    if (after !== NONE) this.#remove(second, after, weight);
    token[at] = id;
    token[second] = NONE;
    this.#next[at] = after;
    if (after !== NONE) this.#previous[after] = at;
    if (before !== NONE) this.#add(before, at);
    if (after !== NONE) this.#add(at, after);
  }

  #key(left: number, right: number): number {
    return this.#token[left]! * KEY_STEP + this.#token[right]!;
  }

  /** Counts the pair of neighbours at these positions. */
  #add(left: number, right: number): void {
    const key = this.#key(left, right);
    let pair = this.#pairs.get(key);
    if (!pair) {
      pair = { left: this.#token[left]!, right: this.#token[right]!, count: 0, places: [] };
      this.#pairs.set(key, pair);
      this.#newPairs.push(pair);
    }
    pair.count += this.#weight[this.#wordAt[left]!]!;
    pair.places.push(left);
  }

  #remove(left: number, right: number, weight: number): void {
    this.#pairs.get(this.#key(left, right))!.count -= weight;
  }

  #queueNew(): void {
    for (const pair of this.#newPairs) this.#heap.push(pair);
    this.#newPairs = [];
  }
}

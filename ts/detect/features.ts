/**
 * features.ts - turns a line, or a word of it, into the two tokens that the memory reads.
 *
 * Each unit is shown to the memory twice, hashed in two unrelated ways: first as a key, then as a
 * value. The objective `predict` learns to predict each token from the one before, so it learns
 * key -> value of every unit, and value -> key of the next unit. The error at the value says how
 * well the memory knows the content of the unit; the error at the key, whether it expected the unit
 * at this place. With one token per unit there would be the second error only, which finds no anomaly
 * in a log whose lines interleave at random. As the two hashes have nothing in common, only what was
 * read can be predicted: a new word stays unknown, however many other words the memory has read.
 *
 * Everything is a pure function of the text of one line and of these constants.
 * SPDX-License-Identifier: MIT
 */
import { Kind, scramble, WordSplitter } from './words.js';

/** Written into memory files: raise it when a change here makes old memories useless. */
export const FEATURES_VERSION = 1;

/** Tokens that the memory reads per unit: a key and a value. */
export const TOKENS_PER_UNIT = 2;

/** Share of the error at the key (order) in a unit's surprise; the rest is the value's. */
export const ORDER_SHARE = 0.2;

const WORD = 1;
const PAIR = 0.5; // a word with its neighbour
const NUMBER = 0.3; // the kind of a number or id
const DIGITS = 0.4; // how long it is
const VALUE = 0.3; // what it is, if it is short: 200, 404
const PAIR_WITH_NUMBER = 0.2;
const PUNCTUATION = 0.15;
/* Something that all units have in common, which is soon predicted: a unit with little else in it
 * cannot be very surprising. */
const COMMON_LINE = 1.5;
const COMMON_WORD = 1;

/* Each feature goes to several places of the vector, so that two that meet in one place still
 * differ in others. Words have few features and can afford more places. */
const PLACES_LINE = 4;
const PLACES_WORD = 8;

const VALUE_SALT = 0x5bd1e995;
const STEP = 0x9e3779b9;
const COMMON_HASH = 0x2545f491;
const NUMBER_HASH = 0x1b873593;
const ID_HASH = 0x3c6ef372;
const DIGITS_HASH = 0x52dce729;
const NEIGHBOUR_SALT = 0x38b34ae5;
const EDGE_HASH = 0x0b4711ed; // before the first and after the last token

/** Hashes lines into rows of a batch, for one width of the vectors. */
export class Features {
  readonly tokens = new WordSplitter();
  private batch: Float32Array = new Float32Array(0);
  private key = 0;
  private value = 0;
  private places = PLACES_LINE;

  constructor(private readonly dim: number) {}

  /** Splits a line into `tokens`, and says how many of them are not punctuation. */
  read(text: string): number {
    this.tokens.clear();
    this.tokens.read(text, 0, text.length);
    const { kind, count } = this.tokens;
    let words = 0;
    for (let i = 0; i < count; i++) if (kind[i] !== Kind.Punctuation) words++;
    return words;
  }

  /**
   * Adds the features of the whole line that was read to `batch`, which is zero there:
   * `dim` floats at `at` for the key, and as many after them for the value.
   */
  addLine(batch: Float32Array, at: number): void {
    this.target(batch, at, PLACES_LINE);
    const { hash, kind, count } = this.tokens;
    let previous = EDGE_HASH;
    let previousIsWord = true;
    for (let i = 0; i < count; i++) {
      if (kind[i] === Kind.Punctuation) {
        this.add(hash[i]!, PUNCTUATION);
        continue;
      }
      const isWord = kind[i] === Kind.Word;
      const name = isWord ? hash[i]! : this.nameOf(i);
      if (isWord) this.add(name, WORD);
      else this.addNumber(i, 1);
      this.addPair(previous, name, isWord && previousIsWord);
      previous = name;
      previousIsWord = isWord;
    }
    this.addPair(previous, EDGE_HASH, previousIsWord);
    this.add(COMMON_HASH, COMMON_LINE);
  }

  /** The same for the token numbered `i` alone; `before` is the last one that is no punctuation. */
  addWord(batch: Float32Array, at: number, i: number, before: number): void {
    this.target(batch, at, PLACES_WORD);
    const isWord = this.tokens.kind[i] === Kind.Word;
    const name = isWord ? this.tokens.hash[i]! : this.nameOf(i);
    const previous = before < 0 ? EDGE_HASH : this.nameOf(before);
    if (isWord) this.add(name, WORD);
    else this.addNumber(i, 2);
    // The key knows the neighbour as such, the value as part of a pair.
    this.addTo(this.key, scramble(previous ^ NEIGHBOUR_SALT), PAIR);
    this.addTo(this.value, pairHash(previous, name) ^ VALUE_SALT, PAIR);
    this.add(COMMON_HASH, COMMON_WORD);
  }

  private target(batch: Float32Array, at: number, places: number): void {
    this.batch = batch;
    this.key = at;
    this.value = at + this.dim;
    this.places = places;
  }

  /** What stands for a token in pairs: words are themselves, numbers are all alike. */
  private nameOf(i: number): number {
    const { kind, hash } = this.tokens;
    if (kind[i] === Kind.Word) return hash[i]!;
    return kind[i] === Kind.Id ? ID_HASH : NUMBER_HASH;
  }

  private addNumber(i: number, scale: number): void {
    const { kind, hash, start, end } = this.tokens;
    if (kind[i] !== Kind.Number) {
      this.add(this.nameOf(i) ^ hash[i]!, NUMBER * scale);
      return;
    }
    const length = end[i]! - start[i]!;
    this.add(NUMBER_HASH, NUMBER * scale);
    this.add(scramble(DIGITS_HASH + Math.min(length, 12)), DIGITS * scale);
    if (length <= 3) this.add(hash[i]!, VALUE * scale);
  }

  private addPair(a: number, b: number, words: boolean): void {
    this.add(pairHash(a, b), words ? PAIR : PAIR_WITH_NUMBER);
  }

  /** Adds a feature to the key and, hashed in another way, to the value. */
  private add(hash: number, weight: number): void {
    const { batch, dim, key, value } = this;
    let h = hash;
    let g = hash ^ VALUE_SALT;
    for (let i = this.places; i > 0; i -= 2) {
      h = scramble((h + STEP) | 0);
      g = scramble((g + STEP) | 0);
      scatter(batch, key, dim, h, weight);
      scatter(batch, value, dim, g, weight);
    }
  }

  /** Adds a feature to the vector at `from` only. */
  private addTo(from: number, hash: number, weight: number): void {
    let h = hash;
    for (let i = this.places; i > 0; i -= 2) {
      h = scramble((h + STEP) | 0);
      scatter(this.batch, from, this.dim, h, weight);
    }
  }
}

/**
 * Adds +-weight in two places of a vector. Each 16 bits of the hash choose a place, and the lowest
 * bit of them the sign. The two are nearly independent: with `dim` at most 8192, as in the command,
 * at least eight values of the 16 bits lead to each place.
 */
function scatter(
  batch: Float32Array,
  from: number,
  dim: number,
  hash: number,
  weight: number,
): void {
  const high = hash >>> 16;
  const low = hash & 0xffff;
  const a = from + (Math.imul(high, dim) >>> 16);
  const b = from + (Math.imul(low, dim) >>> 16);
  batch[a] = batch[a]! + ((high & 1) === 0 ? weight : -weight);
  batch[b] = batch[b]! + ((low & 1) === 0 ? weight : -weight);
}

function pairHash(a: number, b: number): number {
  return scramble(scramble(a) ^ Math.imul(b, 31));
}

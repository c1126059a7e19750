/**
 * line-features.ts - turns a line into the token that the memory of second order reads: its words, pairs of
 * neighbours, lengths of numbers and punctuation, each hashed to a few places of the vector.
 *
 * A pure function of the tokens of one line and of these constants.
 * SPDX-License-Identifier: MIT
 */
import type { LineReader } from './line-reader.js';
import { NUMBER_HASH } from './line-reader.js';
import { Kind, pairHash, scramble } from './words.js';

/** Floats of a token. */
export const LINE_DIM = 512;

const WORD = 1;
const PAIR = 0.5; // a word with its neighbour
const NUMBER = 0.3; // the kind of a number or id
const DIGITS = 0.4; // how long it is
const VALUE = 0.3; // what it is, if it is short: 200, 404
const PAIR_WITH_NUMBER = 0.2;
const PUNCTUATION = 0.15;
/* Something that all lines have in common, which is soon known: a line with little else in it cannot be
 * very surprising. */
const COMMON = 1.5;

/* Each feature goes to several places of the vector, so that two that meet in one place still differ in
 * others. */
const PLACES = 4;

const STEP = 0x9e3779b9;
const COMMON_HASH = 0x2545f491;
const ID_HASH = 0x3c6ef372;
const DIGITS_HASH = 0x52dce729;
const EDGE_HASH = 0x0b4711ed; // before the first and after the last token

/** Writes the token of the line that was read to `into`, LINE_DIM floats. */
export function lineFeatures(line: LineReader, into: Float32Array): void {
  into.fill(0);
  const { tokens, fields } = line;
  const { hash, kind, count } = tokens;
  let previous = EDGE_HASH;
  let previousIsWord = true;
  let field = 0;
  for (let i = 0; i < count; i++) {
    const own = fields[i]!;
    if (kind[i] === Kind.Punctuation) {
      add(into, hash[i]! ^ own, PUNCTUATION);
      continue;
    }
    if (own !== field) {
      field = own;
      previous = EDGE_HASH;
      previousIsWord = true;
    }
    const isWord = kind[i] === Kind.Word;
    const name = line.nameOf(i) ^ own;
    if (isWord) add(into, name, WORD);
    else addNumber(line, i, into);
    add(into, pairHash(previous, name), isWord && previousIsWord ? PAIR : PAIR_WITH_NUMBER);
    previous = name;
    previousIsWord = isWord;
  }
  add(into, pairHash(previous, EDGE_HASH), previousIsWord ? PAIR : PAIR_WITH_NUMBER);
  add(into, COMMON_HASH, COMMON);
}

function addNumber(line: LineReader, i: number, into: Float32Array): void {
  const { kind, hash, start, end } = line.tokens;
  const own = line.fields[i]!;
  if (kind[i] !== Kind.Number) {
    const name = kind[i] === Kind.Id ? ID_HASH : NUMBER_HASH;
    add(into, name ^ hash[i]! ^ own, NUMBER);
    return;
  }
  const length = end[i]! - start[i]!;
  add(into, NUMBER_HASH ^ own, NUMBER);
  add(into, scramble(DIGITS_HASH + Math.min(length, 12)) ^ own, DIGITS);
  if (length <= 3) add(into, hash[i]! ^ own, VALUE);
}

function add(into: Float32Array, hash: number, weight: number): void {
  let h = hash;
  for (let i = PLACES; i > 0; i -= 2) {
    h = scramble((h + STEP) | 0);
    scatter(into, h >>> 16, weight);
    scatter(into, h & 0xffff, weight);
  }
}

/** Adds +-weight in one place: 16 bits of a hash choose it, and the lowest of them the sign. */
function scatter(into: Float32Array, hash: number, weight: number): void {
  const at = Math.imul(hash, LINE_DIM) >>> 16;
  into[at] = into[at]! + ((hash & 1) === 0 ? weight : -weight);
}

/**
 * cutting.ts - cuts a long text into pieces that have the same words as the whole.
 * SPDX-License-Identifier: MIT
 */
import type { Literals } from './literals.js';

// Classes of code points in the pattern of words (byte-level.ts).
const SPACE = 0;
const LETTER = 1;
const NUMBER = 2;
const OTHER = 3;

const spacePattern = /^\s$/u;
const letterPattern = /^\p{L}$/u;
const numberPattern = /^\p{N}$/u;

function classify(codePoint: number): number {
  const text = String.fromCodePoint(codePoint);
  if (spacePattern.test(text)) return SPACE;
  if (letterPattern.test(text)) return LETTER;
  return numberPattern.test(text) ? NUMBER : OTHER;
}

const asciiClasses = Uint8Array.from({ length: 128 }, (_, code) => classify(code));

function classOf(codePoint: number): number {
  return asciiClasses[codePoint] ?? classify(codePoint);
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}

/** Whether a cut before `text[at]` would separate the halves of a surrogate pair. */
export function splitsPair(text: string, at: number): boolean {
  return isHighSurrogate(text.charCodeAt(at - 1)) && isLowSurrogate(text.charCodeAt(at));
}

/** The code point that ends before `text[at]`. */
function codePointBefore(text: string, at: number): number {
  const paired = at >= 2 && splitsPair(text, at - 1);
  return text.codePointAt(paired ? at - 2 : at - 1)!;
}

/**
 * Whether a word ends at `at`, whatever stands further away. White space is never cut from what
 * follows (it may belong to that word), nor an apostrophe (it may begin a contraction).
 */
function isWordEnd(text: string, at: number): boolean {
  if (splitsPair(text, at)) return false;
  const before = codePointBefore(text, at);
  const left = classOf(before);
  if (left === SPACE) return false;
  const right = classOf(text.codePointAt(at)!);
  return right === SPACE || (left !== right && before !== 0x27);
}

/** How a text is to be cut. */
export interface CutRules {
  /** Wanted length of a piece, in UTF-16 code units. */
  readonly window: number;
  /** Longest piece: a word that does not end before is cut, which may change its tokens. */
  readonly longest: number;
  /** Texts that are never cut: those of the added tokens that are looked for. */
  readonly keepWhole: Literals;
  /** Whether a cut between these code points, inside a word, leaves its tokens as they are. */
  readonly isHarmless?: (before: number, after: number) => boolean;
}

/** How many code units after the longest piece must be known before it can be cut. */
export function lookahead(rules: CutRules): number {
  return Math.max(2, rules.keepWhole.longest);
}

/**
 * Tells whether a cut would go through one of the texts to keep whole. Each place of a text from
 * `start` on is examined once, however many cuts are tried.
 */
class KeptTexts {
  readonly #text: string;
  readonly #start: number;
  readonly #kept: Literals;
  /** For each place from `start` on: the furthest end of a text that begins there or before. */
  readonly #reach: number[] = [];

  constructor(text: string, start: number, kept: Literals) {
    this.#text = text;
    this.#start = start;
    this.#kept = kept;
  }

  isCutAt(at: number): boolean {
    if (this.#kept.longest < 2) return false;
    const reach = this.#reach;
    for (let place = this.#start + reach.length; place < at; place++) {
      const end = place + this.#kept.lengthAt(this.#text, place);
      reach.push(Math.max(end, reach.at(-1) ?? 0));
    }
    return at > this.#start && reach[at - 1 - this.#start]! > at;
  }
}

/** A cut inside a word that is too long; harmless if possible in the last half of the piece. */
function forcedCut(text: string, start: number, rules: CutRules, kept: KeptTexts): number {
  const { isHarmless, longest } = rules;
  const end = start + longest;
  for (let at = end; isHarmless && at > end - longest / 2; at--) {
    if (splitsPair(text, at) || text.charCodeAt(at) === 0x27) continue;
    if (!isHarmless(codePointBefore(text, at), text.codePointAt(at)!)) continue;
    if (!kept.isCutAt(at)) return at;
  }
  return splitsPair(text, end) ? end - 1 : end;
}

/**
 * End of the piece of `text` that begins at `start`. The last piece ends with the text; otherwise
 * at least `longest + lookahead` code units must follow `start`, and the answer then depends on
 * these alone, not on how a stream was delivered.
 */
export function cutAfter(text: string, start: number, rules: CutRules): number {
  const left = text.length - start;
  if (left <= rules.window) return text.length;
  const kept = new KeptTexts(text, start, rules.keepWhole);
  const isClean = (at: number): boolean => isWordEnd(text, at) && !kept.isCutAt(at);
  const wanted = start + rules.window;
  for (let at = wanted; at > start; at--) {
    if (isClean(at)) return at;
  }
  const end = Math.min(start + rules.longest, text.length - 1);
  for (let at = wanted + 1; at <= end; at++) {
    if (isClean(at)) return at;
  }
  return left <= rules.longest ? text.length : forcedCut(text, start, rules, kept);
}

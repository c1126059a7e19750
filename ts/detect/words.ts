/**
 * words.ts - finds words, numbers, ids and punctuation in a line and hashes each.
 *
 * What differs on every line of a log and says nothing is made equal: the digits of numbers, times
 * and addresses (only their punctuation counts: 10.0.0.7 and 10.0.0.8 are one token), ids such as
 * 3fa9c01b, upper and lower case, and the digits inside words (worker7).
 * SPDX-License-Identifier: MIT
 */
import { MAX_LINE } from './lines.js';

/** What a token is. */
export const enum Kind {
  Word,
  /** Digits only: 200. */
  Number,
  /** Digits with punctuation between them: 12:30:05, 10.0.0.7, 1,024. */
  Compound,
  /** Hexadecimal or otherwise random: 3fa9c01b. */
  Id,
  Punctuation,
}

/** Scrambles 32 bits so that each input bit reaches each output bit. */
export function scramble(hash: number): number {
  let h = hash;
  h = Math.imul(h ^ (h >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) | 0;
}

/** A hash of two hashes in this order. */
export function pairHash(a: number, b: number): number {
  return scramble(scramble(a) ^ Math.imul(b, 31));
}

/* Character classes. Everything beyond ASCII counts as a letter, but these scripts put no spaces
 * between words: each of their characters is a word. */
const LETTER = 1;
const DIGIT = 2;
const HEX_LETTER = 4 | LETTER;
const SPACE = 8;
const JOINS_DIGITS = 16;
const IDEOGRAPH = 32;

const ASCII_CLASS = new Uint8Array(128);
for (let c = 0; c < 128; c++) {
  const char = String.fromCharCode(c);
  if (/[0-9]/.test(char)) ASCII_CLASS[c] = DIGIT;
  else if (/[a-f]/i.test(char)) ASCII_CLASS[c] = HEX_LETTER;
  else if (/[a-z_]/i.test(char)) ASCII_CLASS[c] = LETTER;
  else if (c <= 32 || c === 127) ASCII_CLASS[c] = SPACE;
  else if (/[.:,/+-]/.test(char)) ASCII_CLASS[c] = JOINS_DIGITS;
}

function classOf(c: number): number {
  if (c < 128) return ASCII_CLASS[c]!;
  if ((c >= 0x2e80 && c <= 0x9fff) || (c >= 0xac00 && c <= 0xd7af)) return IDEOGRAPH;
  if (c === 0xa0 || (c >= 0x2000 && c <= 0x200f) || c === 0x3000) return SPACE;
  if (c >= 0x2010 && c <= 0x2060) return 0; // general punctuation: dashes, curly quotes
  return LETTER;
}

/** Whether a run begins as hexadecimal numbers do: 0x7f. */
function isPrefixedHex(text: string, at: number): boolean {
  return text.charCodeAt(at) === 48 && (text.charCodeAt(at + 1) | 32) === 120;
}

const LONGEST_ID = 80;
const HYPHEN = 45;
const COLON = 58;

/**
 * The end of an id that begins at `from` and consists of hexadecimal groups, such as a UUID or a hardware
 * address; `from` if there is none. It has digits, letters and more than one group.
 */
function groupedIdEnd(text: string, from: number, to: number): number {
  const n = Math.min(to, from + LONGEST_ID);
  let kinds = 0; // digits and letters that were seen, as classes
  let groups = 0;
  let hex = 0;
  let mark = 0;
  let i = from;
  for (; i < n; i++) {
    const c = text.charCodeAt(i);
    const cls = classOf(c);
    if (cls === DIGIT || cls === HEX_LETTER) {
      kinds |= cls;
      hex++;
    } else if (
      (c === HYPHEN || c === COLON) &&
      (mark === 0 || mark === c) &&
      isHex(text, i + 1, n)
    ) {
      mark = c;
      groups++;
    } else {
      break;
    }
  }
  const ends = i >= to || (classOf(text.charCodeAt(i)) & (LETTER | DIGIT)) === 0;
  return ends && groups > 0 && hex >= 8 && kinds === (DIGIT | HEX_LETTER) ? i : from;
}

function isHex(text: string, at: number, n: number): boolean {
  if (at >= n) return false;
  const cls = classOf(text.charCodeAt(at));
  return cls === DIGIT || cls === HEX_LETTER;
}

/** The tokens of one line at a time, in arrays that are used again for the next. */
export class WordSplitter {
  /** Number of tokens found. */
  count = 0;
  readonly hash = new Int32Array(MAX_LINE);
  readonly kind = new Uint8Array(MAX_LINE);
  readonly start = new Int32Array(MAX_LINE);
  readonly end = new Int32Array(MAX_LINE);
  /** What a hash leaves out of a word or a number with at most three digits: 7 of worker7; else 0. */
  readonly detail = new Int32Array(MAX_LINE);

  /** Forgets the tokens. */
  clear(): void {
    this.count = 0;
  }

  /** Adds the tokens of `text` from `from` up to `to`; nothing past MAX_LINE UTF-16 units. */
  read(text: string, from: number, to: number): void {
    const n = Math.min(to, MAX_LINE);
    let i = from;
    while (i < n) {
      const c = text.charCodeAt(i);
      const cls = classOf(c);
      if ((cls & (LETTER | DIGIT)) !== 0) i = this.readRun(text, i, n);
      else if (cls === IDEOGRAPH) i = this.add(Kind.Word, scramble(c), i, i + 1);
      else if (cls === SPACE) i++;
      else i = this.add(Kind.Punctuation, scramble(c), i, i + 1);
    }
  }

  /** Adds a token and returns `end`. */
  add(kind: Kind, hash: number, start: number, end: number, detail = 0): number {
    const at = this.count++;
    this.detail[at] = detail;
    this.kind[at] = kind;
    this.hash[at] = hash;
    this.start[at] = start;
    this.end[at] = end;
    return end;
  }

  /** Takes token `i` out. */
  remove(i: number): void {
    for (const list of [this.hash, this.kind, this.start, this.end, this.detail]) {
      list.copyWithin(i, i + 1, this.count);
    }
    this.count--;
  }

  /** A run of letters and digits: a word, an id, or the beginning of a number. */
  private readRun(text: string, from: number, n: number): number {
    let digits = 0;
    let hex = true;
    let hash = 0x811c9dc5; // FNV-1a over the lower-cased run, each group of digits as one '0'
    let afterDigit = false;
    let detail = 1;
    let i = from;
    for (; i < n; i++) {
      let c = text.charCodeAt(i);
      const cls = classOf(c);
      if ((cls & (LETTER | DIGIT)) === 0) break;
      if (cls === DIGIT) {
        digits++;
        detail = Math.imul(detail, 31) + c;
        if (!afterDigit) hash = Math.imul(hash ^ 48, 0x01000193);
        afterDigit = true;
        continue;
      }
      afterDigit = false;
      if (cls !== HEX_LETTER) hex = false;
      if (c >= 65 && c <= 90) c += 32;
      hash = Math.imul(hash ^ c, 0x01000193);
    }
    const length = i - from;
    if (hex && i < n && (text.charCodeAt(i) === HYPHEN || text.charCodeAt(i) === COLON)) {
      const end = groupedIdEnd(text, from, n);
      if (end > from) return this.add(Kind.Id, 0, from, end);
    }
    if (digits === length) return this.readNumber(text, from, i, n);
    const isId =
      (hex && length >= (digits > 0 ? 4 : 8)) ||
      (digits > 0 && ((digits > 1 && length >= 16) || isPrefixedHex(text, from)));
    if (isId) return this.add(Kind.Id, 0, from, i);
    const told = digits > 0 && digits <= 3 ? scramble(detail) : 0;
    return this.add(Kind.Word, scramble(hash), from, i, told);
  }

  /** Digits, and further groups of digits joined to them by single marks. */
  private readNumber(text: string, from: number, digitsEnd: number, n: number): number {
    let i = digitsEnd;
    let first = 1; // the number itself, as far as its first three digits say
    for (let j = from; j < Math.min(digitsEnd, from + 3); j++) {
      first = first * 10 + text.charCodeAt(j) - 48;
    }
    let hash = 1;
    while (i + 1 < n) {
      const mark = text.charCodeAt(i);
      if (classOf(mark) !== JOINS_DIGITS || classOf(text.charCodeAt(i + 1)) !== DIGIT) break;
      hash = (Math.imul(hash, 31) + mark) | 0;
      i += 2;
      while (i < n && classOf(text.charCodeAt(i)) === DIGIT) i++;
    }
    if (i === digitsEnd) {
      const whole = scramble(first);
      return this.add(Kind.Number, whole, from, i, i - from <= 3 ? whole : 0);
    }
    return this.add(Kind.Compound, scramble(hash), from, i);
  }
}

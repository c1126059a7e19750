/**
 * line-reader.ts - reads a line into what is compared: its words and numbers without the time and the level
 * at its head, field by field if it is JSON.
 * SPDX-License-Identifier: MIT
 */
import type { Stamp } from './head.js';
import { fieldSeconds, stampOf } from './head.js';
import { looksLikeJson, readJsonLine } from './json-line.js';
import { MAX_LINE } from './lines.js';
import { Kind, pairHash, scramble, WordSplitter } from './words.js';

const LEVELS =
  'trace debug verbose info information notice warn warning error err crit critical alert fatal panic emerg emergency severe';
const TIME_FIELD = /^(@?timestamp|@?time|ts|date|datetime|asctime|eventtime|t)$/i;
const LEVEL_FIELD = /^(level|severity|lvl|loglevel|levelname|log\.level)$/i;
/* Times without a date are below it. */
const DATED = 366 * 86400;
/* A level stands among the first tokens of a line. */
const LEVEL_WITHIN = 12;

const LEVEL_HASHES = levelHashes();

/* What stands for numbers, ids and masked text in patterns and pairs. They are all alike, as one in fifty ids of
 * eight hexadecimal digits looks like a number. */
export const NUMBER_HASH = 0x1b873593;
const PATTERN_SEED = 17;
const FIRST_LINE_SEED = 31;

/** Reads one line at a time; the results are valid until the next. */
export class LineReader {
  readonly tokens = new WordSplitter();
  /** The JSON path of each token; 0 in a line that is not JSON. */
  readonly fields = new Int32Array(this.tokens.hash.length);
  stamp: Stamp | undefined;
  /** As it stands in the line, or undefined. */
  level: string | undefined;
  /** Equal for lines that differ only in numbers and ids. */
  pattern = 0;
  private text = '';
  /** Where the second line of the text ends, after which nothing counts for its pattern. */
  private patternEnd = 0;
  private without: readonly [number, number] | undefined;

  /** `masks`: what the user wants to count as one and the same, as global regular expressions. */
  constructor(private readonly masks: readonly RegExp[]) {}

  /** The text that was read. */
  get source(): string {
    return this.text;
  }

  /** Reads a line, or several that are one event; `without` is a part of it that is not compared. */
  read(whole: string, without?: readonly [number, number]): void {
    const text = whole.length > MAX_LINE ? whole.slice(0, MAX_LINE) : whole;
    this.text = text;
    this.without = without;
    const first = text.indexOf('\n');
    const second = first < 0 ? -1 : text.indexOf('\n', first + 1);
    this.patternEnd = second < 0 ? text.length : second;
    this.tokens.clear();
    this.stamp = undefined;
    this.level = undefined;
    if (looksLikeJson(text) && this.readJson()) return;
    this.tokens.clear();
    this.stamp = stampOf(text);
    this.level = undefined;
    this.readPlain();
  }

  private readPlain(): void {
    const { text, tokens } = this;
    this.readRange(0, text.length, this.stamp?.ranges ?? []);
    this.fields.fill(0, 0, tokens.count);
    this.takeLevel();
    this.pattern = this.patternOf(0, tokens.count, PATTERN_SEED);
  }

  /** Of lines of one pattern: equal for those whose short numbers are equal too. */
  get detail(): number {
    const { detail, count } = this.tokens;
    let hash = this.pattern;
    for (let i = 0; i < count; i++) if (detail[i] !== 0) hash = pairHash(hash, detail[i]!);
    return hash;
  }

  /** Adds the tokens from `start` to `end`, without the times; what is masked is one token. */
  private readRange(start: number, end: number, times: readonly [number, number][]): void {
    const { text, tokens, masks, without } = this;
    const ranges: [number, number, boolean][] = times.map(([a, b]) => [a, b, false]);
    if (without !== undefined) ranges.push([without[0], without[1], false]);
    if (masks.length > 0) {
      for (const [a, b] of maskedRanges(text, masks, start, end)) ranges.push([a, b, true]);
      ranges.sort((a, b) => a[0] - b[0]);
    }
    let from = start;
    for (const [a, b, masked] of ranges) {
      const to = Math.min(b, end);
      if (to <= from || a >= end) continue; // elsewhere, or within the range before it
      if (a > from) tokens.read(text, from, a);
      if (masked) tokens.add(Kind.Id, 0, Math.max(a, from), to);
      from = to;
    }
    tokens.read(text, from, end);
  }

  /** Takes the level out of the tokens: a word of the list that is in capitals or brackets. */
  private takeLevel(): void {
    const { hash, kind, start, end, count } = this.tokens;
    for (let i = 0; i < Math.min(count, LEVEL_WITHIN); i++) {
      if (kind[i] !== Kind.Word || !LEVEL_HASHES.has(hash[i]!)) continue;
      const word = this.text.slice(start[i], end[i]);
      const before = this.text[start[i]! - 1];
      const set = before === '[' || before === '<' || before === '(' || before === '=';
      if (!set && word !== word.toUpperCase()) continue;
      this.level = word;
      this.tokens.remove(i);
      return;
    }
  }

  /** The pattern of tokens `from` to `to`; of a text of several lines, that of the first two. */
  private patternOf(from: number, to: number, seed: number): number {
    const { start } = this.tokens;
    let pattern = seed;
    for (let i = from; i < to && start[i]! < this.patternEnd; i++) {
      pattern = pairHash(pattern, this.nameOf(i));
    }
    return pattern;
  }

  /** Reads the values of JSON; their order does not count. */
  private readJson(): boolean {
    const { text, tokens } = this;
    let pattern = FIRST_LINE_SEED;
    const good = readJsonLine(text, (path, name, start, end) => {
      if (this.takeField(name, start, end)) return;
      const from = tokens.count;
      tokens.add(Kind.Word, scramble(path), start, start); // the name, also of an empty value
      this.readRange(start, end, []);
      for (let i = from; i < tokens.count; i++) this.fields[i] = path;
      pattern = (pattern + scramble(this.patternOf(from, tokens.count, path))) | 0;
    });
    this.pattern = pattern;
    return good;
  }

  /** Whether the field is the time or the level, which are not compared. */
  private takeField(name: string, start: number, end: number): boolean {
    if (this.stamp === undefined && TIME_FIELD.test(name)) {
      const seconds = fieldSeconds(this.text.slice(start, end));
      if (seconds === undefined) return false;
      this.stamp = { seconds, dated: seconds >= DATED, ranges: [[start, end]] };
      return true;
    }
    if (this.level !== undefined || !LEVEL_FIELD.test(name)) return false;
    this.level = this.text.slice(start, end);
    return true;
  }

  /** What stands for token `i` in pairs. */
  nameOf(i: number): number {
    const { kind, hash } = this.tokens;
    if (kind[i] === Kind.Word || kind[i] === Kind.Punctuation) return hash[i]!;
    return NUMBER_HASH;
  }

  /** The text with its time, numbers and ids replaced by marks, and at most `limit` characters long. */
  maskedText(limit: number): string {
    const { kind, start, end, count } = this.tokens;
    const ranges: [number, number, string][] = [];
    for (const [a, b] of this.stamp?.ranges ?? []) ranges.push([a, b, '<time>']);
    for (let i = 0; i < count && start[i]! < limit; i++) {
      if (kind[i] === Kind.Id) ranges.push([start[i]!, end[i]!, '<id>']);
      else if (kind[i] === Kind.Number || kind[i] === Kind.Compound) {
        ranges.push([start[i]!, end[i]!, '<n>']);
      }
    }
    ranges.sort((a, b) => a[0] - b[0]);
    let masked = '';
    let from = 0;
    for (const [a, b, mark] of ranges) {
      if (a < from) continue;
      masked += this.text.slice(from, a) + mark;
      from = b;
    }
    const whole = (masked + this.text.slice(from, from + limit)).slice(0, limit);
    return whole.replace(/\p{Surrogate}/gu, '\ufffd'); // halves of characters cannot be saved
  }
}

function levelHashes(): ReadonlySet<number> {
  const splitter = new WordSplitter();
  splitter.read(LEVELS, 0, LEVELS.length);
  return new Set(splitter.hash.subarray(0, splitter.count));
}

/** Where the masks match between `from` and `to`. */
function maskedRanges(
  text: string,
  masks: readonly RegExp[],
  from: number,
  to: number,
): [number, number][] {
  const part = from === 0 && to === text.length ? text : text.slice(from, to);
  const ranges: [number, number][] = [];
  for (const mask of masks) {
    for (const found of part.matchAll(mask)) {
      if (found[0] !== '') ranges.push([from + found.index, from + found.index + found[0].length]);
    }
  }
  return ranges.sort((a, b) => a[0] - b[0]);
}

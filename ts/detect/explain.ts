/**
 * explain.ts - names the words of a line that came most unexpectedly.
 * SPDX-License-Identifier: MIT
 */
import type { LineReader } from './line-reader.js';
import type { OddPart } from './types.js';
import type { WordCounts } from './word-counts.js';
import { Kind } from './words.js';

const MOST_PARTS = 5;
const LEAST_SHARE = 0.1;
/* Bits of a word that nobody wonders at. */
const USUAL = 4;
const EDGE = 0x0b4711ed;

/** Which parts made the line odd, most first; `number` is the token of a number far outside its range. */
export function oddParts(line: LineReader, counts: WordCounts, number: number): OddPart[] {
  const { tokens } = line;
  if (number >= 0) return [{ start: tokens.start[number]!, end: tokens.end[number]!, share: 1 }];
  const parts: OddPart[] = [];
  let sum = 0;
  let before = EDGE;
  for (let i = 0; i < tokens.count; i++) {
    if (tokens.kind[i] === Kind.Punctuation) continue;
    const name = line.nameOf(i) ^ line.fields[i]!;
    const odd = counts.bits(name, before) - USUAL;
    before = name;
    if (odd <= 0) continue;
    sum += odd;
    const start = tokens.start[i]!;
    const end = tokens.end[i]!;
    if (end > start) parts.push({ start, end, share: odd });
  }
  for (const part of parts) part.share /= sum;
  parts.sort((a, b) => b.share - a.share || a.start - b.start);
  const least = Math.min(LEAST_SHARE, (parts[0]?.share ?? 0) / 2);
  return parts.filter((part) => part.share >= least).slice(0, MOST_PARTS);
}

/** Counts the words of a line. */
export function learnWords(line: LineReader, counts: WordCounts): void {
  let before = EDGE;
  for (let i = 0; i < line.tokens.count; i++) {
    if (line.tokens.kind[i] === Kind.Punctuation) continue;
    const name = line.nameOf(i) ^ line.fields[i]!;
    counts.learn(name, before);
    before = name;
  }
}

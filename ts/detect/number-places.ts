/**
 * number-places.ts - which numbers of a line stand in which place.
 * SPDX-License-Identifier: MIT
 */
import type { LineReader } from './line-reader.js';
import type { Numbers } from './numbers.js';
import { Kind, pairHash } from './words.js';

/* Longer numbers are ids, if anything. */
const MAX_DIGITS = 18;

/**
 * Reads the numbers of a line into `numbers`. A place is what the two words before it and the numbers since
 * then make of it. Returns the largest oddness and the token that it is of.
 */
export function readNumbers(line: LineReader, numbers: Numbers): { odd: number; token: number } {
  const { tokens, fields } = line;
  let odd = 0;
  let token = -1;
  let last = 7;
  let before = 9;
  let ordinal = 0;
  for (let i = 0; i < tokens.count; i++) {
    const kind = tokens.kind[i];
    if (kind === Kind.Word) {
      before = last;
      last = tokens.hash[i]!;
      ordinal = 0;
    }
    if (kind !== Kind.Number && kind !== Kind.Compound) continue;
    const place = pairHash(pairHash(before, last), fields[i]!);
    for (const value of valuesOf(line, i)) {
      const found = numbers.read(pairHash(place, ordinal++), value);
      if (found <= odd) continue;
      odd = found;
      token = i;
    }
  }
  return { odd, token };
}

/** The numbers in a token: 3.75 is one, 10.0.0.7:8080 are five. */
function valuesOf({ tokens, source }: LineReader, i: number): number[] {
  const text = source.slice(tokens.start[i], tokens.end[i]);
  if (tokens.kind[i] === Kind.Number) return [Number(text.slice(0, MAX_DIGITS))];
  if (/^\d+\.\d+$/.test(text)) return [Number(text)];
  return text.split(/\D+/).map((digits) => Number(digits.slice(0, MAX_DIGITS)));
}

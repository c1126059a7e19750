/**
 * number-places.ts - which numbers of a line stand in which place.
 * SPDX-License-Identifier: MIT
 */
import type { LineReader } from './line-reader.js';
import type { Numbers } from './numbers.js';
import { Kind, pairHash } from './words.js';

/* Longer numbers are ids, if anything. */
const MAX_DIGITS = 18;
const MAX_VALUES = 64;

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
    values.read(line.source, tokens.start[i]!, tokens.end[i]!);
    for (let k = values.first; k < values.count; k++) {
      const found = numbers.read(pairHash(place, ordinal++), values.list[k]!);
      if (found <= odd) continue;
      odd = found;
      token = i;
    }
  }
  return { odd, token };
}

/** The numbers in a token: 3.75 is one, 10.0.0.7:8080 are five. */
class Values {
  readonly list = new Float64Array(MAX_VALUES);
  count = 0;
  /** The first that says how much, as those of an address do not. */
  first = 0;

  /** Reads the digits of `text` from `start` to `end`. */
  read(text: string, start: number, end: number): void {
    this.count = 0;
    let value = 0;
    let digits = 0;
    let marks = 0;
    let dots = 0; // before the first other mark
    for (let i = start; i < end; i++) {
      const digit = text.charCodeAt(i) - 48;
      if (digit >= 0 && digit <= 9) {
        if (digits++ < MAX_DIGITS) value = 10 * value + digit;
        continue;
      }
      if (text.charCodeAt(i) === 46 && marks === dots) dots++;
      marks += text.charCodeAt(i) === 46 ? 1 : 2;
      this.add(value);
      value = 0;
      digits = 0;
    }
    this.add(value);
    this.first = dots === 3 ? 4 : 0;
    if (marks === 1) {
      this.count = 1; // a decimal point: what follows it does not matter on a scale of powers of ten
    }
  }

  private add(value: number): void {
    if (this.count < MAX_VALUES) this.list[this.count++] = value;
  }
}

const values = new Values();

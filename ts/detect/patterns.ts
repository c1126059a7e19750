/**
 * patterns.ts - the latest kinds of lines with their texts, to say which known one a line is like.
 * SPDX-License-Identifier: MIT
 */
import type { ByteReader, ByteWriter } from './bytes.js';
import type { LineReader } from './line-reader.js';
import { Kind } from './words.js';

const PATTERNS = 512;
const MAX_TEXT = 160;
const MAX_WORDS = 24;
/* Below this share of words in common no pattern is called alike. */
const LEAST_ALIKE = 0.3;

interface Pattern {
  text: string;
  /** Hashes of its words. */
  words: Int32Array;
}

/** At most PATTERNS kinds of lines; the one that was not seen for the longest time goes first. */
export class Patterns {
  private readonly known = new Map<number, Pattern>();

  /** Takes note of a line of a kind. */
  see(line: LineReader, kind: number): void {
    const { known } = this;
    const pattern = known.get(kind);
    if (pattern !== undefined) {
      known.delete(kind);
      known.set(kind, pattern);
      return;
    }
    if (known.size >= PATTERNS) known.delete(known.keys().next().value as number);
    known.set(kind, { text: line.maskedText(MAX_TEXT), words: wordsOf(line) });
  }

  /** The text of a kind of line, if it is known. */
  text(kind: number): string | undefined {
    return this.known.get(kind)?.text;
  }

  /** The text of the pattern with the most words in common (Dice's coefficient), or undefined. */
  nearest(line: LineReader, kind: number): string | undefined {
    const own = this.known.get(kind);
    if (own !== undefined) return own.text;
    const words = new Set(wordsOf(line));
    let best: Pattern | undefined;
    let most = LEAST_ALIKE;
    for (const pattern of this.known.values()) {
      let common = 0;
      for (const word of pattern.words) if (words.has(word)) common++;
      const alike = (2 * common) / (words.size + pattern.words.length);
      if (alike < most) continue;
      most = alike;
      best = pattern;
    }
    return best?.text;
  }

  save(to: ByteWriter): void {
    to.count(this.known.size);
    for (const [key, { text, words }] of this.known) {
      to.u32(key >>> 0);
      to.text(text);
      to.count(words.length);
      for (const word of words) to.u32(word >>> 0);
    }
  }

  load(from: ByteReader): void {
    const size = from.count(PATTERNS);
    for (let i = 0; i < size; i++) {
      const key = from.u32() | 0;
      const text = from.text(4 * MAX_TEXT);
      const words = new Int32Array(from.count(MAX_WORDS));
      for (let k = 0; k < words.length; k++) words[k] = from.u32();
      this.known.set(key, { text, words });
    }
  }
}

/** The different words of a line, at most MAX_WORDS. */
function wordsOf({ tokens }: LineReader): Int32Array {
  const words = new Set<number>();
  for (let i = 0; i < tokens.count && words.size < MAX_WORDS; i++) {
    if (tokens.kind[i] === Kind.Word) words.add(tokens.hash[i]!);
  }
  return Int32Array.from(words);
}

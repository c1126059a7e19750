/**
 * word-counts.ts - how often each word came, and after which word: what names the odd words of a line.
 * SPDX-License-Identifier: MIT
 */
import { log2 } from '../common/logarithm.js';
import type { ByteReader, ByteWriter } from './bytes.js';
import { pairHash } from './words.js';

const WORDS = 1 << 16;
const MOST = 60000;

/** Counts of words and of pairs of neighbours, in one table of fixed size. */
export class WordCounts {
  private readonly counts = new Uint16Array(WORDS);
  private total = 0;

  /** How unexpected a word is after the one before it, in bits. */
  bits(word: number, before: number): number {
    const { counts } = this;
    const alone = (counts[slot(word)]! + 0.1) / (this.total + 1);
    const p = (counts[slot(pairHash(before, word))]! + 2 * alone) / (counts[slot(before)]! + 2);
    return -log2(Math.min(1, p));
  }

  learn(word: number, before: number): void {
    this.count(slot(word));
    this.count(slot(pairHash(before, word)));
    this.total++;
  }

  private count(at: number): void {
    if (this.counts[at]! >= MOST) this.halve();
    this.counts[at]!++;
  }

  private halve(): void {
    for (let i = 0; i < WORDS; i++) this.counts[i] = this.counts[i]! >>> 1;
    this.total = Math.floor(this.total / 2);
  }

  save(to: ByteWriter): void {
    to.count(this.total);
    to.sparse(this.counts);
  }

  load(from: ByteReader): void {
    this.total = from.count();
    from.sparse(this.counts, MOST);
  }
}

function slot(hash: number): number {
  return hash & (WORDS - 1);
}

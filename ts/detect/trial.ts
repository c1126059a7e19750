/**
 * trial.ts - new kinds of lines that were alarms wait here until they have come back, so that a burst of them
 * does not become usual at once.
 * SPDX-License-Identifier: MIT
 */
import type { ByteReader, ByteWriter } from './bytes.js';

const PLACES = 64;
/* A kind of line is learnt when it has come so often, or again after so many other lines. */
const TIMES = 8;
const LINES = 256;

export class Trial {
  /** For each kind of line: the number of its first line, and how often it came. */
  private readonly waiting = new Map<number, { first: number; times: number }>();

  /** Whether line `number`, of this kind, is to be learnt; `odd`: a new kind, and an alarm. */
  admits(pattern: number, number: number, odd: boolean): boolean {
    if (this.waiting.size === 0 && !odd) return true;
    const entry = this.waiting.get(pattern);
    if (entry === undefined) {
      if (!odd) return true;
      if (this.waiting.size >= PLACES)
        this.waiting.delete(this.waiting.keys().next().value as number);
      this.waiting.set(pattern, { first: number, times: 1 });
      return false;
    }
    if (++entry.times < TIMES && number - entry.first < LINES) return false;
    this.waiting.delete(pattern);
    return true;
  }

  save(to: ByteWriter): void {
    to.count(this.waiting.size);
    for (const [pattern, { first, times }] of this.waiting) {
      to.u32(pattern >>> 0);
      to.count(first);
      to.count(times);
    }
  }

  load(from: ByteReader): void {
    for (let left = from.count(PLACES); left > 0; left--) {
      const pattern = from.u32() | 0;
      this.waiting.set(pattern, { first: from.count(), times: from.count(TIMES) });
    }
  }
}

/**
 * variants.ts - whether the short numbers of a line say what kind of line it is, as codes do, or only how
 * much, as durations do.
 * SPDX-License-Identifier: MIT
 */
import type { ByteReader, ByteWriter } from './bytes.js';

const PATTERNS = 1 << 13;
const DETAILS = 1 << 17;
const MOST = 60000;
/* Numbers are codes while there is at most one variant for so many lines of a pattern, and so many in all. */
const LINES_EACH = 2;
const MOST_VARIANTS = 128;

/** Counts lines and variants of each pattern, in tables of fixed size. */
export class Variants {
  private readonly lines = new Uint16Array(PATTERNS);
  private readonly variants = new Uint16Array(PATTERNS);
  /** One bit for each variant that was seen. */
  private readonly seen = new Uint8Array(DETAILS / 8);
  private known = 0;

  /** The kind of a line: its detail if its numbers are codes, else its pattern. Learns it. */
  kindOf(pattern: number, detail: number): number {
    if (detail === pattern) return pattern;
    const at = pattern & (PATTERNS - 1);
    const bit = detail & (DETAILS - 1);
    if (this.lines[at]! >= MOST) {
      this.lines[at] = this.lines[at]! >>> 1;
      this.variants[at] = this.variants[at]! >>> 1;
    }
    this.lines[at]!++;
    if ((this.seen[bit >> 3]! & (1 << (bit & 7))) === 0) {
      this.seen[bit >> 3]! |= 1 << (bit & 7);
      this.variants[at]!++;
      if (++this.known > DETAILS / 8) this.forget();
    }
    const most = Math.min(MOST_VARIANTS, 1 + this.lines[at]! / LINES_EACH);
    return this.variants[at]! <= most ? detail : pattern;
  }

  /** Keeps the bits from filling up. */
  private forget(): void {
    this.known = 0;
    this.seen.fill(0);
    for (let i = 0; i < PATTERNS; i++) this.variants[i] = this.variants[i]! >>> 1;
  }

  save(to: ByteWriter): void {
    to.count(this.known);
    to.sparse(this.lines);
    to.sparse(this.variants);
    to.sparse(this.seen);
  }

  load(from: ByteReader): void {
    this.known = from.count(DETAILS);
    from.sparse(this.lines, MOST);
    from.sparse(this.variants, MOST);
    from.sparse(this.seen, 255);
  }
}

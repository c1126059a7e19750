/**
 * numbers.ts - whether a number is far outside the range of those that stood in its place before.
 * SPDX-License-Identifier: MIT
 */
import { log10 } from '../common/logarithm.js';
import type { ByteReader, ByteWriter } from './bytes.js';

const PLACES = 1 << 13;
const MOST = 60000;

/** The range of the numbers of each place, on a logarithmic scale, in a table of fixed size. */
export class Numbers {
  private readonly owners = new Int32Array(PLACES);
  private readonly seen = new Uint16Array(PLACES);
  private readonly low = new Float32Array(PLACES);
  private readonly high = new Float32Array(PLACES);

  /**
   * Reads the number `value` at a place (a hash of what it belongs to). Returns 0 if it is less than a power
   * of ten away from all before it; above, more for a greater distance and a longer past.
   */
  read(place: number, value: number): number {
    const at = place & (PLACES - 1);
    const size = Math.fround(log10(1 + Math.min(Math.abs(value), 1e30)));
    if (this.owners[at] !== place || this.seen[at] === 0) {
      this.claim(at, place, size);
      return 0;
    }
    const distance = Math.max(size - this.high[at]!, this.low[at]! - size);
    const seen = this.seen[at]!;
    if (size > this.high[at]!) this.high[at] = size;
    if (size < this.low[at]!) this.low[at] = size;
    if (seen < MOST) this.seen[at] = seen + 1;
    return distance > 1 ? log10(seen + 1) * Math.min(1, (distance - 0.5) / 2) : 0;
  }

  /** Gives a row of the table to a new place, once the former owner has lost as often as it was seen. */
  private claim(at: number, place: number, size: number): void {
    if (this.seen[at]! > 1) {
      this.seen[at]!--;
      return;
    }
    this.owners[at] = place;
    this.seen[at] = 1;
    this.low[at] = size;
    this.high[at] = size;
  }

  save(to: ByteWriter): void {
    to.sparse(this.seen);
    for (let i = 0; i < PLACES; i++) {
      if (this.seen[i] === 0) continue;
      to.u32(this.owners[i]! >>> 0);
      to.f64(this.low[i]!);
      to.f64(this.high[i]!);
    }
  }

  load(from: ByteReader): void {
    from.sparse(this.seen, MOST);
    for (let i = 0; i < PLACES; i++) {
      if (this.seen[i] === 0) continue;
      this.owners[i] = from.u32() | 0;
      this.low[i] = from.f64(31);
      this.high[i] = from.f64(31);
    }
  }
}

/**
 * signal-counts.ts - how often each value of a signal followed those before it, and came at its hour of the
 * day and of the week: counts in tables of fixed size, addressed by hashes.
 *
 * A value is what bin it falls into, in six grids of different widths and offsets, so that no border of bins
 * matters much.
 * SPDX-License-Identifier: MIT
 */
import { ln } from '../common/logarithm.js';
import type { ByteReader, ByteWriter } from './bytes.js';

/* Bins from -4 to 4 deviations; a shifted grid has one more. What is beyond falls into the bins at the ends. */
const WIDTHS = [12, 12, 16, 16, 20, 20] as const;
const GRIDS = WIDTHS.length;
const SPAN = 8;
const MOST_BINS = 21;
/* The last bins that make a context: two, and three. */
const DEPTH = 3;
const ORDERS = 2;
/* Contexts of a grid: these, and with a time the hour of the day and that of the week. */
const CONTEXTS = ORDERS + 2;
const SLOTS = 1 << 17;
const MOST = 0xffff;
/* When so many values were counted all counts are halved. */
const MEMORY = 50000;
/* Weight of the counts of single bins in a context: for errors, and for what is expected. */
const ALPHA = 2;
const ALPHA_EXPECTED = 0.5;
/* The grids that tell the expected range, and the share of values that may lie outside at both ends. */
const FINEST = [4, 5] as const;
const OUTSIDE = 0.01;

/** The bits of a hash, mixed. */
function scramble(hash: number): number {
  let h = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  h = Math.imul(h ^ (h >>> 15), 0x846ca68b);
  return (h ^ (h >>> 16)) | 0;
}

function contextSlot(context: number): number {
  return (context >>> 3) & (SLOTS - 1);
}

function pairSlot(context: number, bin: number): number {
  return scramble(context ^ Math.imul(bin + 1, 0x85ebca6b)) & (SLOTS - 1);
}

const shiftOf = (grid: number): number => (grid & 1) / 2;
const binsOf = (grid: number): number => WIDTHS[grid]! + (grid & 1);

function binOf(grid: number, standard: number): number {
  const width = WIDTHS[grid]!;
  const bin = Math.floor(((standard + SPAN / 2) / SPAN) * width + shiftOf(grid));
  return Math.max(0, Math.min(binsOf(grid) - 1, bin));
}

/** Remainder that is never negative. */
function modulo(a: number, b: number): number {
  return ((a % b) + b) % b;
}

export class SignalCounts {
  private readonly contexts = new Uint16Array(SLOTS);
  private readonly pairs = new Uint16Array(SLOTS);
  /** Counts of single bins, grid after grid. */
  private readonly singles = new Uint32Array(GRIDS * MOST_BINS);
  private readonly totals = new Uint32Array(GRIDS);
  private sinceHalving = 0;
  /** The last bins of each grid, latest first. */
  private readonly last = new Uint8Array(GRIDS * DEPTH);
  /** Hashes of the contexts that the next value comes in. */
  private readonly present = new Int32Array(GRIDS * CONTEXTS);
  private used: number = ORDERS;

  /** Sets the contexts of the next value. `time` in seconds since 1970, if there is one. */
  begin(time: number | undefined): void {
    this.used = time === undefined ? ORDERS : CONTEXTS;
    const hours = time === undefined ? 0 : Math.floor(time / 3600);
    for (let grid = 0; grid < GRIDS; grid++) {
      const at = grid * CONTEXTS;
      let hash = (grid + 1) * 7919;
      for (let k = 0; k < DEPTH; k++) {
        hash = scramble(hash ^ Math.imul(this.last[grid * DEPTH + k]! + 1, 0x9e3779b1));
        if (k >= DEPTH - ORDERS) this.present[at + k + ORDERS - DEPTH] = hash;
      }
      if (time === undefined) continue;
      const day = modulo(hours, 24);
      const week = 5000 + modulo(hours, 168);
      this.present[at + ORDERS] = scramble(Math.imul(day, 0x9e3779b1) ^ (grid * 77));
      this.present[at + ORDERS + 1] = scramble(Math.imul(week, 0x9e3779b1) ^ (grid * 77));
    }
  }

  /** The probability of a bin apart from any context. */
  private single(grid: number, bin: number): number {
    const count = this.singles[grid * MOST_BINS + bin]!;
    return (count + 0.5) / (this.totals[grid]! + 0.5 * binsOf(grid));
  }

  /** The probability of a bin after a context, where it was seen; `single` is that apart from any. */
  private after(context: number, bin: number, single: number, alpha = ALPHA): number {
    const seen = this.contexts[contextSlot(context)]!;
    if (seen === 0) return single;
    return Math.min(1, (this.pairs[pairSlot(context, bin)]! + alpha * single) / (seen + alpha));
  }

  /** How unexpected a value was, in nats, as a mean over grids and contexts. Counts it. */
  read(standard: number): number {
    let product = 1; // of 24 probabilities above 1e-10 each
    for (let grid = 0; grid < GRIDS; grid++) {
      const bin = binOf(grid, standard);
      const single = this.single(grid, bin);
      for (let i = 0; i < this.used; i++) {
        const context = this.present[grid * CONTEXTS + i]!;
        product *= this.after(context, bin, single);
        this.count(this.contexts, contextSlot(context));
        this.count(this.pairs, pairSlot(context, bin));
      }
      this.singles[grid * MOST_BINS + bin]!++;
      this.totals[grid]!++;
      const at = grid * DEPTH;
      this.last.copyWithin(at + 1, at, at + DEPTH - 1);
      this.last[at] = bin;
    }
    if (++this.sinceHalving >= MEMORY / 2) this.halve();
    return -ln(product) / (GRIDS * this.used);
  }

  private count(table: Uint16Array, at: number): void {
    if (table[at]! < MOST) table[at]!++;
  }

  private halve(): void {
    this.sinceHalving = 0;
    for (const table of [this.contexts, this.pairs, this.singles]) {
      for (let i = 0; i < table.length; i++) table[i] = table[i]! >>> 1;
    }
    this.sum();
  }

  private sum(): void {
    for (let grid = 0; grid < GRIDS; grid++) {
      const from = grid * MOST_BINS;
      this.totals[grid] = this.singles.subarray(from, from + MOST_BINS).reduce((a, b) => a + b, 0);
    }
  }

  /**
   * The range in which about 98 of 100 next values lie, in deviations from the mean; it may end at infinity. As in
   * the errors, a probability is the geometric mean of those of the contexts.
   */
  expected(): [low: number, high: number] {
    const range: [number, number] = [-Infinity, Infinity];
    for (const grid of FINEST) {
      const [low, high] = this.expectedBins(grid);
      const unit = SPAN / WIDTHS[grid]!;
      const start = -SPAN / 2 - shiftOf(grid) * unit;
      if (low > 0) range[0] = Math.max(range[0], start + low * unit);
      if (high < binsOf(grid) - 1) range[1] = Math.min(range[1], start + (high + 1) * unit);
    }
    return range;
  }

  private expectedBins(grid: number): [low: number, high: number] {
    const shares = mixture;
    const bins = binsOf(grid);
    let total = 0;
    for (let bin = 0; bin < bins; bin++) {
      const single = this.single(grid, bin);
      let product = 1;
      let p = single; // a context that is new counts as the one before it
      for (let i = 0; i < this.used; i++) {
        const context = this.present[grid * CONTEXTS + i]!;
        const isSeen = this.contexts[contextSlot(context)]! > 0;
        if (i === ORDERS && !isSeen) p = single;
        if (isSeen) p = this.after(context, bin, single, ALPHA_EXPECTED);
        product *= p;
      }
      const root = Math.sqrt(product);
      shares[bin] = this.used === ORDERS ? root : Math.sqrt(root);
      total += shares[bin]!;
    }
    let low = 0;
    let high = bins - 1;
    let left = OUTSIDE * total;
    while (low < high) {
      const fromLow = shares[low]! < shares[high]!;
      left -= fromLow ? shares[low]! : shares[high]!;
      if (left < 0) break;
      if (fromLow) low++;
      else high--;
    }
    return [low, high];
  }

  save(to: ByteWriter): void {
    to.count(this.sinceHalving);
    for (const table of [this.contexts, this.pairs, this.singles, this.last]) to.sparse(table);
  }

  load(from: ByteReader): void {
    this.sinceHalving = from.count(MEMORY / 2 - 1);
    from.sparse(this.contexts, MOST);
    from.sparse(this.pairs, MOST);
    from.sparse(this.singles, MEMORY);
    from.sparse(this.last, MOST_BINS - 1);
    this.sum();
  }
}

const mixture = new Float64Array(MOST_BINS);

/**
 * tail.ts - where a value stands among those before it, and alarms at a given rate.
 * SPDX-License-Identifier: MIT
 */
import { ln, log10 } from '../common/logarithm.js';
import type { ByteReader, ByteWriter } from './bytes.js';

const BINS = 1024;

/**
 * The distribution of the values so far, as counts in equal bins between two limits. When `memory` values
 * were counted all counts are halved, so that what is long past weighs less.
 */
export class Tail {
  private readonly counts = new Uint32Array(BINS);
  /** Fenwick tree of the counts (Fenwick 1994): prefix sums in logarithmic time. */
  private readonly tree = new Uint32Array(BINS + 1);
  private total = 0;
  private halvings = 0;

  constructor(
    private readonly low: number,
    private readonly high: number,
    private readonly memory: number,
  ) {}

  private binOf(value: number): number {
    const at = Math.floor(((value - this.low) / (this.high - this.low)) * BINS);
    return at > 0 ? Math.min(at, BINS - 1) : 0;
  }

  /** The share of the values so far that were at least as great; those of the same bin count half. */
  share(value: number): number {
    return this.shareWith(value, 0.5, 1);
  }

  /**
   * The same, as if before all `weight` values had come, of which the share `expected` was at least as great.
   */
  shareWith(value: number, expected: number, weight: number): number {
    const bin = this.binOf(value);
    const greater = this.above(bin) + this.counts[bin]! / 2;
    return (greater + expected * weight) / (this.total + weight);
  }

  /** How many values lie in greater bins. */
  private above(bin: number): number {
    let upTo = 0;
    for (let i = bin + 1; i > 0; i &= i - 1) upTo += this.tree[i]!;
    return this.total - upTo;
  }

  /** Minus the decimal logarithm of the share: 0 for the smallest so far, 3 for one in a thousand. */
  oddness(value: number): number {
    return -log10(this.share(value));
  }

  /** The value below which about this share of the values so far was. */
  quantile(share: number): number {
    let rest = share * this.total;
    let at = 0;
    for (let step = BINS; step > 0; step >>= 1) {
      if (at + step > BINS || this.tree[at + step]! > rest) continue;
      at += step;
      rest -= this.tree[at]!;
    }
    return this.low + ((Math.min(at, BINS - 1) + 0.5) / BINS) * (this.high - this.low);
  }

  add(value: number): void {
    const bin = this.binOf(value);
    this.counts[bin]!++;
    this.total++;
    for (let i = bin + 1; i <= BINS; i += i & -i) this.tree[i]!++;
    if (this.total >= this.memory) this.halve();
  }

  /** Rounds up and down in turn, so that rare values neither stay for ever nor vanish at once. */
  private halve(): void {
    const up = ~this.halvings++ & 1;
    for (let i = 0; i < BINS; i++) this.counts[i] = (this.counts[i]! + up) >>> 1;
    this.rebuild();
  }

  private rebuild(): void {
    const { counts, tree } = this;
    this.total = 0;
    tree.fill(0);
    for (let i = 1; i <= BINS; i++) {
      this.total += counts[i - 1]!;
      tree[i] = tree[i]! + counts[i - 1]!;
      const parent = i + (i & -i);
      if (parent <= BINS) tree[parent] = tree[parent]! + tree[i]!;
    }
  }

  save(to: ByteWriter): void {
    to.count(this.halvings);
    to.sparse(this.counts);
  }

  load(from: ByteReader): void {
    this.halvings = from.count();
    from.sparse(this.counts, this.memory);
    this.rebuild();
    if (this.total >= this.memory) throw from.damaged();
  }
}

/* How fast the threshold follows, unless told otherwise: one alarm lowers the share that is needed by this
 * much (as a power of e), and the lines between two alarms at the rate wanted raise it as much again. */
const STEP = 0.15;
/* The share that is needed stays within these multiples of the rate: usual lines are not made alarms only
 * because nothing odd came. */
const LEAST = -4;
const MOST = 1.5;

/**
 * Decides which shares are alarms so that they are as frequent as asked for, also where the past says little
 * about the present. As in adaptive conformal inference (Gibbs and Candes 2021, arXiv 2106.00170, section
 * 2), but on the logarithm of the threshold.
 */
export class AlarmRate {
  /** Logarithm of the threshold as a multiple of the rate. */
  private shift = 0;

  constructor(
    readonly rate: number,
    private readonly step = STEP,
  ) {}

  /** Whether an event of this share is an alarm; moves the threshold. */
  decide(share: number): boolean {
    const alarm = ln(share / this.rate) <= this.shift;
    this.shift = Math.min(MOST, this.shift + this.step * this.rate);
    if (alarm) this.shift = Math.max(LEAST, this.shift - this.step);
    return alarm;
  }

  save(to: ByteWriter): void {
    to.f64(this.shift);
  }

  load(from: ByteReader): void {
    this.shift = from.f64(-LEAST);
  }
}

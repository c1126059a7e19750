/**
 * signal-scale.ts - the scale of a signal: running mean and deviation, which make values of any unit
 * comparable, and the range of the values so far.
 * SPDX-License-Identifier: MIT
 */
import type { ByteReader, ByteWriter } from './bytes.js';

/** Values are cut off here, so that no difference of two overflows. */
const MOST = 4e307;
/** The weight of a value in mean and deviation is 1 / HORIZON at least. */
const HORIZON = 5000;
/** Deviations from the mean at which the scale ends. */
const END = 8;
/** Deviations that one value counts for in mean and deviation at most, but for the first few. */
const REACH = 50;
const UNBOUNDED = 3;
/** Deviations up to which the grids tell values apart (signal-counts.ts). */
const EDGE = 4;
/** After so many values beyond the edge the scale is made anew from them. */
const RESTART = 100;
/** A value within the edge makes up for so many beyond it. */
const INSIDE = 4;
/** A scale is made anew, too, where all values of a block of so many ... */
const BLOCK = 1000;
/** ... lie within so many deviations, and are not constant: the grids tell little of them apart. */
/* After a restart of values close together the deviation is at least this share of their width, as the latest
 * may all be alike. */
const LEAST_DEVIATION = 0.1;
const NARROW = 1;
/** The range shrinks towards the mean by this share with each value. */
const SHRINKING = 1 / 20000;
/** What is beyond the range by this share of it counts as beyond. */
export const MARGIN = 0.05;

export class SignalScale {
  private count = 0;
  private mean = 0;
  private deviation = 0;
  private low = 0;
  private high = 0;
  private outside = 0;
  /** Place in the present block, and its least and greatest value. */
  private inBlock = 0;
  private least = 0;
  private greatest = 0;
  /** The last values, for a new scale. */
  private readonly recent = new Float64Array(RESTART);
  private next = 0;

  /** A value that can be computed with. */
  static bounded(value: number): number {
    return Math.max(-MOST, Math.min(MOST, value));
  }

  /** What one deviation is; of a signal that never changed, a hundredth of its value. */
  private get unit(): number {
    const { deviation, mean } = this;
    if (deviation === 0) return Math.abs(mean) * 0.01 || 1e-6;
    return Math.max(deviation, Math.abs(mean) * 1e-14, 1e-290);
  }

  /** The value in deviations from the mean, -8 to 8. */
  standard(value: number): number {
    if (this.count < 2) return 0;
    return Math.max(-END, Math.min(END, (value - this.mean) / this.unit));
  }

  /** The value at so many deviations from the mean. */
  valueAt(standard: number): number {
    return this.mean + standard * this.unit;
  }

  /** The range so far and its margin: what lies outside is beyond it. At least two values were read. */
  bounds(): [low: number, high: number] {
    const margin = (this.high - this.low) * MARGIN;
    return [this.low - margin, this.high + margin];
  }

  /**
   * How far the value is beyond the range so far, in widths of the range; 0 within it and its margin, which
   * is MARGIN. Of a constant signal any other value is infinitely far beyond.
   */
  beyond(value: number): number {
    if (this.count < 2) return 0;
    const [low, high] = this.bounds();
    if (value >= low && value <= high) return 0;
    const distance = Math.max(this.low - value, value - this.high);
    return distance / (this.high - this.low);
  }

  learn(value: number): void {
    this.recent[this.next] = value;
    this.next = (this.next + 1) % RESTART;
    const isOutside = Math.abs(this.standard(value)) > EDGE;
    this.outside = Math.max(0, this.outside + (isOutside ? 1 : -INSIDE));
    if (this.outside >= RESTART) this.restart();
    else if (this.isNarrow(value)) {
      const { least, greatest } = this;
      this.restart();
      this.low = least;
      this.high = greatest;
      this.deviation = Math.max(this.deviation, (greatest - least) * LEAST_DEVIATION);
    } else {
      this.widen(value);
      this.follow(value);
    }
  }

  /** Whether this value ends a block of values that are not constant, but close together. */
  private isNarrow(value: number): boolean {
    if (this.inBlock++ === 0) this.least = this.greatest = value;
    if (value < this.least) this.least = value;
    if (value > this.greatest) this.greatest = value;
    if (this.inBlock < BLOCK) return false;
    this.inBlock = 0;
    const width = this.greatest - this.least;
    return width > 0 && width < NARROW * this.unit;
  }

  /** Moves mean and deviation; a value far off counts as one at the end of the reach. */
  private follow(value: number): void {
    const weight = Math.max(1 / ++this.count, 1 / HORIZON);
    const reach = this.count <= UNBOUNDED ? Infinity : REACH * this.unit;
    const distance = Math.max(-reach, Math.min(reach, value - this.mean));
    this.mean += weight * distance;
    const size = Math.max(this.deviation, Math.abs(distance));
    if (size === 0 || this.count === 1) return;
    const a = this.deviation / size; // the squares of ratios do not overflow
    const b = distance / size;
    this.deviation = size * Math.sqrt((1 - weight) * (a * a + weight * b * b));
  }

  /**
   * The range follows a value beyond it by its own width at most, and shrinks slowly otherwise: one huge
   * value does not hide the next for ever.
   */
  private widen(value: number): void {
    if (this.count === 0) {
      this.low = value;
      this.high = value;
      return;
    }
    const step =
      this.count < UNBOUNDED ? Infinity : Math.max(this.high - this.low, END * this.unit);
    const high = this.high - Math.max(0, this.high - this.mean) * SHRINKING;
    const low = this.low + Math.max(0, this.mean - this.low) * SHRINKING;
    this.high = Math.max(high, Math.min(value, this.high + step));
    this.low = Math.min(low, Math.max(value, this.low - step));
  }

  /** Makes scale and range from the last values alone. */
  private restart(): void {
    let size = 0;
    this.mean = 0;
    for (const value of this.recent) this.mean += value / RESTART;
    for (const value of this.recent) size = Math.max(size, Math.abs(value - this.mean));
    let sum = 0;
    if (size > 0) for (const value of this.recent) sum += ((value - this.mean) / size) ** 2;
    this.deviation = size * Math.sqrt(sum / RESTART);
    this.low = this.recent.reduce((a, b) => Math.min(a, b));
    this.high = this.recent.reduce((a, b) => Math.max(a, b));
    this.count = RESTART;
    this.outside = 0;
    this.inBlock = 0;
  }

  save(to: ByteWriter): void {
    to.count(this.count);
    to.count(this.outside);
    to.count(this.next);
    to.count(this.inBlock);
    for (const value of [this.mean, this.deviation, this.low, this.high]) to.f64(value);
    for (const value of [this.least, this.greatest]) to.f64(value);
    for (const value of this.recent) to.f64(value);
  }

  load(from: ByteReader): void {
    this.count = from.count();
    this.outside = from.count(RESTART - 1);
    this.next = from.count(RESTART - 1);
    this.inBlock = from.count(BLOCK - 1);
    this.mean = from.f64(MOST);
    this.deviation = from.f64(2 * MOST);
    this.low = from.f64();
    this.high = from.f64();
    this.least = from.f64(MOST);
    this.greatest = from.f64(MOST);
    for (let i = 0; i < RESTART; i++) this.recent[i] = from.f64(MOST);
    if (this.deviation < 0 || this.low > this.high) throw from.damaged();
  }
}

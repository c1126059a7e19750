/**
 * signal-outline.ts - what is kept of a series while it streams by, for its picture: stretches of rows with
 * their extremes and their oddest value, not more of them however long the series is.
 * SPDX-License-Identifier: MIT
 */

/** A row of a series, as read and judged. */
export interface SignalRow {
  /** Counted from 1, without the header. */
  row: number;
  series: string;
  /** As it is written; null where there is none. */
  timeText: string | null;
  /** Seconds since 1970. */
  time: number | undefined;
  /** NaN if it is missing. */
  value: number;
  score: number;
  alarm: boolean;
  expected: [low: number, high: number];
  warm: boolean;
}

/** Some rows of a series that follow one another. */
export interface Stretch {
  first: number;
  time: number | undefined;
  low: number;
  high: number;
  sum: number;
  count: number;
  expectedLow: number;
  expectedHigh: number;
  /** The finding with the greatest score. */
  odd: SignalRow | undefined;
}

const CAPACITY = 600;

function merged(a: Stretch, b: Stretch): Stretch {
  const odd =
    b.odd !== undefined && (a.odd === undefined || b.odd.score > a.odd.score) ? b.odd : a.odd;
  return {
    first: a.first,
    time: a.time ?? b.time,
    low: Math.min(a.low, b.low),
    high: Math.max(a.high, b.high),
    sum: a.sum + b.sum,
    count: a.count + b.count,
    expectedLow: Math.min(a.expectedLow, b.expectedLow),
    expectedHigh: Math.max(a.expectedHigh, b.expectedHigh),
    odd,
  };
}

/** A row as a stretch of its own. An expected range without ends is none. */
function stretchOf(row: SignalRow, isOdd: boolean): Stretch {
  const { value, expected } = row;
  const isThere = !Number.isNaN(value);
  const isBounded = Number.isFinite(expected[0]) && Number.isFinite(expected[1]);
  return {
    first: row.row,
    time: row.time,
    low: isThere ? value : Infinity,
    high: isThere ? value : -Infinity,
    sum: isThere ? value / 2 : 0, // halves: the sum of two of the largest numbers is finite
    count: isThere ? 1 : 0,
    expectedLow: isBounded && row.warm ? expected[0] : Infinity,
    expectedHigh: isBounded && row.warm ? expected[1] : -Infinity,
    odd: isOdd ? row : undefined,
  };
}

/** Up to CAPACITY stretches of equal length, which doubles when there are too many. */
export class Outline {
  stretches: Stretch[] = [];
  private length = 1;
  private filled = 0;

  add(row: SignalRow, isOdd: boolean): void {
    const one = stretchOf(row, isOdd);
    const last = this.stretches.length - 1;
    if (this.filled > 0) this.stretches[last] = merged(this.stretches[last]!, one);
    else {
      if (this.stretches.length === CAPACITY) this.halve();
      this.stretches.push(one);
    }
    this.filled = (this.filled + 1) % this.length;
  }

  private halve(): void {
    const { stretches } = this;
    this.stretches = Array.from({ length: CAPACITY / 2 }, (_, i) => {
      return merged(stretches[2 * i]!, stretches[2 * i + 1]!);
    });
    this.length *= 2;
  }

  /** The same in at most so many stretches. */
  grouped(columns: number): Stretch[] {
    const { stretches } = this;
    if (stretches.length <= columns) return stretches;
    return Array.from({ length: columns }, (_, i) => {
      const from = Math.floor((i * stretches.length) / columns);
      const to = Math.floor(((i + 1) * stretches.length) / columns);
      return stretches.slice(from, to).reduce(merged);
    });
  }
}

/** The mean of a stretch that has values. */
export function meanOf({ sum, count }: Stretch): number {
  return (sum / count) * 2;
}

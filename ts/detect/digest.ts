/**
 * digest.ts - what is kept of a text while it streams by: the top lines, the mean and a curve, all
 * of a size that does not depend on the length of the text.
 * SPDX-License-Identifier: MIT
 */

/** The oddest lines, the oddest first; of equal ones the earlier first. */
export class TopList<Line extends { score: number }> {
  readonly lines: Line[] = [];

  /** `copy` makes what is kept of a line, whose text may be a part of a much larger string. */
  constructor(
    private readonly size: number,
    private readonly copy: (line: Line) => Line = (line) => line,
  ) {}

  /** Keeps the line if it is one of the `size` oddest so far. */
  add(line: Line): void {
    const { lines } = this;
    if (lines.length === this.size) {
      if (this.size === 0 || line.score <= lines[this.size - 1]!.score) return;
      lines.pop();
    }
    let low = 0;
    let high = lines.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (lines[middle]!.score >= line.score) low = middle + 1;
      else high = middle;
    }
    lines.splice(low, 0, this.copy(line));
  }
}

/** Means over equal stretches of a sequence of unknown length: at most 128 stretches. */
export class Curve {
  private static readonly capacity = 128;
  private readonly sums: number[] = [];
  private filled = 0;
  /** Values per stretch: a power of two. The last stretch may have fewer. */
  width = 1;
  count = 0;
  private total = 0;

  /** Appends a value. */
  add(value: number): void {
    if (this.filled === 0) {
      if (this.sums.length === Curve.capacity) this.halve();
      this.sums.push(0);
    }
    this.sums[this.sums.length - 1]! += value;
    this.filled = (this.filled + 1) % this.width;
    this.count++;
    this.total += value;
  }

  /** Mean of all values; 0 if there are none. */
  get mean(): number {
    return this.count === 0 ? 0 : this.total / this.count;
  }

  /** The mean of each stretch. */
  means(): number[] {
    const last = this.sums.length - 1;
    const lastCount = this.filled === 0 ? this.width : this.filled;
    return this.sums.map((sum, i) => sum / (i === last ? lastCount : this.width));
  }

  private halve(): void {
    for (let i = 0; i < Curve.capacity / 2; i++) {
      this.sums[i] = this.sums[2 * i]! + this.sums[2 * i + 1]!;
    }
    this.sums.length = Curve.capacity / 2;
    this.width *= 2;
  }
}

/**
 * bursts.ts - folds alarms of the same kind that come one soon after another.
 * SPDX-License-Identifier: MIT
 */

/** A burst that is over, or not yet: its first line has been told. */
export interface Burst {
  /** Numbers of its first and last lines. */
  line: number;
  last: number;
  /** How many alarms came after the first. */
  more: number;
}

/* A burst is over when so many lines came without an alarm of its kind. */
const QUIET = 200;
const MOST_OPEN = 64;

export class Bursts {
  private readonly open = new Map<number, Burst>();

  /** Takes note of an alarm of a kind; true if it begins a burst and is to be told. */
  alarm(kind: number, line: number): boolean {
    const burst = this.open.get(kind);
    if (burst !== undefined && line - burst.last <= QUIET) {
      burst.last = line;
      burst.more++;
      this.open.delete(kind); // the latest is last
      this.open.set(kind, burst);
      return false;
    }
    this.open.set(kind, { line, last: line, more: 0 });
    return true;
  }

  /** The bursts that are over at this line, except those of one alarm. */
  over(line: number): Burst[] {
    if (this.open.size === 0) return [];
    const over: Burst[] = [];
    for (const [kind, burst] of this.open) {
      if (line - burst.last <= QUIET && this.open.size <= MOST_OPEN) break;
      this.open.delete(kind);
      if (burst.more > 0) over.push(burst);
    }
    return over;
  }

  /** All that are open; then there are none. */
  end(): Burst[] {
    return this.over(Number.POSITIVE_INFINITY);
  }
}

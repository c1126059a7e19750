/**
 * pair-heap.ts - the most frequent pair of neighbours first, with lazy updates.
 * SPDX-License-Identifier: MIT
 */

/** Two tokens that are neighbours somewhere in the words. */
export interface Pair {
  readonly left: number;
  readonly right: number;
  /** How often they are, each word counted as often as it was met. */
  count: number;
  /** Positions of `left`; at some of them the pair was merged away meanwhile. */
  places: number[];
}

/** Whether `a`, with that count, comes before `b`: ties go to the smaller ids, left first. */
function isBefore(aCount: number, a: Pair, bCount: number, b: Pair): boolean {
  if (aCount !== bCount) return aCount > bCount;
  return a.left !== b.left ? a.left < b.left : a.right < b.right;
}

/** A binary heap of pairs, ordered by the counts that they had when they were pushed. */
export class PairHeap {
  readonly #pairs: Pair[] = [];
  readonly #counts: number[] = [];

  /** Puts a pair in, with its present count, which may only fall from now on. */
  push(pair: Pair): void {
    const pairs = this.#pairs;
    const counts = this.#counts;
    let at = pairs.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(pair.count, pair, counts[parent]!, pairs[parent]!)) break;
      pairs[at] = pairs[parent]!;
      counts[at] = counts[parent]!;
      at = parent;
    }
    pairs[at] = pair;
    counts[at] = pair.count;
  }

  /**
   * Takes out the first pair by present counts, or undefined if none has at least `least`; pairs
   * that have less are dropped on the way.
   */
  pop(least: number): Pair | undefined {
    for (;;) {
      const pair = this.#pairs[0];
      if (!pair) return undefined;
      const count = this.#counts[0]!;
      this.#removeFirst();
      if (pair.count < least) continue;
      if (pair.count === count) return pair;
      this.push(pair);
    }
  }

  /** Whether the entry at `at` comes before that pair, with that count. */
  #precedes(at: number, count: number, pair: Pair): boolean {
    return isBefore(this.#counts[at]!, this.#pairs[at]!, count, pair);
  }

  #removeFirst(): void {
    const pairs = this.#pairs;
    const counts = this.#counts;
    const pair = pairs.pop()!;
    const count = counts.pop()!;
    const length = pairs.length;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= length) break;
      const other = child + 1;
      if (other < length && this.#precedes(other, counts[child]!, pairs[child]!)) child = other;
      if (!this.#precedes(child, count, pair)) break;
      pairs[at] = pairs[child]!;
      counts[at] = counts[child]!;
      at = child;
    }
    pairs[at] = pair;
    counts[at] = count;
  }
}

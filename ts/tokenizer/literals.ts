/**
 * literals.ts - finds given strings, such as those of special tokens, in a text.
 *
 * A binary search per character narrows the sorted strings down, so that a hundred thousand of them
 * cost little more than one.
 * SPDX-License-Identifier: MIT
 */

/** A set of strings to look for; of those that begin at one place, the longest counts. */
export class Literals {
  /** Length of the longest, in UTF-16 code units. */
  readonly longest: number;
  readonly #sorted: readonly string[];
  /** By code unit: whether one of the strings begins with it. */
  readonly #begins: Uint8Array;

  /** None of `texts` is empty. */
  constructor(texts: Iterable<string>) {
    this.#sorted = [...new Set(texts)].sort(); // by code units
    this.longest = this.#sorted.reduce((most, text) => Math.max(most, text.length), 0);
    this.#begins = new Uint8Array(this.#sorted.length > 0 ? 1 << 16 : 0);
    for (const text of this.#sorted) this.#begins[text.charCodeAt(0)] = 1;
  }

  /** Length of the longest that begins at `at`; 0 if none does. */
  lengthAt(text: string, at: number): number {
    if (this.#begins[text.charCodeAt(at)] !== 1) return 0;
    const sorted = this.#sorted;
    let low = 0;
    let high = sorted.length;
    let found = 0;
    // Those from low to high share their first `depth` units with the text.
    for (let depth = 0; ; depth++) {
      if (sorted[low]!.length === depth) {
        found = depth;
        if (++low === high) return found;
      }
      if (at + depth >= text.length) return found;
      const unit = text.charCodeAt(at + depth);
      if (sorted[low]!.charCodeAt(depth) < unit) low = this.#above(unit - 1, depth, low, high);
      if (low === high) return found;
      if (sorted[high - 1]!.charCodeAt(depth) > unit) high = this.#above(unit, depth, low, high);
      if (low === high) return found;
    }
  }

  /** The first of `low` to `high` whose unit at `depth` is above `unit`; they ascend there. */
  #above(unit: number, depth: number, low: number, high: number): number {
    const sorted = this.#sorted;
    // Galloping from the end: most often nearly none or nearly all are left out.
    for (let step = 1; high - step >= low; step *= 2) {
      if (sorted[high - step]!.charCodeAt(depth) <= unit) {
        low = high - step + 1;
        break;
      }
      high -= step;
    }
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sorted[middle]!.charCodeAt(depth) > unit) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Cuts a text at the literals in it: at odd places stand these, at even ones what is between. */
  split(text: string): string[] {
    if (this.longest === 0) return [text];
    const parts: string[] = [];
    let done = 0;
    for (let at = 0; at < text.length; at++) {
      const length = this.lengthAt(text, at);
      if (length === 0) continue;
      parts.push(text.slice(done, at), text.slice(at, at + length));
      done = at + length;
      at = done - 1;
    }
    return [...parts, text.slice(done)];
  }
}

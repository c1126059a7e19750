/**
 * id-list.ts - a list of token ids that grows, in 4 bytes each.
 * SPDX-License-Identifier: MIT
 */
import { allocate } from '../common/args.js';

/** Most texts have a token for every three or four characters. */
const UNITS_PER_ID = 3;
const SMALLEST = 16;

/** Collects ids. */
export class IdList {
  #ids: Uint32Array;
  #length = 0;

  /** @param units length of the text that is to be encoded, in UTF-16 code units */
  constructor(units: number) {
    this.#ids = allocate(() => new Uint32Array(SMALLEST + Math.ceil(units / UNITS_PER_ID)));
  }

  /** Appends ids. */
  add(ids: readonly number[]): void {
    const length = this.#length + ids.length;
    if (length > this.#ids.length) this.#grow(length);
    const list = this.#ids;
    let at = this.#length;
    for (let i = 0; i < ids.length; i++) list[at++] = ids[i]!;
    this.#length = length;
  }

  /** All ids, in an array of exactly their number. */
  toArray(): Uint32Array {
    return allocate(() => this.#ids.slice(0, this.#length));
  }

  #grow(least: number): void {
    const capacity = Math.max(least, this.#ids.length * 2);
    const larger = allocate(() => new Uint32Array(capacity));
    larger.set(this.#ids.subarray(0, this.#length));
    this.#ids = larger;
  }
}

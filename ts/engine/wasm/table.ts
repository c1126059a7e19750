/**
 * table.ts - what lives in WebAssembly memory, by handle.
 *
 * Handles are counted, never addresses: a stale one finds nothing.
 * SPDX-License-Identifier: MIT
 */
import type { Handle } from '../engine.js';
import type { Ballast } from './ballast.js';

/** An object of the module, by its address. */
export interface Owned {
  pointer: number;
}

export class Table<T extends Owned = Owned> {
  readonly #entries = new Map<Handle, { owned: T; bytes: number }>();
  readonly #ballast: Ballast;
  #last = 0;

  constructor(ballast: Ballast) {
    this.#ballast = ballast;
  }

  /** `bytes` is what the garbage collector is told that the object takes. */
  add(owned: T, bytes: number): Handle {
    this.#entries.set(++this.#last, { owned, bytes });
    this.#ballast.add(bytes);
    return this.#last;
  }

  get(handle: Handle): T | undefined {
    return this.#entries.get(handle)?.owned;
  }

  remove(handle: Handle): T | undefined {
    const entry = this.#entries.get(handle);
    if (!entry) return undefined;
    this.#entries.delete(handle);
    this.#ballast.remove(entry.bytes);
    return entry.owned;
  }
}

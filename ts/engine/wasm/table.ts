/**
 * table.ts - the objects in WebAssembly memory, by handle.
 *
 * Handles are counted, never addresses: a stale one finds nothing.
 * SPDX-License-Identifier: MIT
 */
import { statusOf } from '../../common/errors.js';
import type { Handle } from '../engine.js';
import type { WasmExports } from './exports.js';
import type { Pointer } from './heap.js';
import type { Block, Failed, Instance, Pointers } from './instance.js';

export const DESTROYED = statusOf('DESTROYED');

/** An object of the module, by its address; 0 once it is destroyed. */
export interface Owned {
  pointer: Pointer;
}

/** The functions that return an object's size, and that free it. */
type Footprint = Extract<keyof WasmExports, `${string}_footprint`>;
type Destroy = Extract<keyof WasmExports, `${string}_destroy` | `${string}_release`>;

/** The objects of one kind. */
export class Table<T extends Owned = Owned> {
  readonly #entries = new Map<Handle, { owned: T; bytes: number }>();
  readonly #instance: Instance;
  readonly #footprint: Footprint;
  readonly #destroy: Destroy;
  #last = 0;

  constructor(instance: Instance, footprint: Footprint, destroy: Destroy) {
    this.#instance = instance;
    this.#footprint = footprint;
    this.#destroy = destroy;
  }

  /** Takes an object over, and reports its size to the garbage collector. */
  add(owned: T): Handle {
    const { ballast, heap } = this.#instance;
    const bytes = this.#instance.call((exports) => {
      const footprint = exports[this.#footprint](owned.pointer) >>> 0;
      heap.growAhead(footprint);
      return footprint;
    });
    this.#entries.set(++this.#last, { owned, bytes });
    ballast.add(bytes);
    return this.#last;
  }

  /** Reports an object's size again, after a call that may have changed it. */
  weigh(handle: Handle): void {
    const entry = this.#entries.get(handle);
    if (!entry) return;
    const { ballast, heap } = this.#instance;
    const bytes = this.#instance.call(
      (exports) => exports[this.#footprint](entry.owned.pointer) >>> 0,
    );
    if (bytes > entry.bytes) {
      heap.growAhead(bytes - entry.bytes);
      ballast.add(bytes - entry.bytes);
    } else {
      ballast.remove(entry.bytes - bytes);
    }
    entry.bytes = bytes;
  }

  get(handle: Handle): T | undefined {
    return this.#entries.get(handle)?.owned;
  }

  /** The handle of what a function made, which left the address at `out`; or its negative status. */
  made(status: number, out: Pointer, rest = {} as Omit<T, 'pointer'>): Handle {
    if (status !== 0) return -status;
    return this.add({ ...rest, pointer: this.#instance.heap.readUint32(out) } as T);
  }

  /** Runs calls about one object; for a stale handle runs none, and returns `failed(DESTROYED)`. */
  ask<R>(
    handle: Handle,
    failed: Failed<NoInfer<R>>,
    calls: (exports: WasmExports, pointer: Pointer) => R,
  ): R {
    const owned = this.get(handle);
    if (!owned) return failed(DESTROYED);
    return this.#instance.call((exports) => calls(exports, owned.pointer));
  }

  /** The same with blocks that are freed after the calls. */
  withBlocks<R, const B extends readonly Block[]>(
    handle: Handle,
    blocks: B,
    failed: Failed<NoInfer<R>>,
    calls: (exports: WasmExports, pointer: Pointer, ...blocks: Pointers<B>) => R,
  ): R {
    return this.ask(handle, failed, (_, pointer) =>
      this.#instance.withBlocks(blocks, failed, (exports, ...at) => calls(exports, pointer, ...at)),
    );
  }

  /** Frees an object; after a trap it is only forgotten. */
  destroy(handle: Handle): number {
    const entry = this.#entries.get(handle);
    if (!entry) return DESTROYED;
    this.#entries.delete(handle);
    this.#instance.ballast.remove(entry.bytes);
    const { pointer } = entry.owned;
    entry.owned.pointer = 0; // for a job that is not finished yet
    if (!this.#instance.poisoned) this.#instance.call((exports) => exports[this.#destroy](pointer));
    return 0;
  }
}

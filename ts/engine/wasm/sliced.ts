/**
 * sliced.ts - reads a long input in slices that still succeed whole or change nothing.
 *
 * The slices go through a clone of the layer and into arrays of their own; the layer gets the
 * clone's memory, and the caller the results, only when all have succeeded. WebAssembly memory
 * therefore does not grow with the length of the input.
 * SPDX-License-Identifier: MIT
 */
import { allocate, findNonFinite } from '../../common/args.js';
import { plainView } from '../../common/brands.js';
import { statusOf } from '../../common/errors.js';
import type { WasmBackend, WasmLayer } from './layers.js';

export class SlicedRun {
  /** Of the run so far; not 0: it has failed. */
  status = 0;
  readonly tokens: number;
  readonly #backend: WasmBackend;
  readonly #layer: WasmLayer;
  readonly #input: Float32Array;
  readonly #output: Float32Array;
  readonly #surprise: Float32Array | undefined;
  #clone: number;
  #done = 0;

  /** The input must stay as it is until the run is finished. Throws when out of memory. */
  constructor(backend: WasmBackend, layer: WasmLayer, input: Float32Array, wantSurprise: boolean) {
    this.#backend = backend;
    this.#layer = layer;
    this.#input = plainView(input);
    this.tokens = this.#input.length / layer.dim;
    this.#output = allocate(() => new Float32Array(this.#input.length));
    this.#surprise = wantSurprise ? allocate(() => new Float32Array(this.tokens)) : undefined;
    this.#clone = backend.cloneModel(layer);
  }

  get done(): number {
    return this.#done;
  }

  /** Reads up to `count` more tokens; false when there are none left or the run has failed. */
  step(count: number): boolean {
    const begin = this.#done;
    const end = Math.min(begin + count, this.tokens);
    const { dim } = this.#layer;
    this.status = this.#backend.forwardSlice(
      this.#clone,
      this.#input.subarray(begin * dim, end * dim),
      this.#output.subarray(begin * dim, end * dim),
      this.#surprise?.subarray(begin, end),
    );
    if (this.status !== 0) {
      // A call on the whole input finds non-finite values before anything else.
      if (findNonFinite(this.#input) >= 0) this.status = statusOf('NON_FINITE');
      return false;
    }
    this.#done = end;
    return end < this.tokens;
  }

  /** With `output`, and if the run has succeeded, commits it; otherwise drops it. Call it once. */
  finish(output?: Float32Array, surprise?: Float32Array): void {
    if (output && this.status === 0 && this.#done === this.tokens) {
      Float32Array.prototype.set.call(output, this.#output);
      if (surprise && this.#surprise) Float32Array.prototype.set.call(surprise, this.#surprise);
      [this.#clone, this.#layer.pointer] = [this.#layer.pointer, this.#clone];
    }
    if (!this.#backend.poisoned) {
      this.#backend.guard((exports) => exports.ttt_destroy(this.#clone));
    }
    this.#clone = 0;
  }
}

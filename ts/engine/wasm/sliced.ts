/**
 * sliced.ts - reads a long input in slices, which succeed together or change nothing: within one call,
 * or as a job on the event loop, a few milliseconds at a time.
 *
 * The slices go through a clone of the layer and into arrays of their own; the layer gets the
 * clone's memory, and the caller the results, only when all have succeeded. WebAssembly memory
 * therefore does not grow with the length of the input.
 * SPDX-License-Identifier: MIT
 */
import { findNonFinite } from '../../common/args.js';
import { lengthOf, plainView } from '../../common/brands.js';
import { now, soon } from '../../common/clock.js';
import { statusOf } from '../../common/errors.js';
import { nextSlice, TURN_MS } from '../../common/turns.js';
import type { Pointer } from './heap.js';
import type { Instance } from './instance.js';
import { OUT_OF_MEMORY } from './instance.js';
import type { Owned } from './table.js';

/**
 * Most floats of one slice. For an input of several slices the layer and the output are copied; with
 * 4 MB a slice, only very long calls need that.
 */
const SLICE_FLOATS = 1 << 20;
/** Tokens that the core works on together: a slice has at least these. */
const BLOCK_TOKENS = 64;
/** Tokens of a job's first slice; the next are as many as fill a turn. */
const FIRST_SLICE_TOKENS = 8;

/** A layer: its address, and its hiddenDim. */
export interface WasmLayer extends Owned {
  readonly dim: number;
}

/** The most tokens that one call of the module reads. */
export function sliceTokens(dim: number): number {
  return Math.max(BLOCK_TOKENS, Math.floor(SLICE_FLOATS / dim));
}

/** One call of the module, for at most sliceTokens tokens; a status. */
export function forwardSlice(
  instance: Instance,
  { pointer, dim }: WasmLayer,
  input: Float32Array,
  output: Float32Array,
  surprise: Float32Array | undefined,
): number {
  const { heap } = instance;
  return instance.call((exports) => {
    const length = lengthOf(input);
    const tokens = length / dim;
    const block = instance.scratch(4 * (length + tokens));
    if (block === 0) return OUT_OF_MEMORY;
    heap.write(block, input);
    const after = surprise ? block + 4 * length : 0;
    const status = exports.ttt_forward_ex(pointer, block, length, tokens, block, length, after);
    if (status !== 0) return status;
    heap.read(block, output);
    if (surprise) heap.read(after, surprise);
    return 0;
  });
}

export class SlicedRun {
  /** The status of the run so far; if it is not 0, the run has failed. */
  status = 0;
  readonly #instance: Instance;
  readonly #layer: WasmLayer;
  readonly #clone: WasmLayer;
  readonly #input: Float32Array;
  readonly #output: Float32Array;
  readonly #surprise: Float32Array | undefined;
  readonly #tokens: number;
  #done = 0;

  private constructor(
    instance: Instance,
    layer: WasmLayer,
    clone: Pointer,
    input: Float32Array,
    results: Float32Array[],
  ) {
    this.#instance = instance;
    this.#layer = layer;
    this.#clone = { pointer: clone, dim: layer.dim };
    this.#input = input;
    this.#tokens = input.length / layer.dim;
    [this.#output, this.#surprise] = results as [Float32Array, Float32Array?];
  }

  /**
   * The input must stay as it is until the run is finished, unless it is copied. Undefined when out of
   * memory.
   */
  static begin(
    instance: Instance,
    layer: WasmLayer,
    given: Float32Array,
    wantSurprise: boolean,
    copied: boolean,
  ): SlicedRun | undefined {
    let input = plainView(given);
    const results: Float32Array[] = [];
    try {
      if (copied) input = input.slice();
      results.push(new Float32Array(input.length));
      if (wantSurprise) results.push(new Float32Array(input.length / layer.dim));
    } catch {
      return undefined;
    }
    const clone = instance.call((exports) => exports.ttt_clone(layer.pointer) >>> 0);
    return clone === 0 ? undefined : new SlicedRun(instance, layer, clone, input, results);
  }

  /** Reads up to `count` more tokens; false when there are none left or the run has failed. */
  step(count: number): boolean {
    const [begin, dim] = [this.#done, this.#layer.dim];
    const end = Math.min(begin + count, this.#tokens);
    this.status = forwardSlice(
      this.#instance,
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
    return end < this.#tokens;
  }

  /** With `output`, and if the run has succeeded, commits it; otherwise drops it. Call it once. */
  finish(output?: Float32Array, surprise?: Float32Array): void {
    const [layer, clone] = [this.#layer, this.#clone];
    const isWhole = this.status === 0 && this.#done === this.#tokens;
    if (output && isWhole && layer.pointer !== 0) {
      Float32Array.prototype.set.call(output, this.#output);
      if (surprise && this.#surprise) Float32Array.prototype.set.call(surprise, this.#surprise);
      [clone.pointer, layer.pointer] = [layer.pointer, clone.pointer];
    }
    if (this.#instance.poisoned) return;
    this.#instance.call((exports) => exports.ttt_destroy(clone.pointer));
  }
}

/** A run on the event loop. `done` gets its status once, never before the constructor has returned. */
export class Job {
  readonly run: SlicedRun;
  readonly #done: (status: number) => void;
  readonly #most: number;
  #tokens = FIRST_SLICE_TOKENS;
  #cancelled = false;

  constructor(run: SlicedRun, dim: number, done: (status: number) => void) {
    this.run = run;
    this.#done = done;
    this.#most = sliceTokens(dim);
    soon(this.#turn);
  }

  /** `done` then gets ABORTED, unless the run was at its end. */
  cancel(): void {
    this.#cancelled = true;
  }

  readonly #turn = (): void => {
    if (this.#cancelled) return this.#done(statusOf('ABORTED'));
    let more: boolean;
    try {
      more = this.#steps();
    } catch {
      return this.#done(statusOf('POISONED')); // nothing else makes a step throw
    }
    if (more) soon(this.#turn);
    else this.#done(this.run.status);
  };

  /** As many steps as fit into one turn; false after the last. */
  #steps(): boolean {
    const start = now();
    for (let before = start; ; ) {
      if (!this.run.step(this.#tokens)) return false;
      const after = now();
      this.#tokens = nextSlice(this.#tokens, after - before, this.#most);
      if (after - start >= TURN_MS) return true;
      before = after;
    }
  }
}

/**
 * instance.ts - one WebAssembly instance: its functions, its memory, and what becomes of it after a trap.
 *
 * A call that throws has trapped: the instance may be half-written, so it is poisoned, and this and every
 * later call throws POISONED. Running out of memory is no trap: it is a status, and the instance lives on.
 * SPDX-License-Identifier: MIT
 */
import { errorOf, statusOf, TTTError } from '../../common/errors.js';
import type { Bytes } from '../../common/types.js';
import type { Failure } from '../engine.js';
import { decode, TTT_ERROR } from '../structs.js';
import { Ballast } from './ballast.js';
import type { WasmExports } from './exports.js';
import type { Elements, Pointer } from './heap.js';
import { byteLengthOf, Heap } from './heap.js';

export const OUT_OF_MEMORY = statusOf('OUT_OF_MEMORY');

/** A block for a call: a size in bytes, an array to be copied there, or undefined for NULL. */
export type Block = number | Elements | undefined;
/** Where these blocks are. */
export type Pointers<B extends readonly Block[]> = { [i in keyof B]: Pointer };

/** How a method says that it failed: with the status itself, or as a negative result among others. */
export type Failed<T> = (status: number) => T;
export const plain: Failed<number> = (status) => status;
export const negative: Failed<number> = (status) => -status;

/** Blocks begin at multiples of this. */
const ALIGNMENT = 16;

function sizeOf(block: Block): number {
  const bytes = typeof block === 'object' ? byteLengthOf(block) : (block ?? 0);
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

export class Instance {
  readonly heap: Heap;
  /** What the objects of this instance take. */
  readonly ballast = new Ballast();
  readonly #exports: WasmExports;
  #scratch: Pointer = 0;
  #scratchBytes = 0;
  #trap: unknown = undefined;
  #poisoned = false;

  constructor(exports: WasmExports) {
    this.#exports = exports;
    this.heap = new Heap(exports);
  }

  /** True after a trap. */
  get poisoned(): boolean {
    return this.#poisoned;
  }

  /** Runs calls of the module; whatever they throw is a trap. */
  call<T>(calls: (exports: WasmExports) => T): T {
    if (!this.#poisoned) {
      try {
        return calls(this.#exports);
      } catch (cause) {
        if (!this.#poisoned) this.#trap = cause; // an outer call catches the inner one's error
        this.#poisoned = true;
      }
    }
    const { code, message } = errorOf(statusOf('POISONED'));
    throw new TTTError(code, message, { cause: this.#trap });
  }

  /**
   * Runs calls of the module with a block of memory for each of `blocks`, freed afterwards. Without room for
   * the blocks it runs none, and returns `failed(OUT_OF_MEMORY)`.
   */
  withBlocks<T, const B extends readonly Block[]>(
    blocks: B,
    failed: Failed<NoInfer<T>>,
    calls: (exports: WasmExports, ...pointers: Pointers<B>) => T,
  ): T {
    return this.call((exports) => {
      const whole = this.heap.allocate(
        blocks.reduce<number>((sum, b) => sum + sizeOf(b), ALIGNMENT),
      );
      if (whole === 0) return failed(OUT_OF_MEMORY);
      let at = Math.ceil(whole / ALIGNMENT) * ALIGNMENT;
      const pointers = blocks.map((block) => {
        if (block === undefined) return 0;
        const pointer = at;
        at += sizeOf(block);
        if (typeof block === 'object') this.heap.write(pointer, block);
        return pointer;
      });
      const result = calls(exports, ...(pointers as Pointers<B>));
      this.heap.free(whole);
      return result;
    });
  }

  /** Work space of at least `bytes`, kept for the next call; 0 when out of memory. */
  scratch(bytes: number): Pointer {
    if (bytes <= this.#scratchBytes) return this.#scratch;
    if (this.#scratch !== 0) this.heap.free(this.#scratch);
    this.#scratch = this.heap.allocate(bytes);
    this.#scratchBytes = this.#scratch === 0 ? 0 : bytes;
    return this.#scratch;
  }

  /** A copy of a block, or a negative status if JavaScript is out of memory, which is no trap. */
  copy(block: Pointer, bytes: number): Bytes | number {
    let copy: Bytes;
    try {
      copy = new Uint8Array(bytes);
    } catch {
      return -OUT_OF_MEMORY;
    }
    this.heap.read(block, copy);
    return copy;
  }

  /** The Failure of a function that returned `status` and filled the ttt_error at `error`, zeros before. */
  failure(status: number, error: Pointer): Failure {
    const bytes = this.copy(error, TTT_ERROR.size);
    const { offset, text } = typeof bytes === 'number' ? NO_DETAILS : decode(TTT_ERROR, bytes);
    return { status, offset, text };
  }

  /** The hash that `compute` gives, or a negative status. */
  hash(compute: Extract<keyof WasmExports, `${string}_conformance_hash`>): bigint | number {
    return this.withBlocks([8], negative, (exports, out): bigint | number => {
      const status = exports[compute](out);
      return status === 0 ? this.heap.readUint64(out) : -status;
    });
  }

  /** What a call writes that tells its size for a NULL buffer, as bitllama_pack does, or a negative status. */
  written(
    write: (exports: WasmExports, buffer: Pointer, capacity: number, size: Pointer) => number,
  ): Bytes | number {
    return this.withBlocks([4], negative, (exports, size): Bytes | number => {
      const asked = write(exports, 0, 0, size);
      if (asked !== 0) return -asked;
      const bytes = this.heap.readUint32(size);
      const buffer = this.heap.allocate(bytes);
      if (buffer === 0) return -OUT_OF_MEMORY;
      const status = write(exports, buffer, bytes, size);
      const result = status === 0 ? this.copy(buffer, bytes) : -status;
      this.heap.free(buffer);
      return result;
    });
  }

  /** The same of an object, with a tokenizer that replaces its own. */
  writtenWith(
    name: 'bitllama_pack' | 'bitllama_trainer_weights',
    object: Pointer,
    tokenizer: Uint8Array | undefined,
  ): Bytes | number {
    const length = tokenizer ? byteLengthOf(tokenizer) : 0;
    return this.withBlocks([tokenizer], negative, (_, json) =>
      this.written((exports, ...rest) => exports[name](object, json, length, ...rest)),
    );
  }
}

const NO_DETAILS = { offset: 0, text: '' };

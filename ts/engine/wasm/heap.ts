/**
 * heap.ts - moves data in and out of WebAssembly memory; the only file that touches it.
 *
 * Memory growth detaches every view, so each function makes its own, after the last call that may
 * allocate, and none returns one.
 * SPDX-License-Identifier: MIT
 */
import { lengthOf, tagOf } from '../../common/brands.js';
import type { WasmExports } from './exports.js';

/** The address of a block; 0 is NULL. */
export type Pointer = number;

/** Arrays are recognised and copied by what they are, not by what a subclass says. */
const VIEWS = { Uint8Array, Int8Array, Uint32Array, Float32Array };
const set = Float32Array.prototype.set as {
  call(target: ArrayBufferView, source: ArrayLike<number>): void;
};

/** Arrays that are copied in and out. */
export type Elements = Uint8Array | Int8Array | Uint32Array | Float32Array;

function viewOf(array: Elements): (typeof VIEWS)[keyof typeof VIEWS] {
  if (array instanceof Float32Array) return Float32Array; // the usual case, at once
  return VIEWS[tagOf.call(array) as keyof typeof VIEWS];
}

export function byteLengthOf(array: Elements): number {
  return lengthOf(array) * viewOf(array).BYTES_PER_ELEMENT;
}

export class Heap {
  readonly #exports: Pick<WasmExports, 'memory' | 'malloc' | 'free'>;
  /** Bytes of objects until memory is grown ahead again. */
  #ahead = 0;

  constructor(exports: Pick<WasmExports, 'memory' | 'malloc' | 'free'>) {
    this.#exports = exports;
  }

  /** A block of bytes, to be freed; 0 when out of memory. Sizes beyond 32 bits are refused here. */
  allocate(bytes: number): Pointer {
    if (!(bytes <= 0xffff_0000)) return 0;
    return this.#exports.malloc(Math.max(bytes, 8)) >>> 0;
  }

  free(block: Pointer): void {
    this.#exports.free(block);
  }

  /**
   * To be called after an object of `bytes` was made. Each growth costs time in proportion to the
   * whole memory, and malloc grows it by no more than it needs: thousands of small objects would be
   * slow to make. So whenever objects have used up what was grown for them, memory grows by an
   * eighth, if it can.
   */
  growAhead(bytes: number): void {
    this.#ahead -= bytes;
    if (this.#ahead > 0) return;
    this.#ahead = Math.floor(this.#exports.memory.buffer.byteLength / 8);
    const block = this.allocate(this.#ahead);
    if (block !== 0) this.free(block);
  }

  /** Copies all elements of an array to a block. */
  write(block: Pointer, source: Elements): void {
    const View = viewOf(source);
    set.call(new View(this.#exports.memory.buffer, block, lengthOf(source)), source);
  }

  /** Fills an array from a block. */
  read(block: Pointer, target: Elements): void {
    const View = viewOf(target);
    set.call(target, new View(this.#exports.memory.buffer, block, lengthOf(target)));
  }

  readUint32(block: Pointer): number {
    return new DataView(this.#exports.memory.buffer).getUint32(block, true);
  }

  readFloat32(block: Pointer): number {
    return new DataView(this.#exports.memory.buffer).getFloat32(block, true);
  }

  readUint64(block: Pointer): bigint {
    return new DataView(this.#exports.memory.buffer).getBigUint64(block, true);
  }

  /** ASCII up to the zero byte. */
  readString(block: Pointer): string {
    const bytes = new Uint8Array(this.#exports.memory.buffer);
    return String.fromCharCode(...bytes.subarray(block, bytes.indexOf(0, block)));
  }
}

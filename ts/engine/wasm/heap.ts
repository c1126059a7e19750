/**
 * heap.ts - moves data in and out of WebAssembly memory; the only file that touches it.
 *
 * Memory growth detaches every view, so each function makes its own, after the last call that may
 * allocate, and none returns one.
 * SPDX-License-Identifier: MIT
 */
import { bufferOf, offsetGetter } from '../../common/brands.js';
import type { WasmExports } from './exports.js';

/** The address of a block; 0 is NULL. */
export type Pointer = number;

const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object;
const byteLength = Object.getOwnPropertyDescriptor(typedArrayPrototype, 'byteLength')!.get!;

/** Bytes of a typed array, whatever a subclass says of itself. */
export function byteLengthOf(array: ArrayBufferView): number {
  return byteLength.call(array) as number;
}

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(bufferOf.call(array), offsetGetter.call(array), byteLengthOf(array));
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
   * To be called after an object of so many bytes was made. Each growth costs time in proportion to
   * the whole memory, and an allocation asks for no more than it needs: thousands of small objects
   * would be slow to make. So whenever objects have used up what was grown for them, an eighth of
   * the memory is made free in one piece. Does nothing where there is no room.
   */
  growAhead(bytes: number): void {
    this.#ahead -= bytes;
    if (this.#ahead > 0) return;
    this.#ahead = Math.floor(this.#exports.memory.buffer.byteLength / 8);
    const block = this.allocate(this.#ahead);
    if (block !== 0) this.free(block);
  }

  /** Copies all elements of a typed array to a block. */
  write(block: Pointer, source: ArrayBufferView): void {
    const bytes = bytesOf(source);
    new Uint8Array(this.#exports.memory.buffer, block, bytes.length).set(bytes);
  }

  /** Fills a typed array from a block. */
  read(block: Pointer, target: ArrayBufferView): void {
    const bytes = bytesOf(target);
    bytes.set(new Uint8Array(this.#exports.memory.buffer, block, bytes.length));
  }

  readUint32(block: Pointer): number {
    return new DataView(this.#exports.memory.buffer).getUint32(block, true);
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

/**
 * heap.ts - moves data in and out of WebAssembly memory; the only file that touches it.
 *
 * Memory growth detaches every view, so each function makes its own, after the last call that may
 * allocate, and none returns one.
 * SPDX-License-Identifier: MIT
 */
import { lengthOf } from '../../common/brands.js';
import type { WasmExports } from './module.js';

type Exports = Pick<WasmExports, 'memory' | 'malloc' | 'free'>;

/** The built-in, which copies by what the arrays are and not by what a subclass says. */
const set = Float32Array.prototype.set as {
  call(target: ArrayBufferView, source: ArrayLike<number>): void;
};

export class WasmHeap {
  readonly #exports: Exports;
  /** Bytes of objects until memory is grown ahead again. */
  #ahead = 0;

  constructor(exports: Exports) {
    this.#exports = exports;
  }

  /** A block of bytes, to be freed; 0 when out of memory. Sizes beyond 32 bits are refused here. */
  allocate(bytes: number): number {
    if (!(bytes <= 0xffff_0000)) return 0;
    return this.#exports.malloc(Math.max(bytes, 8)) >>> 0;
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
    this.#ahead = Math.floor(this.byteLength / 8);
    const block = this.allocate(this.#ahead);
    if (block !== 0) this.free(block);
  }

  free(block: number): void {
    this.#exports.free(block);
  }

  writeFloats(block: number, source: Float32Array): void {
    set.call(new Float32Array(this.#exports.memory.buffer, block, lengthOf(source)), source);
  }

  /** Fills target. */
  readFloats(block: number, target: Float32Array): void {
    set.call(target, new Float32Array(this.#exports.memory.buffer, block, lengthOf(target)));
  }

  writeBytes(block: number, source: Uint8Array): void {
    set.call(new Uint8Array(this.#exports.memory.buffer, block, lengthOf(source)), source);
  }

  readBytes(block: number, target: Uint8Array): void {
    set.call(target, new Uint8Array(this.#exports.memory.buffer, block, lengthOf(target)));
  }

  writeInt8s(block: number, source: Int8Array): void {
    set.call(new Int8Array(this.#exports.memory.buffer, block, lengthOf(source)), source);
  }

  readInt8s(block: number, target: Int8Array): void {
    set.call(target, new Int8Array(this.#exports.memory.buffer, block, lengthOf(target)));
  }

  writeUint32s(block: number, source: Uint32Array): void {
    set.call(new Uint32Array(this.#exports.memory.buffer, block, lengthOf(source)), source);
  }

  writeDoubles(block: number, source: Float64Array): void {
    set.call(new Float64Array(this.#exports.memory.buffer, block, lengthOf(source)), source);
  }

  readDoubles(block: number, target: Float64Array): void {
    set.call(target, new Float64Array(this.#exports.memory.buffer, block, lengthOf(target)));
  }

  readUint32(block: number): number {
    return new DataView(this.#exports.memory.buffer).getUint32(block, true);
  }

  /** Two words, the low one first. */
  readUint64(block: number): bigint {
    return new DataView(this.#exports.memory.buffer).getBigUint64(block, true);
  }

  /** ASCII up to the zero byte. */
  readString(block: number): string {
    const bytes = new Uint8Array(this.#exports.memory.buffer);
    return String.fromCharCode(...bytes.subarray(block, bytes.indexOf(0, block)));
  }

  /** A zero-terminated copy, to be freed; 0 when out of memory. Other characters become '?'. */
  newString(text: string): number {
    const codes = Array.from(text, (c) => (c > '\0' && c <= '~' ? c.charCodeAt(0) : 63));
    const block = this.allocate(codes.length + 1);
    if (block !== 0) this.writeBytes(block, Uint8Array.from([...codes, 0]));
    return block;
  }

  /** Size of the whole memory, which never shrinks. */
  get byteLength(): number {
    return this.#exports.memory.buffer.byteLength;
  }
}

/**
 * ballast.ts - tells the garbage collector of memory that it cannot look into.
 *
 * The collector works as hard as the memory that it knows of demands. A dropped session is a few
 * dozen bytes to it, and the megabytes behind it would pile up in WebAssembly memory, where nobody
 * looks. JavaScript can only say so by holding ArrayBuffers of that size. Those that may grow lie in
 * pages of their own, which are never touched: they cost address space, and no memory.
 * SPDX-License-Identifier: MIT
 */

const CHUNK = 1 << 22;
/** Buffers that are kept when they are too many, so that coming and going objects cost none. */
const SPARE = 2;

/** ES2024; an engine that does not know the option makes an ordinary buffer. */
const Growable = ArrayBuffer as new (
  bytes: number,
  options: { maxByteLength: number },
) => ArrayBuffer;

export class Ballast {
  readonly #chunks: ArrayBuffer[] = [];
  #bytes = 0;

  /** What the collector is to know of. */
  get bytes(): number {
    return this.#bytes;
  }

  add(bytes: number): void {
    this.#bytes += bytes;
    const wanted = Math.floor(this.#bytes / CHUNK);
    try {
      while (this.#chunks.length < wanted) {
        this.#chunks.push(new Growable(CHUNK, { maxByteLength: CHUNK }));
      }
    } catch {
      // no address space left: the collector knows enough
    }
  }

  remove(bytes: number): void {
    this.#bytes -= bytes;
    const most = Math.ceil(this.#bytes / CHUNK) + SPARE;
    if (this.#chunks.length > most) this.#chunks.length = most;
  }
}

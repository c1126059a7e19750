/**
 * ballast.ts - reports memory to the garbage collector that it cannot see.
 *
 * The collector works the harder the more memory it knows of. A dropped session is a few dozen bytes
 * to it, and the megabytes behind it would pile up in WebAssembly memory. JavaScript can report them
 * only by holding ArrayBuffers of that size. Resizable ones lie in pages of their own, which are
 * never touched: they cost address space, and no memory.
 * SPDX-License-Identifier: MIT
 */

const CHUNK = 1 << 22;
/** Surplus buffers that are kept, so that objects that come and go need no new ones. */
const SPARE = 2;

/** ES2024; a JavaScript engine that does not know the option makes an ordinary buffer. */
const Growable = ArrayBuffer as new (
  bytes: number,
  options: { maxByteLength: number },
) => ArrayBuffer;

export class Ballast {
  readonly #chunks: ArrayBuffer[] = [];
  #bytes = 0;

  /** Bytes that are reported. */
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

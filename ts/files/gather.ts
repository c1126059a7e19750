/**
 * gather.ts - all bytes of a source that comes in chunks, up to a limit: a file, a pipe, a download.
 * SPDX-License-Identifier: MIT
 */
import { allocate } from '../common/args.js';
import { TTTError } from '../common/errors.js';
import type { Bytes } from '../common/types.js';

/**
 * What a file's first bytes say of its length. `all`: the file has at most `bytes` bytes. Otherwise
 * `bytes` bytes must be read before more can be said.
 */
export interface Extent {
  bytes: number;
  all: boolean;
}

/** Called with the bytes so far: first with none, then with at least as many as it asked for. */
export type ExtentOf = (bytes: Uint8Array) => Extent;

/** How far to read. */
export interface Limits {
  maxBytes: number;
  /** Expected bytes: memory for them is allocated at once. */
  size?: number | undefined;
  /** Finds the end from the bytes themselves; without it, reading goes on to the source's end. */
  extentOf?: ExtentOf | undefined;
  /** Told after each chunk how many bytes there are, and how many are expected. */
  onBytes?: ((bytes: number, size: number | undefined) => void) | undefined;
}

/** Thrown for more than the limit. */
export class TooLarge extends Error {
  constructor(readonly maxBytes: number) {
    super(`it has more than ${sizeText(maxBytes)}`);
  }
}

/** MODEL_TOO_LARGE for a TooLarge; any other error as it is. */
export function tooLargeError(name: string, error: unknown): unknown {
  if (!(error instanceof TooLarge)) return error;
  const text = `${name} is too large: ${error.message}`;
  return new TTTError('MODEL_TOO_LARGE', text, { cause: error });
}

/** A limit as people write it. */
function sizeText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB'];
  let unit = 0;
  let amount = bytes;
  for (; unit < 3 && amount >= 1024 && amount % 1024 === 0; unit++) amount /= 1024;
  return `${amount} ${amount === 1 && unit === 0 ? 'byte' : units[unit]}`;
}

const FIRST_BYTES = 1 << 16;
const UNKNOWN: Extent = { bytes: Infinity, all: true };

/** A growing array of bytes. */
class Growing {
  #bytes: Bytes;
  #length = 0;

  constructor(
    capacity: number,
    readonly most: number,
  ) {
    this.#bytes = allocate(() => new Uint8Array(capacity));
  }

  /** The bytes so far, not copied. */
  get view(): Bytes {
    return this.#bytes.subarray(0, this.#length);
  }

  push(chunk: Uint8Array): void {
    const wanted = this.#length + chunk.length;
    if (wanted > this.#bytes.length) {
      const before = this.view;
      const capacity = Math.max(wanted, Math.min(this.most, 2 * before.length));
      this.#bytes = allocate(() => new Uint8Array(capacity));
      this.#bytes.set(before);
    }
    this.#bytes.set(chunk, this.#length);
    this.#length = wanted;
  }

  /** The bytes so far, without spare capacity. */
  finish(): Bytes {
    if (this.#length === this.#bytes.length) return this.#bytes;
    return allocate(() => this.#bytes.slice(0, this.#length));
  }
}

/**
 * All bytes; the chunks are copied. Throws TooLarge for more than `maxBytes`, as soon as that is
 * known, and OUT_OF_MEMORY. The source is closed when this ends, however it does.
 */
export async function gather(
  chunks: AsyncIterable<Uint8Array>,
  { maxBytes, size, extentOf, onBytes }: Limits,
): Promise<Bytes> {
  const all = new Growing(Math.min(size ?? FIRST_BYTES, maxBytes), maxBytes);
  let extent = extentOf ? extentOf(all.view) : UNKNOWN;
  for await (const chunk of chunks) {
    if (all.view.length + chunk.length > maxBytes) throw new TooLarge(maxBytes);
    all.push(chunk);
    onBytes?.(all.view.length, size);
    while (extentOf && !extent.all && all.view.length >= extent.bytes) extent = extentOf(all.view);
    // Only where the size is unknown: otherwise the beginning is damaged, and the core says how.
    const endless = size === undefined && extent.bytes < Infinity;
    if (endless && extent.bytes > maxBytes) throw new TooLarge(maxBytes);
    if (extent.all && all.view.length > extent.bytes) break;
  }
  return all.finish();
}

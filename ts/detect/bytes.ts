/**
 * bytes.ts - writes and reads the bytes of a saved detector: little-endian, a header that names the kind and
 * the version, and a checksum at the end, so that damage is told from data.
 * SPDX-License-Identifier: MIT
 */
import { TTTError } from '../common/errors.js';
import type { Bytes } from '../common/types.js';

/** FNV-1a. A changed byte always changes it, as every step can be undone. */
function checksum(bytes: Uint8Array, end: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < end; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash >>> 0;
}

/** Collects values; `finish` gives the bytes. */
export class ByteWriter {
  private bytes = new Uint8Array(4096);
  private view = new DataView(this.bytes.buffer);
  private length = 0;

  /** `magic`: eight ASCII characters that name what is written. */
  constructor(magic: string, version: number) {
    for (let i = 0; i < 8; i++) this.u8(magic.charCodeAt(i));
    this.u32(version);
  }

  /** Where `more` bytes go; may replace `bytes` and `view`. */
  private room(more: number): number {
    const at = this.length;
    this.length += more;
    if (this.length > this.bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.bytes.length, this.length));
      grown.set(this.bytes);
      this.bytes = grown;
      this.view = new DataView(grown.buffer);
    }
    return at;
  }

  u8(value: number): void {
    const at = this.room(1);
    this.view.setUint8(at, value);
  }

  u32(value: number): void {
    const at = this.room(4);
    this.view.setUint32(at, value, true);
  }

  f64(value: number): void {
    const at = this.room(8);
    this.view.setFloat64(at, value, true);
  }

  /** A whole number from 0 to 2^53 - 1 in as few bytes as it needs. */
  count(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.u8((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.u8(rest);
  }

  text(value: string): void {
    this.blob(new TextEncoder().encode(value));
  }

  blob(value: Uint8Array): void {
    this.count(value.length);
    const at = this.room(value.length);
    this.bytes.set(value, at);
  }

  /** Whole numbers of which most are 0. */
  sparse(values: ArrayLike<number>): void {
    let last = -1;
    for (let i = 0; i < values.length; i++) {
      if (values[i] === 0) continue;
      this.count(i - last);
      this.count(values[i]!);
      last = i;
    }
    this.count(0);
  }

  finish(): Bytes {
    const end = this.length;
    this.u32(checksum(this.bytes, end));
    return this.bytes.slice(0, this.length);
  }
}

/** Reads what ByteWriter wrote. Whatever is wrong with the bytes throws STATE_DAMAGED or STATE_VERSION. */
export class ByteReader {
  private readonly view: DataView;
  private readonly end: number;
  private at = 0;

  /** `what` is for messages: "a saved LogDetector". */
  constructor(
    private readonly bytes: Uint8Array,
    magic: string,
    version: number,
    private readonly what: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    this.end = bytes.length - 4;
    let named = this.end >= 12;
    for (let i = 0; named && i < 8; i++) named = this.u8() === magic.charCodeAt(i);
    if (!named) throw new TTTError('STATE_DAMAGED', `the bytes are not ${what}`);
    if (checksum(bytes, this.end) !== this.view.getUint32(this.end, true)) throw this.damaged();
    const written = this.u32();
    if (written === version) return;
    const text = `${what} of format ${written}, this version reads ${version}`;
    throw new TTTError('STATE_VERSION', text);
  }

  /** The error for bytes that make no sense. */
  damaged(): TTTError {
    return new TTTError('STATE_DAMAGED', `${this.what} is damaged`);
  }

  private take(length: number): number {
    const at = this.at;
    this.at += length;
    if (this.at > this.end) throw this.damaged();
    return at;
  }

  u8(): number {
    return this.view.getUint8(this.take(1));
  }

  u32(): number {
    return this.view.getUint32(this.take(4), true);
  }

  /** A finite number of at most `limit` in magnitude. */
  f64(limit = Number.MAX_VALUE): number {
    const value = this.view.getFloat64(this.take(8), true);
    if (!(Math.abs(value) <= limit)) throw this.damaged();
    return value;
  }

  /** A whole number of at most `limit`. */
  count(limit = Number.MAX_SAFE_INTEGER): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      value += (byte % 128) * scale;
      if (!(value <= limit)) throw this.damaged();
      if (byte < 128) return value;
    }
  }

  text(limit: number): string {
    return new TextDecoder().decode(this.blob(limit));
  }

  /** A copy. */
  blob(limit: number): Bytes {
    const length = this.count(limit);
    const at = this.take(length);
    return this.bytes.slice(at, at + length);
  }

  /** Fills an array that is 0 everywhere; values are at most `limit`. */
  sparse(into: { readonly length: number; [index: number]: number }, limit: number): void {
    let at = -1;
    for (;;) {
      const step = this.count(into.length);
      if (step === 0) return;
      at += step;
      if (at >= into.length) throw this.damaged();
      into[at] = this.count(limit);
    }
  }

  /** Throws if something is left. */
  finish(): void {
    if (this.at !== this.end) throw this.damaged();
  }
}

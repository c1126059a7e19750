/**
 * text-source.ts - texts that are read in pieces, and may be read several times: files again from the disk,
 * and what can be read only once (standard input, a pipe) from memory. Those that are compressed are
 * read as what is in them.
 * SPDX-License-Identifier: MIT
 */
import type { Stats } from 'node:fs';
import { statSync } from 'node:fs';
import { Failure } from '../screen/failure.js';
import { decompressed, isCompressed } from './compressed.js';
import { SNIFFED_BYTES, sniff } from './encoding.js';
import type { Source } from './input.js';
import { nameOf, openSource } from './input.js';
import { readWhole } from './read-file.js';
import { findInvalidUtf8, MAX_TEXT, notUtf8, textExtent } from './text.js';

/** What a text is read for, and whether invalid bytes become U+FFFD. */
export interface Reading {
  command: string;
  lossy: boolean;
}

/** Called with the bytes of a file that were read, after each piece. */
type OnRead = (bytes: number) => void;

/** Decodes chunk after chunk; what is invalid is an error that says where, or U+FFFD. */
class Decoder {
  readonly #decoder: TextDecoder;
  /** The bytes before the next chunk, the beginning of a character perhaps among them. */
  #before: Uint8Array = new Uint8Array();
  #at = 0;

  constructor(
    readonly encoding: string,
    readonly name: string,
    lossy: boolean,
  ) {
    this.#decoder = new TextDecoder(encoding, { fatal: !lossy });
  }

  /** The text that a chunk completes; the last one is empty. */
  decode(chunk: Uint8Array, isLast: boolean): string {
    try {
      const text = this.#decoder.decode(chunk, { stream: !isLast });
      this.#before = Buffer.concat([this.#before, chunk.subarray(-3)]).subarray(-3);
      this.#at += chunk.length;
      return text;
    } catch {
      throw this.#invalid(chunk);
    }
  }

  #invalid(chunk: Uint8Array): Failure {
    const isInside = (byte: number): boolean => (byte & 0xc0) === 0x80;
    const skipped = this.#before.findIndex((byte) => !isInside(byte));
    const known = this.#before.subarray(skipped < 0 ? this.#before.length : skipped);
    const bytes = Buffer.concat([known, chunk]);
    const at = this.encoding === 'utf-8' ? findInvalidUtf8(bytes) : -1;
    return notUtf8(this.name, this.encoding, at, this.#at - known.length, bytes);
  }
}

/** One text. */
export class TextSource {
  private constructor(
    readonly path: string,
    readonly reading: Reading,
    /** All of it, if it can be read only once. */
    private readonly bytes: Uint8Array | undefined,
    private readonly stat: Stats | undefined,
  ) {}

  /** Opens a file, or standard input for `-`; reads what cannot be read again. */
  static async open(path: string, reading: Reading): Promise<TextSource> {
    const stat = path === '-' ? undefined : statSync(path, { throwIfNoEntry: false });
    if (stat?.isFile() === true) return new TextSource(path, reading, undefined, stat);
    const name = nameOf(path);
    const bytes = await readWhole(path, 'read', {
      maxBytes: MAX_TEXT,
      extentOf: (head) =>
        isCompressed(head)
          ? { bytes: Infinity, all: true }
          : textExtent(head, name, reading.command),
    });
    return new TextSource(path, reading, bytes, undefined);
  }

  /** How messages call it. */
  get name(): string {
    return nameOf(this.path);
  }

  /** Bytes of the file, compressed or not. */
  get size(): number {
    return this.bytes?.length ?? this.stat!.size;
  }

  /** The text from its beginning. `onRead` gets the bytes read so far, of `size`. */
  async *pieces(onRead: OnRead): AsyncGenerator<string> {
    this.#checkUnchanged();
    const { command, lossy } = this.reading;
    const source = await decompressed(counted(await this.#open(), onRead));
    let decoder: Decoder | undefined;
    let head: Uint8Array = new Uint8Array();
    const start = (): string => {
      decoder = new Decoder(sniff(head, this.name, command), this.name, lossy);
      return decoder.decode(head, false);
    };
    for await (const chunk of source.chunks) {
      if (decoder !== undefined) {
        yield decoder.decode(chunk, false);
        continue;
      }
      head = Buffer.concat([head, chunk]);
      if (head.length >= SNIFFED_BYTES) yield start();
    }
    if (decoder === undefined) yield start();
    yield decoder!.decode(new Uint8Array(), true);
    this.#checkUnchanged();
  }

  async #open(): Promise<Source> {
    const { bytes, name } = this;
    if (bytes === undefined) return await openSource(this.path);
    return { name, size: bytes.length, chunks: slices(bytes) };
  }

  /** A file that is written to meanwhile would give another text each time. */
  #checkUnchanged(): void {
    if (this.stat === undefined) return;
    const now = statSync(this.path, { throwIfNoEntry: false });
    if (now?.size === this.stat.size && now.mtimeMs === this.stat.mtimeMs) return;
    throw new Failure(`${this.name} has changed while it was read`);
  }
}

const SLICE_BYTES = 1 << 18;

async function* slices(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES);
}

/** The same source, whose bytes are counted as they are taken. */
function counted(source: Source, onRead: OnRead): Source {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    let bytes = 0;
    for await (const chunk of source.chunks) {
      yield chunk;
      bytes += chunk.length;
      onRead(bytes);
    }
  }
  return { ...source, chunks: chunks() };
}

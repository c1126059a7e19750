/**
 * file-bytes.ts - reads whatever a path names: files, pipes, terminals, devices. Node only.
 *
 * Each is opened only once, since what was read from a pipe is gone. Waiting for a pipe's writer
 * happens on the event loop, where a signal can end it.
 * SPDX-License-Identifier: MIT
 */
import type { Stats } from 'node:fs';
import { close, constants, fstat, open, read } from 'node:fs';
import { Socket } from 'node:net';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { isatty, ReadStream } from 'node:tty';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import type { AbortSignalLike, Bytes } from '../common/types.js';
import type { Limits } from './gather.js';
import { gather, TooLarge } from './gather.js';
import type { Files, Place } from './place.js';

const openAsync = promisify(open);
const statAsync = promisify(fstat);
const readAsync = promisify(read);
const closeAsync = promisify(close);

const CHUNK_BYTES = 1 << 18;

/** A terminal or a pipe; it closes its file. */
function streamOf(file: number): Readable {
  if (isatty(file)) return new ReadStream(file);
  return new Socket({ fd: file, readable: true, writable: false });
}

/** The caller, who has the signal, replaces this error by its own. */
const aborted = (): Error => new Error('the reading was aborted');

/** An open file, whose bytes can be read once; if they are not read, it has to be closed. */
class OpenFile implements AsyncIterable<Uint8Array> {
  readonly isFolder: boolean;
  /** In bytes; undefined unless it is a regular file. */
  readonly size: number | undefined;
  /** Whether reading may have to wait for a writer. */
  readonly #waits: boolean;
  #closed = false;

  constructor(
    readonly file: number,
    stat: Stats,
    readonly signal: AbortSignalLike | undefined,
  ) {
    this.isFolder = stat.isDirectory();
    this.size = stat.isFile() ? stat.size : undefined;
    this.#waits = stat.isFIFO() || stat.isSocket() || isatty(file);
  }

  [Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, undefined> {
    return this.#waits ? this.#streamed() : this.#inChunks();
  }

  /** Calling it again does nothing. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await closeAsync(this.file);
  }

  /** Each chunk is valid until the next is asked for. */
  async *#inChunks(): AsyncGenerator<Uint8Array, void, undefined> {
    const buffer = new Uint8Array(CHUNK_BYTES);
    try {
      for (;;) {
        if (this.signal?.aborted) throw aborted();
        const { bytesRead } = await readAsync(this.file, buffer, 0, CHUNK_BYTES, null);
        if (bytesRead === 0) return;
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await this.close();
    }
  }

  async *#streamed(): AsyncGenerator<Uint8Array, void, undefined> {
    const { signal } = this;
    const stream = streamOf(this.file);
    this.#closed = true; // the stream closes it
    const abort = (): void => void stream.destroy(aborted());
    signal?.addEventListener('abort', abort);
    try {
      if (signal?.aborted) throw aborted();
      for await (const chunk of stream) yield chunk as Uint8Array;
    } finally {
      signal?.removeEventListener('abort', abort);
      stream.destroy();
    }
  }
}

/** Opens a file; `signal` ends waiting for a pipe's data. Throws the system's error. */
export async function openFile(path: string, signal?: AbortSignalLike): Promise<OpenFile> {
  // Without O_NONBLOCK a pipe is opened when it has a writer, in a thread that nothing can stop.
  const file = await openAsync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  try {
    return new OpenFile(file, await statAsync(file), signal);
  } catch (error) {
    await closeAsync(file);
    throw error;
  }
}

class FilePlace implements Place {
  readonly isLocal = true;

  constructor(readonly path: string) {}

  get name(): string {
    return this.path;
  }

  async read(limits: Limits, signal?: AbortSignalLike): Promise<Bytes | undefined> {
    const opened = await openFile(this.path, signal);
    const { isFolder, size } = opened;
    try {
      if (isFolder) return undefined;
      if (size !== undefined && size > limits.maxBytes) throw new TooLarge(limits.maxBytes);
      return await gather(opened, { ...limits, size });
    } finally {
      await opened.close();
    }
  }

  beside(name: string): Place {
    return new FilePlace(join(dirname(this.path), name));
  }

  inside(name: string): Place {
    return new FilePlace(join(this.path, name));
  }
}

/** The files of this machine, by path or `file:` URL. Nothing is opened before it is read. */
export const localFiles: Files = (place) =>
  new FilePlace(typeof place === 'string' ? place : fileURLToPath(place));

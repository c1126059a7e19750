/**
 * input.ts - texts that come in pieces: from a file, a pipe, a terminal or standard input. A signal
 * ends the wait for one that has nothing to give.
 * SPDX-License-Identifier: MIT
 */
import { closeSync, constants, fstatSync, openSync, read, statSync, writeSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { isatty, ReadStream } from 'node:tty';
import { promisify } from 'node:util';
import { Failure, fileFailure, systemCode } from './failure.js';
import { turn } from './pauses.js';

/** Bytes of a file or of standard input, and the size if it is known. */
export interface Source {
  name: string;
  size: number | undefined;
  chunks: AsyncIterable<Uint8Array>;
}

const STDIN = 'standard input';
const CHUNK_BYTES = 1 << 18;
const readBytes = promisify(read);

const isDirectory = (): Error => Object.assign(new Error(), { code: 'EISDIR' });

/**
 * Whether standard input was closed when the program began: Node opens the null device in its
 * place, for writing as well, which nobody does who means to have it read.
 */
function wasClosed(stat: Stats): boolean {
  const none = statSync('/dev/null', { throwIfNoEntry: false });
  if (none === undefined || !stat.isCharacterDevice() || stat.rdev !== none.rdev) return false;
  try {
    writeSync(0, new Uint8Array(1));
    return true;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}

/** Throws for a standard input that nothing can be read from. */
export function checkStandardInput(): Stats {
  try {
    const stat = fstatSync(0);
    if (stat.isDirectory()) throw isDirectory(); // Node reads one as an empty stream
    if (process.platform !== 'win32' && wasClosed(stat)) {
      throw new Failure(`cannot read ${STDIN}: it is closed`);
    }
    return stat;
  } catch (error) {
    throw error instanceof Failure ? error : fileFailure('read', STDIN, error);
  }
}

/** The end of a terminal may be that it hung up: the signal that comes with it is to be heard. */
async function afterTerminal(stream: Readable): Promise<void> {
  if (stream instanceof ReadStream) for (let i = 0; i < 2; i++) await turn();
}

async function* streamChunks(
  stream: Readable,
  name: string,
  stop: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const end = (): void => void stream.destroy();
  stop?.addEventListener('abort', end);
  try {
    if (stop?.aborted !== true) for await (const chunk of stream) yield chunk as Uint8Array;
    await afterTerminal(stream);
  } catch (error) {
    if (stop?.aborted === true) return;
    if (systemCode(error) === 'EIO' && stream instanceof ReadStream) return afterTerminal(stream);
    throw error instanceof Failure ? error : fileFailure('read', name, error);
  } finally {
    stop?.removeEventListener('abort', end);
    stream.destroy();
  }
}

async function* fileChunks(
  file: number,
  name: string,
  stop: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(CHUNK_BYTES);
  try {
    while (stop?.aborted !== true) {
      const { bytesRead } = await readBytes(file, buffer, 0, CHUNK_BYTES, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } catch (error) {
    throw error instanceof Failure ? error : fileFailure('read', name, error);
  } finally {
    closeSync(file);
  }
}

/** Opens a file, or standard input for `-`. Each chunk is valid until the next one is asked for. */
export function openSource(path: string, stop?: AbortSignal): Source {
  if (path === '-') {
    const stat = checkStandardInput();
    const size = stat.isFile() ? stat.size : undefined;
    return { name: STDIN, size, chunks: streamChunks(process.stdin, STDIN, stop) };
  }
  try {
    // A thread that waits in open or read for the other end of a pipe would keep the process from
    // ending: pipes and terminals are opened without waiting, and read by the event loop.
    const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stat = fstatSync(file);
    if (stat.isDirectory()) {
      closeSync(file);
      throw isDirectory();
    }
    const stream = isatty(file)
      ? new ReadStream(file)
      : stat.isFIFO()
        ? new Socket({ fd: file, readable: true, writable: false })
        : undefined;
    if (stream !== undefined) {
      return { name: path, size: undefined, chunks: streamChunks(stream, path, stop) };
    }
    const size = stat.isFile() ? stat.size : undefined;
    return { name: path, size, chunks: fileChunks(file, path, stop) };
  } catch (error) {
    throw fileFailure('read', path, error);
  }
}

/** All bytes of a source, which must not be more than `most`. */
export async function readSource({ name, chunks }: Source, most: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of chunks) {
    size += chunk.length;
    if (size > most) throw new Failure(`${name} is too large to be read at once`);
    parts.push(Uint8Array.from(chunk));
  }
  return Buffer.concat(parts);
}

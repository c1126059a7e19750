/**
 * follow.ts - goes on reading a file that grows, as `tail -F` does: it is read anew from its beginning when it
 * was cut short, and the new one when another file has taken its name.
 * SPDX-License-Identifier: MIT
 */
import type { FileHandle } from 'node:fs/promises';
import { open, stat } from 'node:fs/promises';
import { fileFailure, systemCode } from '../screen/failure.js';
import type { Source } from './input.js';

const CHUNK_BYTES = 1 << 16;
const WAIT_MS = 200;
const NEWLINE = 10;

/** Waits, but not longer than until `stop`. */
function pause(stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, WAIT_MS);
    stop.addEventListener('abort', done);
    if (stop.aborted) done();
  });
}

/** Whether the name leads to another file now, or to the same one that has become shorter. */
async function hasChanged(
  path: string,
  file: FileHandle,
  at: number,
): Promise<'no' | 'cut' | 'other'> {
  const own = await file.stat();
  if (own.size < at) return 'cut';
  try {
    const now = await stat(path);
    return now.ino === own.ino && now.dev === own.dev ? 'no' : 'other';
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return 'no'; // between two files
    throw error;
  }
}

/** The file that has the name now; the old one if that has gone again. */
async function reopened(path: string, old: FileHandle): Promise<FileHandle> {
  try {
    const file = await open(path);
    await old.close();
    return file;
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return old;
    throw error;
  }
}

async function opened(path: string): Promise<FileHandle> {
  try {
    return await open(path);
  } catch (error) {
    throw fileFailure('read', path, error);
  }
}

async function* growing(path: string, stop: AbortSignal): AsyncGenerator<Uint8Array> {
  let file = await opened(path);
  const buffer = new Uint8Array(CHUNK_BYTES);
  let at = 0;
  let last = NEWLINE;
  let replaced = false;
  try {
    while (!stop.aborted) {
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, at);
      if (bytesRead > 0) {
        at += bytesRead;
        last = buffer[bytesRead - 1]!;
        yield buffer.slice(0, bytesRead);
        continue;
      }
      const change = await hasChanged(path, file, at);
      if (change === 'no') {
        await pause(stop);
      } else if (change === 'other' && !replaced) {
        replaced = true; // what was written to the old file meanwhile is read first
      } else {
        const old = file;
        if (change === 'other') file = await reopened(path, old);
        if (change === 'other' && file === old) continue;
        if (last !== NEWLINE) yield Uint8Array.of(NEWLINE); // a line does not go on in another file
        at = 0;
        last = NEWLINE;
        replaced = false;
      }
    }
  } catch (error) {
    throw fileFailure('read', path, error);
  } finally {
    await file.close();
  }
}

/** A file that is read until `stop`. Nothing is opened before it is read. */
export function followSource(path: string, stop: AbortSignal): Source {
  return { name: path, size: undefined, chunks: growing(path, stop) };
}

/**
 * outlet.ts - writes findings to a file or to a descriptor that is open.
 *
 * Not through process.stdout: in a worker thread its text goes through the main thread, which waits for the
 * worker when the program ends.
 * SPDX-License-Identifier: MIT
 */
import { fstat, write } from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

import { TTTError } from '../common/errors.js';

/* A pipe that is full is tried again after so many milliseconds. */
const AGAIN_MS = 10;

const statAsync = promisify(fstat);
const writeAsync = promisify(write) as unknown as (
  file: number,
  bytes: Uint8Array,
) => Promise<{ bytesWritten: number }>;

/** Where findings go as lines. */
export interface Outlet {
  write(line: string): Promise<void>;
  close(): Promise<void>;
}

async function writeAll(file: number, text: string): Promise<void> {
  let bytes: Uint8Array = Buffer.from(text);
  while (bytes.length > 0) {
    try {
      const { bytesWritten } = await writeAsync(file, bytes);
      bytes = bytes.subarray(bytesWritten);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
      await sleep(AGAIN_MS);
    }
  }
}

function cannot(destination: string | number, cause: unknown): TTTError {
  const { message } = cause as Error;
  const text = `destination ${destination} cannot be written to: ${message}`;
  return new TTTError('INVALID_ARGUMENT', text, { cause });
}

/** Opens a file, to be written to at its end; a descriptor is only looked at and stays open. */
export async function openOutlet(destination: string | number): Promise<Outlet> {
  try {
    if (typeof destination === 'number') {
      await statAsync(destination);
      const none = async (): Promise<void> => undefined;
      return { write: (line) => writeAll(destination, line), close: none };
    }
    const file = await open(destination, 'a');
    return { write: (line) => writeAll(file.fd, line), close: () => file.close() };
  } catch (cause) {
    throw cannot(destination, cause);
  }
}

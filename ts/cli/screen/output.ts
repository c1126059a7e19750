/**
 * output.ts - standard output. When its reader has gone away (`| head`) the command ends without an error,
 * and on a full disk with one; but a command that saves something goes on, and saves it.
 * SPDX-License-Identifier: MIT
 */
import { once } from 'node:events';
import { systemCode } from './failure.js';

let closed = false;
let hasMoreToDo = false;

function onError(error: Error): void {
  const gone = systemCode(error) === 'EPIPE';
  if (!gone && !closed) process.stderr.write(`bit-ttt: cannot write: ${error.message}\n`);
  closed = true;
  if (!hasMoreToDo) process.exit(gone ? 0 : 1);
  if (!gone) process.exitCode = 1;
}

/** To be called once, before anything is printed. */
export function watchOutput(): void {
  process.stdout.on('error', onError);
  process.stderr.on('error', () => {
    if (!hasMoreToDo) process.exit(1);
  });
}

/** Lets the command go on when its output is no longer read. */
export function goOnWithoutReader(): void {
  hasMoreToDo = true;
}

/** Prints, unless the output is no longer read. */
export function print(text: string): void {
  if (!closed) process.stdout.write(text);
}

/** Waits until what was printed was written, so that it does not pile up, or until `stop`. */
export async function drained(stop: AbortSignal): Promise<void> {
  if (closed || stop.aborted || !process.stdout.writableNeedDrain) return;
  try {
    await once(process.stdout, 'drain', { signal: stop });
  } catch (error) {
    if (!closed && !stop.aborted) throw error;
  }
}

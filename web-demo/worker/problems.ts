/**
 * problems.ts - errors of the library as the page gets them.
 * SPDX-License-Identifier: MIT
 */
import { TTTError } from 'bit-ttt';

import type { Problem } from '../protocol.js';

/** The library's message of an abort is for programmers; the page shows "Stopped." instead. */
const stopped = ({ message }: Error): string =>
  message.startsWith('Stopped') ? message : 'Stopped.';

export function problemOf(error: unknown): Problem {
  if (error instanceof TTTError && error.code === 'ABORTED')
    return { code: 'ABORTED', message: stopped(error) };
  if (error instanceof TTTError) return { code: error.code, message: error.message };
  const message = error instanceof Error ? error.message : String(error);
  const memory = error instanceof RangeError;
  return { code: memory ? 'OUT_OF_MEMORY' : 'FAILED', message };
}

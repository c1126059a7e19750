/**
 * files.ts - files that are read whole, and how those begin that the command writes.
 * SPDX-License-Identifier: MIT
 */
import { readFileSync, statSync } from 'node:fs';
import { Failure, fileFailure } from './failure.js';

const MAX_BYTES = 2 ** 31 - 1;

/** All of a file. `action` is what a failure says could not be done with it. */
export function readWhole(path: string, action: string): Buffer {
  try {
    const stat = statSync(path);
    if (stat.size > MAX_BYTES) throw new Failure(`${path} is too large (2 GiB or more)`);
    return readFileSync(path);
  } catch (error) {
    throw error instanceof Failure ? error : fileFailure(action, path, error);
  }
}

/** How the files begin that are of bit-ttt's own making. */
export const BEGINNINGS = {
  memory: 'bit-ttt memory ',
  session: 'bit-ttt session ',
  checkpoint: 'bit-ttt checkpoint ',
  model: 'BITT',
} as const;

/**
 * read-file.ts - reads a file, or standard input for `-`, whole and once, up to a limit.
 * SPDX-License-Identifier: MIT
 */
import { TTTError } from 'bit-ttt';
import { localFiles } from '../../files/file-bytes.js';
import type { Limits } from '../../files/gather.js';
import { gather, TooLarge } from '../../files/gather.js';
import { Failure, fileFailure } from '../screen/failure.js';
import { nameOf, openSource } from './input.js';

/** All of a file, or of standard input. `action` is what a failure says could not be done with it. */
export async function readWhole(path: string, action: string, limits: Limits): Promise<Buffer> {
  try {
    const bytes =
      path === '-'
        ? await gather((await openSource(path)).chunks, limits)
        : await localFiles(path).read(limits);
    if (bytes === undefined) throw Object.assign(new Error(), { code: 'EISDIR' });
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  } catch (error) {
    if (error instanceof Failure || error instanceof TTTError) throw error;
    const name = nameOf(path);
    if (error instanceof TooLarge) throw new Failure(`${name} is too large: ${error.message}`);
    throw fileFailure(action, name, error);
  }
}

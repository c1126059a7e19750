/**
 * files.ts - files that are read whole, and files that are replaced whole or not at all.
 * SPDX-License-Identifier: MIT
 */
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Failure, fileFailure, systemCode } from './failure.js';

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

/** Throws if nothing can be saved at `path`: before hours of work, not after. */
export function checkSavePath(path: string): void {
  try {
    accessSync(dirname(resolve(path)), constants.W_OK);
  } catch (error) {
    throw fileFailure('save', path, error);
  }
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat !== undefined && !stat.isFile()) {
    throw new Failure(`cannot save ${path}: it is there already and is no regular file`);
  }
}

/** Writes a file. What was at `path` is replaced as a whole or, on failure, stays as it was. */
export function saveFile(path: string, parts: readonly (Uint8Array | string)[]): void {
  try {
    replaceFile(
      path,
      parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)),
    );
  } catch (error) {
    throw fileFailure('save', path, error);
  }
}

/** All new bytes under another name and on the disk first, then one rename. */
function replaceFile(path: string, parts: readonly Uint8Array[]): void {
  const exists = statSync(path, { throwIfNoEntry: false }) !== undefined;
  const target = exists ? realpathSync(path) : resolve(path);
  const folder = dirname(target);
  const temporary = join(folder, `.${basename(target)}.${process.pid}.${Date.now()}.tmp`);
  const file = openSync(temporary, 'wx');
  try {
    try {
      for (const part of parts) writeAll(file, part);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, target);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  syncFolder(folder);
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}

/** Makes the rename last; some systems cannot, and the file is complete either way. */
function syncFolder(folder: string): void {
  try {
    const file = openSync(folder, 'r');
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}

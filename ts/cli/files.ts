/**
 * files.ts - files that are replaced whole or not at all.
 * SPDX-License-Identifier: MIT
 */
import {
  accessSync,
  closeSync,
  constants,
  existsSync,
  fsyncSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import type { Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Failure, fileFailure, systemCode } from './failure.js';

/** How the files begin that a command writes, and thus may replace. */
export const BEGINNINGS = {
  memory: 'bit-ttt memory ',
  session: 'bit-ttt session ',
  checkpoint: 'bit-ttt checkpoint ',
  model: 'BITT',
  chart: '<',
  tokenizer: '{',
  weights: undefined, // a length comes first
} as const;

/** What a file to be saved is. */
export type SavedKind = keyof typeof BEGINNINGS;

/** Throws if `path` is one of the files that are read, by whatever name. */
export function checkNotRead(path: string, inputs: readonly string[]): void {
  const statOf = (file: string): Stats | undefined => (existsSync(file) ? statSync(file) : undefined);
  const old = statOf(path);
  if (old === undefined) return;
  for (const input of inputs) {
    const read = input === '-' ? undefined : statOf(input);
    if (read?.ino !== old.ino || read.dev !== old.dev) continue;
    throw new Failure(`cannot save ${path}: it is the file to be read`);
  }
}

/**
 * Throws if nothing can be saved at `path`, or nothing should be, since it is an input or another
 * kind of file is there: before hours of work, not after.
 */
export function checkSavePath(path: string, kind: SavedKind, ...inputs: readonly string[]): void {
  try {
    accessSync(dirname(resolve(path)), constants.W_OK);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (!stat.isFile()) {
      throw new Failure(`cannot save ${path}: it is there already and is no regular file`);
    }
    checkNotRead(path, inputs);
    const beginning = BEGINNINGS[kind];
    if (beginning === undefined || stat.size === 0 || beginsWith(path, beginning)) return;
    throw new Failure(`cannot save ${path}: it is there already and is no ${kind} file of bit-ttt`);
  } catch (error) {
    throw error instanceof Failure ? error : fileFailure('save', path, error);
  }
}

function beginsWith(path: string, beginning: string): boolean {
  const head = Buffer.alloc(beginning.length);
  const file = openSync(path, 'r');
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  return head.toString('latin1') === beginning;
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

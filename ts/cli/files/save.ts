/**
 * save.ts - saves files, each whole or not at all. Only files that this program has written are replaced
 * (or any with --force), and they keep their mode and owner.
 * SPDX-License-Identifier: MIT
 */
import type { Stats } from 'node:fs';
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { CommandLine } from '../screen/command-line.js';
import { Failure, fileFailure, systemCode } from '../screen/failure.js';
import type { Named, Written } from './places.js';
import { checkPlaces, followLinks } from './places.js';
import type { SavedKind } from './written.js';
import { isWritten, PRIVATE } from './written.js';

/** Something that a command saves. `force`: any file that is there may be replaced. */
export interface Result extends Written {
  kind: SavedKind;
  force: boolean;
}

/** Something to be saved as `path`; messages call it `name`. */
export function resultOf(
  { flags }: CommandLine,
  path: string,
  name: string,
  kind: SavedKind,
  replaces?: string,
): Result {
  return { path, name, kind, force: flags.has('force'), replaces };
}

/** Where a result goes, and what is there. */
interface Target {
  path: string;
  old: Stats | undefined;
}

/** Errors of fsync where folders cannot be synced. */
const NO_FOLDER_SYNC = ['EACCES', 'EBADF', 'EINVAL', 'EISDIR', 'ENOTSUP', 'EPERM'];
/** Bytes of a file's name in a temporary name; file systems take names of 255. */
const MAX_NAME_BYTES = 200;
/** Temporary names that are tried. */
const MOST_NAMES = 100;

/** Whether a new file can be given the owner and the group of an old one. */
function keepsOwner({ uid, gid }: Stats): boolean {
  const user = process.geteuid?.();
  if (user === undefined || user === 0) return true;
  return (
    uid === user && (gid === process.getegid?.() || process.getgroups?.().includes(gid) === true)
  );
}

/** Whether `end` names this file: a link in /dev/fd may lead to an open file that has no name. */
function isAt(end: string, { dev, ino }: Stats): boolean {
  const found = statSync(end, { throwIfNoEntry: false });
  return found !== undefined && found.dev === dev && found.ino === ino;
}

/** Finds what is at the end of all links; throws if nothing can, or should, be saved there. */
function checkTarget({ path, kind, force }: Result): Target {
  const end = followLinks(path);
  const folder = realpathSync.native(dirname(end)); // realpathSync itself drops `link/..`
  const old = statSync(path, { throwIfNoEntry: false });
  const target = { path: join(folder, basename(end)), old };
  if (old !== undefined && !old.isFile()) {
    throw new Failure(`cannot save ${path}: it is there already and is no regular file`);
  }
  if (old !== undefined && !isAt(end, old)) {
    throw new Failure(`cannot save ${path}: it is an open file that has no name`);
  }
  if (old === undefined && end.endsWith('/')) throw Object.assign(new Error(), { code: 'EISDIR' });
  accessSync(folder, constants.W_OK);
  if (old === undefined) return target;
  if (!keepsOwner(old)) {
    const owner = `user ${old.uid}, group ${old.gid}`;
    throw new Failure(
      `cannot save ${path}: it belongs to others (${owner}), and what replaced it would not`,
    );
  }
  if (force || isWritten(target.path, kind)) return target;
  const what = kind === 'model folder' ? 'model' : kind;
  throw new Failure(
    `cannot save ${path}: it is there already and is no ${what} file of bit-ttt; ` +
      '--force replaces it all the same',
  );
}

/** Any failure as a sentence that names the file. */
function named<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw error instanceof Failure ? error : fileFailure('save', path, error);
  }
}

/**
 * To be called before any work: throws if a result could not be saved, or would replace another
 * result, something that is read, or a file that another program has written.
 */
export function checkFiles(reads: readonly Named[], results: readonly Result[]): void {
  checkPlaces(reads, results);
  for (const result of results) named(result.path, () => checkTarget(result));
}

/** Writes a file. What was there is replaced as a whole or, on failure, stays as it was. */
export function saveFile(result: Result, parts: readonly (Uint8Array | string)[]): void {
  const bytes = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part));
  named(result.path, () => replaceFile(checkTarget(result), bytes, PRIVATE.has(result.kind)));
}

/** Repeats a call as long as signals interrupt it. */
function retried<T>(call: () => T): T {
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (systemCode(error) !== 'EINTR') throw error;
    }
  }
}

/** Writes a temporary file, to the disk, and renames it. `secret`: only its owner may read it. */
function replaceFile({ path, old }: Target, parts: readonly Uint8Array[], secret: boolean): void {
  const folder = dirname(path);
  const stem = stemOf(basename(path));
  sweep(folder, stem);
  // It gets the mode of what it replaces when it is complete, and never has a wider one.
  const [temporary, file] = create(folder, stem, secret || old !== undefined ? 0o600 : 0o666);
  try {
    try {
      for (const part of parts) writeAll(file, part);
      if (old !== undefined) takeOver(file, old);
      retried(() => fsyncSync(file));
    } finally {
      close(file);
    }
    retried(() => renameSync(temporary, path));
  } catch (error) {
    remove(temporary);
    throw error;
  }
  syncFolder(folder);
}

/** The part of a file's name that goes into a temporary name. */
function stemOf(name: string): string {
  let stem = name;
  while (Buffer.byteLength(stem) > MAX_NAME_BYTES) stem = [...stem].slice(0, -1).join('');
  return stem;
}

/** Creates a file of a new name in `folder`; gives its path and descriptor. */
function create(folder: string, stem: string, mode: number): [string, number] {
  const now = Date.now();
  for (let i = 0; ; i++) {
    const path = join(folder, `.${stem}.${process.pid}.${now + i}.tmp`);
    try {
      return [path, retried(() => openSync(path, 'wx', mode))];
    } catch (error) {
      if (systemCode(error) !== 'EEXIST' || i === MOST_NAMES) throw error;
    }
  }
}

/** Gives a new file the owner, the group and then the mode of an old one. */
function takeOver(file: number, { uid, gid, mode }: Stats): void {
  const now = fstatSync(file);
  if (process.geteuid !== undefined && (now.uid !== uid || now.gid !== gid)) {
    retried(() => fchownSync(file, uid, gid));
  }
  retried(() => fchmodSync(file, mode & 0o7777));
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) {
    const written = retried(() => writeSync(file, bytes, at));
    if (written === 0) throw Object.assign(new Error(), { code: 'EIO' });
    at += written;
  }
}

/** Closes a file; it is closed also if a signal interrupts the call. */
function close(file: number): void {
  try {
    closeSync(file);
  } catch (error) {
    if (systemCode(error) !== 'EINTR') throw error;
  }
}

function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    if (systemCode(error) === undefined) throw error; // the first failure is the one to report
  }
}

function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return systemCode(error) === 'ESRCH';
  }
}

/**
 * Removes temporary files of this name whose process has ended. This process has none in use: a save is
 * one synchronous call.
 */
function sweep(folder: string, stem: string): void {
  try {
    for (const name of readdirSync(folder)) {
      if (!name.startsWith(`.${stem}.`)) continue;
      const [, pid] = /^\.(\d+)\.\d+\.tmp$/.exec(name.slice(1 + stem.length)) ?? [];
      if (pid === undefined || !(Number(pid) === process.pid || isGone(Number(pid)))) continue;
      const path = join(folder, name);
      if (lstatSync(path).isFile()) remove(path);
    }
  } catch (error) {
    if (systemCode(error) === undefined) throw error; // files that stay behind do no harm
  }
}

/** Makes the rename last through a power failure, where the system can. */
function syncFolder(folder: string): void {
  try {
    const file = retried(() => openSync(folder, 'r'));
    try {
      retried(() => fsyncSync(file));
    } finally {
      close(file);
    }
  } catch (error) {
    const code = systemCode(error);
    if (code === undefined || !NO_FOLDER_SYNC.includes(code)) throw error;
  }
}

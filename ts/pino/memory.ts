/**
 * memory.ts - the file that keeps what was learnt.
 * SPDX-License-Identifier: MIT
 */
import { constants } from 'node:fs';
import { access, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { threadId } from 'node:worker_threads';

import { LogDetector } from 'bit-ttt';

import { TTTError } from '../common/errors.js';
import type { LogDetectorOptions } from '../detect/types.js';

/* Only the owner may read a new file, as parts of lines are in it. */
const MODE = 0o600;

const isMissing = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';

async function bytesOf(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    const text = `load: ${path} cannot be read: ${(cause as Error).message}`;
    throw new TTTError('INVALID_ARGUMENT', text, { cause });
  }
}

/** A detector that goes on from the file, or a new one where there is none. */
export async function loadDetector(
  path: string | undefined,
  options: LogDetectorOptions,
): Promise<LogDetector> {
  const bytes = path === undefined ? undefined : await bytesOf(path);
  if (bytes === undefined) return LogDetector.create(options);
  try {
    return await LogDetector.load(bytes, options);
  } catch (cause) {
    if (!(cause instanceof TTTError)) throw cause;
    throw new TTTError(cause.code, `load: ${path}: ${cause.message}`, { cause });
  }
}

/** Refuses a file that could not be written at the end. */
export async function checkSave(path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK);
    if ((await stat(path)).isDirectory()) throw new Error('it is a folder');
  } catch (cause) {
    const error = cause as NodeJS.ErrnoException;
    if (isMissing(cause) && error.syscall === 'stat') return;
    const text = `save: ${path} cannot be written: ${error.message}`;
    throw new TTTError('INVALID_ARGUMENT', text, { cause });
  }
}

/** Writes a file whole or not at all: it takes the place of the old one when it is on the disk. */
async function replaceFile(path: string, bytes: Uint8Array): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const mode = await stat(target).then(
    (old) => old.mode & 0o777,
    () => MODE,
  );
  const temporary = `${target}.${process.pid}-${threadId}.tmp`;
  try {
    await rm(temporary, { force: true }); // of a process that was killed
    const file = await open(temporary, 'wx', mode);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, target);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** Saves a detector now and then, if it has read something since. */
export class Saver {
  private readonly timer: NodeJS.Timeout;
  private saved: number;
  private last: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly detector: LogDetector,
    private readonly path: string,
    seconds: number,
  ) {
    this.saved = detector.lines;
    // One that fails is tried again; the one at the end tells.
    this.timer = setInterval(() => this.save().catch(() => undefined), seconds * 1000);
    this.timer.unref();
  }

  /** One after another, as two of them would write the same file. */
  save(): Promise<void> {
    const next = this.last.then(() => this.write());
    this.last = next.catch(() => undefined);
    return next;
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private async write(): Promise<void> {
    const { detector } = this;
    if (detector.destroyed || detector.lines === this.saved) return;
    const { lines } = detector;
    await replaceFile(this.path, detector.save());
    this.saved = lines;
  }
}

/**
 * input.ts - reads files, pipes, terminals and standard input in pieces. A signal ends the reading, also
 * while it waits for input.
 * SPDX-License-Identifier: MIT
 */
import type { Stats } from 'node:fs';
import { fstatSync, statSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';
import { nextTurn } from '../../common/clock.js';
import { openFile } from '../../files/file-bytes.js';
import { Failure, fileFailure, systemCode } from '../screen/failure.js';

/** Bytes of a file or of standard input, and the size if it is known. */
export interface Source {
  name: string;
  size: number | undefined;
  chunks: AsyncIterable<Uint8Array>;
}

/** How messages call a file. */
export function nameOf(path: string): string {
  return path === '-' ? 'standard input' : path;
}

const isDirectory = (): Error => Object.assign(new Error(), { code: 'EISDIR' });

/**
 * Whether standard input was closed when the program began. Node then opens the null device in its place,
 * also for writing, which a shell's `< /dev/null` does not.
 */
function wasClosed(stat: Stats): boolean {
  const none = statSync('/dev/null', { throwIfNoEntry: false });
  if (none === undefined || !stat.isCharacterDevice() || stat.rdev !== none.rdev) return false;
  try {
    writeSync(0, new Uint8Array(1));
    return true;
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}

/** Throws for a standard input that nothing can be read from. */
export function checkStandardInput(): Stats {
  const name = nameOf('-');
  try {
    const stat = fstatSync(0);
    if (stat.isDirectory()) throw isDirectory(); // Node reads one as an empty stream
    if (process.platform !== 'win32' && wasClosed(stat)) {
      throw new Failure(`cannot read ${name}: it is closed`);
    }
    return stat;
  } catch (error) {
    throw error instanceof Failure ? error : fileFailure('read', name, error);
  }
}

/** Waits for a signal that may come with the end of a terminal: it may have hung up. */
export async function afterTerminal(): Promise<void> {
  for (let i = 0; i < 2; i++) await nextTurn();
}

async function* standardInput(stop: AbortSignal | undefined): AsyncGenerator<Uint8Array> {
  const end = (): void => void process.stdin.destroy();
  stop?.addEventListener('abort', end);
  try {
    if (stop?.aborted !== true) for await (const chunk of process.stdin) yield chunk as Uint8Array;
  } finally {
    stop?.removeEventListener('abort', end);
    process.stdin.destroy(); // else the process would wait for what others may still write
  }
}

/** The same chunks until `stop`; an error of the system becomes a Failure. */
async function* withFailures(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
  isTerminal: boolean,
  stop: AbortSignal | undefined,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    if (stop?.aborted === true) return;
    const hungUp = isTerminal && systemCode(error) === 'EIO';
    if (!hungUp) throw error instanceof Failure ? error : fileFailure('read', name, error);
  }
  if (isTerminal) await afterTerminal();
}

/** Opens a file, or standard input for `-`. Each chunk is valid until the next one is asked for. */
export async function openSource(path: string, stop?: AbortSignal): Promise<Source> {
  const name = nameOf(path);
  if (path === '-') {
    const stat = checkStandardInput();
    const size = stat.isFile() ? stat.size : undefined;
    return { name, size, chunks: withFailures(standardInput(stop), name, isatty(0), stop) };
  }
  try {
    const opened = await openFile(path, stop);
    if (opened.isFolder) {
      await opened.close();
      throw isDirectory();
    }
    const { file, size } = opened;
    return { name, size, chunks: withFailures(opened, name, isatty(file), stop) };
  } catch (error) {
    throw fileFailure('read', name, error);
  }
}

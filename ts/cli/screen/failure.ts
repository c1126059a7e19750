/**
 * failure.ts - the errors that end the command: one sentence for stderr and an exit code.
 * SPDX-License-Identifier: MIT
 */
import { TTTError } from 'bit-ttt';

/** What went wrong, in one sentence that names the file, option or value. Exit code 1. */
export class Failure extends Error {
  readonly exitCode: number = 1;
}

/** A wrong command line. Exit code 2. */
export class UsageError extends Failure {
  override readonly exitCode: number = 2;
}

/** A signal. Exit code 128 and its number, as shells expect. */
export class Interrupted extends Failure {
  constructor(
    text: string,
    override readonly exitCode: number,
  ) {
    super(text);
  }
}

const SYSTEM_TEXT: Record<string, string> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  EISDIR: 'is a directory',
  ENOTDIR: 'a part of the path is not a directory',
  ENOSPC: 'no space left on the device',
  EROFS: 'the file system is read-only',
  EMFILE: 'too many open files',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'the name is too long',
  EIO: 'input or output error',
};

/** The code of an error of the system ('ENOENT') or of the library; undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** A failed file operation as a sentence: `cannot read x.log: no such file or directory`. */
export function fileFailure(action: string, path: string, error: unknown): Failure {
  const code = systemCode(error);
  const known = code === undefined ? undefined : SYSTEM_TEXT[code];
  const reason = known ?? (error instanceof Error ? error.message : String(error));
  return new Failure(`cannot ${action} ${path}: ${reason}`, { cause: error });
}

/** An error of the system or of the library as such a sentence; any other error as it is. */
export function asFailure(action: string, path: string, error: unknown): unknown {
  if (error instanceof Failure || systemCode(error) === undefined) return error;
  return fileFailure(action, path, error);
}

/** What to print for any error: one sentence, which says so if it is a bug of ours. */
export function describeFailure(error: unknown): { text: string; exitCode: number } {
  if (error instanceof Failure) return { text: error.message, exitCode: error.exitCode };
  if (error instanceof TTTError) return { text: error.message, exitCode: 1 };
  if (systemCode(error) !== undefined) return { text: (error as Error).message, exitCode: 1 };
  const text = error instanceof Error ? error.message : String(error);
  return { text: `internal error: ${text}`, exitCode: 1 };
}

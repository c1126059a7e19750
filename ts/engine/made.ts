/**
 * made.ts - turns what an engine returns into values or TTTError.
 * SPDX-License-Identifier: MIT
 */
import { codeOf, errorOf, TTTError } from '../common/errors.js';
import type { Engine, Failure } from './engine.js';

/** What an engine may lack. */
type Part = 'layers' | 'models' | 'sessions' | 'trainers' | 'recalls';

/** A part of an engine, or BACKEND_UNAVAILABLE. */
export function part<P extends Part>(engine: Engine, name: P): NonNullable<Engine[P]> {
  const found = engine[name];
  if (found) return found as NonNullable<Engine[P]>;
  throw new TTTError('BACKEND_UNAVAILABLE', `the ${engine.kind} engine has no ${name}`);
}

function isFailure(result: unknown): result is Failure {
  return typeof result === 'object' && result !== null && 'status' in result;
}

/** A result without its failures; of a function that returns numbers only, a count. */
type Made<R> = [Exclude<R, number | Failure>] extends [never]
  ? number
  : Exclude<R, number | Failure>;

/**
 * What a call of an engine gave; throws TTTError for a negative status and for a Failure. `source` is the
 * name of the file that a Failure is about, for the message.
 */
export function made<R>(result: R, source = ''): Made<R> {
  if (typeof result === 'number' && result < 0) throw errorOf(-result);
  if (!isFailure(result)) return result as Made<R>;
  const { status, offset, text } = result;
  const name = source === '' ? '' : `${source}: `;
  const place = offset > 0 ? ` (byte ${offset})` : '';
  throw new TTTError(codeOf(status), `${name}${text || errorOf(status).message}${place}`);
}

/** Throws the error of a status that is not 0. */
export function check(status: number): void {
  if (status !== 0) throw errorOf(status);
}

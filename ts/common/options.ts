/**
 * options.ts - reads the values of options: their type, range and default. Each function throws
 * TTTError, `INVALID_ARGUMENT` for another type.
 * SPDX-License-Identifier: MIT
 */
import { allocate, checkList, reading, wrongType } from './args.js';
import { describe, lengthOf, tagOf } from './brands.js';
import type { TTTErrorCode } from './errors.js';
import { TTTError } from './errors.js';

const MAX_SEED = (1n << 64n) - 1n;

/** The range of a number, both ends included. */
export interface NumberRule {
  min: number;
  max: number;
  integer?: boolean;
}

/** A number; throws `INVALID_ARGUMENT` for another type, and `code` beyond the range. */
export function readNumber(
  value: unknown,
  name: string,
  rule: NumberRule,
  code: TTTErrorCode = 'INVALID_OPTION',
): number {
  const kind = rule.integer ? 'an integer' : 'a number';
  const wanted = `${kind} from ${rule.min} to ${rule.max}`;
  if (typeof value !== 'number') throw wrongType(name, wanted, value);
  const good = value >= rule.min && value <= rule.max && (!rule.integer || Number.isInteger(value));
  if (!good) throw new TTTError(code, `${name} must be ${wanted}, not ${value}`);
  return value;
}

/** The same, with a default for undefined. */
export function optionalNumber(
  value: unknown,
  name: string,
  rule: NumberRule,
  missing: number,
): number {
  return value === undefined ? missing : readNumber(value, name, rule);
}

/** A seed of 64 bits, as a number or a bigint; 1 unless given. `code`: if it is out of range. */
export function readSeed(value: unknown, code: TTTErrorCode = 'INVALID_OPTION'): bigint {
  if (value === undefined) return 1n;
  if (typeof value !== 'number' && typeof value !== 'bigint') {
    throw wrongType('seed', 'an integer', value);
  }
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    const text = `seed must be an integer, not ${value} (use a bigint above 2^53)`;
    throw new TTTError(code, text);
  }
  const seed = BigInt(value);
  if (seed < 0n || seed > MAX_SEED) {
    throw new TTTError(code, `seed must be 0 to 2^64 - 1, not ${seed}`);
  }
  return seed;
}

/** A user's function, if one was given. What it throws when called is passed on as it is. */
export function readFunction<T extends unknown[]>(
  value: unknown,
  name: string,
): ((...values: T) => void) | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== 'function') throw wrongType(name, 'a function', value);
  return value as (...values: T) => void;
}

/** True or false; false unless given. */
export function readFlag(value: unknown, name: string): boolean {
  if (value === undefined) return false;
  if (typeof value !== 'boolean') throw wrongType(name, 'true or false', value);
  return value;
}

/**
 * A list's elements, each read once and checked by `take`, which gets its name for messages.
 * `wanted` says what the list is to be.
 */
export function readList<T>(
  value: unknown,
  name: string,
  wanted: string,
  take: (item: unknown, name: string) => T,
): T[] {
  if (!reading(name, () => Array.isArray(value))) throw wrongType(name, wanted, value);
  const list = value as readonly unknown[];
  const length = reading(name, () => list.length);
  const taken: T[] = [];
  for (let i = 0; i < length; i++) {
    const item = reading(`${name}[${i}]`, () => list[i]);
    taken.push(take(item, `${name}[${i}]`));
  }
  return taken;
}

/** One element. Millions are read: `reading` would need a closure for each. */
function idAt(list: ArrayLike<unknown>, i: number, name: string): unknown {
  try {
    return list[i];
  } catch (cause) {
    throw new TTTError('INVALID_ARGUMENT', `${name}[${i}] cannot be read`, { cause });
  }
}

function noToken(id: unknown, name: string, vocab: number): TTTError {
  const text = `${name} is ${describe(id)}; token ids are integers from 0 to ${vocab - 1}`;
  return new TTTError('INVALID_TOKEN', text);
}

/**
 * A copy of token ids, each read once. Throws `INVALID_TOKEN` for one that is not below `vocab`. A
 * typed array must be on ordinary memory, as everywhere; other lists may be anything with a length.
 * `wanted` says what else the value may be.
 */
export function readTokens(
  value: unknown,
  vocab: number,
  name: string,
  wanted = 'an array of token ids',
): Uint32Array {
  if (typeof value !== 'object' || value === null) throw wrongType(name, wanted, value);
  if (ArrayBuffer.isView(value)) checkList(value, name);
  const list = value as ArrayLike<unknown>;
  const length = reading(name, () => list.length);
  if (!Number.isSafeInteger(length) || length < 0) throw wrongType(name, wanted, value);
  const tokens = allocate(() => new Uint32Array(length));
  for (let i = 0; i < length; i++) {
    const id = idAt(list, i, name);
    if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < vocab) {
      tokens[i] = id;
      continue;
    }
    throw noToken(id, `${name}[${i}]`, vocab);
  }
  return tokens;
}

/**
 * The same for what uses the ids before any other code runs: a Uint32Array is checked and given back, as
 * a copy of a large text's would be as large as itself. Other lists are copied.
 */
export function borrowTokens(value: unknown, vocab: number, name: string): Uint32Array {
  if (tagOf.call(value) !== 'Uint32Array') return readTokens(value, vocab, name);
  const tokens = value as Uint32Array;
  checkList(tokens, name);
  const length = lengthOf(tokens);
  for (let i = 0; i < length; i++) {
    if (tokens[i]! >= vocab) throw noToken(tokens[i], `${name}[${i}]`, vocab);
  }
  return tokens;
}

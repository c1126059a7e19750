/**
 * options.ts - reads numbers of option objects: their type, their range, their default.
 * SPDX-License-Identifier: MIT
 */
import { allocate, checkList, describe } from './args.js';
import { TTTError } from './errors.js';
import type { TTTErrorCode } from './errors.js';

const MAX_SEED = (1n << 64n) - 1n;

/** What a number may be. */
export interface NumberRule {
  min: number;
  max: number;
  integer?: boolean;
}

function wrongType(name: string, wanted: string, value: unknown): TTTError {
  return new TTTError('INVALID_ARGUMENT', `${name} must be ${wanted}, not ${describe(value)}`);
}

/** A number in its range: `INVALID_ARGUMENT` for another type, `INVALID_OPTION` beyond. */
export function readNumber(value: unknown, name: string, rule: NumberRule): number {
  const kind = rule.integer ? 'an integer' : 'a number';
  const wanted = `${kind} from ${rule.min} to ${rule.max}`;
  if (typeof value !== 'number') throw wrongType(name, wanted, value);
  const good = value >= rule.min && value <= rule.max && (!rule.integer || Number.isInteger(value));
  if (!good) throw new TTTError('INVALID_OPTION', `${name} must be ${wanted}, not ${value}`);
  return value;
}

/** The same with a default for what is not given. */
export function optionalNumber(
  value: unknown,
  name: string,
  rule: NumberRule,
  missing: number,
): number {
  return value === undefined ? missing : readNumber(value, name, rule);
}

/** A seed of 64 bits, as a number or a bigint; 1 unless given. `code` is for those out of range. */
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

export function readFlag(value: unknown, name: string): boolean {
  if (value === undefined) return false;
  if (typeof value !== 'boolean') throw wrongType(name, 'true or false', value);
  return value;
}

/**
 * Token ids below `vocab` as an array of ours, each element read once. A typed array must be on
 * ordinary memory, as everywhere; other lists may be anything with a length.
 */
export function readTokens(value: unknown, vocab: number, name: string): Uint32Array {
  if (typeof value !== 'object' || value === null) {
    throw wrongType(name, 'an array of token ids', value);
  }
  if (ArrayBuffer.isView(value)) checkList(value, name);
  const list = value as ArrayLike<unknown>;
  const { length } = list;
  if (!Number.isSafeInteger(length) || length < 0) {
    throw wrongType(name, 'an array of token ids', value);
  }
  const tokens = allocate(() => new Uint32Array(length));
  for (let i = 0; i < length; i++) {
    const id = list[i];
    if (typeof id === 'number' && Number.isInteger(id) && id >= 0 && id < vocab) {
      tokens[i] = id;
      continue;
    }
    const text = `${name}[${i}] is ${describe(id)}; token ids are integers from 0 to ${vocab - 1}`;
    throw new TTTError('INVALID_TOKEN', text);
  }
  return tokens;
}

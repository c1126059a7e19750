/**
 * args.ts - checks of the values that users pass, the same for every engine. Each throws TTTError,
 * `INVALID_ARGUMENT` unless it says otherwise.
 * SPDX-License-Identifier: MIT
 */
import {
  bufferOf,
  hasResizable,
  kindOf,
  lengthOf,
  offsetGetter,
  resizableOf,
  tagOf,
} from './brands.js';
import { TTTError, wrongType } from './errors.js';
import type { Bytes, Floats } from './types.js';

/** Index of the first NaN or infinity, or -1. */
export function findNonFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return i;
  }
  return -1;
}

function invalid(message: string): TTTError {
  return new TTTError('INVALID_ARGUMENT', message);
}

function isDetached(buffer: ArrayBuffer): boolean {
  try {
    new Uint8Array(buffer);
    return false;
  } catch {
    return true;
  }
}

/** The error for a buffer that is shared or resizable. */
function badBuffer(buffer: ArrayBuffer, name: string): TTTError {
  try {
    resizableOf.call(buffer);
  } catch {
    return invalid(
      `${name} is on a SharedArrayBuffer, which other threads may change during the call; ` +
        'pass a copy (new Float32Array(array))',
    );
  }
  return invalid(`${name} is on a resizable ArrayBuffer; pass a copy (array.slice())`);
}

/** Refuses shared and resizable memory. */
function checkBuffer(buffer: ArrayBuffer, name: string): void {
  let fixed: boolean;
  try {
    const answer = resizableOf.call(buffer);
    fixed = hasResizable ? !answer : true;
  } catch {
    fixed = false;
  }
  if (!fixed) throw badBuffer(buffer, name);
}

function checkArray(value: unknown, tag: string, name: string): void {
  if (tagOf.call(value) !== tag) {
    throw wrongType(name, `a ${tag}`, value);
  }
  checkBuffer(bufferOf.call(value), name);
}

/** Refuses an array whose memory was transferred away; only one of length 0 can be that. */
function checkNotDetached(array: ArrayBufferView, name: string): void {
  if (isDetached(bufferOf.call(array))) {
    throw invalid(`${name} is detached: its buffer was transferred elsewhere`);
  }
}

/** Refuses anything but a Float32Array on ordinary memory. Its length may be 0. */
function checkFloats(value: unknown, name: string): asserts value is Floats {
  checkArray(value, 'Float32Array', name);
}

/** A Float32Array with exactly `length` elements (`meaning` says why), or `DIMENSION_MISMATCH`. */
export function checkFloatsOf(
  value: unknown,
  length: number,
  name: string,
  meaning: string,
): asserts value is Floats {
  checkFloats(value, name);
  const got = lengthOf(value);
  if (got === length) return;
  if (got === 0) checkNotDetached(value, name);
  throw new TTTError(
    'DIMENSION_MISMATCH',
    `${name} has length ${got}, must be ${length} (${meaning})`,
  );
}

/**
 * The number of tokens in an input of `dim` floats each, at least one; else `DIMENSION_MISMATCH`.
 */
export function checkInput(value: unknown, dim: number): number {
  checkFloats(value, 'input');
  const length = lengthOf(value);
  const tokens = length / dim;
  if (tokens >= 1 && tokens === Math.floor(tokens)) return tokens;
  if (length === 0) checkNotDetached(value, 'input');
  throw new TTTError(
    'DIMENSION_MISMATCH',
    length === 0
      ? `input is empty; expected a multiple of hiddenDim (${dim})`
      : `input has length ${length}, expected a multiple of hiddenDim (${dim})`,
  );
}

/** An Int8Array with exactly `length` elements, or `DIMENSION_MISMATCH`. */
export function checkWeights(
  value: unknown,
  length: number,
  name: string,
  shape: string,
): asserts value is Int8Array {
  checkArray(value, 'Int8Array', name);
  const got = lengthOf(value as Int8Array);
  if (got === length) return;
  if (got === 0) checkNotDetached(value as Int8Array, name);
  throw new TTTError(
    'DIMENSION_MISMATCH',
    `${name} has length ${got}, must be ${length} (${shape})`,
  );
}

/** Refuses a typed array that is not on ordinary memory, and a DataView. Its length may be 0. */
export function checkList(value: ArrayBufferView, name: string): void {
  if (tagOf.call(value) === undefined) {
    throw wrongType(name, 'an array', value);
  }
  checkBuffer(bufferOf.call(value), name);
  if (lengthOf(value) === 0) checkNotDetached(value, name);
}

/** A plain view of the bytes of a Uint8Array (a Buffer is one) or an ArrayBuffer. */
export function checkBytes(value: unknown, name: string): Bytes {
  if (tagOf.call(value) === 'Uint8Array') {
    checkBuffer(bufferOf.call(value), name);
    const view = value as Uint8Array;
    if (lengthOf(view) === 0) checkNotDetached(view, name);
    return new Uint8Array(bufferOf.call(view), offsetGetter.call(view), lengthOf(view));
  }
  const tag = kindOf(value);
  if (tag === 'ArrayBuffer' || tag === 'SharedArrayBuffer') {
    checkBuffer(value as ArrayBuffer, name);
    if (isDetached(value as ArrayBuffer)) {
      throw invalid(`${name} is detached: it was transferred elsewhere`);
    }
    return new Uint8Array(value as ArrayBuffer);
  }
  throw wrongType(name, 'a Uint8Array or an ArrayBuffer', value);
}

/**
 * Refuses with `OVERLAP` arrays that share bytes, unless they are exactly the same and that is
 * allowed.
 */
export function checkDisjoint(
  a: Float32Array,
  b: Float32Array,
  names: string,
  sameAllowed: boolean,
): void {
  if (a === b && sameAllowed) return;
  if (bufferOf.call(a) !== bufferOf.call(b)) return;
  const a0 = offsetGetter.call(a);
  const b0 = offsetGetter.call(b);
  const a1 = a0 + lengthOf(a) * 4;
  const b1 = b0 + lengthOf(b) * 4;
  if (a1 <= b0 || b1 <= a0) return;
  if (sameAllowed && a0 === b0 && a1 === b1) return;
  throw new TTTError('OVERLAP', `${names} overlap in memory`);
}

/**
 * The result of `read`, which looks into a user's value; what the value's code throws becomes the
 * cause.
 */
export function reading<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw new TTTError('INVALID_ARGUMENT', `${name} cannot be read`, { cause });
  }
}

/** A property of a user's value. */
export function readProperty(value: object, key: PropertyKey, name: string): unknown {
  return reading(name, () => (value as Record<PropertyKey, unknown>)[key]);
}

/** Refuses what is no string. */
export function checkText(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string') throw wrongType(name, 'a string', value);
}

/** Refuses what is no object. */
export function checkObject(value: unknown, name: string): asserts value is object {
  if (typeof value !== 'object' || value === null) {
    throw wrongType(name, 'an object', value);
  }
}

/** The result of `make`, or `OUT_OF_MEMORY` instead of the RangeError of the JavaScript engine. */
export function allocate<T>(make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw new TTTError('OUT_OF_MEMORY', 'the result does not fit in memory', { cause });
  }
}

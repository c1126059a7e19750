/**
 * args.ts - checks of the values that users pass, the same for every engine. Each throws TTTError,
 * `INVALID_ARGUMENT` unless it says otherwise.
 * SPDX-License-Identifier: MIT
 */
import {
  bufferOf,
  describe,
  hasResizable,
  kindOf,
  lengthOf,
  offsetGetter,
  resizableOf,
  tagOf,
} from './brands.js';
import { TTTError } from './errors.js';
import type { Bytes, Floats } from './types.js';

/** Index of the first NaN or infinity, or -1. */
export function findNonFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) {
    if (!Number.isFinite(values[i])) return i;
  }
  return -1;
}

/** The error for a value of another type than `wanted`, which reads on after "must be". */
export function wrongType(name: string, wanted: string, value: unknown): TTTError {
  return new TTTError('INVALID_ARGUMENT', `${name} must be ${wanted}, not ${describe(value)}`);
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

/** Refuses shared and resizable memory. */
function checkBuffer(buffer: ArrayBuffer, name: string): void {
  let resizable: unknown;
  try {
    resizable = resizableOf.call(buffer);
  } catch {
    throw invalid(
      `${name} is on a SharedArrayBuffer, which other threads may change during the call; ` +
        'pass a copy (new Float32Array(array))',
    );
  }
  if (!hasResizable || !resizable) return;
  throw invalid(`${name} is on a resizable ArrayBuffer; pass a copy (array.slice())`);
}

function checkArray(value: unknown, tag: string, name: string): void {
  if (tagOf.call(value) !== tag) throw wrongType(name, `a ${tag}`, value);
  checkBuffer(bufferOf.call(value), name);
}

/** Refuses an array whose memory was transferred away; only one of length 0 can be that. */
function checkNotDetached(array: ArrayBufferView, name: string): void {
  if (isDetached(bufferOf.call(array))) {
    throw invalid(`${name} is detached: its buffer was transferred elsewhere`);
  }
}

/** An array of exactly `length` elements; `meaning` says why. Throws `DIMENSION_MISMATCH` too. */
function checkArrayOf(
  value: unknown,
  tag: string,
  length: number,
  name: string,
  meaning: string,
): void {
  checkArray(value, tag, name);
  const array = value as ArrayBufferView;
  const got = lengthOf(array);
  if (got === length) return;
  if (got === 0) checkNotDetached(array, name);
  const text = `${name} has length ${got}, must be ${length} (${meaning})`;
  throw new TTTError('DIMENSION_MISMATCH', text);
}

/** A Float32Array with exactly `length` elements, or `DIMENSION_MISMATCH`. */
export function checkFloatsOf(
  value: unknown,
  length: number,
  name: string,
  meaning: string,
): asserts value is Floats {
  checkArrayOf(value, 'Float32Array', length, name, meaning);
}

/** An Int8Array with exactly `length` elements, or `DIMENSION_MISMATCH`. */
export function checkWeights(
  value: unknown,
  length: number,
  name: string,
  shape: string,
): asserts value is Int8Array {
  checkArrayOf(value, 'Int8Array', length, name, shape);
}

/** The number of tokens, of `dim` floats each, in an input; else `DIMENSION_MISMATCH`. */
export function checkInput(value: unknown, dim: number): number {
  checkArray(value, 'Float32Array', 'input');
  const array = value as Float32Array;
  const length = lengthOf(array);
  const tokens = length / dim;
  if (tokens >= 1 && tokens === Math.floor(tokens)) return tokens;
  if (length === 0) checkNotDetached(array, 'input');
  const got = length === 0 ? 'is empty;' : `has length ${length},`;
  const text = `input ${got} expected a multiple of hiddenDim (${dim})`;
  throw new TTTError('DIMENSION_MISMATCH', text);
}

/** Refuses a typed array that is not on ordinary memory, and a DataView. Its length may be 0. */
export function checkList(value: ArrayBufferView, name: string): void {
  if (tagOf.call(value) === undefined) throw wrongType(name, 'an array', value);
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

/** Throws `OVERLAP` for arrays that share bytes; the very same bytes may be allowed. */
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

/** The result of `read`, which looks into a user's value; what that throws becomes the cause. */
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

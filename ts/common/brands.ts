/**
 * brands.ts - the type of a value by its internal slots (its "brand").
 *
 * Typed arrays of another realm (an iframe, node:vm, a test runner) are recognised as well, and a
 * subclass that overrides `length` or `buffer` cannot deceive the built-in getters.
 * SPDX-License-Identifier: MIT
 */
import type { Floats } from './types.js';

type Getter<T> = { call(value: unknown): T };

function builtinGetter<T>(prototype: object, key: PropertyKey): Getter<T> | undefined {
  return Object.getOwnPropertyDescriptor(prototype, key)?.get as Getter<T> | undefined;
}

const typedArrayPrototype = Object.getPrototypeOf(Uint8Array.prototype) as object;
/** The name of a typed array's class; undefined for anything else. */
export const tagOf = builtinGetter<string | undefined>(typedArrayPrototype, Symbol.toStringTag)!;
export const bufferOf = builtinGetter<ArrayBuffer>(typedArrayPrototype, 'buffer')!;
const lengthGetter = builtinGetter<number>(typedArrayPrototype, 'length')!;
export const offsetGetter = builtinGetter<number>(typedArrayPrototype, 'byteOffset')!;
/** Throws for a SharedArrayBuffer; where there are no resizable buffers, byteLength does. */
export const resizableOf =
  builtinGetter<boolean>(ArrayBuffer.prototype, 'resizable') ??
  builtinGetter<number>(ArrayBuffer.prototype, 'byteLength')!;
export const hasResizable = 'resizable' in ArrayBuffer.prototype;

/** Number of elements, whatever the array's own `length` says. */
export function lengthOf(array: ArrayBufferView): number {
  return lengthGetter.call(array);
}

/** A plain view of the same floats, without a subclass's methods and properties. */
export function plainView(array: Float32Array): Floats {
  return new Float32Array(bufferOf.call(array), offsetGetter.call(array), lengthOf(array));
}

/** The class of a value by `Object.prototype.toString`, which may run a user's code that fails. */
export function kindOf(value: unknown): string {
  try {
    return tagOf.call(value) ?? Object.prototype.toString.call(value).slice(8, -1).slice(0, 40);
  } catch {
    return 'object that cannot be read';
  }
}

/** A value as messages name it: `null`, `a Map`, `the string "x"`, `5`. */
export function describe(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'object') {
    const tag = kindOf(value);
    return `${/^[aeiou]/i.test(tag) ? 'an' : 'a'} ${tag}`;
  }
  if (typeof value === 'string') return `the string ${JSON.stringify(value.slice(0, 40))}`;
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  if (typeof value === 'bigint') return `the bigint ${value}n`;
  return String(value);
}

/** The message of whatever was thrown; of an error that cannot be read, its type. */
export function messageOf(error: unknown): string {
  try {
    return String(error instanceof Error ? error.message : error);
  } catch {
    return describe(error);
  }
}

/**
 * iterables.ts - reads users' iterables. What an iterator throws is passed on as it is; a value that
 * is not iterable is an `INVALID_ARGUMENT`.
 * SPDX-License-Identifier: MIT
 */
import { reading, readProperty, wrongType } from './args.js';
import { describe } from './brands.js';
import { TTTError } from './errors.js';

/** An iterator of a user's, of either kind. */
export type AnyIterator = Iterator<unknown> | AsyncIterator<unknown>;

/** The elements of an array. Unlike an iterator's error, a getter's becomes `INVALID_ARGUMENT`. */
function* elementsOf(list: readonly unknown[], name: string): Generator<unknown, void, undefined> {
  const length = (): number => reading(name, () => list.length);
  for (let i = 0; i < length(); i++) yield reading(`${name}[${i}]`, () => list[i]);
}

/** An iterator that a method of `value` makes, or undefined if it has no such method. */
export function iteratorOf(value: unknown, method: symbol, name: string): AnyIterator | undefined {
  if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) return undefined;
  if (method === Symbol.iterator && reading(name, () => Array.isArray(value))) {
    return elementsOf(value as unknown as readonly unknown[], name);
  }
  const make = readProperty(Object(value) as object, method, name);
  if (typeof make !== 'function') return undefined;
  const made = reading(name, () => make.call(value) as unknown);
  if (typeof made === 'object' && made !== null) {
    const next = readProperty(made, 'next', name);
    if (typeof next === 'function') return made as AnyIterator;
  }
  throw new TTTError(
    'INVALID_ARGUMENT',
    `${name} must be iterable, but its iterator is ${describe(made)}`,
  );
}

/** One step of an iterator, checked. */
export function stepOf(result: unknown, name: string): IteratorResult<unknown> {
  if (typeof result === 'object' && result !== null) return result as IteratorResult<unknown>;
  const text = `${name} must be iterable, but its iterator gave ${describe(result)}`;
  throw new TTTError('INVALID_ARGUMENT', text);
}

/** The items of an iterable, which is closed if the loop is left; `wanted` is for the message. */
export function* itemsOf(
  value: unknown,
  name: string,
  wanted: string,
): Generator<unknown, void, undefined> {
  const iterator = iteratorOf(value, Symbol.iterator, name) as Iterator<unknown> | undefined;
  if (!iterator) {
    throw wrongType(name, wanted, value);
  }
  let ended = false;
  try {
    for (;;) {
      const { done, value: item } = stepOf(iterator.next(), name);
      ended = done === true;
      if (ended) return;
      yield item;
    }
  } catch (error) {
    ended = true; // an iterator that threw is not closed, as in a for loop
    throw error;
  } finally {
    if (!ended) iterator.return?.();
  }
}

/**
 * receiver.ts - a clear error for methods that are called on something else than an object of their
 * class.
 *
 * The usual cause is a Proxy, behind which private fields do not work: reactive state (Vue's
 * `reactive` and `ref`, MobX, Svelte's `$state`) wraps in one whatever is put into it.
 * SPDX-License-Identifier: MIT
 */
import { describe } from './brands.js';
import { TTTError } from './errors.js';

type Method = (this: unknown, ...values: unknown[]) => unknown;
type Class = { readonly name: string; readonly prototype: object };

function inherits(value: unknown, owner: Class): boolean {
  try {
    return typeof value === 'object' && value !== null && owner.prototype.isPrototypeOf(value);
  } catch {
    return false; // a revoked Proxy
  }
}

/** What is wrong with a receiver, and what to do. */
function refusal(value: unknown, owner: Class, key: PropertyKey): TTTError {
  const what = `${owner.name}.${String(key)}`;
  const text = inherits(value, owner)
    ? `${what} was called on a Proxy of the ${owner.name}, not on the ${owner.name} itself: keep it out ` +
      'of reactive state (in Vue: markRaw(object), or shallowRef)'
    : `${what} must be called on a ${owner.name} (object.method(), not a copy of the method), not on ` +
      describe(value);
  return new TTTError('INVALID_ARGUMENT', text);
}

/** Fails as the method would: an exception, a rejected promise, or a generator's first step. */
function refuse(method: Method, error: TTTError): unknown {
  switch (Object.prototype.toString.call(method)) {
    case '[object AsyncFunction]':
      return Promise.reject(error);
    case '[object AsyncGeneratorFunction]':
      return (async function* () {
        throw error;
      })();
    case '[object GeneratorFunction]':
      return (function* () {
        throw error;
      })();
    default:
      throw error;
  }
}

function guarded(
  method: Method,
  owner: Class,
  key: PropertyKey,
  isOwn: (value: object) => boolean,
): Method {
  const guard: Method = function (...values) {
    const good = typeof this === 'object' && this !== null && isOwn(this);
    return good ? method.apply(this, values) : refuse(method, refusal(this, owner, key));
  };
  Object.defineProperty(guard, 'name', { value: method.name, configurable: true });
  Object.defineProperty(guard, 'length', { value: method.length, configurable: true });
  return guard;
}

/**
 * Makes all methods and accessors of a class refuse other receivers, and the class keep its name:
 * bundlers rename classes that mention themselves. To be called in the class's static block;
 * `isOwn` tells whether an object has the class's private fields.
 */
export function guardReceivers(
  owner: Class,
  name: string,
  isOwn: (value: object) => boolean,
): void {
  Object.defineProperty(owner, 'name', { value: name });
  const { prototype } = owner;
  for (const key of Reflect.ownKeys(prototype)) {
    if (key === 'constructor') continue;
    const property = Object.getOwnPropertyDescriptor(prototype, key)!;
    const { value, get } = property as { value?: Method; get?: Method };
    if (get) property.get = guarded(get, owner, key, isOwn);
    else property.value = guarded(value!, owner, key, isOwn);
    Object.defineProperty(prototype, key, property);
  }
}

// kinds.mjs - values of every kind that a caller could pass where something else is wanted.
// SPDX-License-Identifier: MIT
import vm from 'node:vm';

function transferred(array) {
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

function revoked(target) {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
}

/** Whatever is done with it throws. */
function hostile() {
  const fail = () => {
    throw new Error('hostile');
  };
  const traps = Object.getOwnPropertyNames(Reflect).filter(
    (name) => typeof Reflect[name] === 'function',
  );
  return new Proxy({}, Object.fromEntries(traps.map((name) => [name, fail])));
}

/** Each property that anybody could want has a getter that throws. */
function throwing(names) {
  const value = {};
  for (const name of names) {
    Object.defineProperty(value, name, {
      enumerable: true,
      get() {
        throw new Error(`no ${String(name)} today`);
      },
    });
  }
  return value;
}

const holes = [];
holes.length = 3;

/** By name, something that makes the value. */
export const kinds = {
  undefined: () => undefined,
  null: () => null,
  true: () => true,
  false: () => false,
  zero: () => 0,
  'minus zero': () => -0,
  five: () => 5,
  'minus one': () => -1,
  half: () => 0.5,
  NaN: () => NaN,
  infinity: () => Infinity,
  '2 to the 53': () => 2 ** 53,
  '2 to the 32': () => 2 ** 32,
  bigint: () => 5n,
  'large bigint': () => 2n ** 70n,
  'empty string': () => '',
  string: () => 'text',
  'lone surrogate': () => '\ud800',
  __proto__name: () => '__proto__',
  symbol: () => Symbol('s'),
  function: () => () => 1,
  class: () => class {},
  'empty object': () => ({}),
  'null prototype': () => Object.assign(Object.create(null), { a: 1 }),
  'boxed string': () => Object('text'),
  array: () => [],
  numbers: () => [1, 2, 3],
  strings: () => ['a', 'b'],
  'array of undefined': () => [undefined],
  'array with holes': () => holes.slice(),
  'array of odd things': () => [null, Symbol('s'), 5n, {}],
  'cross-realm array': () => vm.runInNewContext('[1, undefined, "a"]'),
  'endless array-like': () => ({ length: Number.MAX_SAFE_INTEGER }),
  'negative array-like': () => ({ length: -1 }),
  'array-like of holes': () => ({ length: 2 ** 32 }),
  'getter in an array': () =>
    Object.defineProperty([1, 2], 1, {
      get: () => {
        throw new Error('no element');
      },
    }),
  iterable: () => new Set([1, 2]),
  'iterator of junk': () => ({ [Symbol.iterator]: () => ({ next: () => 5 }) }),
  'iterable that is none': () => ({ [Symbol.iterator]: 5, [Symbol.asyncIterator]: () => null }),
  map: () => new Map([['a', 1]]),
  date: () => new Date(NaN),
  regexp: () => /x/g,
  promise: () => Promise.resolve(5),
  error: () => new RangeError('x'),
  floats: () => new Float32Array(3),
  bytes: () => new Uint8Array(3),
  'array buffer': () => new ArrayBuffer(8),
  'shared memory': () => new Float32Array(new SharedArrayBuffer(64)),
  'detached floats': () => transferred(new Float32Array(16)),
  'detached bytes': () => transferred(new Uint8Array(16)),
  'data view': () => new DataView(new ArrayBuffer(8)),
  'borrowed prototype': () => Object.create(Float32Array.prototype),
  'lying tag': () => ({
    get [Symbol.toStringTag]() {
      throw new Error('no tag');
    },
  }),
  'false array buffer': () => ({ [Symbol.toStringTag]: 'ArrayBuffer' }),
  'signal of a kind': () => ({ aborted: false }),
  'proxy of an array': () => new Proxy([1, 2], {}),
  'revoked proxy': () => revoked({}),
  'revoked array': () => revoked([]),
  'revoked function': () => revoked(() => 1),
  hostile,
};

/** A value of each kind, and an object whose getters of these names throw. */
export function valuesOf(names) {
  const odd = ['href', 'length', 'then', 'next', 'aborted', 'type', 'model', 'createSession'];
  return { ...kinds, 'throwing getters': () => throwing([...odd, ...names]) };
}

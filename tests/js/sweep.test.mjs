// Every exported function, class, method and accessor, called with values of every kind in each place and each
// option: it succeeds, or fails with a TTTError and has changed nothing.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import * as index from 'bit-ttt';

import { backends, sameBits } from './support/backends.mjs';
import { valuesOf } from './support/kinds.mjs';
import { surfaceOf } from './support/surface.mjs';

const MOST_STEPS = 3;

/** The entries of the package, each with the backends that it has. */
const entries = [
  ['bit-ttt', backends],
  ['bit-ttt/native', backends.filter((name) => name === 'native')],
  ['bit-ttt/wasm', backends.filter((name) => name === 'wasm')],
].flatMap(([entry, usable]) => usable.map((backend) => [entry, backend]));

/** Lets a promise or generator end; gives the error, if that is how it ends. */
async function settled(made, TTTError) {
  try {
    let value = await made;
    if (typeof value?.next === 'function') {
      let step;
      for (let i = 0; i < MOST_STEPS; i++) {
        step = await value.next();
        if (step.done) break;
      }
      if (!step.done) await value.return?.();
      value = undefined;
    }
    if (typeof value?.destroy === 'function') value.destroy();
    return undefined;
  } catch (error) {
    assert.ok(error instanceof TTTError, `not a TTTError: ${error?.stack ?? String(error)}`);
    return error;
  }
}

/** A promise or a generator; functions that make one must not throw at once. */
const isLazy = (made) => typeof made?.then === 'function' || typeof made?.next === 'function';

/** What calling these throws is their own error, which passes as it is. */
const FAILING_CALLBACKS = ['class', 'revoked function'];

/** Calls; whatever comes of it must be a success or a TTTError, in the way of the function. */
async function attempt(call, TTTError, what) {
  try {
    let made;
    try {
      made = call.run();
      if (call.meant) call.lazy = isLazy(made);
    } catch (error) {
      assert.ok(error instanceof TTTError, `not a TTTError: ${error?.stack ?? String(error)}`);
      assert.ok(!call.lazy, `thrown at once: ${error.message}`);
      return error;
    }
    return await settled(made, TTTError);
  } catch (error) {
    if (error instanceof assert.AssertionError) error.message = `${what}: ${error.message}`;
    throw error;
  }
}

/** Calls with every kind of value; `each` gets the error of each call, if there is one. */
async function sweep(name, spec, TTTError, run, each = () => {}) {
  const call = { lazy: false };
  for (const [what, args] of callsOf(name, spec)) {
    const object = await spec.of?.();
    call.run = () => run(args, object);
    call.meant = what.endsWith('(as meant)');
    const error = await attempt(call, TTTError, what);
    if (call.meant && !spec.refused) assert.equal(error, undefined, what);
    await each(error, what);
  }
}

/** All argument lists that a function is to be called with, and a name for each. */
function* callsOf(name, spec) {
  const { options = [], inner = {}, loose = {}, args } = spec;
  yield [`${name}(as meant)`, args()];
  yield [`${name}()`, []];
  const at = spec.at ?? args().length - 1;
  const everyName = [...options, ...Object.values(inner).flat(), ...Object.values(loose).flat()];
  for (const [kind, make] of Object.entries(valuesOf(everyName))) {
    for (let place = 0; place < args().length; place++) {
      yield [`${name}, argument ${place}: ${kind}`, replaced(args(), place, make())];
    }
    for (const key of options) {
      if (key.startsWith('on') && FAILING_CALLBACKS.includes(kind)) continue;
      yield [`${name}, ${key}: ${kind}`, replaced(args(), at, { ...args()[at], [key]: make() })];
    }
    for (const [key, names] of Object.entries({ ...inner, ...loose })) {
      for (const one of names) {
        const deep = key === '0' ? args()[0] : args()[at][key];
        const changed = { ...deep, [one]: make() };
        const value = key === '0' ? changed : { ...args()[at], [key]: changed };
        yield [`${name}, ${key}.${one}: ${kind}`, replaced(args(), at, value)];
      }
    }
  }
}

function replaced(list, place, value) {
  const copy = list.slice();
  copy[place] = value;
  return copy;
}

/** Names of the options that a function knows, from what it says of one that it does not. */
async function namesKnown(run, spec, TTTError, within) {
  const at = spec.at ?? spec.args().length - 1;
  const options = spec.args()[at];
  const odd = { qqqqqqqqqqqq: 1 };
  const value = within ? { ...options, [within]: odd } : { ...options, ...odd };
  const error = await attempt(
    { run: () => run(...replaced(spec.args(), at, value)) },
    TTTError,
    'an unknown option',
  );
  assert.equal(error?.code, 'INVALID_ARGUMENT', `an unknown option of ${run.name}: ${error}`);
  assert.match(error.message, /^unknown option .*; there are /);
  const list = error.message.replace(/^.*; there are /, '').split(', ');
  return list.map((name) => name.replace(/^\w+\./, ''));
}

const ownNames = (object, without) =>
  Reflect.ownKeys(object).filter((key) => !without.includes(key));

const sorted = (names) => [...names].map(String).sort();

for (const [entry, backend] of entries) {
  describe(`every kind of value everywhere: ${entry} (${backend})`, () => {
    let module;
    let surface;
    before(async () => {
      module = await import(entry);
      surface = await surfaceOf(module, backend);
    });

    const classes = Object.keys(index).filter((name) => /^class/.test(String(index[name])));
    const functions = Object.keys(index).filter((name) => !classes.includes(name));

    it('nothing is missing here', () => {
      const exports = Object.keys(surface).filter((name) => !surface[name].hidden);
      assert.deepEqual(sorted(Object.keys(module)), sorted(exports));
      for (const [name, spec] of Object.entries(surface)) {
        const owner = spec.hidden ?? module[name];
        if (!spec.make) continue;
        const statics = ownNames(owner, ['length', 'name', 'prototype', 'stackTraceLimit']);
        assert.deepEqual(sorted(statics), sorted(Object.keys(spec.statics)), name);
        const members = ownNames(owner.prototype, ['constructor']);
        const known = [...ownNames(spec.methods, []), ...spec.accessors];
        assert.deepEqual(sorted(members), sorted(known), name);
      }
    });

    it('every option is here, and an unknown one is refused', async () => {
      const check = async (name, run, spec) => {
        if (!spec.options) return;
        const { TTTError } = module;
        assert.deepEqual(sorted(await namesKnown(run, spec, TTTError)), sorted(spec.options), name);
        for (const [within, names] of Object.entries(spec.inner ?? {})) {
          assert.deepEqual(
            sorted(await namesKnown(run, spec, TTTError, within)),
            sorted(names),
            within,
          );
        }
      };
      for (const [name, spec] of Object.entries(surface)) {
        if (!spec.make) {
          await check(name, module[name], spec);
          continue;
        }
        for (const [key, one] of Object.entries(spec.statics)) {
          await check(`${name}.${key}`, module[name][key].bind(module[name]), one);
        }
        const object = await spec.make();
        for (const [key, one] of Object.entries(spec.methods))
          await check(key, object[key].bind(object), one);
      }
    });

    for (const name of functions) {
      it(name, async () => {
        await sweep(name, surface[name], module.TTTError, (args) => module[name](...args));
      });
    }

    for (const name of [...classes, 'StreamDecoder']) {
      it(`${name}: constructor and static methods`, async () => {
        const spec = surface[name];
        const owner = spec.hidden ?? module[name];
        const construct = (args) => void new owner(...args);
        await sweep(`new ${name}`, spec.construct, module.TTTError, construct, (error, what) => {
          if (spec.construct.refused) assert.equal(error?.code, 'INVALID_ARGUMENT', what);
        });
        for (const [key, one] of Object.entries(spec.statics)) {
          await sweep(`${name}.${key}`, one, module.TTTError, (args) => owner[key](...args));
        }
      });

      it(`${name}: methods`, async () => {
        const spec = surface[name];
        const shared = await spec.make();
        for (const key of Reflect.ownKeys(spec.methods)) {
          const one = spec.methods[key];
          const of = () => (one.fresh ? spec.make() : shared);
          let before = spec.save?.(shared);
          const run = (args, object) => object[key](...args);
          await sweep(
            `${name}.${String(key)}`,
            { ...one, of },
            module.TTTError,
            run,
            (error, what) => {
              const now = spec.save?.(shared);
              if (error && now) sameBits(now, before, `${what}: the state has changed`);
              before = now;
            },
          );
        }
      });

      it(`${name}: other receivers`, async () => {
        const spec = surface[name];
        const object = await spec.make();
        const { proxy, revoke } = Proxy.revocable(object, {});
        revoke();
        const receivers = [new Proxy(object, {}), Object.create(object), proxy, {}, undefined, 5];
        const owner = spec.hidden ?? module[name];
        for (const key of Reflect.ownKeys(owner.prototype)) {
          if (key === 'constructor' || spec.tolerant) continue;
          const { value, get } = Object.getOwnPropertyDescriptor(owner.prototype, key);
          const method = get ?? value;
          const args = spec.methods[key]?.args() ?? [];
          const meant = { run: () => method.call(own, ...args), meant: true };
          const own = await spec.make();
          const refusal = await attempt(meant, module.TTTError, `${name}.${String(key)}`);
          if (!spec.methods[key]?.refused) assert.equal(refusal, undefined);
          const { lazy } = meant;
          for (const [i, receiver] of receivers.entries()) {
            const what = `${name}.${String(key)} on receiver ${i}`;
            const run = () => method.call(receiver, ...args);
            const error = await attempt({ run, lazy }, module.TTTError, what);
            assert.equal(error?.code, 'INVALID_ARGUMENT', what);
            if (i === 0) assert.match(error.message, /Proxy of the .* markRaw/);
          }
        }
      });
    }
  });
}

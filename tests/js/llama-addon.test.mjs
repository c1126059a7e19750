// The addon's functions for language models, called with anything at all, and asynchronously.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { backends, sameBits } from './support/backends.mjs';
import { runModule } from './support/child.mjs';
import {
  addon,
  BUSY,
  bytesOf,
  DESTROYED,
  INVALID,
  NO_HANDLES,
  newModel,
  newSession,
  newTrainer,
  STEP_BYTES,
  SUGGESTION_BYTES,
  statusOf,
  stepOf,
} from './support/raw-addon.mjs';

/** Arguments of suggest: the tokens before, the letters typed, and how many. */
const question = [new Uint32Array(2), new Uint8Array(1).fill(97), bytesOf('suggesting')];

describe('the functions of the addon for language models', () => {
  let models, sessions, trainers, bytes;
  before(async function () {
    if (!backends.includes('native')) this.skip();
    ({ models, sessions, trainers } = addon);
    const model = newModel();
    bytes = models.pack(model, undefined);
    models.close(model);
  });

  it('know no forged, stale or foreign handle', () => {
    const model = models.open(bytes, undefined);
    const session = newSession(model);
    assert.ok(model > 0 && session > 0);
    const stale = newSession(model);
    assert.equal(sessions.destroy(stale), 0);
    assert.equal(sessions.reset(stale), DESTROYED);
    // Of generations that no table has had: other tests may have objects of their own.
    const forged = [0, 1, 2, 5, session + 2 ** 50, 2 ** 53 - 1];
    const ignore = () => assert.fail('called back');
    const calls = [
      [models, 'close'],
      [models, 'share'],
      [models, 'configJson'],
      [models, 'tokenizerJson'],
      [models, 'parameters'],
      [models, 'fingerprint'],
      [models, 'pack', undefined],
      [sessions, 'create', bytesOf('session')],
      [sessions, 'fork'],
      [sessions, 'destroy'],
      [sessions, 'reset'],
      [sessions, 'freeze', true],
      [sessions, 'read', new Uint32Array(2), undefined, undefined],
      [sessions, 'readAsync', new Uint32Array(2), true, true, ignore],
      [sessions, 'write', new Uint32Array(2)],
      [sessions, 'writeAsync', new Uint32Array(2), ignore],
      [sessions, 'logits', new Float32Array(32)],
      [sessions, 'draw', bytesOf('sampling')],
      [sessions, 'suggest', ...question, new Uint8Array(3 * SUGGESTION_BYTES)],
      [sessions, 'suggestAsync', ...question, ignore],
      [sessions, 'stateSize'],
      [sessions, 'tokens'],
      [sessions, 'save', new Uint8Array(1 << 20)],
      [sessions, 'load', new Uint8Array(100)],
      [trainers, 'destroy'],
      [trainers, 'step', new Uint8Array(STEP_BYTES)],
      [trainers, 'stepAsync', ignore],
      [trainers, 'model', undefined],
      [trainers, 'weights', undefined],
      [trainers, 'steps'],
      [trainers, 'stateSize'],
      [trainers, 'save', new Uint8Array(100)],
      [trainers, 'load', new Uint8Array(100)],
      [trainers, 'startFrom', model],
    ];
    for (const [part, name, ...args] of calls) {
      for (const value of forged)
        assert.equal(statusOf(part[name](value, ...args)), DESTROYED, name);
      for (const value of [...NO_HANDLES, Symbol('x')])
        assert.equal(statusOf(part[name](value, ...args)), INVALID, name);
      assert.equal(statusOf(part[name]()), INVALID, name);
    }
    assert.equal(models.close(model), 0);
    assert.equal(models.close(model), DESTROYED);
    assert.equal(models.configJson(model), -DESTROYED);
    assert.equal(sessions.read(session, new Uint32Array(1), undefined, undefined), 0);
    assert.equal(sessions.destroy(session), 0);
  });

  it('check every argument of models and sessions by themselves', () => {
    const model = models.open(bytes, undefined);
    const session = newSession(model);
    const { read, draw, logits, save, load, freeze } = sessions;
    const ids = new Uint32Array(4);
    const shared = new SharedArrayBuffer(16);
    const strangers = [null, 1, 'x', {}, [], new Int32Array(4), new Float64Array(4), shared];
    strangers.push(new DataView(new ArrayBuffer(16)), new Proxy(ids, {}));
    strangers.push(new Uint32Array(shared), new Float32Array(shared));
    for (const value of strangers) {
      assert.equal(read(session, value, undefined, undefined), INVALID);
      assert.equal(
        sessions.readAsync(session, value, true, true, () => undefined),
        INVALID,
      );
      assert.equal(logits(session, value), INVALID);
      assert.equal(sessions.write(session, value), INVALID);
      assert.equal(
        sessions.writeAsync(session, value, () => undefined),
        INVALID,
      );
      assert.equal(sessions.writeAsync(session, ids, value), INVALID);
      for (let place = 0; place < 4; place++) {
        const args = [...question, new Uint8Array(3 * SUGGESTION_BYTES)];
        args[place] = value;
        assert.equal(sessions.suggest(session, ...args), -INVALID);
        assert.equal(sessions.suggestAsync(session, ...args), INVALID);
      }
      if (value !== null) {
        assert.equal(read(session, ids, value, undefined), INVALID);
        assert.equal(read(session, ids, undefined, value), INVALID);
        assert.equal(statusOf(models.pack(model, value)), INVALID);
        assert.equal(statusOf(models.open(bytes, value)), INVALID);
      }
      assert.equal(statusOf(models.open(value, undefined)), INVALID);
      assert.equal(models.adopt(value), -INVALID);
      assert.equal(save(session, value), INVALID);
      assert.equal(load(session, value), INVALID);
      assert.equal(draw(session, value), -INVALID);
      assert.equal(freeze(session, value), INVALID);
    }
    for (const length of [0, 3, 5]) {
      assert.equal(read(session, ids, new Float32Array(length), undefined), 2);
      assert.equal(read(session, ids, undefined, new Float32Array(length)), 2);
      assert.equal(logits(session, new Float32Array(length)), 2);
    }
    // Results over the tokens, which are checked before they are read.
    const both = new Float32Array(ids.buffer);
    assert.equal(read(session, ids, both, undefined), 9);
    assert.equal(read(session, ids, undefined, both), 9);
    const one = new Float32Array(4);
    assert.equal(read(session, ids, one, one), 9);
    assert.equal(read(session, Uint32Array.of(1, 32), undefined, undefined), 30);
    assert.equal(read(session, Uint32Array.of(2 ** 32 - 1), undefined, undefined), 30);
    assert.equal(sessions.write(session, Uint32Array.of(1, 32)), 30);
    assert.equal(sessions.tokens(session), 0);
    assert.equal(save(session, new Uint8Array(10)), 12);
    assert.equal(load(session, new Uint8Array(0)), 20);
    sessions.destroy(session);
    models.close(model);
  });

  it('check every argument of a conversion by themselves', () => {
    const good = [undefined, [''], [bytes], undefined, undefined, ['writer', 'a test'], true];
    const rewrite = (place, value) =>
      models.rewrite(...good.map((argument, i) => (i === place ? value : argument)));
    assert.ok(rewrite().length > bytes.length);
    const wrong = [
      [0, 1, 'x', {}, new Int8Array(4), new ArrayBuffer(4)],
      [undefined, null, {}, [], ['a', 'b'], [1], ['a\0b']],
      [undefined, null, {}, [], [bytes, bytes], [null], [new Int8Array(4)]],
      [0, 'x', {}, new Int8Array(4)],
      [0, 'x', {}, new Int8Array(4)],
      [undefined, null, {}, ['key'], ['key', 1], ['key', 'a\0b'], new Array(2 ** 32 - 2)],
      [undefined, null, 0, 'x'],
    ];
    for (const [place, values] of wrong.entries()) {
      for (const value of values) {
        const failure = rewrite(place, value);
        assert.equal(failure.status, INVALID, `argument ${place}`);
      }
    }
    const failure = rewrite(2, [bytes.subarray(1)]);
    assert.deepEqual([failure.status, failure.text !== ''], [40, true]);
    const twice = rewrite(5, ['a', 'b', 'a', 'c']);
    assert.match(twice.text, /a key twice/);
    const throws = Object.defineProperty(['a', 'b'], 1, {
      get: () => {
        throw new Error('mine');
      },
    });
    assert.throws(() => rewrite(5, throws), /mine/);
  });

  it('take the options of sessions as exactly the bytes of their struct', () => {
    const model = models.open(bytes, undefined);
    for (const value of [undefined, null, 1, {}, new Uint8Array(0), new Uint8Array(13)])
      assert.equal(sessions.create(model, value), -INVALID);
    for (const changed of [
      { size: 11 },
      { recall: 1 },
      { recall: 255 },
      { recall: 257 },
      { recall: 384 },
      { recall: 2 ** 23 },
      { recall: 2 ** 32 - 1 },
      { generated: 2 },
    ])
      assert.equal(newSession(model, changed), -31, JSON.stringify(changed));
    for (const recall of [0, 256, 2 ** 22]) sessions.destroy(newSession(model, { recall }));
    models.close(model);
  });

  it('take sampling options as exactly the bytes of their struct', () => {
    const model = models.open(bytes, undefined);
    const session = newSession(model);
    for (const length of [0, 31, 33])
      assert.equal(sessions.draw(session, new Uint8Array(length)), -INVALID);
    for (const changed of [
      { size: 31 },
      { temperature: NaN },
      { temperature: -1 },
      { topP: 0 },
      { topP: 2 },
      { minP: -1 },
      { repetitionPenalty: 0.5 },
    ])
      assert.equal(sessions.draw(session, bytesOf('sampling', changed)), -31);
    assert.ok(sessions.draw(session, bytesOf('sampling')) >= 0);
    sessions.destroy(session);
    models.close(model);
  });

  it('check every argument of trainers by themselves', () => {
    const [config, training, ids] = [bytesOf('model'), bytesOf('training'), new Uint32Array(40)];
    const make = (...args) => trainers.create(...args);
    for (const value of [
      null,
      1,
      {},
      new Float32Array(25),
      new Uint8Array(0),
      new Uint8Array(99),
    ]) {
      assert.equal(make(value, training, ids).status, INVALID);
      assert.equal(make(config, value, ids).status, INVALID);
      assert.equal(make(config, training, value).status, INVALID);
    }
    const configs = ['vocabSize', 'hiddenDim', 'numLayers', 'mlpDim', 'innerDim', 'headDim'];
    for (const name of configs) {
      for (const value of [0, 2 ** 32 - 1])
        assert.equal(make(bytesOf('model', { [name]: value }), training, ids).status, 42, name);
    }
    for (const changed of [{ size: 99 }, { mixer: 3 }, { normEps: NaN }, { normEps: -1 }])
      assert.equal(make(bytesOf('model', changed), training, ids).status, 42);
    const counts = ['size', 'batch', 'context', 'threads', 'bf16', 'optimizer'];
    for (const name of counts) {
      const bad = bytesOf('training', { [name]: 2 ** 32 - 1 });
      assert.equal(make(config, bad, ids).status, 31, name);
    }
    for (const name of [
      'learningRate',
      'beta1',
      'clip',
      'repeat',
      'fromStart',
      'dropout',
      'momentum',
    ]) {
      for (const value of [NaN, -2, Infinity]) {
        const bad = bytesOf('training', { [name]: value });
        assert.equal(make(config, bad, ids).status, 31, name);
      }
    }
    const trainer = make(config, training, ids);
    assert.ok(trainer > 0);
    for (const value of [null, 1, {}, new Float32Array(5)]) {
      assert.equal(trainers.step(trainer, value), INVALID);
      assert.equal(trainers.stepAsync(trainer, value), INVALID);
      assert.equal(trainers.save(trainer, value), INVALID);
      assert.equal(statusOf(trainers.load(trainer, value)), INVALID);
      if (value === null) continue;
      assert.equal(trainers.model(trainer, value), -INVALID);
      assert.equal(trainers.weights(trainer, value), -INVALID);
    }
    for (const length of [0, STEP_BYTES - 1, STEP_BYTES + 1])
      assert.equal(trainers.step(trainer, new Uint8Array(length)), INVALID);
    assert.equal(trainers.model(trainer, Buffer.from('no json')), -46);
    assert.equal(trainers.steps(trainer), 0);
    const out = new Uint8Array(STEP_BYTES + 1).subarray(1); // at an odd address
    assert.equal(trainers.step(trainer, out), 0);
    assert.deepEqual([stepOf(out).step, stepOf(out).tokens], [1n, 16n]);
    assert.equal(trainers.load(trainer, new Uint8Array(0)).status, 45);
    assert.deepEqual(trainers.load(trainer, 1), { status: INVALID, offset: 0, text: '' });
    assert.equal(trainers.destroy(trainer), 0);
  });

  it('leave a trainer to the step that is under way', async () => {
    const [trainer, twin] = [newTrainer(), newTrainer()];
    const done = new Promise((resolve) => {
      assert.equal(
        trainers.stepAsync(trainer, (...results) => resolve(results)),
        0,
      );
    });
    assert.equal(
      trainers.stepAsync(trainer, () => undefined),
      BUSY,
    );
    assert.equal(trainers.destroy(trainer), BUSY);
    assert.equal(trainers.step(trainer, new Uint8Array(STEP_BYTES)), BUSY);
    assert.equal(trainers.save(trainer, new Uint8Array(1 << 20)), BUSY);
    assert.equal(trainers.model(trainer, undefined), -BUSY);
    const [status, step] = await done;
    assert.equal(status, 0);
    const expected = new Uint8Array(STEP_BYTES);
    assert.equal(trainers.step(twin, expected), 0);
    assert.deepEqual(stepOf(step), stepOf(expected));
    assert.equal(trainers.destroy(trainer), 0);
    assert.equal(trainers.destroy(twin), 0);
  });

  describe('read asynchronously', () => {
    let model;
    before(() => {
      model = models.open(bytes, undefined);
    });
    after(() => models.close(model));

    const readAsync = (session, ids, ...want) =>
      new Promise((resolve) => {
        let returned = false;
        const status = sessions.readAsync(session, ids, ...want, (...results) => {
          assert.ok(returned, 'called back too early');
          resolve(results);
        });
        returned = true;
        if (status !== 0) resolve([status]);
      });

    it('to the same bits as at once', async () => {
      for (const length of [0, 1, 64, 65, 1000]) {
        const ids = Uint32Array.from({ length }, (_, i) => (i * i) % 31);
        const [session, twin] = [newSession(model), newSession(model)];
        const expected = [new Float32Array(length), new Float32Array(length)];
        assert.equal(sessions.read(twin, ids, ...expected), 0);
        const reading = readAsync(session, ids, true, true);
        ids.fill(0); // they are copied
        const [status, ...results] = await reading;
        assert.equal(status, 0);
        sameBits(results[0], expected[0]);
        sameBits(results[1], expected[1]);
        const states = [session, twin].map((each) => {
          const state = new Uint8Array(sessions.stateSize(each));
          assert.equal(sessions.save(each, state), 0);
          return state;
        });
        sameBits(...states);
        for (const each of [session, twin]) assert.equal(sessions.destroy(each), 0);
      }
    });

    it('and write to the same bits as at once', async () => {
      for (const generated of [0, 1]) {
        const [session, twin] = Array.from({ length: 2 }, () => newSession(model, { generated }));
        const ids = Uint32Array.from({ length: 300 }, (_, i) => (i * i) % 31);
        assert.equal(sessions.write(twin, ids), 0);
        const status = await new Promise((resolve) => {
          const failed = sessions.writeAsync(session, ids, resolve);
          if (failed !== 0) resolve(failed);
          ids.fill(0); // they are copied
        });
        assert.equal(status, 0);
        const states = [session, twin].map((each) => {
          const state = new Uint8Array(sessions.stateSize(each));
          assert.equal(sessions.save(each, state), 0);
          return state;
        });
        sameBits(...states);
        for (const each of [session, twin]) assert.equal(sessions.destroy(each), 0);
      }
      const session = newSession(model);
      const none = () => assert.fail('called back');
      assert.equal(sessions.writeAsync(session, Uint32Array.of(1, 32), none), 30);
      assert.equal(sessions.destroy(session), 0);
    });

    it('giving what is wanted, and nothing on failure', async () => {
      const session = newSession(model);
      const ids = new Uint32Array(3);
      for (const want of [
        [true, false],
        [false, true],
        [false, false],
      ]) {
        const [status, ...results] = await readAsync(session, ids, ...want);
        assert.equal(status, 0);
        assert.deepEqual(
          results.map((result) => result?.length),
          want.map((wanted) => (wanted ? 3 : undefined)),
        );
      }
      assert.deepEqual(await readAsync(session, Uint32Array.of(1, 32), true, true), [30]);
      assert.equal(sessions.tokens(session), 9);
      for (const args of [
        [ids, 1, true, () => undefined],
        [ids, true, undefined, () => undefined],
        [ids, true, true, {}],
        [ids, true, true],
      ])
        assert.equal(sessions.readAsync(session, ...args), INVALID);
      assert.equal(sessions.reset(session), 0); // it is not busy
      sessions.destroy(session);
    });

    it('and the session is busy until the callback, in which it is not', async () => {
      const session = newSession(model);
      const ids = new Uint32Array(500);
      await new Promise((resolve) => {
        const done = (status) => {
          assert.equal(status, 0);
          assert.equal(sessions.tokens(session), 500);
          resolve();
        };
        assert.equal(sessions.readAsync(session, ids, false, false, done), 0);
        for (const [name, ...args] of [
          ['read', ids, undefined, undefined],
          ['readAsync', ids, true, true, () => undefined],
          ['write', ids],
          ['writeAsync', ids, () => undefined],
          ['fork'],
          ['destroy'],
          ['reset'],
          ['freeze', true],
          ['logits', new Float32Array(32)],
          ['draw', bytesOf('sampling')],
          ['suggest', ...question, new Uint8Array(3 * SUGGESTION_BYTES)],
          ['suggestAsync', ...question, () => undefined],
          ['stateSize'],
          ['tokens'],
          ['save', new Uint8Array(1 << 20)],
          ['load', new Uint8Array(100)],
        ])
          assert.equal(statusOf(sessions[name](session, ...args)), BUSY, name);
      });
      assert.equal(sessions.destroy(session), 0);
    });

    it('and what the callback throws is an uncaught exception, after which all goes on', async () => {
      const code = `
        import { addon, newModel, newSession } from './tests/js/support/raw-addon.mjs';
        const session = newSession(newModel());
        process.once('uncaughtException', ({ message }) => {
          console.log(JSON.stringify([message, addon.sessions.tokens(session)]));
        });
        addon.sessions.readAsync(session, new Uint32Array(70), true, true, () => {
          throw new Error('on purpose');
        });`;
      assert.deepEqual(await runModule(code), ['on purpose', 70]);
    });
  });
});

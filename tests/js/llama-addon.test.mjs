// The language model at the boundaries of the backends: the addon's functions called with anything
// at all, workers and processes that end in the middle of a step, WebAssembly that traps or has no
// memory left, and one hash on every backend.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

import { BitLlama, getInfo, llamaConformanceHash, setKernel } from 'bit-ttt';

import { backends, fails, onEachBackend, rejects, root, sameBits } from './support/backends.mjs';
import { runModule } from './support/child.mjs';
import {
  BUSY,
  DESTROYED,
  INVALID,
  NO_HANDLES,
  STEP_BYTES,
  addon,
  bytesOf,
  newModel,
  newTrainer,
  statusOf,
  stepOf,
} from './support/raw-addon.mjs';
import { smallModel, smallTrainer } from './support/small-llama.mjs';
import { withMemoryLimit, withTrap } from './support/wasm-patch.mjs';

onEachBackend('one hash of the language model', (backend) => {
  it('on every kernel', async () => {
    const [golden] = readFileSync(`${root}tests/golden/llama.txt`, 'utf8').match(/^[0-9a-f]{16}$/m);
    const { kernels, kernel } = await getInfo({ backend });
    for (const name of kernels) {
      await setKernel(name, { backend });
      assert.equal(await llamaConformanceHash({ backend }), golden, name);
    }
    await setKernel(kernel, { backend });
  });
});

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
    const session = sessions.create(model);
    assert.ok(model > 0 && session > 0);
    const stale = sessions.create(model);
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
      [sessions, 'create'],
      [sessions, 'fork'],
      [sessions, 'destroy'],
      [sessions, 'reset'],
      [sessions, 'freeze', true],
      [sessions, 'read', new Uint32Array(2), undefined, undefined],
      [sessions, 'readAsync', new Uint32Array(2), true, true, ignore],
      [sessions, 'logits', new Float32Array(32)],
      [sessions, 'draw', bytesOf('sampling')],
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
    const session = sessions.create(model);
    const { read, draw, logits, save, load, freeze } = sessions;
    const ids = new Uint32Array(4);
    const shared = new SharedArrayBuffer(16);
    const strangers = [
      null,
      1,
      'x',
      {},
      [],
      new Int32Array(4),
      new ArrayBuffer(16),
      new DataView(new ArrayBuffer(16)),
      new Proxy(ids, {}),
      new Uint32Array(shared),
      new Float32Array(shared),
      new Float64Array(4),
    ];
    for (const value of strangers) {
      assert.equal(read(session, value, undefined, undefined), INVALID);
      assert.equal(
        sessions.readAsync(session, value, true, true, () => undefined),
        INVALID,
      );
      assert.equal(logits(session, value), INVALID);
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
    assert.equal(sessions.tokens(session), 0);
    assert.equal(save(session, new Uint8Array(10)), 12);
    assert.equal(load(session, new Uint8Array(0)), 20);
    sessions.destroy(session);
    models.close(model);
  });

  it('take sampling options as exactly the bytes of their struct', () => {
    const model = models.open(bytes, undefined);
    const session = sessions.create(model);
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
    const counts = ['size', 'batch', 'context', 'threads', 'bf16'];
    for (const name of counts) {
      const bad = bytesOf('training', { [name]: 2 ** 32 - 1 });
      assert.equal(make(config, bad, ids).status, 31, name);
    }
    for (const name of ['learningRate', 'beta1', 'clip', 'repeat', 'fromStart', 'dropout']) {
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
        const [session, twin] = [sessions.create(model), sessions.create(model)];
        const expected = [new Float32Array(length), new Float32Array(length)];
        assert.equal(sessions.read(twin, ids, ...expected), 0);
        const reading = readAsync(session, ids, true, true);
        ids.fill(0); // they are copied
        const [status, ...results] = await reading;
        assert.equal(status, 0);
        results.forEach((result, i) => sameBits(result, expected[i]));
        const states = [session, twin].map((each) => {
          const state = new Uint8Array(sessions.stateSize(each));
          assert.equal(sessions.save(each, state), 0);
          return state;
        });
        sameBits(...states);
        for (const each of [session, twin]) assert.equal(sessions.destroy(each), 0);
      }
    });

    it('giving what is wanted, and nothing on failure', async () => {
      const session = sessions.create(model);
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
      const session = sessions.create(model);
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
          ['fork'],
          ['destroy'],
          ['reset'],
          ['freeze', true],
          ['logits', new Float32Array(32)],
          ['draw', bytesOf('sampling')],
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
        import { addon, newModel } from './tests/js/support/raw-addon.mjs';
        const session = addon.sessions.create(newModel());
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

const training = `
  import { Trainer } from 'bit-ttt';
  const tokens = Array.from({ length: 4000 }, (_, i) => (i * i) % 61);
  const make = (backend, seed) => Trainer.create({
    tokens, backend, config: { vocabSize: 64, hiddenDim: 128, numLayers: 3 },
    training: { batch: 8, context: 128, steps: 1000, seed },
  });`;

onEachBackend('training that is cut off', (backend) => {
  it('by the end of its worker harms nobody', async function () {
    const code = `${training}
      import { parentPort } from 'node:worker_threads';
      const trainers = [await make('${backend}', 1), await make('${backend}', 2)];
      const work = async (trainer) => { for await (const _ of trainer.run()); };
      trainers.forEach((trainer) => void work(trainer));
      parentPort.postMessage('at work');`;
    const library = new URL('../../dist/index.mjs', import.meta.url).href;
    const found = code.replaceAll("'bit-ttt'", JSON.stringify(library)); // as `data:` has no folder
    const url = new URL(`data:text/javascript,${encodeURIComponent(found)}`);
    for (let i = 0; i < 3; i++) {
      const worker = new Worker(url);
      await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
      await new Promise((resolve) => setTimeout(resolve, 7 * i));
      await worker.terminate();
    }
    const trainer = await smallTrainer({ backend });
    assert.equal(trainer.step().step, 1);
    trainer.destroy();
  });

  it('by the end of its process is no crash', async () => {
    const code = `${training}
      const trainer = await make('${backend}', 1);
      trainer.run().next();
      setTimeout(() => { console.log('"left"'); process.exit(0); }, 5);`;
    assert.equal(await runModule(code), 'left');
  });

  it('and forgotten is freed', async () => {
    const code = `${training}
      for (let i = 0; i < 9; i++) {
        const trainer = await make('${backend}', i);
        trainer.step();
        if (i % 3 === 0) trainer.model().createSession().read([1, 2, 3]);
        globalThis.gc();
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
      console.log(process.memoryUsage.rss());`;
    const bytes = await runModule(code, { flags: ['--expose-gc'] });
    assert.ok(bytes < 400e6, `${bytes} bytes`); // all of them at once take more
  });
});

describe('a WebAssembly instance with language models', () => {
  let module, bytes;
  before(async function () {
    if (!backends.includes('wasm')) this.skip();
    module = readFileSync(`${root}dist/bit_ttt.wasm`);
    bytes = await smallModel();
  });
  const load = async (patched) => BitLlama.load(bytes, { backend: 'wasm', wasm: patched });

  it('that trapped refuses everything, and a new one is made for the next model', async () => {
    const broken = await WebAssembly.compile(withTrap(module, 'bitllama_session_read'));
    const model = await load(broken);
    const [session, other] = [model.createSession(), model.createSession()];
    const state = other.save();
    fails(() => session.read([1]), 'POISONED', /cannot be trusted/);
    for (const each of [session, other]) {
      fails(() => each.read([1]), 'POISONED');
      fails(() => each.logits(), 'POISONED');
      fails(() => each.draw(), 'POISONED');
      fails(() => each.save(), 'POISONED');
      fails(() => each.restore(state), 'POISONED');
      fails(() => each.fork(), 'POISONED');
      fails(() => each.reset(), 'POISONED');
      fails(() => each.tokensSeen, 'POISONED');
      await rejects(() => each.observe('x'), 'POISONED');
      await rejects(() => each.generate('x').next(), 'POISONED');
      each.destroy();
      fails(() => each.read([1]), 'DESTROYED');
    }
    fails(() => model.createSession(), 'POISONED');
    fails(() => model.pack(), 'POISONED');
    model.destroy();
    (await load(broken)).createSession().destroy();
  });

  it('that traps in a step says so in the promise, and the trainer is not busy for ever', async () => {
    const broken = await WebAssembly.compile(withTrap(module, 'bitllama_trainer_step'));
    const trainer = await smallTrainer({ backend: 'wasm', wasm: broken });
    await rejects(() => trainer.run().next(), 'POISONED');
    fails(() => trainer.save(), 'POISONED');
    trainer.destroy();
  });

  it('that is full says so, and everything else goes on', async () => {
    const model = await load(withMemoryLimit(module, 24));
    const session = model.createSession();
    session.read([1, 2, 3]);
    const logits = session.logits();
    const others = [];
    fails(() => {
      for (;;) others.push(model.createSession());
    }, 'OUT_OF_MEMORY');
    assert.ok(others.length > 2, `${others.length} sessions`);
    fails(() => session.fork(), 'OUT_OF_MEMORY');
    for (const other of others) other.destroy();
    assert.deepEqual(session.logits(), logits);
    session.fork().destroy();
    await rejects(
      () => smallTrainer({ backend: 'wasm', wasm: withMemoryLimit(module, 8) }),
      'OUT_OF_MEMORY',
    );
    session.destroy();
    model.destroy();
  });
});

// The language model at the boundaries of the backends: the addon's functions called with anything
// at all, workers and processes that end in the middle of a step, WebAssembly that traps or has no
// memory left, and one hash on every backend.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Worker } from 'node:worker_threads';

import { BitLlama, getInfo, llamaConformanceHash, setKernel } from 'bit-ttt';

import { backends, fails, onEachBackend, rejects, root } from './support/backends.mjs';
import { runModule } from './support/child.mjs';
import { smallModel, smallTrainer } from './support/small-llama.mjs';
import { withMemoryLimit, withTrap } from './support/wasm-patch.mjs';

const INVALID = 60;
const DESTROYED = 61;
const BUSY = 62;

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
  let addon, bytes;
  before(async function () {
    if (!backends.includes('native')) this.skip();
    const require = createRequire(import.meta.url);
    addon = require(`${root}dist/native/${process.platform}-${process.arch}/bit_ttt.node`);
    bytes = await smallModel();
  });

  const wrong = [-1, 0.5, NaN, Infinity, 2 ** 53, '1', 1n, null, undefined, {}, [], Symbol('x')];
  const statusOf = (value) => Math.abs(typeof value === 'object' ? value.status : value);

  it('know no forged, stale or foreign handle', () => {
    const model = addon.llamaOpen(bytes, undefined);
    const session = addon.sessionCreate(model);
    assert.ok(model > 0 && session > 0);
    const stale = addon.sessionCreate(model);
    assert.equal(addon.sessionDestroy(stale), 0);
    // Each table counts for itself: what is stale for sessions may be the model's number.
    const forged = [
      0,
      1,
      2,
      5,
      stale,
      session + 1,
      session + 2 ** 20,
      session + 2 ** 40,
      2 ** 53 - 1,
    ];
    const living = new Set([model, session]);
    const foreign = forged.filter((value) => !living.has(value));
    const calls = {
      llamaClose: [],
      llamaPack: [undefined],
      sessionCreate: [],
      sessionFork: [],
      sessionDestroy: [],
      sessionReset: [],
      sessionFreeze: [true],
      sessionRead: [new Uint32Array(2), undefined, undefined],
      sessionLogits: [new Float32Array(384)],
      sessionDraw: [Float64Array.of(1, 0, 1, 0, 1), 1n],
      sessionStateSize: [],
      sessionTokens: [],
      sessionSave: [new Uint8Array(1 << 20)],
      sessionLoad: [new Uint8Array(100)],
      trainerDestroy: [],
      trainerStep: [new Float64Array(5)],
      trainerStepAsync: [() => assert.fail('called back')],
      trainerModel: [undefined],
      trainerWeights: [undefined],
      trainerSteps: [],
      trainerStateSize: [],
      trainerSave: [new Uint8Array(100)],
      trainerLoad: [new Uint8Array(100)],
    };
    for (const [name, args] of Object.entries(calls)) {
      for (const value of foreign)
        assert.equal(statusOf(addon[name](value, ...args)), DESTROYED, name);
      for (const value of wrong) assert.equal(statusOf(addon[name](value, ...args)), INVALID, name);
      assert.equal(statusOf(addon[name]()), INVALID, name);
    }
    for (const name of [
      'llamaConfigJson',
      'llamaTokenizerJson',
      'llamaParameters',
      'llamaFingerprint',
    ]) {
      for (const value of [...foreign, ...wrong]) assert.equal(addon[name](value), undefined, name);
    }
    assert.equal(addon.llamaClose(model), 0);
    assert.equal(addon.llamaClose(model), DESTROYED);
    assert.equal(addon.sessionRead(session, new Uint32Array(1), undefined, undefined), 0);
    assert.equal(addon.sessionDestroy(session), 0);
  });

  it('check every argument by themselves', () => {
    const model = addon.llamaOpen(bytes, undefined);
    const session = addon.sessionCreate(model);
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
    ];
    for (const value of [...strangers, new Float32Array(shared), new Float64Array(4)]) {
      assert.equal(addon.sessionRead(session, value, undefined, undefined), INVALID);
      assert.equal(addon.sessionLogits(session, value), INVALID);
      if (value !== null) {
        assert.equal(addon.sessionRead(session, ids, value, undefined), INVALID);
        assert.equal(addon.sessionRead(session, ids, undefined, value), INVALID);
        assert.equal(statusOf(addon.llamaPack(model, value)), INVALID);
        assert.equal(statusOf(addon.llamaOpen(bytes, value)), INVALID);
      }
      assert.equal(statusOf(addon.llamaOpen(value, undefined)), INVALID);
      assert.equal(addon.sessionSave(session, value), INVALID);
      assert.equal(addon.sessionLoad(session, value), INVALID);
      assert.equal(addon.sessionDraw(session, new Float64Array(5), value), -INVALID);
      assert.ok(addon.sessionFreeze(session, value) === INVALID);
    }
    for (const length of [0, 3, 5]) {
      assert.equal(addon.sessionRead(session, ids, new Float32Array(length), undefined), 2);
      assert.equal(addon.sessionRead(session, ids, undefined, new Float32Array(length)), 2);
      assert.equal(
        addon.sessionDraw(session, new Float64Array(length && length + 1), 1n),
        -INVALID,
      );
      assert.equal(addon.sessionLogits(session, new Float32Array(length)), 2);
    }
    // Results over the tokens, which are checked before they are read.
    const both = new Float32Array(ids.buffer);
    assert.equal(addon.sessionRead(session, ids, both, undefined), 9);
    assert.equal(addon.sessionRead(session, ids, undefined, both), 9);
    const one = new Float32Array(4);
    assert.equal(addon.sessionRead(session, ids, one, one), 9);
    assert.equal(addon.sessionRead(session, Uint32Array.of(1, 384), undefined, undefined), 30);
    assert.equal(addon.sessionRead(session, Uint32Array.of(2 ** 32 - 1), undefined, undefined), 30);
    for (const [at, value] of [
      [0, NaN],
      [0, -1],
      [1, -1],
      [1, 2 ** 40],
      [2, 0],
      [2, 2],
      [3, -1],
      [4, 0.5],
    ]) {
      const options = Float64Array.of(1, 0, 1, 0, 1);
      options[at] = value;
      assert.equal(addon.sessionDraw(session, options, 1n), -31, `${at}: ${value}`);
    }
    assert.equal(addon.sessionTokens(session), 0);
    assert.equal(addon.sessionSave(session, new Uint8Array(10)), 12);
    assert.equal(addon.sessionLoad(session, new Uint8Array(0)), 20);
    const shape = Float64Array.of(32, 16, 1, 16, 16, 16, 0.1, 1e-5);
    const training = Float64Array.of(1, 16, 1, 4, 1, 1, 0, -1, 1e-3, 1e-3, 0, 0.9, 0.9, 1, 0, 0, 0);
    const make = (...changed) => {
      const args = [shape, Uint8Array.of(2), training, 1n, new Uint32Array(40)];
      for (const [at, value] of changed) args[at] = value;
      return addon.trainerCreate(...args);
    };
    for (let at = 0; at < 5; at++) {
      for (const value of [null, 1, {}, new Float32Array(4)]) {
        assert.equal(make([at, value]).status, INVALID, `argument ${at}`);
      }
    }
    for (const length of [0, 7, 9]) assert.equal(make([0, new Float64Array(length)]).status, 42);
    for (const length of [0, 16, 18]) assert.equal(make([2, new Float64Array(length)]).status, 31);
    for (const length of [0, 2, 64, 65]) assert.equal(make([1, new Uint8Array(length)]).status, 42);
    assert.equal(make([1, Uint8Array.of(3)]).status, 42);
    for (let at = 0; at < 8; at++) {
      for (const value of [NaN, -1, Infinity, 2 ** 33, 0]) {
        const changed = shape.slice();
        changed[at] = value;
        if (at === 6) continue; // of no use to induction
        assert.equal(make([0, changed]).status, 42, `shape ${at}: ${value}`);
      }
    }
    for (let at = 0; at < 17; at++) {
      for (const value of [NaN, -2, Infinity, 2 ** 33]) {
        const changed = training.slice();
        changed[at] = value;
        const made = make([2, changed]);
        assert.equal(made.status, 31, `training ${at}: ${value}`);
      }
    }
    const trainer = make();
    assert.ok(trainer > 0);
    for (const value of [null, 1, {}, new Float32Array(5)]) {
      assert.equal(addon.trainerStep(trainer, value), INVALID);
      assert.equal(addon.trainerStepAsync(trainer, value), INVALID);
      assert.equal(addon.trainerSave(trainer, value), INVALID);
      assert.equal(statusOf(addon.trainerLoad(trainer, value)), INVALID);
      if (value === null) continue;
      assert.equal(statusOf(addon.trainerModel(trainer, value)), INVALID);
      assert.equal(statusOf(addon.trainerWeights(trainer, value)), INVALID);
    }
    assert.equal(addon.trainerStep(trainer, new Float64Array(4)), 2);
    assert.equal(statusOf(addon.trainerModel(trainer, Buffer.from('no json'))), 46);
    assert.equal(addon.trainerSteps(trainer), 0);
    for (const [destroy, handle] of [
      ['trainerDestroy', trainer],
      ['sessionDestroy', session],
      ['llamaClose', model],
    ]) {
      assert.equal(addon[destroy](handle), 0);
    }
  });

  it('leave a trainer to the step that is under way', async () => {
    const shape = Float64Array.of(32, 16, 1, 16, 16, 16, 0.1, 1e-5);
    const training = Float64Array.of(1, 16, 1, 4, 1, 1, 0, -1, 1e-3, 1e-3, 0, 0.9, 0.9, 1, 0, 0, 0);
    const trainer = addon.trainerCreate(shape, Uint8Array.of(2), training, 1n, new Uint32Array(40));
    const done = new Promise((resolve) => {
      assert.equal(
        addon.trainerStepAsync(trainer, (...numbers) => resolve(numbers)),
        0,
      );
    });
    assert.equal(
      addon.trainerStepAsync(trainer, () => undefined),
      BUSY,
    );
    assert.equal(addon.trainerDestroy(trainer), BUSY);
    assert.equal(addon.trainerStep(trainer, new Float64Array(5)), BUSY);
    assert.equal(addon.trainerSave(trainer, new Uint8Array(1 << 20)), BUSY);
    const [status, loss, , , step] = await done;
    assert.deepEqual([status, step], [0, 1]);
    assert.ok(loss > 0);
    assert.equal(addon.trainerDestroy(trainer), 0);
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
  it('by the end of its worker harms nobody', async () => {
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
    const broken = await WebAssembly.compile(withTrap(module, 'bt_wasm_trainer_step'));
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

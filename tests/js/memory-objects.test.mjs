// The classes give back everything on WebAssembly, also where a call fails, is aborted or broken off
// half-way, and an instance that nobody uses goes. (The engine below them: memory-engine.test.mjs.)
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { BitLlama, Trainer, TTT } from 'bit-ttt';

import { backends, fails, noise, rejects, root } from './support/backends.mjs';
import { runModule } from './support/child.mjs';
import { CountedWasm, interceptNext, walkFailures } from './support/counted-wasm.mjs';
import { collect, smallModel, smallTokenizer } from './support/small-llama.mjs';
import { smallest } from './support/tiny-llama.mjs';

const DIM = 64;

describe('memory of objects on WebAssembly', () => {
  let counted;
  let options;
  let small;
  before(async function () {
    if (!backends.includes('wasm')) this.skip();
    const wasm = await WebAssembly.compile(readFileSync(`${root}dist/bit_ttt.wasm`));
    options = { backend: 'wasm', wasm };
    small = await smallModel();
    counted = new CountedWasm();
    interceptNext(wasm, counted);
    (await TTT.create({ ...options, hiddenDim: DIM })).destroy();
  });

  const owned = [];
  const own = (object) => {
    owned.push(object);
    return object;
  };
  const walk = (exercise) =>
    walkFailures(
      counted,
      async () => {
        try {
          await exercise();
        } finally {
          for (const one of owned.splice(0)) one.destroy();
          await new Promise((resolve) => setImmediate(resolve)); // what was busy ends
        }
      },
      () => true,
    );
  const layer = async (more) => own(await TTT.create({ ...options, hiddenDim: DIM, ...more }));
  const load = async (more) => own(await BitLlama.load(small, { ...options, ...more }));
  const train = async (more) => own(await Trainer.create({ ...options, ...smallest, ...more }));

  it('layers: bad weights, calls that are aborted or left behind', () =>
    walk(async () => {
      const weights = { down: new Int8Array(DIM * 16).fill(3), up: new Int8Array(DIM * 16) };
      await rejects(() => TTT.create({ ...options, hiddenDim: DIM, weights }), 'INVALID_WEIGHTS');
      const one = await layer();
      const controller = new AbortController();
      const aborted = one.forwardAsync(noise(DIM * 40), { signal: controller.signal });
      controller.abort();
      await rejects(() => aborted, 'ABORTED');
      const twin = own(one.clone());
      const output = new Float32Array(DIM * 40);
      const detached = twin.forwardAsync(noise(DIM * 40), { output });
      structuredClone(output.buffer, { transfer: [output.buffer] });
      await assert.rejects(detached);
      const last = one.observeAsync(noise(DIM * 40));
      one.destroy(); // while it is at work
      assert.equal((await last).surprise.length, 40);
    }));

  it('models: refused ones, one whose tokenizer does not fit, and sessions that outlive theirs', () =>
    walk(async () => {
      const damaged = small.slice();
      damaged[damaged.length - 9] ^= 255;
      for (const file of [damaged, small.subarray(0, small.length >> 1), new Uint8Array(99)]) {
        await assert.rejects(BitLlama.load(file, options), { name: 'TTTError' });
      }
      const trainer = await train();
      const file = own(trainer.model()).pack();
      const tokenizer = await smallTokenizer();
      await assert.rejects(BitLlama.load(file, { ...options, tokenizer }), { name: 'TTTError' });
      const model = await load();
      const session = own(model.createSession());
      model.destroy();
      assert.equal(session.read([1, 2, 3]).surprise.length, 3);
      fails(() => session.restore(new Uint8Array(99)), 'STATE_DAMAGED');
      own(session.fork()).restore(session.save());
    }));

  it('sessions: generations that end, are broken off, aborted, or destroyed on the way', () =>
    walk(async () => {
      const model = await load();
      const session = own(model.createSession());
      await collect(session.generate('Lily', { maxTokens: 3 }));
      for await (const piece of session.generate('', { maxTokens: 9 })) if (piece) break;
      const controller = new AbortController();
      const observing = session.observe('a word', { signal: controller.signal });
      controller.abort();
      await rejects(() => observing, 'ABORTED');
      const left = session.generate('', { maxTokens: 9 });
      await left.next();
      session.destroy();
      await left.next().catch(() => undefined);
      await left.return();
    }));

  it('trainers: bad checkpoints, runs that are aborted or left, evaluations', () =>
    walk(async () => {
      await rejects(
        () => Trainer.create({ ...options, ...smallest, checkpoint: new Uint8Array(99) }),
        'CHECKPOINT',
      );
      await rejects(
        () => Trainer.create({ ...options, ...smallest, tokens: [1, 2] }),
        'INVALID_DATA',
      );
      const trainer = await train();
      trainer.step();
      const again = await train({ checkpoint: trainer.save() });
      assert.equal(again.stepsDone, 1);
      assert.ok((await trainer.evaluate([1, 2, 3])).tokens > 0);
      for await (const _ of again.run({ until: 3 })) break;
      const step = again.run({ until: 9 }).next();
      again.destroy(); // while it is at work
      await step;
      own(trainer.model()).createSession().destroy();
    }));

  it('memory grows ahead, not for every object', async () => {
    const model = await load();
    let buffer;
    let growths = 0;
    for (let i = 0; i < 3000; i++) {
      own(model.createSession());
      if (counted.memory.buffer !== buffer) growths++;
      buffer = counted.memory.buffer;
    }
    for (const one of owned.splice(0)) one.destroy();
    // By an eighth each: from 1 MiB to 4 GiB in 71 steps.
    assert.ok(growths < 80, `${growths} growths for 3000 sessions`);
  });

  it('an instance made of bytes goes with them and with what was made on it', async () => {
    const alive = await runModule(
      `
      import { readFileSync } from 'node:fs';
      import { TTT } from 'bit-ttt';
      const bytes = readFileSync('dist/bit_ttt.wasm');
      const made = [];
      const { instantiate } = WebAssembly;
      WebAssembly.instantiate = async (...args) => {
        const instance = await instantiate(...args);
        made.push(new WeakRef(instance.exports.memory));
        return instance;
      };
      for (let i = 0; i < 20; i++) {
        const layer = await TTT.create({ hiddenDim: 64, backend: 'wasm', wasm: new Uint8Array(bytes) });
        layer.forward(new Float32Array(64));
        if (i % 2) layer.destroy();
      }
      for (let i = 0; i < 10; i++) {
        globalThis.gc();
        await new Promise((resolve) => setImmediate(resolve));
      }
      console.log(JSON.stringify([made.length, made.filter((memory) => memory.deref()).length]));`,
      { flags: ['--expose-gc'] },
    );
    assert.equal(alive[0], 20);
    assert.ok(alive[1] <= 2, `${alive[1]} of 20 instances are left`);
  });
});

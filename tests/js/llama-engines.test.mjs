// The language model at the boundaries of the engines: one hash on all, workers and processes that end in the
// middle of a step, WebAssembly that traps or has no memory left.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

import { BitLlama, getInfo, llamaConformanceHash, setKernel } from 'bit-ttt';

import { backends, fails, onEachBackend, rejects, root } from './support/backends.mjs';
import { runModule } from './support/child.mjs';
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

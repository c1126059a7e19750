// Worker threads: the same results in many at once, and terminated at any moment without harm.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { TTT } from 'bit-ttt';

import { noise, onEachBackend, sameBits } from './support/backends.mjs';
import { runModule } from './support/child.mjs';

const file = new URL('./support/worker.mjs', import.meta.url);

function start(backend, task) {
  return new Worker(file, { workerData: { backend, task } });
}

onEachBackend('worker threads', (backend, create) => {
  it('compute the same as the main thread, several at once', async () => {
    const layer = await create({ hiddenDim: 64 });
    const expected = [layer.forward(noise(300 * 64)), layer.forward(noise(64)), layer.saveState()];
    const results = await Promise.all(
      Array.from({ length: 4 }, async () => {
        const worker = start(backend, 'compute');
        const [[message], [code]] = await Promise.all([
          once(worker, 'message'),
          once(worker, 'exit'),
        ]);
        assert.equal(code, 0);
        return message;
      }),
    );
    for (const { output, again, state } of results) {
      sameBits(output, expected[0]);
      sameBits(again, expected[1]);
      sameBits(state, expected[2]);
      layer.loadState(state);
    }
  });

  it('may be terminated in the middle of asynchronous and synchronous work', async () => {
    const layer = await create({ hiddenDim: 64 });
    const expected = layer.forward(noise(640));
    const endOne = async (i) => {
      const worker = start(backend, i % 2 ? 'async' : 'sync');
      await once(worker, 'message');
      await new Promise((resolve) => setTimeout(resolve, i % 5));
      await worker.terminate();
    };
    for (let i = 0; i < 50; i += 5) await Promise.all([0, 1, 2, 3, 4].map((k) => endOne(i + k)));
    layer.reset();
    sameBits(layer.forward(noise(640)), expected);
  });

  it('may be the first to load the engine, and gone before the main thread does', async () => {
    const code = `
      import { once } from 'node:events';
      import { Worker } from 'node:worker_threads';
      const worker = new Worker(${JSON.stringify(file.pathname)},
        { execArgv: [], workerData: { backend: '${backend}', task: 'async' } });
      await once(worker, 'message');
      await worker.terminate();
      const { TTT } = await import('bit-ttt');
      const layer = await TTT.create({ hiddenDim: 64, backend: '${backend}' });
      console.log(JSON.stringify(layer.forward(new Float32Array(64)).length));`;
    assert.equal(await runModule(code), 64);
  });

  it('the process may end in the middle of asynchronous work', async () => {
    const code = (end) => `
      import { TTT } from 'bit-ttt';
      const layer = await TTT.create({ hiddenDim: 1024, backend: '${backend}' });
      const input = new Float32Array(1024 * 2000).fill(0.25);
      for (let i = 0; i < 6; i++) layer.clone().forwardAsync(input).catch(() => undefined);
      console.log('true');
      ${end}`;
    assert.equal(await runModule(code('process.exit(0)')), true);
    assert.equal(await runModule(code('setTimeout(() => process.exit(0), 20)')), true);
    await assert.rejects(runModule(code('throw new Error("on purpose")')), /on purpose/);
  });
});

describe('layers and threads', () => {
  it('a layer cannot be posted, but its state can', async () => {
    const layer = await TTT.create({ hiddenDim: 64 });
    const posted = structuredClone(layer);
    assert.equal(posted.forward, undefined);
    const other = await TTT.create({ hiddenDim: 64 });
    other.loadState(structuredClone(layer.saveState()));
  });
});

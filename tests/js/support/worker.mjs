// worker.mjs - what the worker threads of workers.test.mjs do.
// SPDX-License-Identifier: MIT
import { parentPort, workerData } from 'node:worker_threads';

import { TTT } from 'bit-ttt';

import { noise } from './backends.mjs';

const { task, backend } = workerData;

if (task === 'compute') {
  const layer = await TTT.create({ hiddenDim: 64, backend });
  const output = await layer.forwardAsync(noise(300 * 64));
  const again = layer.forward(noise(64));
  parentPort.postMessage({ output, again, state: layer.saveState() });
  layer.destroy();
} else {
  // To be terminated, at work in every way at once: asynchronous calls in the pool and waiting
  // for it, a synchronous call, layers that nobody destroyed.
  const layer = await TTT.create({ hiddenDim: 1024, backend });
  const input = new Float32Array(1000 * 1024).fill(0.25);
  for (let i = 0; i < 5; i++)
    layer
      .clone()
      .forwardAsync(input)
      .catch(() => undefined);
  parentPort.postMessage('at work');
  if (task === 'sync') for (;;) layer.forward(input);
  else for (;;) await layer.forwardAsync(input.subarray(0, 1024));
}

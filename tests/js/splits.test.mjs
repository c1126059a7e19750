// One sequence gives the same bits however it is cut into calls, and on every backend.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { TTT } from 'bit-ttt';

import { backends, noise, objectives, onEachBackend, sameBits } from './support/backends.mjs';

const dims = [4, 5, 7, 10, 16, 30, 64, 67, 100, 130, 256];

/** Reads the input in calls of these many tokens, over and over. */
function readInCalls(layer, input, lengths) {
  const dim = layer.hiddenDim;
  const tokens = input.length / dim;
  const output = new Float32Array(input.length);
  const surprise = new Float32Array(tokens);
  for (let at = 0, call = 0; at < tokens; call++) {
    const end = Math.min(at + lengths[call % lengths.length], tokens);
    const part = layer.observe(input.subarray(at * dim, end * dim));
    output.set(part.output, at * dim);
    surprise.set(part.surprise, at);
    at = end;
  }
  return { output, surprise, state: layer.saveState() };
}

function sameResults(actual, expected, what) {
  for (const key of ['output', 'surprise', 'state'])
    sameBits(actual[key], expected[key], `${key}: ${what}`);
}

onEachBackend('splits', (backend, create) => {
  for (const objective of objectives) {
    it(`do not change a bit (${objective})`, async () => {
      for (const hiddenDim of dims) {
        const layer = await create({ hiddenDim, objective });
        const input = noise(150 * hiddenDim, hiddenDim);
        const whole = readInCalls(layer, input, [150]);
        for (const lengths of [[1], [2, 3], [7], [64], [65, 1], [63, 64, 23]]) {
          layer.reset();
          sameResults(
            readInCalls(layer, input, lengths),
            whole,
            `dim ${hiddenDim}, calls of ${lengths}`,
          );
        }
        layer.destroy();
      }
    });
  }

  it('a save and load between any two calls changes nothing', async () => {
    let layer = await create({ objective: 'predict' });
    const input = noise(20 * 16);
    const whole = readInCalls(await create({ objective: 'predict' }), input, [20]);
    for (let t = 0; t < 20; t++) {
      const next = await create({ objective: 'predict' });
      next.loadState(layer.saveState());
      layer.destroy();
      layer = next;
      const { output } = layer.observe(input.subarray(t * 16, (t + 1) * 16));
      sameBits(output, whole.output.subarray(t * 16, (t + 1) * 16), `token ${t}`);
    }
    sameBits(layer.saveState(), whole.state);
  });

  it('long inputs, which one backend reads in slices, equal short calls', async () => {
    for (const [hiddenDim, tokens] of [
      [16, 9000],
      [1024, 150],
    ]) {
      const layer = await create({ hiddenDim });
      const input = noise(tokens * hiddenDim);
      const whole = readInCalls(layer, input, [tokens]);
      layer.reset();
      sameResults(readInCalls(layer, input, [37]), whole, `dim ${hiddenDim}`);
      layer.reset();
      const inPlace = input.slice();
      layer.forward(inPlace, inPlace);
      sameBits(inPlace, whole.output, 'in place');
      layer.reset();
      const later = await layer.observeAsync(input);
      sameResults({ ...later, state: layer.saveState() }, whole, `async, dim ${hiddenDim}`);
    }
  });
});

describe('native and wasm', () => {
  before(function () {
    if (backends.length < 2) this.skip();
  });

  for (const objective of objectives) {
    it(`give the same bits (${objective})`, async () => {
      for (const hiddenDim of [...dims, 128, 515]) {
        const options = { hiddenDim, objective, seed: hiddenDim };
        const [native, wasm] = await Promise.all(
          ['native', 'wasm'].map((backend) => TTT.create({ ...options, backend })),
        );
        assert.equal(native.fingerprint, wasm.fingerprint);
        const input = noise(200 * hiddenDim, 3);
        for (let i = 0; i < input.length; i += 97) input[i] = 0;
        for (let i = 5; i < input.length; i += 331) input[i] *= 1e-40;
        sameResults(
          readInCalls(wasm, input, [200]),
          readInCalls(native, input, [11]),
          `dim ${hiddenDim}`,
        );
        sameBits(wasm.getMemory(), native.getMemory());
        assert.deepEqual(wasm.getWeights(), native.getWeights());
      }
    });
  }

  it('exchange states', async () => {
    for (const [from, to] of [
      ['native', 'wasm'],
      ['wasm', 'native'],
    ]) {
      const a = await TTT.create({ hiddenDim: 100, backend: from });
      const b = await TTT.create({ hiddenDim: 100, backend: to });
      a.forward(noise(70 * 100));
      b.loadState(a.saveState());
      assert.equal(b.tokensSeen, 70);
      sameBits(b.forward(noise(1000)), a.forward(noise(1000)), `${from} to ${to}`);
      sameBits(b.saveState(), a.saveState());
    }
  });
});

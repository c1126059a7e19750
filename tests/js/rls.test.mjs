// The rule rls of a layer: its options, what surprise means, its memory, and saved states that move between
// both engines; one hash of all.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { getInfo, rlsConformanceHash, setKernel, TTT } from 'bit-ttt';

import {
  backends,
  fails,
  noise,
  objectives,
  onEachBackend,
  rejects,
  root,
  sameBits,
  unharmed,
} from './support/backends.mjs';

const DIM = 32;
const near = (actual, expected, within = 1e-4) =>
  assert.ok(Math.abs(actual - expected) < within, `${actual} is not ${expected}`);

onEachBackend('the rule rls', (backend, create) => {
  it('is chosen by an option, with two of its own', async () => {
    const plain = await create({});
    assert.deepEqual([plain.rule, plain.forgetting, plain.ridge], ['gradient', 0.9995, 0.005]);
    const own = await create({ rule: 'rls', forgetting: 1, ridge: 0.25 });
    assert.deepEqual([own.rule, own.forgetting, own.ridge], ['rls', 1, 0.25]);
    const twin = own.clone();
    assert.deepEqual([twin.rule, twin.forgetting, twin.ridge], ['rls', 1, 0.25]);
  });

  it('refuses what is out of range, whatever the rule', async () => {
    await rejects(() => create({ rule: 'newton' }), 'INVALID_CONFIG', /'gradient' or 'rls', not/);
    await rejects(() => create({ rule: 1 }), 'INVALID_ARGUMENT', /rule/);
    for (const rule of ['gradient', 'rls']) {
      for (const forgetting of [0, 0.9, 0.900000005, 1.001, -1, NaN, Infinity]) {
        await rejects(
          () => create({ rule, forgetting }),
          'INVALID_CONFIG',
          /above 0.9 and at most/,
        );
      }
      for (const ridge of [0, -1, 9e-7, 1.1e6, NaN, Infinity]) {
        await rejects(() => create({ rule, ridge }), 'INVALID_CONFIG', /from 1e-6 to 1e6/);
      }
    }
    for (const value of ['1', null, 1n]) {
      await rejects(() => create({ forgetting: value }), 'INVALID_ARGUMENT', /forgetting/);
      await rejects(() => create({ ridge: value }), 'INVALID_ARGUMENT', /ridge/);
    }
    for (const ridge of [1e-6, 1e6]) await create({ rule: 'rls', forgetting: 0.9001, ridge });
  });

  it('gives the leverage as surprise, of both objectives', async () => {
    for (const objective of objectives) {
      const layer = await create({ hiddenDim: DIM, objective, rule: 'rls', forgetting: 1 });
      const token = noise(DIM, 3);
      for (let n = 1; n <= 50; n++) near(layer.observe(token).surprise[0], 1 / (n + 0.005));
      assert.equal(layer.observe(new Float32Array(DIM)).surprise[0], 0);
    }
  });

  it('learns a token at once, and which follows which', async () => {
    const layer = await create({ hiddenDim: DIM, rule: 'rls' });
    const token = noise(DIM, 3);
    sameBits(layer.forward(token), token); // nothing is known: nothing is added
    const known = layer.clone().forward(token);
    const again = layer.forward(token);
    sameBits(again, known);
    assert.ok(again.some((value, i) => Math.abs(value - token[i]) > 0.1));
  });

  it('has a memory that begins at zero and becomes a projection', async () => {
    const layer = await create({ hiddenDim: DIM, rule: 'rls', forgetting: 1, ridge: 1e-5 });
    const d = layer.memoryDim;
    sameBits(layer.getMemory(), new Float32Array(d * d));
    layer.forward(noise(3 * DIM, 8));
    const w = layer.getMemory();
    let trace = 0;
    for (let i = 0; i < d; i++) {
      trace += w[i * d + i];
      for (let k = 0; k < d; k++) {
        assert.equal(w[i * d + k], w[k * d + i]);
        let square = 0;
        for (let m = 0; m < d; m++) square += w[i * d + m] * w[m * d + k];
        near(square, w[i * d + k], 1e-3);
      }
    }
    near(trace, 3, 1e-3);
    layer.reset();
    sameBits(layer.getMemory(), new Float32Array(d * d));
  });

  it('reads in any split, at once and aside, the same', async () => {
    for (const objective of objectives) {
      const options = { hiddenDim: DIM, objective, rule: 'rls', ridge: 0.1 };
      const input = noise(200 * DIM, 5);
      const whole = await create(options);
      const aside = await create(options);
      const parts = await create({ ...options, threads: 2 });
      const expected = whole.observe(input);
      const found = await aside.observeAsync(input);
      sameBits(found.output, expected.output);
      sameBits(found.surprise, expected.surprise);
      for (let t = 0; t < 200; t += 25) {
        const part = parts.forward(input.subarray(t * DIM, (t + 25) * DIM));
        sameBits(part, expected.output.subarray(t * DIM, (t + 25) * DIM));
      }
      for (const one of [aside, parts]) sameBits(one.saveState(), whole.saveState());
    }
  });

  it('saves states that say when they do not fit', async () => {
    const options = { hiddenDim: 8, rule: 'rls' };
    const layer = await create(options);
    layer.forward(noise(80));
    const state = layer.saveState();
    assert.equal(state.length, layer.stateSize);
    const refuse = (bytes, code, pattern) =>
      unharmed(layer, () => fails(() => layer.loadState(bytes), code, pattern));
    const of = async (changes) => (await create({ ...options, ...changes })).saveState();
    const gradient = await of({ rule: 'gradient' });
    await refuse(gradient, 'STATE_RULE', /with rule 'gradient', this one has 'rls'/);
    const other = await create({ hiddenDim: 8 });
    fails(() => other.loadState(state), 'STATE_RULE', /with rule 'rls', this one has 'gradient'/);
    const both = /forgetting 0.99 and ridge 0.005, this one has 0.9995 and 0.005/;
    await refuse(await of({ forgetting: 0.99 }), 'STATE_RULE', both);
    await refuse(await of({ ridge: 0.01 }), 'STATE_RULE', /ridge 0.01, this one/);
    await refuse(await of({ objective: 'predict' }), 'STATE_OBJECTIVE');
    await refuse(await of({ seed: 2 }), 'STATE_WEIGHTS');
    for (let bit = 0; bit < state.length * 8; bit++) {
      const bad = state.slice();
      bad[bit >> 3] ^= 1 << (bit & 7);
      fails(() => layer.loadState(bad), 'STATE_DAMAGED');
    }
    for (let size = 0; size < state.length; size++) {
      await refuse(state.subarray(0, size), 'STATE_DAMAGED');
    }
    sameBits(layer.saveState(), state);
  });

  it('loads states of version 2 for ever', async () => {
    const text = readFileSync(`${root}tests/golden/state_v2.hex`, 'utf8');
    const bytes = Uint8Array.from(Buffer.from(text.replace(/#.*|\s/g, ''), 'hex'));
    const layer = await create({ hiddenDim: 12, objective: 'predict', rule: 'rls' });
    layer.loadState(bytes);
    assert.equal(layer.tokensSeen, 12);
    sameBits(layer.saveState(), bytes);
  });

  it('has one hash on every kernel', async () => {
    const golden = readFileSync(`${root}tests/golden/rls.txt`, 'utf8').trim();
    const { kernels, kernel } = await getInfo({ backend });
    for (const name of kernels) {
      await setKernel(name, { backend });
      assert.equal(await rlsConformanceHash({ backend }), golden, name);
    }
    await setKernel(kernel, { backend });
  });
});

describe('states of the rule rls', () => {
  it('move from each engine to each', async () => {
    for (const from of backends)
      for (const to of backends)
        for (const objective of objectives) {
          const options = { hiddenDim: 68, objective, rule: 'rls', forgetting: 0.99 };
          const one = await TTT.create({ ...options, backend: from });
          const other = await TTT.create({ ...options, backend: to });
          one.forward(noise(68 * 30, 4));
          other.loadState(one.saveState());
          sameBits(other.getMemory(), one.getMemory());
          const next = noise(68 * 70, 6);
          const [a, b] = [one.observe(next), other.observe(next)];
          sameBits(b.output, a.output);
          sameBits(b.surprise, a.surprise);
          sameBits(other.saveState(), one.saveState());
        }
  });
});

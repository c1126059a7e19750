// What the class and the functions beside it do when they are used as intended.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { inspect } from 'node:util';

import { conformanceHash, getInfo, init, setKernel, TTT, TTTError } from 'bit-ttt';

import {
  fails,
  noise,
  objectives,
  onEachBackend,
  rejects,
  root,
  sameBits,
} from './support/backends.mjs';

onEachBackend('a layer', (backend, create) => {
  it('knows what it was made from', async () => {
    const layer = await create({ hiddenDim: 30, innerLr: 0.25, objective: 'predict', threads: 2 });
    assert.equal(layer.hiddenDim, 30);
    assert.equal(layer.memoryDim, 7);
    assert.equal(layer.innerLr, 0.25);
    assert.equal(layer.objective, 'predict');
    assert.equal(layer.threads, backend === 'native' ? 2 : 1);
    assert.equal(layer.backend, backend);
    assert.equal(layer.tokensSeen, 0);
    assert.equal(layer.destroyed, false);
    assert.equal(layer.stateSize, layer.saveState().length);
    assert.equal(typeof layer.fingerprint, 'bigint');
    assert.match(inspect(layer), /^TTT \{.*hiddenDim: 30/s);
  });

  it('has the documented defaults', async () => {
    const plain = await create({});
    assert.equal(plain.objective, 'reconstruct');
    assert.equal(plain.innerLr, 0.1);
    assert.equal(plain.threads, 1);
    assert.equal((await create({ objective: 'predict' })).innerLr, 0.5);
    const seeded = await create({ seed: 1 });
    assert.equal(seeded.fingerprint, plain.fingerprint);
  });

  it('takes seeds of 64 bits as numbers or bigints', async () => {
    const seeds = [0, 1, 2, 2 ** 32, 2n ** 32n + 1n, 2n ** 63n, 2n ** 64n - 1n];
    const prints = [];
    for (const seed of seeds) prints.push((await create({ seed })).fingerprint);
    assert.equal(new Set(prints).size, seeds.length);
    assert.equal((await create({ seed: 2n ** 32n })).fingerprint, prints[3]);
  });

  for (const objective of objectives) {
    it(`learns: what repeats surprises less (${objective})`, async () => {
      const layer = await create({ hiddenDim: 64, objective });
      const period = noise(3 * 64);
      const input = Float32Array.from({ length: 60 * 64 }, (_, i) => period[i % period.length]);
      const { output, surprise } = layer.observe(input);
      assert.equal(output.length, input.length);
      assert.equal(surprise.length, 60);
      assert.ok(Math.abs(surprise[0] - 1) < 1e-5, `first surprise ${surprise[0]}`);
      assert.ok(Math.max(...surprise.subarray(54)) < 0.1, `last surprises ${surprise.slice(54)}`);
      assert.equal(layer.tokensSeen, 60);
      assert.ok(output.every(Number.isFinite));
    });
  }

  it('with no learning passes its input through', async () => {
    const layer = await create({ innerLr: 0 });
    const input = noise(3 * 16);
    sameBits(layer.forward(input), input);
  });

  it('forward and observe compute the same, into new or given arrays', async () => {
    const layers = await Promise.all([1, 2, 3, 4].map(() => create({})));
    const input = noise(5 * 16);
    const expected = layers[0].forward(input);
    sameBits(layers[1].observe(input).output, expected);
    const into = { output: new Float32Array(5 * 16), surprise: new Float32Array(5) };
    const seen = layers[2].observe(input, into);
    assert.equal(seen.output, into.output);
    assert.equal(seen.surprise, into.surprise);
    sameBits(into.output, expected);
    assert.ok(into.surprise.every((s) => s > 0));
    const copy = input.slice();
    assert.equal(layers[3].forward(copy, copy), copy);
    sameBits(copy, expected);
    sameBits(input, noise(5 * 16), 'the input was written to');
  });

  it('writes to the part of a buffer that a view shows, and nowhere else', async () => {
    const [a, b] = [await create({}), await create({})];
    const all = new Float32Array(64).fill(7);
    const view = all.subarray(20, 36);
    assert.equal(a.forward(noise(16), view), view);
    sameBits(view, b.forward(noise(16)));
    assert.ok(all.subarray(0, 20).every((v) => v === 7) && all.subarray(36).every((v) => v === 7));
  });

  it('allows two views of exactly the same floats as input and output', async () => {
    const [a, b] = [await create({}), await create({})];
    const buffer = noise(32).buffer;
    const expected = a.forward(new Float32Array(buffer.slice(0)));
    b.forward(new Float32Array(buffer), new Float32Array(buffer));
    sameBits(new Float32Array(buffer), expected);
  });

  it('reset gives the first call again', async () => {
    const layer = await create({});
    const first = layer.forward(noise(64));
    assert.notDeepEqual(layer.forward(noise(64)), first);
    layer.reset();
    assert.equal(layer.tokensSeen, 0);
    sameBits(layer.forward(noise(64)), first);
  });

  it('clones go their own ways from the same memory', async () => {
    const layer = await create({ objective: 'predict' });
    layer.forward(noise(64));
    const twin = layer.clone();
    assert.equal(twin.tokensSeen, 4);
    assert.equal(twin.objective, 'predict');
    sameBits(twin.saveState(), layer.saveState());
    const after = layer.saveState();
    twin.forward(noise(64, 9));
    sameBits(layer.saveState(), after, 'the clone wrote to its origin');
    layer.destroy();
    assert.equal(twin.forward(noise(16)).length, 16);
  });

  it('a saved state goes on where it was saved', async () => {
    const [a, b] = [await create({}), await create({})];
    a.forward(noise(5 * 16));
    const state = a.saveState();
    b.loadState(state);
    assert.equal(b.tokensSeen, 5);
    sameBits(b.forward(noise(32, 3)), a.forward(noise(32, 3)));
    b.loadState(state.buffer); // ArrayBuffer
    b.loadState(Buffer.from(state)); // subclass, on a pool
    sameBits(b.saveState(), state);
  });

  it('getMemory is the matrix of what was learned', async () => {
    const layer = await create({ hiddenDim: 32 });
    assert.deepEqual(layer.getMemory(), new Float32Array(64));
    const input = noise(32);
    for (let i = 0; i < 200; i++) layer.forward(input);
    // W has become the projection onto the one feature it saw: symmetric, of trace 1.
    const w = layer.getMemory();
    let trace = 0;
    for (let i = 0; i < 8; i++) {
      trace += w[i * 8 + i];
      for (let j = 0; j < i; j++) assert.ok(Math.abs(w[i * 8 + j] - w[j * 8 + i]) < 1e-4);
    }
    assert.ok(Math.abs(trace - 1) < 1e-3, `trace ${trace}`);
  });

  it('weights can be read, replaced and given at the start', async () => {
    const [a, b] = [await create({ seed: 5 }), await create({ seed: 6 })];
    const weights = a.getWeights();
    assert.equal(weights.down.length, 16 * 4);
    assert.equal(weights.up.length, 4 * 16);
    assert.ok([...weights.down, ...weights.up].every((w) => w === -1 || w === 0 || w === 1));
    b.forward(noise(16));
    b.setWeights(weights);
    assert.equal(b.fingerprint, a.fingerprint);
    assert.equal(b.tokensSeen, 0, 'new weights empty the memory');
    const c = await create({ weights });
    weights.down.fill(0);
    assert.deepEqual(c.getWeights(), a.getWeights());
    const input = noise(48);
    const expected = a.forward(input);
    sameBits(b.forward(input), expected);
    sameBits(c.forward(input), expected);
  });

  it('destroy is final, idempotent and also Symbol.dispose', async () => {
    const layer = await create({});
    layer.destroy();
    layer.destroy();
    assert.equal(layer.destroyed, true);
    const other = await create({});
    other[Symbol.dispose]();
    assert.equal(other.destroyed, true);
    assert.equal(other.hiddenDim, 16);
  });

  it('any number of threads gives the same bits', async () => {
    const input = noise(70 * 512);
    const run = async (threads) => (await create({ hiddenDim: 512, threads })).observe(input);
    const one = await run(1);
    for (const threads of [2, 3, 5]) {
      const many = await run(threads);
      sameBits(many.output, one.output, `${threads} threads`);
      sameBits(many.surprise, one.surprise, `${threads} threads`);
    }
  });
});

onEachBackend('the functions beside the class', (backend) => {
  it('init may be called any number of times', async () => {
    await Promise.all([init({ backend }), init({ backend }), init({ backend, wasm: undefined })]);
    await init();
  });

  it('getInfo names the backend and its kernels', async () => {
    const info = await getInfo({ backend });
    const { version } = JSON.parse(readFileSync(`${root}/package.json`, 'utf8'));
    assert.equal(info.version, version);
    assert.equal(info.backend, backend);
    assert.equal(info.fallback, null);
    assert.ok(info.kernels.includes(info.kernel));
    assert.ok(info.kernels.every((kernel) => info.compiledKernels.includes(kernel)));
  });

  it('the conformance hash is the recorded one on every kernel', async () => {
    const recorded = readFileSync(`${root}/tests/golden/conformance.txt`, 'utf8').match(
      /[0-9a-f]{16}/,
    )[0];
    const { kernels } = await getInfo({ backend });
    for (const kernel of [...kernels, 'auto']) {
      await setKernel(kernel, { backend });
      const { kernel: active } = await getInfo({ backend });
      assert.equal(active, kernel === 'auto' ? kernels[0] : kernel);
      assert.equal(await conformanceHash({ backend }), recorded, kernel);
    }
  });

  it('setKernel refuses what is not there', async () => {
    await rejects(
      () => setKernel('sse9', { backend }),
      'UNKNOWN_KERNEL',
      /no kernel "sse9"; there are auto/,
    );
    await rejects(() => setKernel('', { backend }), 'UNKNOWN_KERNEL');
    await rejects(() => setKernel('kérnel\0', { backend }), 'UNKNOWN_KERNEL');
    await rejects(() => setKernel(undefined, { backend }), 'INVALID_ARGUMENT');
    await rejects(() => setKernel(3, { backend }), 'INVALID_ARGUMENT');
  });
});

describe('errors', () => {
  it('have a code, a status, a name and a message', () => {
    const error = fails(() => new TTT(), 'INVALID_ARGUMENT', /TTT\.create/);
    assert.ok(error instanceof Error && error instanceof TTTError);
    assert.equal(error.status, 60);
    assert.equal(error.name, 'TTTError');
    assert.match(error.stack, /^TTTError: layers are made by/);
    assert.equal(String(error).startsWith('TTTError: '), true);
  });

  it('a backend that does not exist is refused', async () => {
    for (const backend of ['gpu', 3, null, {}]) {
      await rejects(() => init({ backend }), 'INVALID_ARGUMENT', /'auto', 'native' or 'wasm'/);
    }
    await rejects(() => init(5), 'INVALID_ARGUMENT', /options must be an object/);
  });
});

// One model for many threads: the same results from one copy, for as long as any thread has it open.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { BitLlama, Tokenizer } from 'bit-ttt';

import { backends, fails, rejects } from './support/backends.mjs';
import { collect, smallModel, smallTokenizer, smallTrainer } from './support/small-llama.mjs';

const file = new URL('./support/sharing-worker.mjs', import.meta.url);
const writing = { seed: 5, maxTokens: 40 };

/** A thread that does what it is told; rejects with what it throws. */
function startWorker() {
  const worker = new Worker(file);
  const ask = async (command, given) => {
    worker.postMessage({ command, ...given });
    const [{ result, ...error }] = await once(worker, 'message');
    if (error.code) throw Object.assign(new Error(error.message), error);
    return result;
  };
  return { ask, end: () => worker.terminate() };
}

describe('models shared between threads', () => {
  const backend = 'native';
  let workers;
  beforeEach(function () {
    if (!backends.includes('native')) this.skip();
    workers = [];
  });
  afterEach(async () => {
    for (const worker of workers ?? []) await worker.end();
  });

  const start = () => {
    workers.push(startWorker());
    return workers.at(-1);
  };
  const load = async (options) => BitLlama.load(await smallModel(), { backend, ...options });
  const write = async (model) => {
    const session = model.createSession();
    const { text } = await collect(session.generate('The ', writing));
    session.destroy();
    return text;
  };

  it('are the same model there: its tokenizer, its fingerprint, its writing', async () => {
    const model = await load();
    const expected = await write(model);
    const source = model.share();
    assert.deepEqual(Object.keys(source), ['bitLlamaModel']);
    assert.deepEqual(model.share(), source);
    const found = await Promise.all(
      [start(), start(), start()].map(async ({ ask }) => {
        const { fingerprint, shared } = await ask('load', { source });
        assert.equal(fingerprint, model.fingerprint);
        assert.deepEqual(shared, source);
        return ask('write', writing);
      }),
    );
    assert.deepEqual(found, [expected, expected, expected]);
    const again = await BitLlama.load(source, { backend });
    assert.equal(await write(again), expected);
    again.destroy();
    model.destroy();
  });

  it('take along a tokenizer that is not in the file', async () => {
    const trainer = await smallTrainer({
      backend,
      tokens: Array.from({ length: 64 }, (_, i) => i),
      config: { vocabSize: 384 },
    });
    const trained = trainer.model();
    const bare = await BitLlama.load(trained.pack(), { backend });
    assert.equal(bare.tokenizer, undefined);
    assert.deepEqual(Object.keys(bare.share()), ['bitLlamaModel']);
    const model = await BitLlama.load(trained.pack(), {
      backend,
      tokenizer: await smallTokenizer(),
    });
    const expected = await write(model);
    const { ask } = start();
    const { shared } = await ask('load', { source: model.share() });
    assert.equal(await ask('write', writing), expected);
    const last = await BitLlama.load(shared, { backend });
    assert.deepEqual(last.tokenizer.toJSON(), model.tokenizer.toJSON());
    const json = JSON.stringify(await smallTokenizer());
    const other = await BitLlama.load(bare.share(), { backend, tokenizer: Tokenizer.from(json) });
    assert.equal(await write(other), expected);
    for (const one of [trained, bare, model, last, other, trainer]) one.destroy();
  });

  it('take the memory of one, however many threads and objects have them', async () => {
    const tokens = Array.from({ length: 64 }, (_, i) => i);
    const config = { vocabSize: 4096, hiddenDim: 256, headDim: 64 };
    const trainer = await smallTrainer({ backend, tokens, config });
    const model = trainer.model();
    trainer.destroy();
    const source = model.share();
    const first = start();
    await first.ask('load', { source });
    const before = process.memoryUsage.rss();
    await first.ask('load', { source, times: 256 });
    const grown = process.memoryUsage.rss() - before;
    const copies = 256 * model.pack().length;
    assert.ok(copies > 2 ** 29, `${copies} bytes are too few to tell`);
    assert.ok(grown < copies / 4, `${grown} bytes, and copies would be ${copies}`);
    model.destroy();
  });

  it('live as long as any thread has them open, and no longer', async () => {
    const model = await load();
    const expected = await write(model);
    const source = model.share();
    const { ask } = start();
    await ask('load', { source });
    model.destroy();
    fails(() => model.share(), 'DESTROYED');
    assert.equal(await ask('write', writing), expected);
    const mine = await BitLlama.load(source, { backend });
    await ask('destroy', {});
    assert.equal(await write(mine), expected);
    const other = start();
    await other.ask('load', { source });
    mine.destroy();
    const session = await BitLlama.load(source, { backend });
    session.destroy();
    await other.end(); // a thread that ends closes what it has
    await rejects(() => BitLlama.load(source, { backend }), 'MODEL_UNAVAILABLE', /not open in any/);
    await assert.rejects(ask('load', { source }), { code: 'MODEL_UNAVAILABLE' });
  });

  it('are not had by a number that nobody gave', async () => {
    const model = await load();
    const { bitLlamaModel } = model.share();
    for (const forged of [0n, 1n, bitLlamaModel ^ 1n, 2n ** 64n - 1n]) {
      const source = { bitLlamaModel: forged };
      await rejects(() => BitLlama.load(source, { backend }), 'MODEL_UNAVAILABLE');
    }
    for (const wrong of [-1n, 2n ** 64n, 5, '5', null, {}, [bitLlamaModel]]) {
      const source = { bitLlamaModel: wrong };
      await rejects(() => BitLlama.load(source, { backend }), 'INVALID_ARGUMENT', /bitLlamaModel/);
    }
    const signal = AbortSignal.abort();
    await rejects(() => BitLlama.load(model.share(), { backend, signal }), 'ABORTED');
    model.destroy();
  });
});

describe('models on WebAssembly', () => {
  it('belong to their thread', async function () {
    if (!backends.includes('wasm')) this.skip();
    const model = await BitLlama.load(await smallModel(), { backend: 'wasm' });
    fails(() => model.share(), 'BACKEND_UNAVAILABLE', /memory belongs to its thread/);
    const source = { bitLlamaModel: 1n };
    await rejects(() => BitLlama.load(source, { backend: 'wasm' }), 'BACKEND_UNAVAILABLE');
    model.destroy();
  });
});

// What the addon tells the garbage collector: the size of each layer, model, session, trainer and job
// when it is made, and that it is gone when it is destroyed. (That the sizes are right to the byte is
// tested in C; what WebAssembly tells, in memory-engine.test.mjs.)
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';

import { Trainer, TTT } from 'bit-ttt';

import { backends, noise, root } from './support/backends.mjs';
import { makers, smallest } from './support/tiny-llama.mjs';

/** So many bytes of a kind are made that JavaScript's own arrays, which come and go, do not count. */
const TOGETHER = 1 << 24;
const OTHERS = TOGETHER / 4;

describe('what the garbage collector knows of', () => {
  let make;
  let known;
  before(async function () {
    if (!backends.includes('native')) this.skip();
    make = await makers('native');
    const platform = `${process.platform}-${process.arch}`;
    const addon = createRequire(import.meta.url)(`${root}dist/native/${platform}/bit_ttt.node`);
    known = () => addon.knownMemory();
  });

  /** Makes many of a kind, of each of which at least so many bytes must be known, and destroys them. */
  async function counted(kind, least) {
    const many = Math.ceil(TOGETHER / least);
    const before = known();
    const made = [];
    for (let i = 0; i < many; i++) made.push(await make[kind]());
    const found = known() - before;
    const text = `${Math.round(found / many)} bytes are known of a ${kind} that has at least ${least}`;
    assert.ok(found > many * least - OTHERS && found < 3 * many * least, text);
    for (const one of made) one.destroy();
    assert.ok(Math.abs(known() - before) < OTHERS, `${known() - before} bytes are left of ${kind}s`);
  }

  it('a layer and its clone: the memory, the weights, the work space of 64 tokens', async () => {
    for (const kind of ['layer', 'clone']) {
      const one = await make[kind]();
      const workspace = 64 * (2 * one.hiddenDim + 8 * one.memoryDim);
      const least = one.stateSize + (one.hiddenDim * one.memoryDim) / 2 + workspace;
      one.destroy();
      await counted(kind, least);
    }
  });

  it('a session and its fork: the state, and eight rows of logits', async () => {
    const session = make.session();
    const least = session.stateSize + 8 * 4 * session.model.config.vocabSize;
    session.destroy();
    await counted('session', least);
    await counted('fork', least);
  });

  it('a model: what its file has', async () => {
    const model = make['wide model']();
    const least = model.pack().length;
    model.destroy();
    await counted('wide model', least);
  });

  it('a trainer: weights, gradients and moments, and room for products', async () => {
    const trainer = await make.trainer();
    const least = (5 / 3) * trainer.save().length + 4 * 256 * (96 + 512);
    trainer.destroy();
    await counted('trainer', least);
    const before = known();
    const more = await Trainer.create({ ...smallest, backend: 'native', tokens: new Uint32Array(5e6) });
    assert.ok(known() - before > 1e7, 'its tokens, two bytes each'); // whose copy may be collected
    more.destroy();
  });

  it('an asynchronous call: a clone, and its copies of the arrays', async () => {
    const layer = await TTT.create({ hiddenDim: 64, backend: 'native' });
    const input = noise(64 * 20_000);
    const [output, surprise] = [new Float32Array(input.length), new Float32Array(20_000)];
    for (const settle of ['fulfilled', 'rejected']) {
      const before = known();
      const controller = new AbortController();
      const call = layer.observeAsync(input, { output, surprise, signal: controller.signal });
      assert.ok(known() - before > 8 * input.length, `${known() - before} bytes are known of it`);
      if (settle === 'rejected') controller.abort();
      assert.equal((await Promise.allSettled([call]))[0].status, settle);
      assert.ok(Math.abs(known() - before) < OTHERS, 'and when it is over, nothing');
    }
    layer.destroy();
  });
});

// What the addon tells the garbage collector: the size of each layer, model, session, trainer and job
// when it is made, and that it is gone when it is destroyed. (That the sizes are right to the byte is
// tested in C; what WebAssembly tells, in memory-engine.test.mjs.)
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { Trainer, TTT } from 'bit-ttt';

import { backends, noise, root } from './support/backends.mjs';
import { makers, smallest } from './support/tiny-llama.mjs';

/** So many bytes of a kind are made that what JavaScript itself makes meanwhile does not count. */
const TOGETHER = 1 << 24;
const OTHERS = TOGETHER / 4;

describe('what the garbage collector knows of', () => {
  let make;
  let known;
  let collect;
  before(async function () {
    if (!backends.includes('native')) this.skip();
    make = await makers('native');
    const platform = `${process.platform}-${process.arch}`;
    const addon = createRequire(import.meta.url)(`${root}dist/native/${platform}/bit_ttt.node`);
    known = () => addon.knownMemory();
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc');
  });

  /** What is known when all has been collected that nobody holds, such as what other tests have left. */
  async function held() {
    let before;
    let now = known();
    do {
      before = now;
      for (let i = 0; i < 3; i++) {
        collect();
        await new Promise((resolve) => setImmediate(resolve)); // in which it is told who is gone
      }
      now = known();
    } while (now < before);
    return now;
  }

  /** Makes many of a kind, of each of which at least so many bytes must be known, and destroys them. */
  async function counted(kind, least) {
    const many = Math.ceil(TOGETHER / least);
    const before = await held();
    const made = [];
    for (let i = 0; i < many; i++) made.push(await make[kind]());
    const found = (await held()) - before;
    const text = `${Math.round(found / many)} bytes are known of a ${kind} that has at least ${least}`;
    assert.ok(found > many * least - OTHERS && found < 3 * many * least, text);
    for (const one of made) one.destroy();
    const left = (await held()) - before;
    assert.ok(Math.abs(left) < OTHERS, `${left} bytes are left of ${kind}s`);
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

  it('what a session remembers, as it grows', async () => {
    const model = make.model();
    const ids = Uint32Array.from({ length: 60_000 }, (_, i) => (i * i) % 16);
    const create = () => model.createSession({ recall: { capacity: 65536, generated: true } });
    const full = create();
    full.write(ids);
    const state = full.save();
    const ways = {
      write: (session) => session.write(ids),
      read: (session) => session.read(ids),
      'read on another thread': (session) => session.generate(ids, { maxTokens: 0 }).next(),
      restore: (session) => session.restore(state),
    };
    for (const [name, fill] of Object.entries(ways)) {
      const session = create();
      const before = known();
      await fill(session);
      const found = (known() - before) / ids.length;
      assert.ok(found > 16 && found < 64, `${name}: ${found} bytes for a token`);
      session.destroy();
      assert.ok(known() - before < 16 * ids.length, `${name}: the rest of ${known() - before}`);
    }
    full.destroy();
    model.destroy();
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
    const before = await held();
    const more = await Trainer.create({
      ...smallest,
      backend: 'native',
      tokens: new Uint32Array(5e6),
    });
    const found = (await held()) - before;
    assert.ok(found > 1e7 && found < 1.5e7, `its tokens, two bytes each: ${found} bytes`);
    more.destroy();
  });

  it('an asynchronous call: a clone, and its copies of the arrays', async () => {
    const layer = await TTT.create({ hiddenDim: 64, backend: 'native' });
    const input = noise(64 * 20_000);
    const [output, surprise] = [new Float32Array(input.length), new Float32Array(20_000)];
    for (const settle of ['fulfilled', 'rejected']) {
      const before = await held();
      const controller = new AbortController();
      const call = layer.observeAsync(input, { output, surprise, signal: controller.signal });
      assert.ok(known() - before > 8 * input.length, `${known() - before} bytes are known of it`);
      if (settle === 'rejected') controller.abort();
      assert.equal((await Promise.allSettled([call]))[0].status, settle);
      const left = (await held()) - before;
      assert.ok(Math.abs(left) < OTHERS, `${left} bytes are left when it is over`);
    }
    layer.destroy();
  });
});

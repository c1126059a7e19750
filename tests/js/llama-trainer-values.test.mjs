// Trainers between their steps, and given anything: what is out of range or of the wrong type is an
// error that names it and leaves the trainer as it was.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { Trainer } from 'bit-ttt';

import { fails, onEachBackend, rejects, sameBits, turnsDuring } from './support/backends.mjs';
import {
  recipe,
  shape,
  smallTokenizer,
  smallTrainer,
  text,
  unseen,
} from './support/small-llama.mjs';

async function steps(trainer, options) {
  const found = [];
  for await (const step of trainer.run(options)) found.push(step);
  return found;
}

onEachBackend('a trainer', (backend) => {
  const create = (options) => smallTrainer({ ...options, backend });

  it('measures text and its tokens alike: the separator counts as a token, not as bytes', async () => {
    const tokenizer = await smallTokenizer();
    const trainer = await create();
    const documents = unseen.split('<|endoftext|>').map((part) => part.trim());
    const ids = documents.flatMap((part) => [...tokenizer.encode(part), tokenizer.endOfText]);
    const found = await trainer.evaluate(unseen);
    assert.equal(found.documents, documents.length);
    assert.equal(found.tokens, ids.length);
    assert.equal(found.bytes, Buffer.byteLength(documents.join('')));
    const factor = found.bytes * Math.LN2;
    assert.ok(Math.abs(found.bitsPerByte - (found.natsPerToken * found.tokens) / factor) < 1e-9);
    assert.deepEqual(await trainer.evaluate(ids), found);
    const none = await trainer.evaluate('  <|endoftext|>\n');
    assert.deepEqual(none, {
      tokens: 0,
      bytes: 0,
      documents: 0,
      natsPerToken: NaN,
      bitsPerByte: NaN,
    });
    await rejects(() => trainer.evaluate([999999]), 'INVALID_TOKEN', /tokens\[0\] is 999999/);
    await rejects(() => trainer.evaluate(5), 'INVALID_ARGUMENT');
    const signal = AbortSignal.abort('enough');
    await rejects(() => trainer.evaluate(unseen, { signal }), 'ABORTED');
    trainer.destroy();
  });

  it('gives the same bits for any number of threads, at once or aside', async () => {
    const [one, two] = [await create(), await create({ training: { threads: 2 } })];
    await steps(one, { until: 4 });
    for (let i = 0; i < 4; i++) two.step();
    sameBits(two.weights(), one.weights());
    for (const trainer of [one, two]) trainer.destroy();
  });

  it('may be saved and asked between steps of a run, and broken off', async () => {
    const trainer = await create();
    for await (const { step } of trainer.run()) {
      const model = trainer.model();
      assert.equal(model.config.hiddenDim, shape.hiddenDim);
      model.destroy();
      assert.ok(trainer.save().length > 0);
      if (step === 3) break;
    }
    assert.equal(trainer.stepsDone, 3);
    assert.equal((await steps(trainer, { until: 5 })).length, 2);
    assert.deepEqual(await steps(trainer, { until: 5 }), []);
    trainer.destroy();
  });

  it('leaves the event loop free, and ends at an abort without losing a step', async () => {
    const trainer = await create();
    const controller = new AbortController();
    const run = async () => {
      for await (const { step } of trainer.run({ signal: controller.signal })) {
        if (step === 6) controller.abort('enough');
      }
    };
    const turns = await turnsDuring(async () => {
      const error = await rejects(run, 'ABORTED', /between two steps/);
      assert.equal(error.cause, 'enough');
    });
    assert.ok(turns >= 6, `${turns} turns for six steps`);
    assert.equal(trainer.stepsDone, 6);
    const expected = await create();
    await steps(expected, { until: 6 });
    sameBits(trainer.save(), expected.save());
    await rejects(() => steps(trainer, { signal: controller.signal }), 'ABORTED');
    for (const one of [trainer, expected]) one.destroy();
  });

  it('is busy while a step is under way, and destroyed after it', async () => {
    const trainer = await create();
    const run = trainer.run();
    const first = run.next();
    fails(() => trainer.step(), 'BUSY', /the trainer/);
    for (const call of ['save', 'weights', 'model']) fails(() => trainer[call](), 'BUSY');
    await rejects(() => trainer.evaluate(unseen), 'BUSY');
    await rejects(() => trainer.run().next(), 'BUSY');
    trainer.destroy();
    assert.equal(trainer.destroyed, true);
    fails(() => trainer.step(), 'DESTROYED', /the trainer was destroyed/);
    assert.equal((await first).value.step, 1);
    await rejects(() => run.next(), 'DESTROYED');
    for (const call of ['save', 'weights', 'model', 'step'])
      fails(() => trainer[call](), 'DESTROYED');
    await rejects(() => trainer.run().next(), 'DESTROYED');
    await rejects(() => trainer.evaluate(unseen), 'DESTROYED');
    trainer.destroy();
    trainer[Symbol.dispose ?? Symbol.for('Symbol.dispose')]();
  });

  it('refuses checkpoints that are damaged or of another training', async () => {
    const trainer = await create();
    await steps(trainer, { until: 2 });
    const good = trainer.save();
    trainer.destroy();
    const resume = (checkpoint, options) => create({ ...options, checkpoint });
    const warmup = recipe.steps / 2;
    for (const at of [0, 9, 40, good.length >> 1, good.length - 1]) {
      const bad = good.slice();
      bad[at] ^= 4;
      await rejects(() => resume(bad), 'CHECKPOINT');
    }
    for (const length of [0, 1, 63, good.length - 1]) {
      await rejects(() => resume(good.subarray(0, length)), 'CHECKPOINT');
    }
    await rejects(() => resume(good, { training: { seed: 2 } }), 'CHECKPOINT');
    await rejects(() => resume(good, { training: { batch: 8 } }), 'CHECKPOINT');
    await rejects(() => resume(good, { training: { bf16: true } }), 'CHECKPOINT');
    await rejects(() => resume(good, { config: { mlpDim: 144 } }), 'CHECKPOINT');
    await rejects(() => resume(good, { text: `x${text}` }), 'CHECKPOINT');
    for (const value of [null, 'x', 5, {}, new Float32Array(8)]) {
      await rejects(() => resume(value), 'INVALID_ARGUMENT', /checkpoint/);
    }
    (await resume(good, { training: { threads: 2, steps: 60, warmup } })).destroy();
  });

  it('refuses options that are out of range or of the wrong type, by name', async () => {
    const training = (fields) => () => create({ training: fields });
    for (const [field, value] of [
      ['batch', 0],
      ['batch', 1.5],
      ['context', 15],
      ['context', 65537],
      ['steps', 0],
      ['warmup', 41],
      ['threads', 65],
      ['learningRate', 0],
      ['learningRate', NaN],
      ['beta1', 1],
      ['beta2', -1],
      ['clip', 0],
      ['repeat', 2],
      ['fromStart', -0.1],
      ['dropout', 0.95],
      ['momentum', 1],
      ['separator', 384],
      ['seed', -1],
      ['seed', 2n ** 64n],
      ['seed', 0.5],
      ['batch', Infinity],
    ]) {
      const error = await rejects(training({ [field]: value }), 'INVALID_OPTION');
      const snake = field.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
      assert.match(error.message, new RegExp(`${field}|${snake}`));
    }
    for (const [field, value] of [
      ['batch', '16'],
      ['seed', '1'],
      ['clip', null],
      ['repeat', true],
      ['bf16', 1],
      ['optimizer', 'sgd'],
      ['optimizer', 1],
    ]) {
      await rejects(training({ [field]: value }), 'INVALID_ARGUMENT', new RegExp(field));
    }
    for (const config of [
      { hiddenDim: 63 },
      { hiddenDim: 16384 + 16 },
      { headDim: 24 },
      { innerDim: 48, headDim: 32 },
      { mixers: 'guess' },
      { mixers: ['induction'] },
      { vocabSize: 100 },
      { vocabSize: 128 },
      { normEps: 0 },
      { mixers: 'predict', innerLr: 0 },
      { mixers: 'predict', hiddenDim: 48 },
    ]) {
      await rejects(() => create({ config }), 'MODEL_CONFIG').catch((error) =>
        assert.fail(`${JSON.stringify(config)}: ${error.message}`),
      );
    }
    await rejects(() => create({ config: { hiddenDim: '64' } }), 'INVALID_ARGUMENT', /hiddenDim/);
    await rejects(() => create({ tokens: [1, 2, 3], config: { vocabSize: 32 } }), 'INVALID_DATA');
    await rejects(
      () => create({ tokens: [1, 32], config: { vocabSize: 32 } }),
      'INVALID_TOKEN',
      /tokens\[1\]/,
    );
    await rejects(() => create({ text: '' }), 'INVALID_DATA');
    await rejects(() => create({ text: 5 }), 'INVALID_ARGUMENT');
    await rejects(() => Trainer.create({ backend }), 'INVALID_ARGUMENT', /text or tokens/);
    await rejects(() => Trainer.create({ backend, text }), 'INVALID_TOKENIZER');
    await rejects(() => Trainer.create(), 'INVALID_ARGUMENT');
    await rejects(() => create({ tokenizer: '{' }), 'INVALID_TOKENIZER');
    fails(() => new Trainer(), 'INVALID_ARGUMENT');
    const trainer = await create();
    for (const until of ['5', null])
      await rejects(() => trainer.run({ until }).next(), 'INVALID_ARGUMENT');
    for (const until of [-1, 0.5, NaN])
      await rejects(() => trainer.run({ until }).next(), 'INVALID_OPTION');
    await rejects(() => trainer.run({ signal: {} }).next(), 'INVALID_ARGUMENT');
    await rejects(() => trainer.run(5).next(), 'INVALID_ARGUMENT');
    trainer.destroy();
  });

  it('has defaults that fit each other', async () => {
    for (const training of [{ steps: 1 }, { steps: 10 }, { learningRate: 1e-4 }]) {
      const trainer = await smallTrainer({ backend, training: { ...training, warmup: undefined } });
      assert.equal(trainer.step().step, 1);
      trainer.destroy();
    }
  });
});

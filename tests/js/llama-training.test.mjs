// Training: the loss falls, an interrupted training goes on to the same bits, and what cannot be
// trained is refused.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { BitLlama, encodeDocuments, evaluateText, splitDocuments, Trainer } from 'bit-ttt';

import { onEachBackend, rejects, sameBits, turnsDuring } from './support/backends.mjs';
import { addon } from './support/raw-addon.mjs';
import { recipe, smallTokenizer, smallTrainer, text } from './support/small-llama.mjs';

/** Shape and recipe of trainings on tokens below 64. */
const ofTokens = {
  config: { vocabSize: 64, hiddenDim: 64, numLayers: 1, headDim: 32 },
  training: { steps: 12, warmup: 1, batch: 2, context: 32 },
};

async function finish(trainer, options) {
  const steps = [];
  for await (const step of trainer.run(options)) steps.push(step);
  return steps;
}

onEachBackend('training', (backend) => {
  const create = (options) => smallTrainer({ backend, ...options });

  it('lowers the loss, and reports each step', async () => {
    const trainer = await create();
    const before = await trainer.evaluate(text.slice(0, 4000));
    const steps = await finish(trainer);
    assert.deepEqual(
      steps.map(({ step }) => step),
      Array.from({ length: 40 }, (_, i) => i + 1),
    );
    const [first, last] = [steps[0], steps.at(-1)];
    assert.ok(last.loss < first.loss - 1, `${first.loss} ${last.loss}`);
    assert.equal(last.tokens, recipe.steps * recipe.batch * recipe.context);
    assert.ok(last.tokensPerSecond > 0 && last.secondsLeft === 0 && first.secondsLeft > 0);
    assert.ok(
      first.learningRate < steps[3].learningRate && last.learningRate < steps[3].learningRate,
    );
    assert.equal(trainer.stepsDone, 40);
    const after = await trainer.evaluate(text.slice(0, 4000));
    assert.ok(after.bitsPerByte < 0.9 * before.bitsPerByte);
    assert.equal(after.tokens, before.tokens);
    trainer.destroy();
  });

  it('an evaluation adds up, document by document', async () => {
    const trainer = await create();
    await finish(trainer, { until: 10 });
    const model = trainer.model();
    const documents = ['Lily saw a red ball.', 'Tom ran to the café!'];
    const found = await evaluateText(model, `${documents[0]}\n<|endoftext|>\n\n${documents[1]}\n`);
    const end = model.tokenizer.endOfText;
    let [nats, tokens] = [0, 0];
    for (const one of documents) {
      const session = model.createSession();
      const ids = [end, ...model.tokenizer.encode(one), end];
      nats -= session
        .read(ids)
        .logProbabilities.subarray(1)
        .reduce((a, b) => a + b, 0);
      tokens += ids.length - 1;
      session.destroy();
    }
    const bytes = Buffer.byteLength(documents.join(''));
    assert.deepEqual([found.tokens, found.bytes, found.documents], [tokens, bytes, 2]);
    assert.ok(Math.abs(found.natsPerToken - nats / tokens) < 1e-4);
    assert.ok(Math.abs(found.bitsPerByte - nats / Math.LN2 / bytes) < 1e-4);
    model.destroy();
    trainer.destroy();
  });

  it('an interrupted training goes on to the same bits', async () => {
    const whole = await create();
    await finish(whole);
    const first = await create();
    const controller = new AbortController();
    const interrupted = async () => {
      for await (const { step } of first.run({ signal: controller.signal })) {
        if (step === 17) controller.abort();
      }
    };
    await rejects(interrupted, 'ABORTED');
    const checkpoint = first.save();
    first.destroy();
    const second = await create({ checkpoint });
    assert.equal(second.stepsDone, 17);
    for await (const { step } of second.run()) if (step === 25) break;
    assert.equal(second.step().step, 26);
    await finish(second);
    sameBits(second.weights(), whole.weights());
    sameBits(second.save(), whole.save());
    whole.destroy();
    second.destroy();
  });

  it('its weights and its model are the same model', async () => {
    const trainer = await create();
    await finish(trainer, { until: 5 });
    const model = trainer.model();
    for (const bytes of [trainer.weights(), model.pack()]) {
      const other = await BitLlama.load(bytes, { backend });
      assert.equal(other.fingerprint, model.fingerprint);
      assert.deepEqual(other.config, model.config);
      assert.deepEqual(other.tokenizer.toJSON(), trainer.tokenizer.toJSON());
      other.destroy();
    }
    await finish(trainer, { until: 8 });
    assert.notEqual(trainer.model().fingerprint, model.fingerprint);
    trainer.destroy();
    assert.ok(model.createSession().read([1]).surprise.length === 1); // lives on
    model.destroy();
  });

  it('tokens without a tokenizer will do', async () => {
    const tokens = Uint32Array.from({ length: 2000 }, (_, i) => (i * i) % 61);
    const trainer = await Trainer.create({ tokens, backend, ...ofTokens });
    const steps = await finish(trainer);
    assert.ok(steps.at(-1).loss < steps[0].loss);
    const model = trainer.model();
    assert.equal(model.tokenizer, undefined);
    const session = model.createSession();
    await rejects(() => session.observe('text'), 'INVALID_TOKENIZER');
    const { value, done } = await session.generate([1, 2, 3], { maxTokens: 4 }).next();
    assert.ok(done && value.tokens.length === 4);
    for (const one of [trainer, model, session]) one.destroy();
  });

  it('tokens may be in any list, of which the trainer keeps its own', async () => {
    const plain = Array.from({ length: 500 }, (_, i) => (i * i) % 61);
    class Lying extends Uint32Array {
      get length() {
        return 3;
      }
    }
    const lists = [plain, Uint16Array.from(plain), Uint32Array.from(plain), new Lying(plain)];
    const weights = [];
    for (const tokens of lists) {
      const trainer = await Trainer.create({ tokens, backend, ...ofTokens });
      tokens.fill(0);
      await finish(trainer, { until: 2 });
      weights.push(trainer.weights());
      trainer.destroy();
    }
    for (const other of weights) sameBits(other, weights[0]);
    const wrong = Uint32Array.of(...plain.slice(0, 100), 64);
    const refused = () => Trainer.create({ tokens: wrong, backend, ...ofTokens });
    await rejects(refused, 'INVALID_TOKEN', /tokens\[100\] is 64; .* from 0 to 63$/);
    const shared = new Uint32Array(new SharedArrayBuffer(400));
    const unusual = () => Trainer.create({ tokens: shared, backend, ...ofTokens });
    await rejects(unusual, 'INVALID_ARGUMENT', /SharedArrayBuffer/);
  });

  it("a Uint32Array of tokens goes to Node's addon without a copy", async function () {
    if (backend !== 'native') this.skip();
    const given = [];
    const create = (config, training, tokens) => {
      given.push(tokens);
      return addon.trainers.create(config, training, tokens);
    };
    const nativeBinding = { ...addon, trainers: { ...addon.trainers, create } };
    const tokens = new Uint32Array(100);
    const trainer = await Trainer.create({ tokens, backend, nativeBinding, ...ofTokens });
    trainer.destroy();
    assert.ok(given.length === 1 && given[0] === tokens);
  });

  it("on Node's addon runs beside the main thread", async function () {
    if (backend !== 'native') this.skip();
    const trainer = await create({
      config: { hiddenDim: 256 },
      training: { batch: 16, context: 128 },
    });
    const turns = await turnsDuring(() => finish(trainer, { until: 2 }));
    assert.ok(turns > 20, `${turns} turns`); // in WebAssembly's manner there would be two or three
    trainer.destroy();
  });
});

describe('documents', () => {
  it('are cut at lines of their own only', () => {
    assert.deepEqual(splitDocuments(' a\nb \n<|endoftext|>\n\n <|endoftext|>\r\nc'), ['a\nb', 'c']);
    assert.deepEqual(splitDocuments('a <|endoftext|> b'), ['a <|endoftext|> b']);
    assert.deepEqual(splitDocuments('<|endoftext|>\n \n'), []);
    assert.throws(() => splitDocuments(5), { code: 'INVALID_ARGUMENT' });
  });

  it('become tokens with a separator around each, and the text within stays text', async () => {
    const tokenizer = await smallTokenizer();
    const end = tokenizer.endOfText;
    const documents = ['one', 'two <|endoftext|> three'];
    const ids = await encodeDocuments(documents, tokenizer);
    const expected = documents.flatMap((one) => [...tokenizer.encode(one), end]);
    assert.deepEqual([...ids], [end, ...expected]);
    assert.equal(expected.filter((id) => id === end).length, 2);
    const signal = AbortSignal.abort('enough');
    await rejects(() => encodeDocuments(documents, tokenizer, { signal }), 'ABORTED');
    await rejects(() => encodeDocuments(documents, tokenizer, 5), 'INVALID_ARGUMENT');
    const options = { text, tokenizer, signal };
    await rejects(() => Trainer.create(options), 'ABORTED').then((error) =>
      assert.equal(error.cause, 'enough'),
    );
    await rejects(() => Trainer.create({ ...options, signal: {} }), 'INVALID_ARGUMENT', /signal/);
  });
});

// A training that begins from a model: Trainer.create({ from }), on both engines and between them.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { BitLlama, Tokenizer, Trainer } from 'bit-ttt';

import { backends, root } from './support/backends.mjs';
import { originalModel } from './support/cli-llama.mjs';
import { mixedModel, recipe, smallModel, smallTokenizer, text } from './support/small-llama.mjs';

const training = { ...recipe, steps: 6, learningRate: 1e-3 };
const rejects = (promise, code, pattern) =>
  assert.rejects(promise, (error) => {
    assert.equal(error.code, code, error.message);
    assert.match(error.message, pattern);
    return true;
  });

for (const backend of backends) {
  describe(`a training from a model (${backend})`, () => {
    it('begins as that model, to the bit, and makes it better', async () => {
      for (const bytes of [await smallModel(), await mixedModel()]) {
        const from = await BitLlama.load(bytes, { backend });
        const trainer = await Trainer.create({ backend, from, text, training });
        assert.deepEqual(trainer.config, from.config);
        const start = trainer.model();
        assert.equal(start.fingerprint, from.fingerprint);
        assert.deepEqual(start.pack(), from.pack());
        const before = await trainer.evaluate(text.slice(0, 4000));
        from.destroy(); // it is not needed any more
        for await (const { loss } of trainer.run()) assert.ok(Number.isFinite(loss));
        const after = await trainer.evaluate(text.slice(0, 4000));
        assert.ok(after.bitsPerByte < before.bitsPerByte, `${after.bitsPerByte}`);
        start.destroy();
        trainer.destroy();
      }
    });

    it('goes on from a checkpoint with the same options, or without the model', async () => {
      const from = await BitLlama.load(await smallModel(), { backend });
      const whole = await Trainer.create({ backend, from, text, training });
      for await (const _ of whole.run({ until: 2 }));
      const checkpoint = whole.save();
      for await (const _ of whole.run());
      const { config, tokenizer } = from;
      for (const more of [{ from }, { config, tokenizer }]) {
        const again = await Trainer.create({ backend, ...more, text, training, checkpoint });
        assert.equal(again.stepsDone, 2);
        for await (const _ of again.run());
        assert.deepEqual(again.weights(), whole.weights());
        again.destroy();
      }
      whole.destroy();
      from.destroy();
    });

    it('is refused another shape or tokenizer, with both values', async () => {
      const from = await BitLlama.load(await mixedModel(), { backend });
      const create = (more) => Trainer.create({ backend, from, text, training, ...more });
      for (const [config, pattern] of [
        [{ hiddenDim: 128 }, /hidden_dim of the model is 64, that of the training 128/],
        [{ mlpDim: 256 }, /mlp_dim of the model is 128, that of the training 256/],
        [{ numLayers: 2, mixers: 'induction' }, /num_layers of the model is 3, .* 2/],
        [{ vocabSize: 400 }, /vocab_size of the model is 384, that of the training 400/],
        [{ mixers: 'induction' }, /layer 2 of the model is predict, .* induction/],
        [{ headDim: 16 }, /head_dim of the model is 32, that of the training 16/],
        [{ innerLr: 0.5 }, /inner_lr/],
        [{ normEps: 1e-3 }, /norm_eps/],
      ]) {
        await rejects(create({ config }), 'MODEL_CONFIG', pattern);
      }
      const json = (await smallTokenizer()).toJSON();
      const same = await create({ tokenizer: JSON.stringify(json), config: { hiddenDim: 64 } });
      same.destroy();
      const [one, two, ...rest] = json.model.merges;
      const other = { ...json, model: { ...json.model, merges: [two, one, ...rest] } };
      const tokenizer = Tokenizer.from(other);
      await rejects(create({ tokenizer }), 'MODEL_CONFIG', /not that of the model to start from/);
      for (const wrong of [null, {}, 'stories', 7, new Uint8Array(8)]) {
        await rejects(create({ from: wrong }), 'INVALID_ARGUMENT', /a BitLlama/);
      }
      from.destroy();
      await rejects(create({}), 'DESTROYED', /./);
    });

    it("is refused a model of the original's convention", async () => {
      const [config, weights] = originalModel('F32', 384);
      const from = await BitLlama.load(weights, { backend, config });
      const tokenizer = await smallTokenizer();
      await rejects(
        Trainer.create({ backend, from, tokenizer, text, training }),
        'MODEL_CONFIG',
        /original's convention/,
      );
      from.destroy();
    });
  });
}

describe('a training from the model that comes with the package', () => {
  it('begins as it, on whichever engine it is', async function () {
    this.timeout(120_000);
    for (const [i, backend] of backends.entries()) {
      const from = await BitLlama.load(`${root}models/stories.bitt`, {
        backend: backends[(i + 1) % backends.length],
      });
      const trainer = await Trainer.create({ backend, from, text, training });
      const start = trainer.model();
      assert.equal(start.fingerprint, from.fingerprint);
      assert.deepEqual(start.pack(), from.pack());
      for (const one of [start, trainer, from]) one.destroy();
    }
  });
});

// llama.mjs - a small model, trained once for all tests, and a text to read.
// SPDX-License-Identifier: MIT
import { BitLlama, Trainer, trainBpe } from 'bit-ttt';

import { backends } from './backends.mjs';
import { stories } from './tokenizer.mjs';

/** Documents, each ended by the separator. */
export const text = stories(600, 3);

export const smallShape = { hiddenDim: 64, numLayers: 2, headDim: 32, mlpDim: 128 };
export const smallTraining = { steps: 40, warmup: 4, batch: 4, context: 48 };

let tokenizer;
let packed;

/** A tokenizer.json of 400 tokens. */
export async function smallTokenizer() {
  tokenizer ??= (await trainBpe(text, { vocabSize: 400 })).json;
  return tokenizer;
}

/** A trainer of the small model. */
export async function smallTrainer(options = {}) {
  const { training, config, ...rest } = options;
  return Trainer.create({
    text,
    tokenizer: await smallTokenizer(),
    config: { ...smallShape, ...config },
    training: { ...smallTraining, ...training },
    ...rest,
  });
}

/** The bytes of a model with a layer of each mixer. */
export async function smallModel() {
  if (packed) return packed;
  const mixers = ['induction', 'predict', 'reconstruct'];
  const config = { numLayers: 3, mixers, headDim: 32 };
  const trainer = await smallTrainer({ config, backend: backends[0] });
  for await (const _ of trainer.run());
  const model = trainer.model();
  packed = model.pack();
  model.destroy();
  trainer.destroy();
  return packed;
}

export const load = async (backend, options) => BitLlama.load(await smallModel(), { backend, ...options });

/** All pieces of a generation, and what it returned. */
export async function collect(generation) {
  const pieces = [];
  for (;;) {
    const { value, done } = await generation.next();
    if (done) return { text: pieces.join(''), pieces, ...value };
    pieces.push(value);
  }
}

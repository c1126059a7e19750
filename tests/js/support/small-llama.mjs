// small-llama.mjs - a text, a tokenizer and a small language model, trained once for a test file.
// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';

import { BitLlama, Tokenizer, Trainer, trainBpe } from 'bit-ttt';

import { backends, root } from './backends.mjs';

const book = readFileSync(`${root}examples/alice.txt`, 'utf8').replaceAll('\r\n', '\n');
const SEPARATOR = '<|endoftext|>';

/** Paragraphs of a book as documents, and others to measure with. */
const paragraphs = book.split(/\n\n+/).filter((part) => part.length > 200);
export const text = paragraphs.slice(8).join(`\n${SEPARATOR}\n`);
export const unseen = paragraphs.slice(0, 8).join(`\n${SEPARATOR}\n`);

const made = {};

/** A tokenizer of a few hundred tokens. */
export async function smallTokenizer() {
  made.tokenizer ??= Tokenizer.from((await trainBpe(text, { vocabSize: 384 })).json);
  return made.tokenizer;
}

export const shape = { hiddenDim: 64, numLayers: 2, mlpDim: 128, innerDim: 64, headDim: 32 };
export const recipe = { batch: 4, context: 32, steps: 40, learningRate: 1e-2, threads: 1 };

/** A trainer on `text`, or with other options. */
export async function smallTrainer({ config, training, ...options } = {}) {
  const data = options.tokens ? {} : { text, tokenizer: await smallTokenizer() };
  return Trainer.create({
    ...data,
    ...options,
    config: { ...shape, ...config },
    training: { ...recipe, ...training },
  });
}

async function trainAndPack(config) {
  const trainer = await smallTrainer({ config, backend: backends[0] });
  for await (const _ of trainer.run());
  const model = trainer.model();
  const packed = model.pack();
  model.destroy();
  trainer.destroy();
  return packed;
}

/** The packed bytes of a model that has been trained for a moment. */
export async function smallModel() {
  made.model ??= await trainAndPack();
  return made.model;
}

/** The same, with a layer of each memory. */
export async function mixedModel() {
  made.mixed ??= await trainAndPack({
    numLayers: 3,
    mixers: ['induction', 'predict', 'reconstruct'],
  });
  return made.mixed;
}

export const loadSmall = async (backend) => BitLlama.load(await smallModel(), { backend });
export const loadMixed = async (backend) => BitLlama.load(await mixedModel(), { backend });

/** Everything that a generation gives: pieces, their text, and the result. */
export async function collect(generation) {
  const pieces = [];
  for (;;) {
    const { done, value } = await generation.next();
    if (done) return { ...value, pieces, text: pieces.join('') };
    pieces.push(value);
  }
}

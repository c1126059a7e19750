// raw-addon.mjs - the addon by itself, without the package around it, and the structs of include/bit_ttt
// as the bytes in which options cross.
// SPDX-License-Identifier: MIT
import { createRequire } from 'node:module';

import { backends, root } from './backends.mjs';

export const addonPath = `${root}dist/native/${process.platform}-${process.arch}/bit_ttt.node`;

/** The addon's exports, or undefined where the tests run without it. */
export const addon = backends.includes('native')
  ? createRequire(import.meta.url)(addonPath)
  : undefined;

export const INVALID = 60;
export const DESTROYED = 61;
export const BUSY = 62;
export const ABORTED = 63;

/** Of whatever a function gives: a status, a negative status or a failure. */
export const statusOf = (value) => Math.abs(typeof value === 'object' ? value.status : value);

/** Values that are no handles. */
export const NO_HANDLES = [
  -1,
  0.5,
  NaN,
  Infinity,
  2 ** 53,
  1e300,
  '1',
  1n,
  null,
  undefined,
  {},
  [],
];

/** Fields with their types and default values, in the order of the headers; `size` comes first. */
const STRUCTS = {
  layer: {
    size: ['Uint32', 48],
    objective: ['Uint32', 0],
    hiddenDim: ['BigUint64', 16n],
    seed: ['BigUint64', 1n],
    innerLr: ['Float32', 0.1],
    threads: ['Uint32', 1],
    rule: ['Uint32', 0],
    forgetting: ['Float32', 0.9995],
    ridge: ['Float32', 0.005],
    reserved: ['Uint32', 0],
  },
  model: {
    size: ['Uint32', 100],
    vocabSize: ['Uint32', 32],
    hiddenDim: ['Uint32', 16],
    numLayers: ['Uint32', 1],
    mlpDim: ['Uint32', 16],
    innerDim: ['Uint32', 16],
    headDim: ['Uint32', 16],
    innerLr: ['Float32', 0.1],
    normEps: ['Float32', 1e-5],
    mixer: ['Uint8', 2], // of the first layer; those of the others stay 0
  },
  session: {
    size: ['Uint32', 12],
    recall: ['Uint32', 256],
    generated: ['Uint32', 0],
  },
  recall: {
    size: ['Uint32', 16],
    vocab: ['Uint32', 0],
    capacity: ['Uint32', 256],
    order: ['Uint32', 4],
  },
  sampling: {
    size: ['Uint32', 32],
    temperature: ['Float32', 1],
    topK: ['Uint32', 0],
    topP: ['Float32', 1],
    minP: ['Float32', 0],
    repetitionPenalty: ['Float32', 1],
    seed: ['BigUint64', 1n],
  },
  suggesting: {
    size: ['Uint32', 12],
    count: ['Uint32', 3],
    minProbability: ['Float32', 0],
  },
  training: {
    size: ['Uint32', 88],
    batch: ['Uint32', 1],
    context: ['Uint32', 16],
    accumulate: ['Uint32', 1],
    steps: ['Uint32', 4],
    warmup: ['Uint32', 1],
    threads: ['Uint32', 1],
    bf16: ['Uint32', 0],
    separator: ['Uint32', 2 ** 32 - 1],
    learningRate: ['Float32', 1e-3],
    finalLearningRate: ['Float32', 1e-3],
    weightDecay: ['Float32', 0],
    beta1: ['Float32', 0.9],
    beta2: ['Float32', 0.9],
    clip: ['Float32', 1],
    repeat: ['Float32', 0],
    fromStart: ['Float32', 0],
    dropout: ['Float32', 0],
    optimizer: ['Uint32', 0],
    momentum: ['Float32', 0.95],
    seed: ['BigUint64', 1n],
  },
};

export const STEP_BYTES = 32;
export const SUGGESTION_BYTES = 256;

/** The bytes of a struct, with the defaults above where `changed` has nothing. */
export function bytesOf(struct, changed = {}) {
  const fields = STRUCTS[struct];
  const view = new DataView(new ArrayBuffer(fields.size[1]));
  let at = 0;
  for (const [name, [type, value]] of Object.entries(fields)) {
    const bytes = type === 'Uint8' ? 1 : type === 'BigUint64' ? 8 : 4;
    at = Math.ceil(at / bytes) * bytes;
    view[`set${type}`](at, changed[name] ?? value, true);
    at += bytes;
  }
  return new Uint8Array(view.buffer);
}

/** What a step reports. */
export function stepOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    loss: view.getFloat64(0, true),
    learningRate: view.getFloat32(8, true),
    gradientNorm: view.getFloat32(12, true),
    step: view.getBigUint64(16, true),
    tokens: view.getBigUint64(24, true),
  };
}

/** The raw engine's layer, or trainer of a model of 32 tokens. */
export const newLayer = (changed) => addon.layers.create(bytesOf('layer', changed));
export const newTrainer = (model, training) =>
  addon.trainers.create(
    bytesOf('model', model),
    bytesOf('training', training),
    Uint32Array.from({ length: 100 }, (_, i) => (i * i) % 31),
  );

/** A session with a small recall. */
export const newSession = (model, changed) =>
  addon.sessions.create(model, bytesOf('session', changed));

/** A model of 32 tokens with random weights. */
export function newModel(model) {
  const trainer = newTrainer(model);
  const made = addon.trainers.model(trainer, undefined);
  addon.trainers.destroy(trainer);
  return made;
}

/**
 * option-names.ts - the names of all options of the public functions. The compiler demands that they
 * are those of the interfaces.
 * SPDX-License-Identifier: MIT
 */
import type {
  GenerateOptions,
  LlamaConfig,
  LoadOptions,
  ObserveTextOptions,
  RunOptions,
  SamplingOptions,
  SignalOptions,
  TrainerOptions,
  TrainingOptions,
} from './llama-types.js';
import type { NamesOf } from './named-options.js';
import type { BackendOptions, ObserveAsyncOptions, ObserveInto, TTTOptions } from './types.js';

export const BACKEND = {
  backend: true,
  nativeBinding: true,
  wasm: true,
} satisfies NamesOf<BackendOptions>;

export const LAYER = {
  ...BACKEND,
  hiddenDim: true,
  innerLr: true,
  objective: true,
  seed: true,
  threads: true,
  weights: true,
} satisfies NamesOf<TTTOptions>;

export const OBSERVE_INTO = { output: true, surprise: true } satisfies NamesOf<ObserveInto>;

/** Of `forwardAsync` as well, which makes no use of `surprise`. */
export const OBSERVE_ASYNC = {
  signal: true,
  output: true,
  surprise: true,
} satisfies NamesOf<ObserveAsyncOptions>;

export const LOAD = {
  ...BACKEND,
  config: true,
  tokenizer: true,
  maxBytes: true,
  signal: true,
} satisfies NamesOf<LoadOptions>;

export const SAMPLING = {
  temperature: true,
  topK: true,
  topP: true,
  minP: true,
  repetitionPenalty: true,
  seed: true,
} satisfies NamesOf<SamplingOptions>;

export const GENERATE = {
  ...SAMPLING,
  maxTokens: true,
  stop: true,
  stopTokens: true,
  signal: true,
  raw: true,
  onToken: true,
} satisfies NamesOf<GenerateOptions>;

export const OBSERVE_TEXT = { signal: true, raw: true } satisfies NamesOf<ObserveTextOptions>;

export const SIGNAL = { signal: true } satisfies NamesOf<SignalOptions>;

export const TRAINER = {
  ...BACKEND,
  text: true,
  tokens: true,
  tokenizer: true,
  config: true,
  training: true,
  checkpoint: true,
  signal: true,
} satisfies NamesOf<TrainerOptions>;

export const RUN = { signal: true, until: true } satisfies NamesOf<RunOptions>;

export const CONFIG = {
  vocabSize: true,
  hiddenDim: true,
  numLayers: true,
  mlpDim: true,
  innerDim: true,
  headDim: true,
  innerLr: true,
  normEps: true,
  mixers: true,
} satisfies NamesOf<LlamaConfig>;

export const TRAINING = {
  batch: true,
  context: true,
  accumulate: true,
  steps: true,
  warmup: true,
  threads: true,
  bf16: true,
  learningRate: true,
  finalLearningRate: true,
  weightDecay: true,
  beta1: true,
  beta2: true,
  clip: true,
  repeat: true,
  fromStart: true,
  dropout: true,
  separator: true,
  seed: true,
} satisfies NamesOf<TrainingOptions>;

/** An object may be made for a backend and for what is to run on it. */
export const WITH_BACKEND = { ...LAYER, ...LOAD, ...TRAINER };

/**
 * option-names.ts - the names of the options of models, sessions and trainers. The compiler demands that they
 * are those of the interfaces.
 * SPDX-License-Identifier: MIT
 */
import type { NamesOf } from '../common/named-options.js';
import { BACKEND, WITH_BACKEND } from '../common/option-names.js';
import type { TTTOptions } from '../common/types.js';
import type {
  ConvertOptions,
  EvaluateOptions,
  GenerateOptions,
  LlamaConfig,
  LoadOptions,
  ObserveTextOptions,
  ProofreadOptions,
  RecallOptions,
  RunOptions,
  SamplingOptions,
  SessionOptions,
  SignalOptions,
  SuggestAsyncOptions,
  SuggestOptions,
  TrainerOptions,
  TrainingOptions,
} from './types.js';

export const LOAD = {
  ...BACKEND,
  config: true,
  tokenizer: true,
  maxBytes: true,
  signal: true,
  onProgress: true,
} satisfies NamesOf<LoadOptions>;

export const CONVERT = { ...LOAD, to: true, metadata: true } satisfies NamesOf<ConvertOptions>;

export const SESSION = { recall: true } satisfies NamesOf<SessionOptions>;

export const RECALL = { capacity: true, generated: true } satisfies NamesOf<RecallOptions>;

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

export const SUGGEST = { count: true, minProbability: true } satisfies NamesOf<SuggestOptions>;

export const SUGGEST_ASYNC = { ...SUGGEST, ...SIGNAL } satisfies NamesOf<SuggestAsyncOptions>;

export const EVALUATE = { ...SIGNAL, ...SESSION } satisfies NamesOf<EvaluateOptions>;

export const PROOFREAD = { ...EVALUATE, share: true } satisfies NamesOf<ProofreadOptions>;

export const TRAINER = {
  ...BACKEND,
  text: true,
  tokens: true,
  from: true,
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
  optimizer: true,
  momentum: true,
  separator: true,
  seed: true,
} satisfies NamesOf<TrainingOptions>;

/** The compiler's proof that WITH_BACKEND has the names of both, and no others. */
export const SHARED = WITH_BACKEND satisfies NamesOf<TTTOptions & LoadOptions & TrainerOptions>;

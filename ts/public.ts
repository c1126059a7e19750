/**
 * public.ts - what every entry of the package exports.
 * SPDX-License-Identifier: MIT
 */
export { conformanceHash, getInfo, init, llamaConformanceHash, setKernel } from './api.js';
export { TTTError } from './errors.js';
export type { TTTErrorCode } from './errors.js';
export { BitLlama } from './llama.js';
export type {
  Evaluation,
  GenerateOptions,
  GenerateResult,
  LlamaConfig,
  LoadOptions,
  Mixer,
  ModelSource,
  ObserveTextOptions,
  RunOptions,
  SamplingOptions,
  ShardedSource,
  SignalOptions,
  TokenObservation,
  TokenReadings,
  TrainerOptions,
  TrainingOptions,
  TrainingStep,
} from './llama-types.js';
export { encodeDocuments, splitDocuments } from './documents.js';
export { evaluateText } from './evaluation.js';
export { Session } from './session.js';
export { Tokenizer, trainBpe, trainBpeSteps } from './tokenizer/index.js';
export type {
  AddedTokenJson,
  BpeModelJson,
  BpeProgress,
  BpeTrainingOptions,
  DecodeOptions,
  EncodeAsyncOptions,
  EncodeOptions,
  MergeJson,
  StreamDecoder,
  TextSource,
  TokenizerJson,
  TokenizerSource,
  TrainBpeOptions,
  TrainedBpe,
} from './tokenizer/index.js';
export { Trainer } from './trainer.js';
export { TTT } from './ttt.js';
export type {
  AbortSignalLike,
  BackendInfo,
  BackendKind,
  BackendOptions,
  Bytes,
  Floats,
  ForwardAsyncOptions,
  Objective,
  Observation,
  ObserveAsyncOptions,
  ObserveInto,
  TTTOptions,
  TTTWeights,
  WasmSource,
} from './types.js';

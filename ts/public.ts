/**
 * public.ts - what every entry of the package exports.
 * SPDX-License-Identifier: MIT
 */

export type { TTTErrorCode } from './common/errors.js';
export { TTTError } from './common/errors.js';
export type {
  AbortSignalLike,
  BackendInfo,
  BackendKind,
  BackendOptions,
  Bytes,
  Floats,
  ForwardAsyncOptions,
  LoadProgress,
  Objective,
  Observation,
  ObserveAsyncOptions,
  ObserveInto,
  Rule,
  TTTOptions,
  TTTWeights,
  WasmSource,
} from './common/types.js';
export { LogDetector } from './detect/log-detector.js';
export { SignalDetector } from './detect/signal-detector.js';
export type { SignalDetectorOptions, SignalReading } from './detect/signal-types.js';
export type {
  BurstFinding,
  Cause,
  LineFinding,
  LineReading,
  LogDetectorOptions,
  LogFinding,
  LogSource,
  LogTransform,
  OddPart,
  RateFinding,
  SessionFinding,
  SessionReading,
} from './detect/types.js';
export {
  conformanceHash,
  getInfo,
  init,
  llamaConformanceHash,
  recallConformanceHash,
  rlsConformanceHash,
  setKernel,
} from './engine/info.js';
export { TTT } from './layer/ttt.js';
export { convertModel } from './llama/convert.js';
export { encodeDocuments, splitDocuments } from './llama/documents.js';
export { evaluateText } from './llama/evaluation.js';
export { BitLlama } from './llama/model.js';
export { proofread } from './llama/proofread.js';
export type { LanguageModel } from './llama/session.js';
export { Session } from './llama/session.js';
export { Trainer } from './llama/trainer.js';
export type {
  ConvertOptions,
  EvaluateOptions,
  Evaluation,
  GenerateOptions,
  GenerateResult,
  LlamaConfig,
  LoadOptions,
  Mixer,
  ModelSource,
  ObserveTextOptions,
  Optimizer,
  ProofreadOptions,
  ReadWord,
  RecallOptions,
  RunOptions,
  SamplingOptions,
  SessionOptions,
  ShardedSource,
  SharedModel,
  SignalOptions,
  StartModel,
  SuggestAsyncOptions,
  Suggestion,
  SuggestOptions,
  TokenObservation,
  TokenReadings,
  TrainerOptions,
  TrainingOptions,
  TrainingStep,
} from './llama/types.js';
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
export { Tokenizer, trainBpe, trainBpeSteps } from './tokenizer/index.js';

/**
 * llama-engine.ts - what a backend must do for language models; native-llama.ts and wasm-llama.ts
 * do it.
 *
 * As in backend.ts: arguments are checked before, numbers returned are statuses (0 for success)
 * unless said otherwise, and handles are numbers that a backend may be asked about at any time.
 * SPDX-License-Identifier: MIT
 */
import type { Handle } from './engine.js';
import type { Bytes } from '../common/types.js';
import type { Shard } from '../files/sharded.js';

/** Why a file or a configuration was refused. */
export interface Failure {
  readonly status: number;
  /** In the file, or 0. */
  readonly offset: number;
  readonly text: string;
}

/** temperature, topK, topP, minP, repetitionPenalty; and the seed. */
export interface DrawOptions {
  readonly numbers: Float64Array;
  readonly seed: bigint;
}

/** A trainer's options, in the order of llama.h's structs. */
export interface TrainerArguments {
  /** vocabSize, hiddenDim, numLayers, mlpDim, innerDim, headDim, innerLr, normEps */
  readonly config: Float64Array;
  readonly mixers: Uint8Array;
  /** batch ... dropout; the separator is -1 for none. */
  readonly training: Float64Array;
  readonly seed: bigint;
  readonly tokens: Uint32Array;
}

/** loss, learningRate, gradientNorm, step, tokens */
export type StepNumbers = Float64Array;

export interface LlamaEngine {
  /** 64 bits; throws on failure. */
  conformanceHash(): bigint;

  open(file: Uint8Array, config: Uint8Array | undefined): Handle | Failure;
  /** `index` is a model.safetensors.index.json; at most 1024 shards, in any order. */
  openSharded(
    index: Uint8Array,
    shards: readonly Shard[],
    config: Uint8Array | undefined,
  ): Handle | Failure;
  /** Never fails; sessions go on. */
  close(model: Handle): void;
  configJson(model: Handle): string;
  /** '' if the model has none. */
  tokenizerJson(model: Handle): string;
  parameters(model: Handle): number;
  fingerprint(model: Handle): bigint;
  /** Throws on failure. */
  pack(model: Handle, tokenizer: Uint8Array | undefined): Bytes;

  /** Throws on failure, as does `fork`. */
  createSession(model: Handle): Handle;
  fork(session: Handle): Handle;
  destroySession(session: Handle): void;
  reset(session: Handle): number;
  freeze(session: Handle, frozen: boolean): number;
  read(
    session: Handle,
    tokens: Uint32Array,
    logProbabilities: Float32Array | undefined,
    surprise: Float32Array | undefined,
  ): number;
  logits(session: Handle, out: Float32Array): number;
  /** A token, or a negative status. */
  draw(session: Handle, options: DrawOptions): number;
  stateSize(session: Handle): number;
  save(session: Handle, bytes: Uint8Array): number;
  load(session: Handle, bytes: Uint8Array): number;
  tokensRead(session: Handle): number;

  createTrainer(options: TrainerArguments): Handle | Failure;
  destroyTrainer(trainer: Handle): void;
  step(trainer: Handle, out: StepNumbers): number;
  /** One step aside; `done` comes once, never before this function has returned. A status. */
  stepAsync(trainer: Handle, out: StepNumbers, done: (status: number) => void): number;
  /** Throws on failure, as does `trainerWeights`. */
  trainerModel(trainer: Handle, tokenizer: Uint8Array | undefined): Handle;
  trainerWeights(trainer: Handle, tokenizer: Uint8Array | undefined): Bytes;
  trainerStepsDone(trainer: Handle): number;
  trainerStateSize(trainer: Handle): number;
  saveTrainer(trainer: Handle, bytes: Uint8Array): number;
  loadTrainer(trainer: Handle, bytes: Uint8Array): 0 | Failure;
}

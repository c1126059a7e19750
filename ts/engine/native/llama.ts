/**
 * llama.ts - language models through the Node-API addon.
 * SPDX-License-Identifier: MIT
 */
import type { Handle } from '../engine.js';
import { errorOf } from '../../common/errors.js';
import type {
  DrawOptions,
  Failure,
  LlamaEngine,
  StepNumbers,
  TrainerArguments,
} from '../llama-engine.js';
import type { Shard } from '../../files/sharded.js';
import type { Bytes } from '../../common/types.js';

type Tokenizer = Uint8Array | undefined;

/** The addon's functions (node/llama.cc, node/llama_train.cc). */
export interface NativeLlamaBinding {
  llamaConformanceHash(): bigint | number;
  llamaOpen(file: Uint8Array, config: Uint8Array | undefined): Handle | Failure;
  llamaOpenSharded(
    index: Uint8Array,
    names: readonly string[],
    files: readonly Uint8Array[],
    config: Uint8Array | undefined,
  ): Handle | Failure;
  llamaClose(model: Handle): number;
  llamaConfigJson(model: Handle): string;
  llamaTokenizerJson(model: Handle): string;
  llamaParameters(model: Handle): number;
  llamaFingerprint(model: Handle): bigint;
  llamaPack(model: Handle, tokenizer: Tokenizer): Bytes | number;
  sessionCreate(model: Handle): number;
  sessionFork(session: Handle): number;
  sessionDestroy(session: Handle): number;
  sessionReset(session: Handle): number;
  sessionFreeze(session: Handle, frozen: boolean): number;
  sessionRead(
    session: Handle,
    tokens: Uint32Array,
    logProbabilities: Float32Array | undefined,
    surprise: Float32Array | undefined,
  ): number;
  sessionLogits(session: Handle, out: Float32Array): number;
  sessionDraw(session: Handle, numbers: Float64Array, seed: bigint): number;
  sessionStateSize(session: Handle): number;
  sessionSave(session: Handle, bytes: Uint8Array): number;
  sessionLoad(session: Handle, bytes: Uint8Array): number;
  sessionTokens(session: Handle): number;
  trainerCreate(
    config: Float64Array,
    mixers: Uint8Array,
    training: Float64Array,
    seed: bigint,
    tokens: Uint32Array,
  ): Handle | Failure;
  trainerDestroy(trainer: Handle): number;
  trainerStep(trainer: Handle, out: StepNumbers): number;
  trainerStepAsync(
    trainer: Handle,
    callback: (status: number, ...numbers: number[]) => void,
  ): number;
  trainerModel(trainer: Handle, tokenizer: Tokenizer): number;
  trainerWeights(trainer: Handle, tokenizer: Tokenizer): Bytes | number;
  trainerSteps(trainer: Handle): number;
  trainerStateSize(trainer: Handle): number;
  trainerSave(trainer: Handle, bytes: Uint8Array): number;
  trainerLoad(trainer: Handle, bytes: Uint8Array): 0 | Failure;
}

function checkHandle(handle: number): Handle {
  if (handle < 0) throw errorOf(-handle);
  return handle;
}

function checkBytes(bytes: Bytes | number): Bytes {
  if (typeof bytes === 'number') throw errorOf(Math.abs(bytes));
  return bytes;
}

export class NativeLlama implements LlamaEngine {
  readonly #addon: NativeLlamaBinding;

  constructor(addon: NativeLlamaBinding) {
    this.#addon = addon;
  }

  conformanceHash(): bigint {
    const hash = this.#addon.llamaConformanceHash();
    if (typeof hash === 'number') throw errorOf(hash);
    return hash;
  }

  open(file: Uint8Array, config: Uint8Array | undefined): Handle | Failure {
    return this.#addon.llamaOpen(file, config);
  }

  openSharded(
    index: Uint8Array,
    shards: readonly Shard[],
    config: Uint8Array | undefined,
  ): Handle | Failure {
    const names = shards.map(({ name }) => name);
    const files = shards.map(({ bytes }) => bytes);
    return this.#addon.llamaOpenSharded(index, names, files, config);
  }

  close(model: Handle): void {
    this.#addon.llamaClose(model);
  }

  configJson(model: Handle): string {
    return this.#addon.llamaConfigJson(model);
  }

  tokenizerJson(model: Handle): string {
    return this.#addon.llamaTokenizerJson(model);
  }

  parameters(model: Handle): number {
    return this.#addon.llamaParameters(model);
  }

  fingerprint(model: Handle): bigint {
    return this.#addon.llamaFingerprint(model);
  }

  pack(model: Handle, tokenizer: Tokenizer): Bytes {
    return checkBytes(this.#addon.llamaPack(model, tokenizer));
  }

  createSession(model: Handle): Handle {
    return checkHandle(this.#addon.sessionCreate(model));
  }

  fork(session: Handle): Handle {
    return checkHandle(this.#addon.sessionFork(session));
  }

  destroySession(session: Handle): void {
    this.#addon.sessionDestroy(session);
  }

  reset(session: Handle): number {
    return this.#addon.sessionReset(session);
  }

  freeze(session: Handle, frozen: boolean): number {
    return this.#addon.sessionFreeze(session, frozen);
  }

  read(
    session: Handle,
    tokens: Uint32Array,
    logProbabilities: Float32Array | undefined,
    surprise: Float32Array | undefined,
  ): number {
    return this.#addon.sessionRead(session, tokens, logProbabilities, surprise);
  }

  logits(session: Handle, out: Float32Array): number {
    return this.#addon.sessionLogits(session, out);
  }

  draw(session: Handle, options: DrawOptions): number {
    return this.#addon.sessionDraw(session, options.numbers, options.seed);
  }

  stateSize(session: Handle): number {
    return this.#addon.sessionStateSize(session);
  }

  save(session: Handle, bytes: Uint8Array): number {
    return this.#addon.sessionSave(session, bytes);
  }

  load(session: Handle, bytes: Uint8Array): number {
    return this.#addon.sessionLoad(session, bytes);
  }

  tokensRead(session: Handle): number {
    return this.#addon.sessionTokens(session);
  }

  createTrainer(options: TrainerArguments): Handle | Failure {
    const { config, mixers, training, seed, tokens } = options;
    return this.#addon.trainerCreate(config, mixers, training, seed, tokens);
  }

  destroyTrainer(trainer: Handle): void {
    this.#addon.trainerDestroy(trainer);
  }

  step(trainer: Handle, out: StepNumbers): number {
    return this.#addon.trainerStep(trainer, out);
  }

  stepAsync(trainer: Handle, out: StepNumbers, done: (status: number) => void): number {
    return this.#addon.trainerStepAsync(trainer, (status, ...numbers) => {
      if (status === 0) out.set(numbers);
      done(status);
    });
  }

  trainerModel(trainer: Handle, tokenizer: Tokenizer): Handle {
    return checkHandle(this.#addon.trainerModel(trainer, tokenizer));
  }

  trainerWeights(trainer: Handle, tokenizer: Tokenizer): Bytes {
    return checkBytes(this.#addon.trainerWeights(trainer, tokenizer));
  }

  trainerStepsDone(trainer: Handle): number {
    return this.#addon.trainerSteps(trainer);
  }

  trainerStateSize(trainer: Handle): number {
    return this.#addon.trainerStateSize(trainer);
  }

  saveTrainer(trainer: Handle, bytes: Uint8Array): number {
    return this.#addon.trainerSave(trainer, bytes);
  }

  loadTrainer(trainer: Handle, bytes: Uint8Array): 0 | Failure {
    return this.#addon.trainerLoad(trainer, bytes);
  }
}

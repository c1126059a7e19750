/**
 * engine.ts - the contract of an engine: what computes for layers, models, sessions, trainers and recalls. The
 * addon's exports are one (node/), and ts/engine/wasm makes one of a WebAssembly instance.
 *
 * Objects are known by handles, positive integers that never mean two objects of a kind. What makes an
 * object returns its handle or a negative status, and every other number is a status, 0 for success, unless
 * said otherwise; made.ts turns them into errors. A stale handle gives DESTROYED, an object that an
 * asynchronous call works on BUSY. Nobody throws, except for a WebAssembly instance that has trapped: all
 * its methods then throw TTTError POISONED with the trap as the cause.
 *
 * Callers have checked all arguments (ts/common/args.ts); an engine only has to be memory-safe. Structs
 * cross as bytes (structs.ts); hashes, fingerprints and tickets as BigInt; counts and sizes, below 2^53,
 * as numbers.
 * SPDX-License-Identifier: MIT
 */
import type { BackendInfo, BackendKind, Bytes } from '../common/types.js';

/** An object of an engine. */
export type Handle = number;

/** The bytes of one of the structs of include/bit_ttt, by structs.ts. */
export type StructBytes = Uint8Array;

/** Why a file, a configuration or a checkpoint was refused. */
export interface Failure {
  readonly status: number;
  /** In the file, or 0. */
  readonly offset: number;
  /** One sentence, or '' where the status says all. */
  readonly text: string;
}

/** Layers (include/bit_ttt/ttt.h). Arrays have the right lengths and do not overlap. */
export interface LayerEngine {
  /** The hash of include/bit_ttt/ttt.h, or a negative status. */
  conformanceHash(): bigint | number;
  /** The same of layers with rule rls. */
  rlsConformanceHash(): bigint | number;
  /** `config` is a ttt_config. */
  create(config: StructBytes): Handle;
  clone(layer: Handle): Handle;
  destroy(layer: Handle): number;
  /** Reads input.length / hiddenDim tokens. */
  forward(
    layer: Handle,
    input: Float32Array,
    output: Float32Array,
    surprise: Float32Array | undefined,
  ): number;
  /**
   * The same beside the JavaScript thread, or in slices on it; returns a job. `done` gets the status,
   * once and never before this function has returned. The input is copied, and until `finishJob` the layer is
   * not touched.
   */
  startJob(
    layer: Handle,
    input: Float32Array,
    wantSurprise: boolean,
    done: (status: number) => void,
  ): Handle;
  /** Asks a job to stop: `done` still comes, soon, with ABORTED or, if too late, another status. */
  cancelJob(job: Handle): number;
  /**
   * After `done`: with `output` (and status 0) copies the results out and lets the layer have the new
   * memory; without, drops both. The job is then gone.
   */
  finishJob(job: Handle, output?: Float32Array, surprise?: Float32Array): number;
  reset(layer: Handle): number;
  save(layer: Handle, bytes: Uint8Array): number;
  load(layer: Handle, bytes: Uint8Array): number;
  setWeights(layer: Handle, down: Int8Array, up: Int8Array): number;
  getWeights(layer: Handle, down: Int8Array, up: Int8Array): number;
  getMemory(layer: Handle, w: Float32Array): number;
  /** In bytes. This and the next two return a count or a negative status. */
  stateSize(layer: Handle): number;
  threads(layer: Handle): number;
  tokens(layer: Handle): number;
  fingerprint(layer: Handle): bigint | number;
}

/** Models (include/bit_ttt/llama.h). Texts are JSON. */
export interface ModelEngine {
  conformanceHash(): bigint | number;
  open(file: Uint8Array, config: Uint8Array | undefined): Handle | Failure;
  /** `index` is a model.safetensors.index.json; the files, at most 1024, in any order with their names. */
  openSharded(
    index: Uint8Array,
    names: readonly string[],
    files: readonly Uint8Array[],
    config: Uint8Array | undefined,
  ): Handle | Failure;
  /**
   * Gives a model a number by which other threads of the process can `adopt` it while any of them has it
   * open; a model that is closed and only has sessions left is not.
   */
  share?(model: Handle): bigint | number;
  adopt?(ticket: bigint): Handle;
  /** Sessions of the model go on. */
  close(model: Handle): number;
  configJson(model: Handle): string | number;
  /** '' if the model has none. */
  tokenizerJson(model: Handle): string | number;
  parameters(model: Handle): number;
  fingerprint(model: Handle): bigint | number;
  /** The compact `.bitt` file, or a negative status. */
  pack(model: Handle, tokenizer: Uint8Array | undefined): Bytes | number;
  /**
   * A file of a model's tensors as f32, by bitllama_rewrite: a `.safetensors` or the original's `.bitt`.
   * Without an `index` there is one file, whose name does not count. In `metadata`, keys and values
   * alternate; they have no NUL characters.
   */
  rewrite(
    index: Uint8Array | undefined,
    names: readonly string[],
    files: readonly Uint8Array[],
    config: Uint8Array | undefined,
    tokenizer: Uint8Array | undefined,
    metadata: readonly string[],
    safetensors: boolean,
  ): Bytes | Failure;
}

/** Sessions of models of the same engine. */
export interface SessionEngine {
  /** `options` is a bitllama_session_options. */
  create(model: Handle, options: StructBytes): Handle;
  fork(session: Handle): Handle;
  destroy(session: Handle): number;
  reset(session: Handle): number;
  freeze(session: Handle, frozen: boolean): number;
  /** Reads tokens, all below the vocabulary's size; the arrays have as many elements. */
  read(
    session: Handle,
    tokens: Uint32Array,
    logProbabilities: Float32Array | undefined,
    surprise: Float32Array | undefined,
  ): number;
  /**
   * The same beside the JavaScript thread: the session is busy until `done`, which comes once and never
   * before this function has returned, with a status and what was wanted. Missing: the engine has no other
   * thread.
   */
  readAsync?(
    session: Handle,
    tokens: Uint32Array,
    wantLogProbabilities: boolean,
    wantSurprise: boolean,
    done: (
      status: number,
      logProbabilities: Float32Array | undefined,
      surprise: Float32Array | undefined,
    ) => void,
  ): number;
  /** Reads tokens that the session has drawn. */
  write(session: Handle, tokens: Uint32Array): number;
  /** The same beside the JavaScript thread, as `readAsync`, with which it is there or missing. */
  writeAsync?(session: Handle, tokens: Uint32Array, done: (status: number) => void): number;
  logits(session: Handle, out: Float32Array): number;
  /** `sampling` is a bitllama_sampling. A token, or a negative status. */
  draw(session: Handle, sampling: StructBytes): number;
  /**
   * Suggests words after the tokens `before`, and after the letters `typed` in UTF-8; `suggesting` is a
   * bitllama_suggesting. Writes bitllama_suggestions to `out`, which has room for as many as are asked for, and
   * returns their number or a negative status.
   */
  suggest(
    session: Handle,
    before: Uint32Array,
    typed: Uint8Array,
    suggesting: StructBytes,
    out: Uint8Array,
  ): number;
  /**
   * The same beside the JavaScript thread, as `readAsync`, with which it is there or missing. `done` gets the
   * bitllama_suggestions that were found.
   */
  suggestAsync?(
    session: Handle,
    before: Uint32Array,
    typed: Uint8Array,
    suggesting: StructBytes,
    done: (status: number, list: Uint8Array | undefined) => void,
  ): number;
  /** In bytes; it grows with what is read. */
  stateSize(session: Handle): number;
  tokens(session: Handle): number;
  save(session: Handle, bytes: Uint8Array): number;
  load(session: Handle, bytes: Uint8Array): number;
}

/** Trainers; their models belong to the ModelEngine of the same engine. */
export interface TrainerEngine {
  /** A bitllama_config and a bitllama_training. */
  create(config: StructBytes, training: StructBytes, tokens: Uint32Array): Handle | Failure;
  destroy(trainer: Handle): number;
  /** Writes a bitllama_step to `out`. */
  step(trainer: Handle, out: StructBytes): number;
  /** One step aside; `done` comes once, never before this function has returned, with a bitllama_step. */
  stepAsync(trainer: Handle, done: (status: number, step: StructBytes | undefined) => void): number;
  model(trainer: Handle, tokenizer: Uint8Array | undefined): Handle;
  weights(trainer: Handle, tokenizer: Uint8Array | undefined): Bytes | number;
  /** Done so far. */
  steps(trainer: Handle): number;
  stateSize(trainer: Handle): number;
  save(trainer: Handle, bytes: Uint8Array): number;
  load(trainer: Handle, bytes: Uint8Array): 0 | Failure;
  /** The weights of a model of this engine, before the first step. */
  startFrom(trainer: Handle, model: Handle): 0 | Failure;
}

/** Recalls by themselves (include/bit_ttt/recall.h). Symbols are below 2^32. */
export interface RecallEngine {
  /** The hash of the header, for these and for those of sessions; or a negative status. */
  conformanceHash(): bigint | number;
  /** `options` is a ttt_recall_options. */
  create(options: StructBytes): Handle;
  clone(recall: Handle): Handle;
  destroy(recall: Handle): number;
  reset(recall: Handle): number;
  /** The probability, or a negative status. This and `learn` are called for every symbol, and allocate nothing. */
  probability(recall: Handle, symbol: number, base: number): number;
  learn(recall: Handle, symbol: number, base: number): number;
  pass(recall: Handle, symbol: number): number;
  /** Learned so far. */
  symbols(recall: Handle): number;
  /** In bytes; it grows with what is learned. */
  stateSize(recall: Handle): number;
  save(recall: Handle, bytes: Uint8Array): number;
  load(recall: Handle, bytes: Uint8Array): number;
}

/** An engine. It may lack a part: one on a GPU may have trainers and nothing else. */
export interface Engine {
  readonly kind: BackendKind;
  /** True once nothing can be expected of it any more; another one must be loaded. */
  readonly poisoned: boolean;
  info(): Omit<BackendInfo, 'fallback'>;
  setKernel(name: string): number;
  readonly layers?: LayerEngine;
  readonly models?: ModelEngine;
  readonly sessions?: SessionEngine;
  readonly trainers?: TrainerEngine;
  readonly recalls?: RecallEngine;
}

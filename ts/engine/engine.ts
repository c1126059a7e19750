/**
 * engine.ts - what a backend must do; native-backend.ts and wasm-backend.ts do it.
 *
 * A backend holds layers by number. Arguments are checked before (args.ts), so a backend only has
 * to be memory-safe and to return the engine's status; it throws TTTError only where it cannot
 * even make the call (no memory for the arguments, a poisoned instance).
 * SPDX-License-Identifier: MIT
 */
import type { LlamaEngine } from './llama-engine.js';
import type { BackendInfo, BackendKind, Objective } from '../common/types.js';

/** A layer of a backend. */
export type Handle = number;

/** A checked configuration. */
export interface LayerConfig {
  hiddenDim: number;
  objective: Objective;
  seed: bigint;
  innerLr: number;
  threads: number;
}

/** An asynchronous call under way. */
export interface BackendJob {
  /** Asks it to stop; `done` still comes, soon, with ABORTED or, if too late, another status. */
  cancel(): void;
  /**
   * After `done`: with `output` (and status 0) copies the results out and lets the layer have the
   * new memory; without, drops both. Returns a status.
   */
  finish(output?: Float32Array, surprise?: Float32Array): number;
}

/** One engine. All numbers returned are statuses, 0 for success, unless said otherwise. */
export interface Backend {
  readonly kind: BackendKind;
  /** True once nothing can be expected of it any more; another one must be loaded. */
  readonly poisoned: boolean;
  /** Language models. */
  readonly llama: LlamaEngine;
  info(): Omit<BackendInfo, 'fallback'>;
  setKernel(name: string): number;
  /** 64 bits; throws on failure. */
  conformanceHash(): bigint;

  /** Throws on failure. */
  create(config: LayerConfig): Handle;
  /** Never fails. */
  destroy(handle: Handle): void;
  /** Throws on failure. */
  clone(handle: Handle): Handle;

  /** Reads input.length / hiddenDim tokens. Arrays have the right lengths and do not overlap. */
  forward(
    handle: Handle,
    input: Float32Array,
    output: Float32Array,
    surprise: Float32Array | undefined,
  ): number;
  /**
   * The same aside; `done` gets the status, once and never before this function has returned.
   * The input is copied. Until `finish` the layer is not touched. Throws on failure.
   */
  startJob(
    handle: Handle,
    input: Float32Array,
    wantSurprise: boolean,
    done: (status: number) => void,
  ): BackendJob;

  reset(handle: Handle): number;
  saveState(handle: Handle, bytes: Uint8Array): number;
  loadState(handle: Handle, bytes: Uint8Array): number;
  setWeights(handle: Handle, down: Int8Array, up: Int8Array): number;
  getWeights(handle: Handle, down: Int8Array, up: Int8Array): number;
  getMemory(handle: Handle, w: Float32Array): number;

  stateSize(handle: Handle): number;
  threads(handle: Handle): number;
  tokensSeen(handle: Handle): number;
  fingerprint(handle: Handle): bigint;
}

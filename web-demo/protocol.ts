/**
 * protocol.ts - what a page may ask a worker, and what it hears back; types only.
 * SPDX-License-Identifier: MIT
 */
import type { Measurement } from '../ts/cli/measure.js';
import type { Unit } from '../ts/cli/reader.js';

/** A token that was read or written. */
export interface Token {
  text: string;
  probability: number;
  /** How badly the memories foresaw it. */
  surprise: number;
  /** The likeliest tokens at this place, best first; null is the end of the text. */
  alternatives: { text: string | null; probability: number }[];
}

/** One head of a layer's memory: size x size numbers, row by row. */
export interface HeadMap {
  layer: number;
  head: number;
  size: number;
  values: Float32Array;
}

export interface ModelInfo {
  parameters: number;
  fingerprint: string;
  layers: number;
  stateSize: number;
}

export interface WriteParams {
  /** The session that writes: a fresh one, or the one that was taught. */
  with: 'fresh' | 'taught';
  prompt: string;
  temperature: number;
  maxTokens: number;
  seed: number;
}

export interface TrainParams {
  text: string;
  hiddenDim: number;
  numLayers: number;
  steps: number;
  seed: number;
}

export interface TrainEvent {
  phase: 'words' | 'steps';
  step: number;
  steps: number;
  loss?: number;
  heldOut?: number;
  tokensPerSecond?: number;
  secondsLeft?: number;
}

/** Every call: what it is given, what it tells on its way, and what it gives. */
export interface Calls {
  about: {
    params: Record<string, never>;
    event: never;
    result: { version: string; kernel: string; layerHash: string; modelHash: string };
  };
  open: { params: { url: string }; event: never; result: ModelInfo };
  write: {
    params: WriteParams;
    event: { tokens: Token[]; tokensPerSecond: number };
    result: { reason: 'stop' | 'length'; tokens: number; tokensPerSecond: number };
  };
  read: {
    params: { text: string; frozen: boolean };
    event: { tokens: number; of: number; nats: number; heads: HeadMap[] };
    result: { tokens: number; nats: number; seconds: number };
  };
  heads: { params: Record<string, never>; event: never; result: HeadMap[] };
  forget: { params: Record<string, never>; event: never; result: HeadMap[] };
  save: { params: Record<string, never>; event: never; result: Uint8Array<ArrayBuffer> };
  restore: { params: { bytes: Uint8Array }; event: never; result: HeadMap[] };
  watch: {
    params: { text: string; by: Unit };
    event: { lines: number; of: number };
    result: WatchResult;
  };
  train: {
    params: TrainParams;
    event: TrainEvent;
    /** The model as far as it came. */
    result: { file: Uint8Array<ArrayBuffer>; step: number; parameters: number };
  };
  sample: { params: { maxTokens: number; seed: number }; event: string; result: null };
  bench: {
    params: { dims: number[]; seconds: number };
    event: string;
    result: Measurement[];
  };
  spin: {
    params: { dim: number; seconds: number; gate: Int32Array; workers: number };
    event: never;
    result: number;
  };
}

export interface WatchResult {
  /** Numbers of the lines that were read, counted from 1, and the surprise of each. */
  numbers: Uint32Array;
  surprise: Float32Array;
  /** Range of the word that surprised most, when reading by word; otherwise empty. */
  words: Uint32Array;
}

export type CallName = keyof Calls;

/** To the worker. */
export type Request =
  { id: number; name: CallName; params: unknown } | { id: number; abort: true };

/** An error, said in a sentence. */
export interface Problem {
  code: string;
  message: string;
}

/** From the worker. */
export type Reply =
  { id: number; event: unknown } | { id: number; result: unknown } | { id: number; problem: Problem };

/**
 * protocol.ts - what a page may ask a worker, and what comes back; types only.
 * SPDX-License-Identifier: MIT
 */
import type { Measurement } from '../ts/bench/measure.js';
import type { Unit } from '../ts/detect/detector.js';
import type { Source } from './decode.js';

/** A token that was written. */
export interface Token {
  text: string;
  probability: number;
  /** The likeliest tokens at this place, best first; null is the end of the text. */
  alternatives: { text: string | null; probability: number }[];
}

/** A token of an answer, and how likely it would have been in the other session, after the same tokens. */
export interface AnswerToken {
  text: string;
  probability: number;
  elsewhere: number;
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
}

export interface WriteParams {
  /** The session that writes: a fresh one, or the one that was told something. */
  with: 'fresh' | 'told';
  prompt: string;
  temperature: number;
  maxTokens: number;
  seed: number;
}

export interface TrainParams {
  text: Source;
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

/** Every call: its parameters, the events by which it reports progress, and its result. */
export interface Calls {
  about: {
    params: Record<string, never>;
    event: never;
    result: {
      version: string;
      backend: string;
      kernel: string;
      /** Why the addon is not in use, where there could be one. */
      fallback: string | null;
      layerHash: string;
      modelHash: string;
    };
  };
  open: { params: { url: string }; event: never; result: ModelInfo };
  write: {
    params: WriteParams;
    event: { tokens: Token[]; tokensPerSecond: number };
    result: { reason: 'stop' | 'length'; tokens: number; tokensPerSecond: number };
  };
  tell: {
    params: { text: Source; frozen: boolean };
    event: { tokens: number; of: number; nats: number; heads: HeadMap[] };
    /** `size`: bytes of the saved memory; `end`: the text, of a long one its end. */
    result: { tokens: number; nats: number; seconds: number; size: number; end: string };
  };
  ask: {
    params: { question: string };
    event: never;
    /** What a session answers that was told nothing, and the one that was told. */
    result: { before: AnswerToken[]; after: AnswerToken[] };
  };
  suggest: {
    params: { before: string; typed: string };
    event: never;
    /** Whole words, the likeliest first. */
    result: string[];
  };
  heads: { params: Record<string, never>; event: never; result: HeadMap[] };
  forget: { params: Record<string, never>; event: never; result: HeadMap[] };
  save: { params: Record<string, never>; event: never; result: Uint8Array<ArrayBuffer> };
  restore: { params: { bytes: Uint8Array }; event: never; result: HeadMap[] };
  watch: {
    params: { text: Source; by: Unit };
    event: { lines: number; of: number };
    result: WatchResult;
  };
  around: { params: { index: number }; event: never; result: Around };
  train: {
    params: TrainParams;
    event: TrainEvent;
    /** The model; after an abort, as far as it was trained. */
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

/** A line in parts: before, within and after the word that surprised most, if words were read. */
export type Parts = [before: string, word: string, after: string];

export interface WatchResult {
  /** Lines that were read, and lines in all. */
  count: number;
  of: number;
  /** The most surprising lines, most first; `index` counts lines that were read. */
  top: { index: number; number: number; surprise: number; parts: Parts }[];
  /** Numbers of lines, counted from 1, their surprises and indices: all, or of each group the highest. */
  numbers: Uint32Array;
  surprise: Float32Array;
  indices: Uint32Array;
}

/** A line that was read, `parts` of it, and the lines around it, which begin with number `first`. */
export interface Around {
  number: number;
  first: number;
  lines: string[];
  parts: Parts;
}

export type CallName = keyof Calls;

/** How to make a call. */
export interface CallOptions<N extends CallName> {
  event?: (event: Calls[N]['event']) => void;
  signal?: AbortSignal;
}

/** What the handler of a call gets besides the parameters. */
export interface Context<Event> {
  signal: AbortSignal;
  report(event: Event): void;
}

/** Who answers calls: a worker, or another process. */
export interface Caller {
  call<N extends CallName>(
    name: N,
    params: Calls[N]['params'],
    options?: CallOptions<N>,
  ): Promise<Calls[N]['result']>;
}

/** To the worker. */
export type Request = { id: number; name: CallName; params: unknown } | { id: number; abort: true };

/** An error, said in a sentence. */
export interface Problem {
  code: string;
  message: string;
}

/** From the worker. */
export type Reply =
  | { id: number; event: unknown }
  | { id: number; result: unknown }
  | { id: number; problem: Problem };

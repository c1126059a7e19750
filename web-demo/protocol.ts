/**
 * protocol.ts - what a page may ask a worker, and what comes back; types only.
 * SPDX-License-Identifier: MIT
 */
import type { Measurement } from '../ts/bench/measure.js';
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

/** The models that ship with the page. */
export type ModelName = 'english' | 'stories';

export interface WriteParams {
  /** The session that writes: a fresh one of this model, or the one that was told something. */
  with: ModelName | 'told';
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
    };
  };
  /** Conformance hashes: of all that layers compute, and models. */
  hashes: {
    params: Record<string, never>;
    event: never;
    result: { layerHash: string; modelHash: string };
  };
  open: {
    params: { name: ModelName; url: string };
    /** How far its file is downloaded; `total` is undefined where the server does not say. */
    event: { bytes: number; total: number | undefined };
    result: ModelInfo;
  };
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
  /**
   * The small memory of the drawing reads words; `fresh` empties it before. Of each word how new it was, from 0 to 1;
   * then the memory and a part of the weights of the same size, `size` x `size` numbers, row by row.
   */
  learn: {
    params: { words: readonly string[]; fresh: boolean };
    event: never;
    result: { news: number[]; memory: Float32Array; weights: Int8Array; size: number };
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
    params: WatchParams;
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

export interface WatchParams {
  text: Source;
  /** What it is read as: by its looks, lines of a log, or a table with values of a signal. */
  as: 'looks' | 'log' | 'signal';
  /** The share of lines or values that are to be alarms. */
  rate: number;
  /** The name of the column of values, if there are several; else the first. */
  column: string;
}

/** A part of a line, and its share in what made the line odd. */
export interface Piece {
  text: string;
  share: number;
}

/** Something that stands out. */
export interface Entry {
  /** Which event or value it is, counted from 0, and the number of its line. */
  index: number;
  number: number;
  /** Its text, and why it is odd; a change in how often lines come has no text. */
  pieces: Piece[];
  why: string;
  /** How many lines like it came soon after. */
  more: number;
}

export interface WatchResult {
  kind: 'log' | 'signal';
  /** Lines or values that were read; of a log several lines may be one event. */
  read: number;
  count: number;
  /** What stands out, in its order, and a sentence about what is not there. */
  entries: Entry[];
  note: string;
  /** Columns of values, and which one was read; of a log none. */
  columns: string[];
  column: number;
  /**
   * Points of the curve, all or of each group of neighbours the ones to see: their indices, numbers of lines,
   * scores or values, and whether they are alarms.
   */
  indices: Uint32Array;
  numbers: Uint32Array;
  values: Float32Array;
  alarms: Uint8Array;
  /** Of values the lowest and the highest that were expected. */
  low: Float32Array;
  high: Float32Array;
}

/** A line that was read in pieces, and the lines around it, which begin with number `first`. */
export interface Around {
  number: number;
  first: number;
  lines: string[];
  pieces: Piece[];
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

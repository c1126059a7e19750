/**
 * generation.ts - options of a generation, the watch for stop strings, and the loop that writes.
 * SPDX-License-Identifier: MIT
 */

import { describe } from '../common/brands.js';
import { TTTError } from '../common/errors.js';
import { MAX_UINT32 } from '../common/limits.js';
import { takeOptions } from '../common/named-options.js';
import {
  optionalNumber,
  readFlag,
  readFunction,
  readList,
  readSeed,
  readTokens,
} from '../common/options.js';
import { takeSignal } from '../common/signal.js';
import type { Turns } from '../common/turns.js';
import type { AbortSignalLike } from '../common/types.js';
import type { StructBytes } from '../engine/engine.js';
import { BITLLAMA_SAMPLING, encode } from '../engine/structs.js';
import type { Tokenizer } from '../tokenizer/index.js';
import { GENERATE, SAMPLING } from './option-names.js';
import type { GenerateResult, SamplingOptions } from './types.js';

const DEFAULT_TOKENS = 256;
/** Above 0, also as a 32-bit float. */
const LEAST_TOP_P = 1e-30;
/** Stands for the usual penalty, which depends on the temperature. */
const USUAL_PENALTY = 0;

/** Checked options of `generate`. */
export interface Generation {
  sampling: StructBytes;
  maxTokens: number;
  stop: readonly string[];
  stopTokens: ReadonlySet<number>;
  signal: AbortSignalLike | undefined;
  raw: boolean;
  onToken: ((token: number) => void) | undefined;
}

type Sampling = { readonly [name in keyof SamplingOptions]: unknown };

/** Options of `draw`. */
export function readSampling(options: unknown): StructBytes {
  return samplingStruct(takeOptions(options, SAMPLING, '', GENERATE));
}

/** Sampling options as the engine takes them. */
function samplingStruct(options: Sampling): StructBytes {
  const { temperature, topK, topP, minP, repetitionPenalty, seed } = options;
  return encode(BITLLAMA_SAMPLING, {
    temperature: optionalNumber(temperature, 'temperature', { min: 0, max: 100 }, 0.7),
    topK: optionalNumber(topK, 'topK', { min: 0, max: MAX_UINT32, integer: true }, 0),
    topP: optionalNumber(topP, 'topP', { min: LEAST_TOP_P, max: 1 }, 1),
    minP: optionalNumber(minP, 'minP', { min: 0, max: 1 }, 0.1),
    repetitionPenalty: optionalNumber(
      repetitionPenalty,
      'repetitionPenalty',
      { min: 1, max: 10 },
      USUAL_PENALTY,
    ),
    seed: readSeed(seed),
  });
}

function readStop(value: unknown): string[] {
  if (value === undefined) return [];
  const wanted = 'an array of strings that are not empty';
  return readList(value, 'stop', wanted, (text, name) => {
    if (typeof text === 'string' && text !== '') return text;
    const got = text === '' ? 'an empty one' : describe(text);
    throw new TTTError('INVALID_ARGUMENT', `stop must be ${wanted}, but ${name} is ${got}`);
  });
}

/** Everything that `generate` was given, each option read once. */
export function readGeneration(
  options: unknown,
  vocab: number,
  endOfText: number | undefined,
): Generation {
  const { maxTokens, stop, stopTokens, signal, raw, onToken, ...sampling } = takeOptions(
    options,
    GENERATE,
  );
  const ends = stopTokens ?? (endOfText === undefined ? [] : [endOfText]);
  return {
    sampling: samplingStruct(sampling),
    maxTokens: optionalNumber(
      maxTokens,
      'maxTokens',
      { min: 0, max: MAX_UINT32, integer: true },
      DEFAULT_TOKENS,
    ),
    stop: readStop(stop),
    stopTokens: new Set(readTokens(ends, vocab, 'stopTokens')),
    signal: takeSignal(signal),
    raw: readFlag(raw, 'raw'),
    onToken: readFunction(onToken, 'onToken'),
  };
}

/** The largest measure(text), or 0. Math.max cannot take as many arguments as there may be texts. */
function largestOf(texts: readonly string[], measure: (text: string) => number): number {
  return texts.reduce((largest, text) => Math.max(largest, measure(text)), 0);
}

/**
 * Passes text on until a stop string is complete, and keeps back what may be the beginning of one.
 * Which stop string counts depends on the text alone, not on its pieces: the one that ends first,
 * and of several that end there the longest.
 */
export class StopWatch {
  readonly #stops: readonly string[];
  #held = '';
  /** True once a stop string was met. */
  stopped = false;

  constructor(stops: readonly string[]) {
    this.#stops = stops;
  }

  /** Adds a piece; returns the text that is now certain to be no part of a stop string. */
  push(piece: string): string {
    const text = this.#held + piece;
    for (let end = this.#held.length + 1; end <= text.length; end++) {
      const complete = this.#stops.filter((stop) => text.endsWith(stop, end));
      if (complete.length === 0) continue;
      this.stopped = true;
      this.#held = '';
      return text.slice(0, end - largestOf(complete, (stop) => stop.length));
    }
    const kept = largestOf(this.#stops, (stop) => this.#overlap(text, stop));
    this.#held = text.slice(text.length - kept);
    return text.slice(0, text.length - kept);
  }

  /** At the end of the text: what was kept back. */
  flush(): string {
    const rest = this.#held;
    this.#held = '';
    return rest;
  }

  /** Length of the longest end of `text` that a stop string begins with. */
  #overlap(text: string, stop: string): number {
    for (let n = Math.min(text.length, stop.length - 1); n > 0; n--) {
      if (text.endsWith(stop.slice(0, n))) return n;
    }
    return 0;
  }
}

/** What a text is written with: a session that is busy with it, and may be destroyed meanwhile. */
interface Pen {
  draw(): number;
  /** Reads a token that was drawn; a promise if that takes another thread. */
  write(token: number): Promise<unknown> | undefined;
  checkLiving(): void;
}

/** Draws tokens and reads them until the end; gives text in pieces of whole characters. */
export async function* writeText(
  wanted: Generation,
  tokenizer: Tokenizer | undefined,
  turns: Turns,
  pen: Pen,
): AsyncGenerator<string, GenerateResult, undefined> {
  const decoder = tokenizer?.createDecoder();
  const watch = new StopWatch(wanted.stop);
  const result: GenerateResult = { tokens: [], reason: 'length' };
  while (result.tokens.length < wanted.maxTokens) {
    const token = pen.draw();
    if (wanted.stopTokens.has(token)) {
      result.reason = 'stop';
      result.stopToken = token;
      break;
    }
    const writing = pen.write(token);
    if (writing) await writing;
    result.tokens.push(token);
    wanted.onToken?.(token);
    const known = tokenizer !== undefined && token < tokenizer.vocabSize;
    const piece = watch.push(known ? decoder!.push(token) : '');
    if (piece !== '') yield piece;
    if (watch.stopped) {
      result.reason = 'stop';
      return result;
    }
    await turns.rest();
    pen.checkLiving();
  }
  const last = watch.push(decoder?.flush() ?? '') + (watch.stopped ? '' : watch.flush());
  if (watch.stopped) result.reason = 'stop';
  if (last !== '') yield last;
  return result;
}

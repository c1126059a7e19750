/**
 * train-bpe.ts - trains a byte-level BPE tokenizer on a text.
 * SPDX-License-Identifier: MIT
 */

import { checkText, wrongType } from '../common/args.js';
import { describe } from '../common/brands.js';
import { TTTError } from '../common/errors.js';
import type { AnyIterator } from '../common/iterables.js';
import { iteratorOf, stepOf } from '../common/iterables.js';
import { DEFAULT_VOCAB, SPECIAL_TOKENS } from '../common/limits.js';
import type { NamesOf } from '../common/named-options.js';
import { takeOptions } from '../common/named-options.js';
import { readFunction, readList, readNumber } from '../common/options.js';
import { takeSignal } from '../common/signal.js';
import { Turns } from '../common/turns.js';
import type { AbortSignalLike } from '../common/types.js';
import { bytesInSymbolOrder, bytesOfSymbols } from './byte-level.js';
import { makeTokenizerJson, type TokenizerJson } from './json.js';
import { PairMerger } from './pair-merger.js';
import { MAX_ADDED_UNITS, MAX_TOKENS } from './vocabulary.js';
import { WordCounter } from './word-counter.js';

/** One text: whole, or in pieces that follow one another and may be cut anywhere. */
export type TextSource = string | Iterable<string> | AsyncIterable<string>;

/** What a tokenizer is trained with. */
export interface BpeTrainingOptions {
  /** Tokens wanted, special ones and the 256 bytes included; 2048 unless given. */
  vocabSize?: number | undefined;
  /** Pairs that were met less often are not merged; 2 unless given. */
  minFrequency?: number | undefined;
  /**
   * Get the first ids, in this order; `<|endoftext|>` and `<|padding|>` unless given. Where they
   * stand in the text they separate documents and are not learnt from.
   */
  specialTokens?: readonly string[] | undefined;
  /** Ends the training; the promise is then rejected with the code `ABORTED`. */
  signal?: AbortSignalLike | undefined;
}

/** The progress of a training. */
export type BpeProgress =
  | {
      readonly phase: 'count';
      /** UTF-16 code units read. */
      readonly units: number;
      /** Words met. */
      readonly words: number;
    }
  | {
      readonly phase: 'merge';
      /** Tokens found. */
      readonly tokens: number;
      /** Tokens wanted. */
      readonly target: number;
    };

/** A trained tokenizer. */
export interface TrainedBpe {
  /** What to write to tokenizer.json (with JSON.stringify), or to give to `Tokenizer.from`. */
  readonly json: TokenizerJson;
  /** Tokens found: fewer than wanted if the text has no more pairs that are frequent enough. */
  readonly vocabSize: number;
  /** Tokens wanted. */
  readonly wantedVocabSize: number;
  /** Words met, and how many of them are different. */
  readonly words: number;
  readonly differentWords: number;
  /** UTF-8 length of the text without special tokens. */
  readonly bytes: number;
}

function readInteger(value: unknown, name: string, min: number, max: number): number {
  return readNumber(value, name, { min, max, integer: true }, 'INVALID_CONFIG');
}

function checkSpecials(value: unknown): readonly string[] {
  const seen = new Set<string>();
  return readList(value, 'specialTokens', 'an array of strings', (text, name) => {
    if (typeof text !== 'string' || text === '') {
      throw wrongType(name, 'a string that is not empty', text);
    }
    if (text.length > MAX_ADDED_UNITS) {
      const wanted = `at most ${MAX_ADDED_UNITS} characters`;
      throw new TTTError('INVALID_CONFIG', `${name} must have ${wanted}, not ${text.length}`);
    }
    if (text.length === 1 && bytesOfSymbols(text)) {
      const got = describe(text);
      throw new TTTError('INVALID_CONFIG', `${name} is ${got}, which also stands for a byte`);
    }
    if (seen.has(text)) throw new TTTError('INVALID_CONFIG', `${name} repeats ${describe(text)}`);
    seen.add(text);
    return text;
  });
}

interface CheckedTraining {
  vocabSize: number;
  minFrequency: number;
  specials: readonly string[];
  signal: AbortSignalLike | undefined;
}

function checkOptions(options: unknown): CheckedTraining {
  const { vocabSize, minFrequency, specialTokens, signal } = takeOptions(options, TRAIN);
  const specials = checkSpecials(specialTokens ?? SPECIAL_TOKENS);
  const fewest = specials.length + bytesInSymbolOrder.length;
  return {
    vocabSize: readInteger(vocabSize ?? DEFAULT_VOCAB, 'vocabSize', fewest, MAX_TOKENS),
    minFrequency: readInteger(minFrequency ?? 2, 'minFrequency', 1, Number.MAX_SAFE_INTEGER),
    specials,
    signal: takeSignal(signal),
  };
}

function iterate(source: TextSource): AnyIterator {
  if (typeof source === 'string') return [source][Symbol.iterator]();
  const found =
    iteratorOf(source, Symbol.asyncIterator, 'text') ?? iteratorOf(source, Symbol.iterator, 'text');
  if (found) return found;
  throw wrongType('text', 'a string or an iterable of strings', source);
}

/** Closes a source. Not awaited, as one that does not answer must not hold up an error. */
function close(iterator: AnyIterator): void {
  try {
    Promise.resolve(iterator.return?.()).catch(() => undefined);
  } catch {
    // The error that ended the training is more important.
  }
}

/** The pieces of a text, each checked to be a string; an abort does not wait for a slow source. */
async function* piecesOf(
  source: TextSource,
  turns: Turns,
): AsyncGenerator<string, void, undefined> {
  const iterator = iterate(source);
  let ended = false;
  try {
    for (let count = 0; ; count++) {
      const next = iterator.next();
      const step = next instanceof Promise ? await turns.wait(next) : await next;
      const { done, value } = stepOf(step, 'text');
      if (done) {
        ended = true;
        return;
      }
      checkText(value, `piece ${count} of the text`);
      yield value;
    }
  } finally {
    if (!ended) close(iterator);
  }
}

/**
 * Trains a byte-level BPE tokenizer, step by step: yields its progress every few milliseconds,
 * between turns of the event loop, and returns the tokenizer. Leaving the loop ends the training.
 *
 * The text is cut into words as `ByteLevel` of `@huggingface/tokenizers` cuts it; the most frequent
 * pair of neighbouring tokens inside words becomes a token, again and again. Of pairs that are
 * equally frequent the one with the smaller left id comes first, then the one with the smaller
 * right id. The result depends on the text and the options alone, not on how the text was cut into
 * pieces. Words of more than 10,000 UTF-16 code units count as several; lone surrogates count as
 * U+FFFD.
 *
 * Throws TTTError: `INVALID_ARGUMENT` for a wrong type and for a text without words,
 * `INVALID_CONFIG` for a value out of range, `ABORTED`.
 *
 * @example
 * ```js
 * import { trainBpeSteps } from 'bit-ttt';
 *
 * const steps = trainBpeSteps('the cat sat on the mat '.repeat(50), { vocabSize: 260 });
 * let step = await steps.next();
 * for (; !step.done; step = await steps.next()) console.log(step.value.phase); // how far it is
 * console.log(step.value.vocabSize);
 * ```
 *
 * ```text
 * count
 * ...
 * 260
 * ```
 */
export async function* trainBpeSteps(
  text: TextSource,
  options: BpeTrainingOptions = {},
): AsyncGenerator<BpeProgress, TrainedBpe, undefined> {
  const { vocabSize, minFrequency, specials, signal } = checkOptions(options);
  const turns = new Turns(signal, { message: 'training the tokenizer was aborted' });
  turns.check();
  const counter = new WordCounter(specials);
  const counted = (): BpeProgress => ({
    phase: 'count',
    units: counter.units,
    words: counter.words,
  });
  for await (const piece of piecesOf(text, turns)) yield* turns.run(counter.add(piece), counted);
  yield* turns.run(counter.finish(), counted);
  if (counter.words === 0) {
    const what = counter.units === 0 ? 'is empty' : 'holds nothing but special tokens';
    throw new TTTError('INVALID_ARGUMENT', `the text to train on ${what}`);
  }
  yield counted();

  const merger = new PairMerger(specials);
  const merged = (): BpeProgress => ({
    phase: 'merge',
    tokens: merger.tokens.length,
    target: vocabSize,
  });
  yield* turns.run(merger.load(counter.counts), merged);
  yield* turns.run(merger.run(vocabSize, minFrequency), merged);
  yield merged();
  return {
    json: makeTokenizerJson(merger.tokens, specials.length, merger.merges),
    vocabSize: merger.tokens.length,
    wantedVocabSize: vocabSize,
    words: counter.words,
    differentWords: counter.counts.size,
    bytes: merger.bytes,
  };
}

/** Options of `trainBpe`. */
export interface TrainBpeOptions extends BpeTrainingOptions {
  /** Called every few milliseconds; what it throws ends the training. */
  onProgress?: ((progress: BpeProgress) => void) | undefined;
}

/** Of `trainBpeSteps` as well, which makes no use of `onProgress`. */
const TRAIN = {
  vocabSize: true,
  minFrequency: true,
  specialTokens: true,
  signal: true,
  onProgress: true,
} satisfies NamesOf<TrainBpeOptions>;

/**
 * Trains a byte-level BPE tokenizer; `trainBpeSteps` says how, and what it throws.
 *
 * @example
 * ```js
 * import { trainBpe } from 'bit-ttt';
 *
 * const { json, vocabSize } = await trainBpe('the cat sat on the mat '.repeat(50));
 * console.log(vocabSize, json.model.merges[0]); // JSON.stringify(json) is a tokenizer.json
 * ```
 *
 * ```text
 * 270 [ 'a', 't' ]
 * ```
 */
export async function trainBpe(
  text: TextSource,
  options: TrainBpeOptions = {},
): Promise<TrainedBpe> {
  const given = takeOptions(options, TRAIN);
  const onProgress = readFunction<[BpeProgress]>(given.onProgress, 'onProgress');
  const steps = trainBpeSteps(text, given as BpeTrainingOptions);
  try {
    for (;;) {
      const step = await steps.next();
      if (step.done) return step.value;
      onProgress?.(step.value);
    }
  } finally {
    await steps.return(undefined as never); // nothing, unless onProgress threw
  }
}

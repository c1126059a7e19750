/**
 * trainer.ts - the class Trainer: makes a language model from a text, step by step.
 * SPDX-License-Identifier: MIT
 */
import { allocate, checkBytes } from '../common/args.js';
import { describe } from '../common/brands.js';
import { now } from '../common/clock.js';
import { errorOf, statusOf, TTTError } from '../common/errors.js';
import { DISPOSE, Lifecycle, letFinalizersRun } from '../common/lifecycle.js';
import { takeOptions } from '../common/named-options.js';
import { borrowTokens, optionalNumber } from '../common/options.js';
import { guardReceivers } from '../common/receiver.js';
import { abortError, takeSignal } from '../common/signal.js';
import type { BackendKind, Bytes } from '../common/types.js';
import { resolveEngine } from '../engine/choose.js';
import type { Engine, Handle, StructBytes, TrainerEngine } from '../engine/engine.js';
import { check, made, part } from '../engine/made.js';
import { BITLLAMA_STEP, decode } from '../engine/structs.js';
import type { TokenizerSource } from '../tokenizer/index.js';
import { isTokenizer, Tokenizer } from '../tokenizer/index.js';
import { configStruct, readConfig } from './config.js';
import { encodeDocuments, splitDocuments } from './documents.js';
import { evaluateText } from './evaluation.js';
import { BitLlama } from './model.js';
import { RUN, SIGNAL, TRAINER } from './option-names.js';
import { LLAMA_KEY, needTokenizer, tokenizerBytes } from './shared.js';
import { completeBy, startFrom } from './start.js';
import { readTraining } from './training.js';
import type {
  Evaluation,
  LlamaConfig,
  RunOptions,
  SignalOptions,
  StartModel,
  TrainerOptions,
  TrainingStep,
} from './types.js';

/** What a trainer is made of, checked. */
interface Parts {
  engine: Engine;
  handle: Handle;
  config: LlamaConfig;
  steps: number;
  tokenizer: Tokenizer | undefined;
}

function readTokenizer(given: unknown): Tokenizer | undefined {
  if (given === undefined || isTokenizer(given)) return given;
  return Tokenizer.from(given as TokenizerSource);
}

/**
 * Trains a model. The same options give the same weights on one kernel, for any number of threads
 * and however often the training is interrupted and resumed.
 *
 * @example
 * ```js
 * import { Tokenizer, Trainer, trainBpe } from 'bit-ttt';
 *
 * const text = 'The cat sat on the mat. The dog ran to the cat. '.repeat(80);
 * const tokenizer = Tokenizer.from((await trainBpe(text, { vocabSize: 280 })).json);
 * const config = { hiddenDim: 32, numLayers: 1 };
 * const training = { steps: 30, batch: 4, context: 32 };
 * const trainer = await Trainer.create({ text, tokenizer, config, training });
 * for await (const { step, loss } of trainer.run()) if (step % 15 === 0) console.log(step, loss);
 * console.log(trainer.model().parameters);
 * ```
 *
 * ```text
 * 15 ...
 * 30 ...
 * 34416
 * ```
 */
export class Trainer {
  readonly config: LlamaConfig;
  readonly tokenizer: Tokenizer | undefined;
  /** Steps of the schedule. */
  readonly steps: number;
  readonly backend: BackendKind;

  static {
    guardReceivers(this, 'Trainer', (value) => #life in value);
  }

  readonly #engine: Engine;
  readonly #trainers: TrainerEngine;
  readonly #handle: Handle;
  readonly #life: Lifecycle;
  readonly #out = new Uint8Array(BITLLAMA_STEP.size);
  #stepsDone = 0;
  /** Seconds of the steps since this trainer was made, and tokens before them, for the speed. */
  #seconds = 0;
  #tokensBefore = 0;

  private constructor(key: symbol, parts: Parts) {
    if (key !== LLAMA_KEY) {
      throw new TTTError(
        'INVALID_ARGUMENT',
        'trainers are made by `await Trainer.create(options)`',
      );
    }
    const { engine, handle } = parts;
    const trainers = part(engine, 'trainers');
    this.config = parts.config;
    this.tokenizer = parts.tokenizer;
    this.steps = parts.steps;
    this.backend = engine.kind;
    this.#engine = engine;
    this.#trainers = trainers;
    this.#handle = handle;
    this.#life = new Lifecycle(this, 'the trainer', () => trainers.destroy(handle));
  }

  /**
   * Makes a trainer from a text (with a tokenizer) or from tokens; its weights are random, or those
   * of the model `from`. Codes: `INVALID_ARGUMENT`, `INVALID_OPTION`, `MODEL_CONFIG` (also where
   * `from` has another shape or tokenizer, or the original's convention), `INVALID_TOKEN`,
   * `INVALID_DATA` (too short), `INVALID_TOKENIZER`, `CHECKPOINT`, `DESTROYED` (`from` is),
   * `OUT_OF_MEMORY`, `ABORTED` (while tokens are made).
   */
  static async create(options: TrainerOptions): Promise<Trainer> {
    const given = takeOptions(options, TRAINER);
    const { text, tokens, training, checkpoint, ...others } = given;
    const from = given.from as StartModel | undefined;
    const signal = takeSignal(others.signal);
    if (signal?.aborted) throw abortError(signal);
    const own = { config: given.config, tokenizer: readTokenizer(others.tokenizer) };
    const { config, tokenizer } = from === undefined ? own : completeBy(from, own);
    const { engine } = await resolveEngine(others);
    await letFinalizersRun();
    if ((text === undefined) === (tokens === undefined)) {
      throw new TTTError('INVALID_ARGUMENT', 'give either text or tokens');
    }
    if (text !== undefined && typeof text !== 'string') {
      throw new TTTError('INVALID_ARGUMENT', `text must be a string, not ${describe(text)}`);
    }
    const shape = readConfig(config, tokenizer?.vocabSize);
    const checked = readTraining(training, shape.vocabSize, tokenizer?.endOfText);
    if (tokenizer && tokenizer.vocabSize > shape.vocabSize) {
      const sizes = `${tokenizer.vocabSize} tokens, the model ${shape.vocabSize}`;
      throw new TTTError('MODEL_CONFIG', `the tokenizer has ${sizes}`);
    }
    const ids =
      tokens !== undefined
        ? borrowTokens(tokens, shape.vocabSize, 'tokens')
        : await encodeDocuments(splitDocuments(text!), needTokenizer(tokenizer), { signal });
    const handle = made(part(engine, 'trainers').create(configStruct(shape), checked.struct, ids));
    const parts = { engine, handle, config: shape, steps: checked.steps, tokenizer };
    const trainer = new Trainer(LLAMA_KEY, parts);
    try {
      if (from !== undefined) startFrom(engine, handle, from);
      if (checkpoint !== undefined) trainer.#resume(checkpoint);
    } catch (error) {
      trainer.destroy();
      throw error;
    }
    return trainer;
  }

  #resume(checkpoint: unknown): void {
    const bytes = checkBytes(checkpoint, 'the checkpoint');
    made(this.#trainers.load(this.#handle, bytes));
    this.#stepsDone = made(this.#trainers.steps(this.#handle));
  }

  /** Steps done, those before a checkpoint included. */
  get stepsDone(): number {
    return this.#stepsDone;
  }

  get destroyed(): boolean {
    return this.#life.destroyed;
  }

  /** The report of a step that took `seconds`. */
  #report(bytes: StructBytes, seconds: number): TrainingStep {
    const report = decode(BITLLAMA_STEP, bytes);
    const { step, tokens } = report;
    if (this.#seconds === 0) this.#tokensBefore = tokens - tokens / (step || 1);
    this.#stepsDone = step;
    this.#seconds += seconds;
    const trained = tokens - this.#tokensBefore;
    const rate = this.#seconds > 0 ? trained / this.#seconds : 0;
    const left = Math.max(0, this.steps - step);
    const secondsLeft = rate > 0 ? (left * (tokens / step)) / rate : 0;
    return { ...report, tokensPerSecond: rate, secondsLeft };
  }

  /** One step, at once. Codes: `DIVERGED` (the weights are then as before), `BUSY`. */
  step(): TrainingStep {
    this.#life.checkIdle();
    const began = now();
    const status = this.#trainers.step(this.#handle, this.#out);
    if (status !== 0) throw this.#stepError(status);
    return this.#report(this.#out, (now() - began) / 1000);
  }

  #stepError(status: number): TTTError {
    const diverged = status === statusOf('DIVERGED');
    const text = 'the loss is not finite any more: a smaller learning rate may help';
    return errorOf(status, diverged ? text : undefined);
  }

  /** The trainer is busy until the promise settles. */
  async #stepAsync(): Promise<TrainingStep> {
    this.#life.begin();
    try {
      const began = now();
      const step = await new Promise<StructBytes>((resolve, reject) => {
        const failed = this.#trainers.stepAsync(this.#handle, (status, bytes) => {
          if (bytes) resolve(bytes);
          else reject(this.#stepError(status));
        });
        if (failed !== 0) reject(this.#stepError(failed));
      });
      return this.#report(step, (now() - began) / 1000);
    } finally {
      this.#life.end();
    }
  }

  /**
   * Trains up to a step (the last of the schedule unless given), and reports each: on Node's addon
   * in other threads, on WebAssembly a step at a time between turns of the event loop, which is
   * for workers. Leaving the loop, or an abort (`ABORTED`), ends it between two steps; what was
   * learnt stays, and another `run` goes on. Inside the loop the trainer is idle, and may be saved
   * or asked for its model.
   */
  async *run(options: RunOptions = {}): AsyncGenerator<TrainingStep, void, undefined> {
    this.#life.checkIdle();
    const { until, ...others } = takeOptions(options, RUN);
    const signal = takeSignal(others.signal);
    const rule = { min: 0, max: 2 ** 32 - 1, integer: true };
    const last = optionalNumber(until, 'until', rule, this.steps);
    while (this.#stepsDone < last) {
      if (signal?.aborted) throw abortError(signal, 'the training was aborted between two steps');
      yield await this.#stepAsync();
    }
  }

  /** Everything that a trainer of the same options needs to go on as if it had never stopped. */
  save(): Bytes {
    this.#life.checkIdle();
    const size = made(this.#trainers.stateSize(this.#handle));
    const bytes = allocate(() => new Uint8Array(size));
    check(this.#trainers.save(this.#handle, bytes));
    return bytes;
  }

  /** The weights as they are trained: an f32 `.safetensors` with config and tokenizer inside. */
  weights(): Bytes {
    this.#life.checkIdle();
    const tokenizer = tokenizerBytes(this.tokenizer);
    return made(this.#trainers.weights(this.#handle, tokenizer));
  }

  /** The model as it stands, quantised as it is shipped. */
  model(): BitLlama {
    this.#life.checkIdle();
    const bytes = tokenizerBytes(this.tokenizer);
    const handle = made(this.#trainers.model(this.#handle, bytes));
    return new BitLlama(LLAMA_KEY, this.#engine, handle, this.tokenizer);
  }

  /** How well the model as it stands, without recall, predicts a text, or tokens; see `evaluateText`. */
  async evaluate(
    text: string | ArrayLike<number>,
    options: SignalOptions = {},
  ): Promise<Evaluation> {
    const given = takeOptions(options, SIGNAL) as SignalOptions;
    const model = this.model();
    try {
      return await evaluateText(model, text, { ...given, recall: false });
    } finally {
      model.destroy();
    }
  }

  /** Frees the trainer, or does so once a running step has ended. Calling it again does nothing. */
  destroy(): void {
    this.#life.destroy();
  }

  [DISPOSE](): void {
    this.destroy();
  }
}

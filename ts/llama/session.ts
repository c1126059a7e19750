/**
 * session.ts - the class Session: one reader and writer of a model, with a memory of its own.
 * SPDX-License-Identifier: MIT
 */
import { allocate, checkBytes } from '../common/args.js';
import { errorOf, TTTError } from '../common/errors.js';
import { DISPOSE, Lifecycle } from '../common/lifecycle.js';
import { takeOptions } from '../common/named-options.js';
import { readFlag, readTokens } from '../common/options.js';
import { guardReceivers } from '../common/receiver.js';
import { abortError, takeSignal } from '../common/signal.js';
import { Turns } from '../common/turns.js';
import type { AbortSignalLike, BackendKind, Bytes, Floats } from '../common/types.js';
import type { Engine, Handle, SessionEngine } from '../engine/engine.js';
import { check, made, part } from '../engine/made.js';
import type { Tokenizer } from '../tokenizer/index.js';
import { readGeneration, readSampling, writeText } from './generation.js';
import { Observed } from './observed.js';
import { OBSERVE_TEXT, SUGGEST, SUGGEST_ASYNC } from './option-names.js';
import { begun, tokensOf } from './prompt.js';
import { Reader } from './reader.js';
import type { SessionSetup } from './recall.js';
import { refusedBy } from './recall.js';
import { LLAMA_KEY, needTokenizer } from './shared.js';
import type { Asked } from './suggester.js';
import { noTokenizer, readAsked, Suggester } from './suggester.js';
import type {
  GenerateOptions,
  GenerateResult,
  LlamaConfig,
  ObserveTextOptions,
  SamplingOptions,
  SessionOptions,
  SharedModel,
  SuggestAsyncOptions,
  Suggestion,
  SuggestOptions,
  TokenObservation,
  TokenReadings,
} from './types.js';

/** A model as its sessions see it; `BitLlama` is one. */
export interface LanguageModel {
  readonly config: LlamaConfig;
  /** Number of weights. */
  readonly parameters: number;
  /** 64 bits that tell models apart. */
  readonly fingerprint: bigint;
  readonly tokenizer: Tokenizer | undefined;
  readonly backend: BackendKind;
  readonly destroyed: boolean;
  createSession(options?: SessionOptions): Session;
  pack(): Bytes;
  share(): SharedModel;
  destroy(): void;
  /** `destroy`, for `using`. */
  [DISPOSE](): void;
}

/**
 * Reads and writes with a model, and learns from all of it. What a session remembers is bounded
 * however much was read. A session belongs to the thread that made it; to move one, save it
 * and restore it in a session of the same model there.
 *
 * @example
 * ```js
 * import { BitLlama } from 'bit-ttt';
 * import { modelUrl } from 'bit-ttt/models/english';
 *
 * const session = (await BitLlama.load(modelUrl)).createSession();
 * await session.observe('My cat is called Pavlova. She sleeps on the piano.');
 * console.log(session.suggest(' My cat is called', 'P')[0].text);
 * ```
 *
 * ```text
 * Pavlova
 * ```
 */
export class Session {
  readonly model: LanguageModel;

  static {
    guardReceivers(this, 'Session', (value) => #life in value);
  }

  readonly #engine: Engine;
  readonly #sessions: SessionEngine;
  readonly #handle: Handle;
  readonly #setup: SessionSetup;
  readonly #life: Lifecycle;
  readonly #reader: Reader;
  readonly #suggester: Suggester;

  /** @internal Made by `model.createSession()` and `fork`. */
  constructor(
    key: symbol,
    model: LanguageModel,
    engine: Engine,
    handle: Handle,
    setup: SessionSetup,
  ) {
    if (key !== LLAMA_KEY) {
      throw new TTTError('INVALID_ARGUMENT', 'sessions are made by `model.createSession()`');
    }
    const sessions = part(engine, 'sessions');
    this.model = model;
    this.#engine = engine;
    this.#sessions = sessions;
    this.#handle = handle;
    this.#life = new Lifecycle(this, 'the session', () => sessions.destroy(handle));
    this.#reader = new Reader(sessions, handle, model.parameters);
    this.#setup = setup;
    this.#suggester = new Suggester(sessions, handle);
  }

  /** Tokens read since the session was made or reset. */
  get tokensSeen(): number {
    this.#life.checkLiving();
    return this.#reader.tokens;
  }

  /** Tokens that are remembered word for word, or false: the option `recall` of `createSession`. */
  get recall(): number | false {
    this.#life.checkLiving();
    return this.#setup.recall;
  }

  /** Bytes of the session if it were saved now. With recall they grow with what was read, up to a bound. */
  get stateSize(): number {
    this.#life.checkLiving();
    return this.#reader.stateSize;
  }

  /** True once `destroy` has been called. */
  get destroyed(): boolean {
    return this.#life.destroyed;
  }

  /**
   * Reads tokens at once, and returns how well the session predicted each. Codes: `INVALID_ARGUMENT`,
   * `INVALID_TOKEN` (then none is read), `OUT_OF_MEMORY`, `BUSY`, `DESTROYED`.
   */
  read(tokens: ArrayLike<number>): TokenReadings {
    this.#life.checkIdle();
    const ids = readTokens(tokens, this.model.config.vocabSize, 'tokens');
    this.#life.checkIdle(); // again: a getter of the list may have done anything
    return this.#reader.read(ids);
  }

  /**
   * Reads tokens that the caller has drawn with `draw`, at once, as `generate` does with its own: they are context
   * for what follows and not remembered word for word, unless the session was made with
   * `recall: { generated: true }`. Codes as with `read`.
   */
  write(tokens: ArrayLike<number>): void {
    this.#life.checkIdle();
    const ids = readTokens(tokens, this.model.config.vocabSize, 'tokens');
    this.#life.checkIdle(); // again: a getter of the list may have done anything
    this.#reader.write(ids);
  }

  /**
   * The logits of the token to come, one for each id: those of model and recall together; zeros before the first
   * token.
   */
  logits(): Floats {
    this.#life.checkIdle();
    const out = allocate(() => new Float32Array(this.model.config.vocabSize));
    check(this.#sessions.logits(this.#handle, out));
    return out;
  }

  /** Chooses the next token, without reading it. Depends on what was read, options and seed only. */
  draw(options: SamplingOptions = {}): number {
    this.#life.checkIdle();
    const sampling = readSampling(options);
    this.#life.checkIdle(); // again: a getter may have done anything
    return made(this.#sessions.draw(this.#handle, sampling));
  }

  /** The tokens of a prompt; before the first text of a session the end-of-text token, as in training. */
  #tokensOf(
    prompt: string | ArrayLike<number>,
    isRaw: boolean,
    signal: AbortSignalLike | undefined,
  ): Promise<Uint32Array> {
    return tokensOf(prompt, this.model, !isRaw && this.tokensSeen === 0, signal);
  }

  /**
   * Reads the prompt, then writes, token by token, and reads what it writes (as `write` does). Gives text in pieces
   * of whole characters; returns the tokens and why it ended. The event loop stays free: a long prompt
   * is read on another thread (by the addon) or in turns, and until the end the session is busy. The
   * token that ends a text is not read, so that a session can go on.
   *
   * Codes: `INVALID_ARGUMENT`, `INVALID_OPTION`, `INVALID_TOKEN`, `INVALID_TOKENIZER` (text
   * without a tokenizer), `ABORTED`, `BUSY`, `DESTROYED`.
   */
  async *generate(
    prompt: string | ArrayLike<number> = '',
    options: GenerateOptions = {},
  ): AsyncGenerator<string, GenerateResult, undefined> {
    this.#life.checkIdle();
    const tokenizer = this.model.tokenizer;
    const vocab = this.model.config.vocabSize;
    const wanted = readGeneration(options, vocab, tokenizer?.endOfText);
    if (wanted.signal?.aborted) throw abortError(wanted.signal);
    this.#life.begin();
    try {
      const turns = new Turns(wanted.signal);
      const given = await this.#tokensOf(prompt, wanted.raw, wanted.signal);
      const end = tokenizer?.endOfText;
      const nothing = given.length === 0 && this.tokensSeen === 0 && !wanted.raw;
      const ids = nothing && end !== undefined ? Uint32Array.of(end) : given;
      await this.#reader.readText(ids, turns);
      return yield* writeText(wanted, tokenizer, turns, {
        draw: () => made(this.#sessions.draw(this.#handle, wanted.sampling)),
        write: (token) => this.#reader.writeOne(token),
        checkLiving: () => this.#life.checkLiving(),
      });
    } finally {
      this.#life.end();
    }
  }

  /**
   * Reads a text, and returns each token's log probability and surprise. The event loop stays free, as with
   * `generate`; until the promise settles the session is busy: its other methods fail with `BUSY`, except
   * `destroy`, which takes effect afterwards. Codes: `INVALID_ARGUMENT`, `INVALID_TOKEN`,
   * `INVALID_TOKENIZER`, `ABORTED`, `BUSY`, `DESTROYED`.
   */
  async observe(
    text: string | ArrayLike<number>,
    options: ObserveTextOptions = {},
  ): Promise<TokenObservation[]> {
    this.#life.checkIdle();
    const given = takeOptions(options, OBSERVE_TEXT);
    const signal = takeSignal(given.signal);
    const isRaw = readFlag(given.raw, 'raw');
    if (signal?.aborted) throw abortError(signal);
    this.#life.begin();
    try {
      const ids = await this.#tokensOf(text, isRaw, signal);
      const observed = new Observed(this.model.tokenizer);
      const onSlice = (slice: Uint32Array, readings: TokenReadings) =>
        observed.add(slice, readings);
      await this.#reader.readText(ids, new Turns(signal), onSlice);
      return observed.end();
    } finally {
      this.#life.end();
    }
  }

  /** What is asked of a session that can suggest. */
  #asked(before: string, typed: string, options: object, names: object): Asked {
    const asked = readAsked(before, typed, options, names);
    needTokenizer(this.model.tokenizer);
    if (!this.#setup.ownTokenizer) throw noTokenizer();
    return asked;
  }

  /**
   * Completes a word: whole words that begin with the letters `typed`, which may be none, after the text
   * `before`, with or without the space at its end. That text comes after what the session has read. The
   * likeliest first; nothing is learned by asking. Codes: `INVALID_ARGUMENT`, `INVALID_OPTION`,
   * `INVALID_TOKENIZER` (none in the model's file), `OUT_OF_MEMORY`, `BUSY`, `DESTROYED`.
   */
  suggest(before: string, typed: string, options: SuggestOptions = {}): Suggestion[] {
    this.#life.checkIdle();
    const asked = this.#asked(before, typed, options, SUGGEST);
    this.#life.checkIdle(); // again: a getter of the options may have done anything
    const tokenizer = this.model.tokenizer!;
    const ids = begun(tokenizer.encode(asked.before), tokenizer, this.tokensSeen === 0);
    return this.#suggester.atOnce(ids, asked);
  }

  /**
   * The same on another thread (by the addon) or in a turn of its own; until the promise settles the session is
   * busy. Also `ABORTED`.
   */
  async suggestAsync(
    before: string,
    typed: string,
    options: SuggestAsyncOptions = {},
  ): Promise<Suggestion[]> {
    this.#life.checkIdle();
    const asked = this.#asked(before, typed, options, SUGGEST_ASYNC);
    const signal = takeSignal(asked.signal);
    if (signal?.aborted) throw abortError(signal);
    this.#life.begin();
    try {
      const ids = await this.#tokensOf(asked.before, false, signal);
      const found = await this.#suggester.aside(ids, asked);
      if (signal?.aborted) throw abortError(signal);
      return found;
    } finally {
      this.#life.end();
    }
  }

  /** All that the session remembers, to be restored by any session of the same model anywhere. */
  save(): Bytes {
    this.#life.checkIdle();
    const size = this.#reader.stateSize;
    const bytes = allocate(() => new Uint8Array(size));
    check(this.#sessions.save(this.#handle, bytes));
    return bytes;
  }

  /**
   * Goes on from a saved state. Its recall must have the size of this one; a session with recall also takes the
   * state of one without, and has then nothing remembered. After an error it is as before. Codes: `STATE_DAMAGED`,
   * `STATE_VERSION`, `STATE_WEIGHTS`, `STATE_RECALL`, `OUT_OF_MEMORY`.
   */
  restore(bytes: Uint8Array | ArrayBuffer): void {
    this.#life.checkIdle();
    const status = this.#sessions.load(this.#handle, checkBytes(bytes, 'the state'));
    if (status !== 0) throw errorOf(status, refusedBy(this.#setup.recall, status));
  }

  /** A second session with a copy of the memory; from here on they learn apart. */
  fork(): Session {
    this.#life.checkIdle();
    const handle = made(this.#sessions.fork(this.#handle));
    return new Session(LLAMA_KEY, this.model, this.#engine, handle, this.#setup);
  }

  /** Forgets everything. */
  reset(): void {
    this.#life.checkIdle();
    check(this.#sessions.reset(this.#handle));
  }

  /** While frozen, reading uses the memories without changing them. */
  freeze(frozen = true): void {
    this.#life.checkIdle();
    check(this.#sessions.freeze(this.#handle, readFlag(frozen, 'frozen')));
  }

  /** Frees the session, or does so once a running call has ended. Calling it again does nothing. */
  destroy(): void {
    this.#life.destroy();
  }

  /** `destroy`, for `using session = model.createSession()`. */
  [DISPOSE](): void {
    this.destroy();
  }
}

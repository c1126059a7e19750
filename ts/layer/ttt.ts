/**
 * ttt.ts - the class that users work with: a layer whose memory learns from every token it reads.
 * SPDX-License-Identifier: MIT
 */
/// <reference lib="esnext.disposable" preserve="true" />
import { allocate, checkBytes, checkDisjoint, checkFloatsOf, checkInput } from '../common/args.js';
import { lengthOf } from '../common/brands.js';
import { errorOf, statusOf, TTTError } from '../common/errors.js';
import { DISPOSE, Lifecycle, letFinalizersRun } from '../common/lifecycle.js';
import { takeOptions } from '../common/named-options.js';
import { OBSERVE_ASYNC, OBSERVE_INTO } from '../common/option-names.js';
import { guardReceivers } from '../common/receiver.js';
import { abortError, takeSignal } from '../common/signal.js';
import type {
  BackendKind,
  Bytes,
  Floats,
  ForwardAsyncOptions,
  Objective,
  Observation,
  ObserveAsyncOptions,
  ObserveInto,
  Rule,
  TTTOptions,
  TTTWeights,
} from '../common/types.js';
import { resolveEngine } from '../engine/choose.js';
import type { Engine, Handle, LayerEngine } from '../engine/engine.js';
import { check, made, part } from '../engine/made.js';
import { runAsync } from './call.js';
import type { LayerConfig } from './config.js';
import { layerStruct, readOptions, readWeights, weightsError } from './config.js';
import { readError } from './refused-input.js';
import { stateError } from './refused-state.js';

/** Only this file has it, so only TTT.create and clone can make layers. */
const KEY = Symbol('bit-ttt');

/**
 * A test-time-training layer. Its memory lives on between calls: one call with ten tokens and ten
 * calls with one token compute the same, to the last bit, on every machine and backend.
 *
 * Arrays are `Float32Array`s of any realm, on ordinary (not shared, not resizable) memory. Every
 * failure is a {@link TTTError}, and leaves the memory and all arrays as they were. A layer belongs
 * to the thread that made it; to move one, save its state and load it in the other thread.
 *
 * @example
 * ```js
 * import { TTT } from 'bit-ttt';
 *
 * const layer = await TTT.create({ hiddenDim: 64, objective: 'predict' });
 * const wave = Float32Array.from({ length: 64 * 100 }, (_, i) => Math.sin(i / 9)); // 100 tokens
 * const { surprise } = layer.observe(wave);
 * console.log(surprise[0].toFixed(2), surprise[99].toFixed(2)); // it has learnt the wave
 * ```
 *
 * ```text
 * 1.00 0.03
 * ```
 */
export class TTT {
  /** Floats per token. */
  readonly hiddenDim: number;
  /** The memory is a matrix of memoryDim x memoryDim floats; memoryDim = floor(hiddenDim / 4). */
  readonly memoryDim: number;
  /** Learning rate of the memory, as given. */
  readonly innerLr: number;
  readonly objective: Objective;
  readonly rule: Rule;
  /** Forgetting factor of the rule `rls`, as given. */
  readonly forgetting: number;
  /** Ridge of the rule `rls`, as given. */
  readonly ridge: number;
  /** Threads that a call may use (1 on WebAssembly). */
  readonly threads: number;
  /** Where this layer runs. */
  readonly backend: BackendKind;

  static {
    guardReceivers(this, 'TTT', (value) => #life in value);
  }

  readonly #engine: Engine;
  readonly #layers: LayerEngine;
  readonly #handle: Handle;
  readonly #config: LayerConfig;
  readonly #dim: number;
  readonly #life: Lifecycle;

  private constructor(key: symbol, engine: Engine, handle: Handle, config: LayerConfig) {
    if (key !== KEY) {
      throw new TTTError('INVALID_ARGUMENT', 'layers are made by `await TTT.create(options)`');
    }
    const layers = part(engine, 'layers');
    this.#engine = engine;
    this.#layers = layers;
    this.#handle = handle;
    this.#config = config;
    this.#dim = config.hiddenDim;
    this.hiddenDim = config.hiddenDim;
    this.memoryDim = Math.floor(config.hiddenDim / 4);
    this.innerLr = config.innerLr;
    this.objective = config.objective;
    this.rule = config.rule;
    this.forgetting = config.forgetting;
    this.ridge = config.ridge;
    this.threads = made(layers.threads(handle));
    this.backend = engine.kind;
    this.#life = new Lifecycle(this, 'the layer', () => layers.destroy(handle));
  }

  /**
   * Makes a layer with an empty memory. Codes: `INVALID_ARGUMENT` (a value of the wrong type),
   * `DIMENSION_MISMATCH` (hiddenDim, lengths of weights), `INVALID_CONFIG`, `INVALID_WEIGHTS`,
   * `OUT_OF_MEMORY`, `BACKEND_UNAVAILABLE`.
   */
  static async create(options: TTTOptions): Promise<TTT> {
    const { config, weights, choice } = readOptions(options);
    const { engine } = await resolveEngine(choice);
    await letFinalizersRun();
    const handle = made(part(engine, 'layers').create(layerStruct(config)));
    const layer = new TTT(KEY, engine, handle, config);
    try {
      if (weights) layer.setWeights(weights);
    } catch (error) {
      layer.destroy();
      throw error;
    }
    return layer;
  }

  /** True once `destroy` has been called. */
  get destroyed(): boolean {
    return this.#life.destroyed;
  }

  /** Tokens read since the memory was empty; a loaded state brings its own number. */
  get tokensSeen(): number {
    return made(this.#layers.tokens(this.#living()));
  }

  /** 64 bits that tell layers of different weights apart. */
  get fingerprint(): bigint {
    return made(this.#layers.fingerprint(this.#living()));
  }

  /** Bytes of a saved state; constant over the life of a layer. */
  get stateSize(): number {
    return made(this.#layers.stateSize(this.#living()));
  }

  /** The handle of a layer that is not destroyed. */
  #living(): Handle {
    this.#life.checkLiving();
    return this.#handle;
  }

  /** The handle of a layer that is neither destroyed nor at work. */
  #idle(): Handle {
    this.#life.checkIdle();
    return this.#handle;
  }

  /**
   * Reads tokens and learns from them. `input` is `[seqLen][hiddenDim]`, row by row; so is the
   * result, in `output` if that is given (it may be the input itself), else in a new array.
   * Codes: `DIMENSION_MISMATCH`, `NON_FINITE`, `INPUT_RANGE`, `DIVERGED`, `OVERLAP`.
   */
  forward(input: Float32Array, output?: Float32Array): Floats {
    const handle = this.#idle();
    checkInput(input, this.#dim);
    const out = this.#outputFor(input, output);
    const status = this.#layers.forward(handle, input, out, undefined);
    if (status !== 0) throw readError(status, input);
    return out;
  }

  /**
   * Like `forward`, and returns each token's surprise: about 1 for one that is new to the memory,
   * towards 0 as the memory learns. `into` may hold arrays for either result.
   */
  observe(input: Float32Array, into: ObserveInto = {}): Observation {
    this.#idle();
    const { output: givenOutput, surprise: givenSurprise } = takeOptions(into, OBSERVE_INTO);
    const handle = this.#idle(); // again: a getter may have done anything
    const tokens = checkInput(input, this.#dim);
    const output = this.#outputFor(input, givenOutput);
    const surprise = this.#surpriseFor(input, output, tokens, givenSurprise);
    const status = this.#layers.forward(handle, input, output, surprise);
    if (status !== 0) throw readError(status, input);
    return { output, surprise };
  }

  #outputFor(input: Float32Array, output: unknown): Floats {
    const length = lengthOf(input);
    if (output === undefined) return allocate(() => new Float32Array(length));
    if (output === input) return output as Floats;
    checkFloatsOf(output, length, 'output', 'the length of the input');
    checkDisjoint(input, output, 'input and output', true);
    return output;
  }

  #surpriseFor(
    input: Float32Array,
    output: Float32Array,
    tokens: number,
    surprise: unknown,
  ): Floats {
    if (surprise === undefined) return allocate(() => new Float32Array(tokens));
    checkFloatsOf(surprise, tokens, 'surprise', 'the number of tokens');
    checkDisjoint(input, surprise, 'input and surprise', false);
    checkDisjoint(output, surprise, 'output and surprise', false);
    return surprise;
  }

  /**
   * `forward` for long inputs: on Node's addon in another thread, on WebAssembly in slices of a few
   * milliseconds. The input is copied at once. Until the promise settles the layer is busy: its
   * other methods fail with `BUSY`, except `destroy`, which takes effect afterwards. If the call
   * fails or is aborted (`ABORTED`), memory and arrays are as before it.
   */
  async forwardAsync(input: Float32Array, options: ForwardAsyncOptions = {}): Promise<Floats> {
    return (await this.#read(input, options, false)).output;
  }

  /** `observe` for long inputs, in the manner of `forwardAsync`. */
  async observeAsync(input: Float32Array, options: ObserveAsyncOptions = {}): Promise<Observation> {
    return this.#read(input, options, true);
  }

  async #read(
    input: Float32Array,
    options: ObserveAsyncOptions,
    wantSurprise: boolean,
  ): Promise<Observation> {
    this.#idle();
    const given = takeOptions(options, OBSERVE_ASYNC);
    const signal = takeSignal(given.signal);
    if (signal?.aborted) throw abortError(signal);
    const handle = this.#idle(); // again: a getter may have done anything
    const tokens = checkInput(input, this.#dim);
    const output = given.output === undefined ? undefined : this.#outputFor(input, given.output);
    const hasSurprise = wantSurprise && given.surprise !== undefined;
    const surprise = hasSurprise
      ? this.#surpriseFor(input, output ?? input, tokens, given.surprise)
      : undefined;
    this.#life.begin();
    const running = runAsync({
      engine: this.#layers,
      handle,
      input,
      length: tokens * this.#dim,
      tokens,
      output,
      surprise,
      wantSurprise,
      signal,
      explain: (status) => readError(status, input),
    });
    try {
      return await running;
    } finally {
      this.#life.end();
    }
  }

  /** The memory and everything it depends on, to be loaded by a like layer on any machine. */
  saveState(): Bytes {
    const handle = this.#idle();
    const size = made(this.#layers.stateSize(handle));
    const bytes = allocate(() => new Uint8Array(size));
    check(this.#layers.save(handle, bytes));
    return bytes;
  }

  /**
   * Replaces the memory by a saved one. The layer must have the hiddenDim, objective, rule and weights
   * of the one that was saved, and its innerLr or, with `rls`, forgetting and ridge; each mismatch and any damage has its own code (`STATE_...`)
   * and leaves the memory as it was.
   */
  loadState(bytes: Uint8Array | ArrayBuffer): void {
    const handle = this.#idle();
    const view = checkBytes(bytes, 'the state');
    const status = this.#layers.load(handle, view);
    if (status === statusOf('OUT_OF_MEMORY')) throw errorOf(status);
    if (status !== 0) throw stateError(status, view, this.#config);
  }

  /** Empties the memory: the layer is as it was made. */
  reset(): void {
    check(this.#layers.reset(this.#idle()));
  }

  /** A second layer with a copy of the memory; from here on they learn apart. */
  clone(): TTT {
    const handle = made(this.#layers.clone(this.#idle()));
    return new TTT(KEY, this.#engine, handle, this.#config);
  }

  /** Copies of the ternary weights. */
  getWeights(): TTTWeights {
    const handle = this.#idle();
    const length = this.#dim * this.memoryDim;
    const down = allocate(() => new Int8Array(length));
    const up = allocate(() => new Int8Array(length));
    check(this.#layers.getWeights(handle, down, up));
    return { down, up };
  }

  /** Replaces the ternary weights by copies of these, and resets the memory. */
  setWeights(weights: TTTWeights): void {
    this.#idle();
    const checked = readWeights(weights, this.#dim);
    const handle = this.#idle(); // again: a getter may have done anything
    const status = this.#layers.setWeights(handle, checked.down, checked.up);
    if (status === statusOf('INVALID_WEIGHTS')) throw weightsError(checked);
    check(status);
  }

  /** A copy of the memory's matrix, `[memoryDim][memoryDim]`, row by row. */
  getMemory(): Float32Array {
    const handle = this.#idle();
    const w = allocate(() => new Float32Array(this.memoryDim ** 2));
    check(this.#layers.getMemory(handle, w));
    return w;
  }

  /**
   * Frees the layer; calling it again does nothing. While an asynchronous call is at work the layer
   * counts as destroyed at once, the call finishes, and then the memory is freed.
   */
  destroy(): void {
    this.#life.destroy();
  }

  /** `destroy`, for `using layer = await TTT.create(...)`. */
  [DISPOSE](): void {
    this.destroy();
  }
}

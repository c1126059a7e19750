/**
 * models.ts - language models on one WebAssembly instance.
 *
 * Calls go through the backend's guard, so that a trap poisons the instance for everybody.
 * SPDX-License-Identifier: MIT
 */
import { lengthOf } from '../../common/brands.js';
import type { Handle } from '../engine.js';
import type { Ballast } from './ballast.js';
import { soon } from '../../common/clock.js';
import { errorOf, statusOf } from '../../common/errors.js';
import type {
  DrawOptions,
  Failure,
  LlamaEngine,
  StepNumbers,
  TrainerArguments,
} from '../llama-engine.js';
import type { Shard } from '../../files/sharded.js';
import type { Bytes } from '../../common/types.js';
import type { WasmHeap } from './heap.js';
import type { WasmExports } from './module.js';
import { Table } from './table.js';

const OUT_OF_MEMORY = statusOf('OUT_OF_MEMORY');
const DESTROYED = statusOf('DESTROYED');
const BUFFER_SIZE = statusOf('BUFFER_SIZE');

/** ttt_error: an int, a 64-bit offset, 256 bytes of text. */
const ERROR_BYTES = 272;
const AT_OFFSET = 8;
/** bitllama_shard: two pointers and a size. */
const SHARD_BYTES = 12;
const AT_TEXT = 16;
const STEP_NUMBERS = 5;
/** The most tokens that one call of the module reads. */
const READ_TOKENS = 1 << 12;

type Pointer = number;
type Optional = Uint8Array | undefined;

/** What this needs of the backend. */
export interface WasmHost {
  readonly heap: WasmHeap;
  readonly ballast: Ballast;
  readonly poisoned: boolean;
  guard<T>(calls: (exports: WasmExports) => T): T;
}

/** The function that says what an object takes. */
type Footprint = 'model' | 'session' | 'trainer';

export class WasmLlama implements LlamaEngine {
  readonly #host: WasmHost;
  readonly #models: Table;
  readonly #sessions: Table;
  readonly #trainers: Table;

  constructor(host: WasmHost) {
    this.#host = host;
    this.#models = new Table(host.ballast);
    this.#sessions = new Table(host.ballast);
    this.#trainers = new Table(host.ballast);
  }

  get #heap(): WasmHeap {
    return this.#host.heap;
  }

  /**
   * Runs `call` with a block of these sizes each, aligned to 16 bytes and freed afterwards; a
   * status, or OUT_OF_MEMORY.
   */
  #withBlocks<T>(
    sizes: readonly number[],
    call: (exports: WasmExports, ...blocks: Pointer[]) => T,
  ): T | number {
    return this.#host.guard((exports) => {
      const rounded = sizes.map((size) => Math.ceil(size / 16) * 16);
      const whole = this.#heap.allocate(rounded.reduce((sum, size) => sum + size, 16));
      if (whole === 0) return OUT_OF_MEMORY;
      let at = Math.ceil(whole / 16) * 16;
      const blocks = rounded.map((size) => {
        const block = at;
        at += size;
        return block;
      });
      const result = call(exports, ...blocks);
      this.#heap.free(whole);
      return result;
    });
  }

  /** Writes bytes that may be missing; the pointer for them, or NULL. */
  #give(block: Pointer, bytes: Optional): Pointer {
    if (!bytes) return 0;
    this.#heap.writeBytes(block, bytes);
    return block;
  }

  /** A copy of a block, or undefined where there is no room for it, which is no trap. */
  #copy(block: Pointer, bytes: number): Bytes | undefined {
    let copy: Bytes;
    try {
      copy = new Uint8Array(bytes);
    } catch {
      return undefined;
    }
    this.#heap.readBytes(block, copy);
    return copy;
  }

  #failure(error: Pointer): Failure {
    return {
      status: this.#heap.readUint32(error),
      offset: Number(this.#heap.readUint64(error + AT_OFFSET)),
      text: this.#heap.readString(error + AT_TEXT),
    };
  }

  #asFailure(status: number): Failure {
    return { status, offset: 0, text: errorOf(status).message };
  }

  /** A number that needs no more than an address, or undefined for a handle of nothing. */
  #ask<T>(
    table: Table,
    handle: Handle,
    call: (exports: WasmExports, pointer: Pointer) => T,
  ): T | undefined {
    const pointer = table.get(handle)?.pointer;
    return pointer === undefined
      ? undefined
      : this.#host.guard((exports) => call(exports, pointer));
  }

  /** The handle of a new object, whose address is in `out`. */
  #add(table: Table, what: Footprint, out: Pointer): Handle {
    const pointer = this.#heap.readUint32(out);
    return this.#host.guard((exports) => {
      const bytes = exports[`bitllama_${what}_footprint`](pointer) >>> 0;
      this.#heap.growAhead(bytes);
      return table.add({ pointer }, bytes);
    });
  }

  #destroy(table: Table, handle: Handle, free: (exports: WasmExports, p: Pointer) => void): void {
    const pointer = table.remove(handle)?.pointer;
    if (pointer === undefined || this.#host.poisoned) return;
    this.#host.guard((exports) => free(exports, pointer));
  }

  conformanceHash(): bigint {
    let hash = 0n;
    const status = this.#withBlocks([8], (exports, words) => {
      const result = exports.bt_wasm_llama_hash(words);
      hash = this.#heap.readUint64(words);
      return result;
    });
    if (status !== 0) throw errorOf(status);
    return hash;
  }

  /** A model that `call` opens, given blocks for `inputs` with their bytes, in one for each. */
  #opened(
    inputs: readonly Optional[],
    call: (exports: WasmExports, blocks: Pointer[], out: Pointer, error: Pointer) => number,
  ): Handle | Failure {
    const sizes = inputs.map((bytes) => (bytes ? lengthOf(bytes) : 0));
    const result = this.#withBlocks(
      [4, ERROR_BYTES, ...sizes],
      (exports, out, error, ...blocks): Handle | Failure => {
        const given = inputs.map((bytes, i) => this.#give(blocks[i]!, bytes));
        const status = call(exports, given, out!, error!);
        if (status !== 0) return this.#failure(error!);
        return -this.#add(this.#models, 'model', out!); // negative: not a status of ours
      },
    );
    if (typeof result !== 'number') return result;
    return result < 0 ? -result : this.#asFailure(result);
  }

  open(file: Uint8Array, config: Optional): Handle | Failure {
    const [size, length] = [lengthOf(file), config ? lengthOf(config) : 0];
    return this.#opened([file, config], (exports, [f, c], out, error) =>
      exports.bitllama_open(f!, size, c!, length, out, error),
    );
  }

  openSharded(index: Uint8Array, shards: readonly Shard[], config: Optional): Handle | Failure {
    const [size, length] = [lengthOf(index), config ? lengthOf(config) : 0];
    const names = shards.map(({ name }) => new TextEncoder().encode(`${name}\0`));
    const files = shards.map(({ bytes }) => bytes);
    const table = new Uint8Array(SHARD_BYTES * shards.length);
    const inputs = [index, config, table, ...names, ...files];
    return this.#opened(inputs, (exports, [i, c, t, ...blocks], out, error) => {
      const words = files.flatMap((file, k) => [
        blocks[k]!,
        blocks[shards.length + k]!,
        lengthOf(file),
      ]);
      this.#heap.writeUint32s(t!, Uint32Array.from(words));
      return exports.bitllama_open_sharded(i!, size, t!, shards.length, c!, length, out, error);
    });
  }

  close(model: Handle): void {
    this.#destroy(this.#models, model, (exports, p) => exports.bitllama_release(p));
  }

  #json(model: Handle, name: 'bitllama_config_json' | 'bitllama_tokenizer_json'): string {
    const pointer = this.#models.get(model)?.pointer;
    if (pointer === undefined) throw errorOf(DESTROYED);
    let bytes: Bytes | undefined;
    const status = this.#withBlocks([4], (exports, length) => {
      const text = exports[name](pointer, length!) >>> 0;
      bytes = this.#copy(text, this.#heap.readUint32(length!));
      return bytes ? 0 : OUT_OF_MEMORY;
    });
    if (status !== 0) throw errorOf(status);
    return new TextDecoder().decode(bytes);
  }

  configJson(model: Handle): string {
    return this.#json(model, 'bitllama_config_json');
  }

  tokenizerJson(model: Handle): string {
    return this.#json(model, 'bitllama_tokenizer_json');
  }

  #words(
    table: Table,
    handle: Handle,
    call: (exports: WasmExports, pointer: Pointer, words: Pointer) => void,
  ): bigint {
    const pointer = table.get(handle)?.pointer;
    if (pointer === undefined) throw errorOf(DESTROYED);
    let value = 0n;
    const status = this.#withBlocks([8], (exports, words) => {
      call(exports, pointer, words!);
      value = this.#heap.readUint64(words!);
      return 0;
    });
    if (status !== 0) throw errorOf(status);
    return value;
  }

  parameters(model: Handle): number {
    const words = this.#words(this.#models, model, (exports, p, out) =>
      exports.bt_wasm_llama_parameters(p, out),
    );
    return Number(words);
  }

  fingerprint(model: Handle): bigint {
    return this.#words(this.#models, model, (exports, p, out) =>
      exports.bt_wasm_llama_fingerprint(p, out),
    );
  }

  /** What a function writes that is first asked for the size of it. */
  #written(
    pointer: Pointer | undefined,
    tokenizer: Optional,
    write: 'bitllama_pack' | 'bitllama_trainer_weights',
  ): Bytes {
    if (pointer === undefined) throw errorOf(DESTROYED);
    const length = tokenizer ? lengthOf(tokenizer) : 0;
    let result: Bytes | undefined;
    const status = this.#withBlocks([length, 4], (exports, block, size) => {
      const text = this.#give(block!, tokenizer);
      const asked = exports[write](pointer, text, length, 0, 0, size!);
      if (asked !== 0) return asked;
      const bytes = this.#heap.readUint32(size!);
      const buffer = this.#heap.allocate(bytes);
      if (buffer === 0) return OUT_OF_MEMORY;
      const done = exports[write](pointer, text, length, buffer, bytes, size!);
      if (done === 0) result = this.#copy(buffer, bytes);
      this.#heap.free(buffer);
      return done === 0 && !result ? OUT_OF_MEMORY : done;
    });
    if (!result) throw errorOf(status);
    return result;
  }

  pack(model: Handle, tokenizer: Optional): Bytes {
    return this.#written(this.#models.get(model)?.pointer, tokenizer, 'bitllama_pack');
  }

  #made(
    from: Pointer | undefined,
    make: (exports: WasmExports, from: Pointer, out: Pointer) => number,
  ): Handle {
    if (from === undefined) throw errorOf(DESTROYED);
    let handle = 0;
    const status = this.#withBlocks([4], (exports, out) => {
      const result = make(exports, from, out!);
      if (result === 0) handle = this.#add(this.#sessions, 'session', out!);
      return result;
    });
    if (status !== 0) throw errorOf(status);
    return handle;
  }

  createSession(model: Handle): Handle {
    return this.#made(this.#models.get(model)?.pointer, (exports, from, out) =>
      exports.bitllama_session_create(from, out),
    );
  }

  fork(session: Handle): Handle {
    return this.#made(this.#sessions.get(session)?.pointer, (exports, from, out) =>
      exports.bitllama_session_fork(from, out),
    );
  }

  destroySession(session: Handle): void {
    this.#destroy(this.#sessions, session, (exports, p) => exports.bitllama_session_destroy(p));
  }

  reset(session: Handle): number {
    const call = (exports: WasmExports, p: Pointer) => exports.bitllama_session_reset(p);
    return this.#ask(this.#sessions, session, call) ?? DESTROYED;
  }

  freeze(session: Handle, frozen: boolean): number {
    const call = (exports: WasmExports, p: Pointer) =>
      exports.bitllama_session_freeze(p, frozen ? 1 : 0);
    return this.#ask(this.#sessions, session, call) ?? DESTROYED;
  }

  read(
    session: Handle,
    tokens: Uint32Array,
    logProbabilities: Float32Array | undefined,
    surprise: Float32Array | undefined,
  ): number {
    const pointer = this.#sessions.get(session)?.pointer;
    if (pointer === undefined) return DESTROYED;
    const n = lengthOf(tokens);
    // In slices, so that memory does not grow with the text. Tokens were checked: none can fail.
    const size = 4 * Math.min(n, READ_TOKENS);
    return this.#withBlocks([size, size, size], (exports, ids, first, second) => {
      const [p, s] = [logProbabilities ? first! : 0, surprise ? second! : 0];
      for (let at = 0; at < n; at += READ_TOKENS) {
        const part = tokens.subarray(at, at + READ_TOKENS);
        this.#heap.writeUint32s(ids!, part);
        const status = exports.bitllama_session_read(pointer, ids!, part.length, p, s);
        if (status !== 0) return status;
        if (p !== 0) this.#heap.readFloats(p, logProbabilities!.subarray(at, at + part.length));
        if (s !== 0) this.#heap.readFloats(s, surprise!.subarray(at, at + part.length));
      }
      return 0;
    });
  }

  logits(session: Handle, out: Float32Array): number {
    const pointer = this.#sessions.get(session)?.pointer;
    if (pointer === undefined) return DESTROYED;
    return this.#withBlocks([4 * lengthOf(out)], (exports, block) => {
      const status = exports.bitllama_session_logits(pointer, block!);
      if (status === 0) this.#heap.readFloats(block!, out);
      return status;
    });
  }

  draw(session: Handle, options: DrawOptions): number {
    const pointer = this.#sessions.get(session)?.pointer;
    if (pointer === undefined) return -DESTROYED;
    const { numbers, seed } = options;
    const [low, high] = [Number(seed & 0xffff_ffffn), Number(seed >> 32n)];
    let token = 0;
    const status = this.#withBlocks([8 * numbers.length, 4], (exports, block, out) => {
      this.#heap.writeDoubles(block!, numbers);
      const result = exports.bt_wasm_session_draw(pointer, block!, low, high, out!);
      token = this.#heap.readUint32(out!);
      return result;
    });
    return status === 0 ? token : -status;
  }

  stateSize(session: Handle): number {
    const call = (exports: WasmExports, p: Pointer) => exports.bitllama_session_state_size(p) >>> 0;
    return this.#ask(this.#sessions, session, call) ?? 0;
  }

  /** Saves `pointer` into bytes. */
  #saved(
    pointer: Pointer | undefined,
    bytes: Uint8Array,
    name: 'bitllama_session_save' | 'bitllama_trainer_save',
  ): number {
    if (pointer === undefined) return DESTROYED;
    const size = lengthOf(bytes);
    return this.#withBlocks([size], (exports, block) => {
      const status = exports[name](pointer, block!, size);
      if (status === 0) this.#heap.readBytes(block!, bytes);
      return status;
    });
  }

  save(session: Handle, bytes: Uint8Array): number {
    return this.#saved(this.#sessions.get(session)?.pointer, bytes, 'bitllama_session_save');
  }

  load(session: Handle, bytes: Uint8Array): number {
    const pointer = this.#sessions.get(session)?.pointer;
    if (pointer === undefined) return DESTROYED;
    const size = lengthOf(bytes);
    return this.#withBlocks([size], (exports, block) => {
      this.#heap.writeBytes(block!, bytes);
      return exports.bitllama_session_load(pointer, block!, size);
    });
  }

  tokensRead(session: Handle): number {
    const words = this.#words(this.#sessions, session, (exports, p, out) =>
      exports.bt_wasm_session_tokens(p, out),
    );
    return Number(words);
  }

  createTrainer(options: TrainerArguments): Handle | Failure {
    const { config, mixers, training, seed, tokens } = options;
    const [low, high] = [Number(seed & 0xffff_ffffn), Number(seed >> 32n)];
    const n = lengthOf(tokens);
    const sizes = [8 * config.length, mixers.length, 8 * training.length, 4 * n, 4, ERROR_BYTES];
    const result = this.#withBlocks(sizes, (exports, c, m, o, t, out, error): Handle | Failure => {
      this.#heap.writeDoubles(c!, config);
      this.#heap.writeBytes(m!, mixers);
      this.#heap.writeDoubles(o!, training);
      this.#heap.writeUint32s(t!, tokens);
      const blocks = [c!, m!, o!, low, high, t!, n, out!, error!] as const;
      const status = exports.bt_wasm_trainer_create(...blocks);
      if (status !== 0) return this.#failure(error!);
      return -this.#add(this.#trainers, 'trainer', out!);
    });
    if (typeof result !== 'number') return result;
    return result < 0 ? -result : this.#asFailure(result);
  }

  destroyTrainer(trainer: Handle): void {
    this.#destroy(this.#trainers, trainer, (exports, p) => exports.bitllama_trainer_destroy(p));
  }

  step(trainer: Handle, out: StepNumbers): number {
    const pointer = this.#trainers.get(trainer)?.pointer;
    if (pointer === undefined) return DESTROYED;
    return this.#withBlocks([8 * STEP_NUMBERS], (exports, block) => {
      const status = exports.bt_wasm_trainer_step(pointer, block!);
      if (status === 0) this.#heap.readDoubles(block!, out);
      return status;
    });
  }

  /** There are no threads: the step runs in a later turn of the event loop. */
  stepAsync(trainer: Handle, out: StepNumbers, done: (status: number) => void): number {
    if (this.#trainers.get(trainer)?.pointer === undefined) return DESTROYED;
    soon(() => {
      let status: number;
      try {
        status = this.step(trainer, out);
      } catch {
        status = statusOf('POISONED'); // nothing else makes a step throw
      }
      done(status);
    });
    return 0;
  }

  trainerModel(trainer: Handle, tokenizer: Optional): Handle {
    const pointer = this.#trainers.get(trainer)?.pointer;
    if (pointer === undefined) throw errorOf(DESTROYED);
    const length = tokenizer ? lengthOf(tokenizer) : 0;
    let model = 0;
    const status = this.#withBlocks([length, 4], (exports, block, out) => {
      const text = this.#give(block!, tokenizer);
      const result = exports.bitllama_trainer_model(pointer, text, length, out!);
      if (result === 0) model = this.#add(this.#models, 'model', out!);
      return result;
    });
    if (status !== 0) throw errorOf(status);
    return model;
  }

  trainerWeights(trainer: Handle, tokenizer: Optional): Bytes {
    return this.#written(
      this.#trainers.get(trainer)?.pointer,
      tokenizer,
      'bitllama_trainer_weights',
    );
  }

  trainerStepsDone(trainer: Handle): number {
    const words = this.#words(this.#trainers, trainer, (exports, p, out) =>
      exports.bt_wasm_trainer_steps(p, out),
    );
    return Number(words);
  }

  trainerStateSize(trainer: Handle): number {
    const call = (exports: WasmExports, p: Pointer) => exports.bitllama_trainer_state_size(p) >>> 0;
    return this.#ask(this.#trainers, trainer, call) ?? 0;
  }

  saveTrainer(trainer: Handle, bytes: Uint8Array): number {
    return this.#saved(this.#trainers.get(trainer)?.pointer, bytes, 'bitllama_trainer_save');
  }

  loadTrainer(trainer: Handle, bytes: Uint8Array): 0 | Failure {
    const pointer = this.#trainers.get(trainer)?.pointer;
    if (pointer === undefined) return this.#asFailure(DESTROYED);
    const size = lengthOf(bytes);
    const result = this.#withBlocks([size, ERROR_BYTES], (exports, block, error) => {
      this.#heap.writeBytes(block!, bytes);
      const status = exports.bitllama_trainer_load(pointer, block!, size, error!);
      if (status === 0) return 0;
      return status === BUFFER_SIZE ? status : this.#failure(error!);
    });
    if (result === 0) return 0;
    return typeof result === 'number' ? this.#asFailure(result) : result;
  }
}

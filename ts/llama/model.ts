/**
 * model.ts - the class BitLlama: a language model, read from a file, shared by its sessions.
 * SPDX-License-Identifier: MIT
 */
import type { Backend, Handle } from '../engine/engine.js';
import { TTTError } from '../common/errors.js';
import { DISPOSE, letOthersGo, Lifecycle } from '../common/lifecycle.js';
import { configOf } from './config.js';
import { failureError, LLAMA_KEY, tokenizerBytes } from './shared.js';
import type { LlamaConfig, LoadOptions, ModelSource } from './types.js';
import { readModel } from './source.js';
import { takeOptions } from '../common/named-options.js';
import { LOAD } from './option-names.js';
import { resolveBackend } from '../engine/choose.js';
import { guardReceivers } from '../common/receiver.js';
import { Session } from './session.js';
import type { LanguageModel } from './session.js';
import { isTokenizer, Tokenizer } from '../tokenizer/index.js';
import type { BackendKind, Bytes } from '../common/types.js';

/**
 * A language model whose memory learns while it reads. The model itself never changes: what is
 * read is kept by its sessions, of which there may be thousands.
 *
 * Logits, drawn tokens and saved sessions are the same bits on every machine and backend.
 */
export class BitLlama implements LanguageModel {
  readonly config: LlamaConfig;
  /** Number of weights. */
  readonly parameters: number;
  /** 64 bits that tell models apart. */
  readonly fingerprint: bigint;
  /** Undefined if the model came without one; sessions then take and give tokens only. */
  readonly tokenizer: Tokenizer | undefined;
  readonly backend: BackendKind;

  static {
    guardReceivers(this, 'BitLlama', (value) => #life in value);
  }

  readonly #backend: Backend;
  readonly #handle: Handle;
  readonly #life: Lifecycle;

  /** @internal Made by `BitLlama.load` and `Trainer.model`. */
  constructor(key: symbol, backend: Backend, handle: Handle, tokenizer: Tokenizer | undefined) {
    if (key !== LLAMA_KEY) {
      throw new TTTError('INVALID_ARGUMENT', 'models are made by `await BitLlama.load(source)`');
    }
    const engine = backend.llama;
    this.#backend = backend;
    this.#handle = handle;
    this.#life = new Lifecycle(this, 'the model', () => engine.close(handle));
    try {
      this.config = configOf(engine.configJson(handle));
      this.parameters = engine.parameters(handle);
      this.fingerprint = engine.fingerprint(handle);
    } catch (error) {
      this.destroy(); // nobody else will have it
      throw error;
    }
    this.backend = backend.kind;
    this.tokenizer = tokenizer;
    if (tokenizer && tokenizer.vocabSize > this.config.vocabSize) {
      this.destroy();
      const text = `the tokenizer has ${tokenizer.vocabSize} tokens, the model ${this.config.vocabSize}`;
      throw new TTTError('INVALID_TOKENIZER', text);
    }
  }

  /**
   * Reads a model: on Node a path or `file:` URL of a `.bitt`, of a `.safetensors` (with its
   * config.json and tokenizer.json beside it), of a `.safetensors.index.json` with the files that it
   * names, or of a folder with these; a URL to fetch (`http:`, `https:`, `data:` or `blob:`); or the
   * bytes of a file, or of several with their index. Codes: `MODEL_UNAVAILABLE` (it cannot be had),
   * `MODEL_TOO_LARGE` (see `maxBytes`), `MODEL_FORMAT`, `MODEL_VERSION`, `MODEL_CONFIG`, `MODEL_TENSOR`, `MODEL_NON_FINITE`, `INVALID_TOKENIZER`,
   * `OUT_OF_MEMORY`, `ABORTED`.
   */
  static async load(source: ModelSource, options: LoadOptions = {}): Promise<BitLlama> {
    const given = takeOptions(options, LOAD);
    const { backend } = await resolveBackend(given);
    await letOthersGo();
    const { name, weights, config, tokenizer } = await readModel(source, given as LoadOptions);
    const opened =
      weights instanceof Uint8Array
        ? backend.llama.open(weights, config)
        : backend.llama.openSharded(weights.index, weights.shards, config);
    if (typeof opened !== 'number') throw failureError(opened, name === '' ? '' : `${name}: `);
    try {
      const found = tokenizer ?? backend.llama.tokenizerJson(opened);
      const read = isTokenizer(found) ? found : found === '' ? undefined : Tokenizer.from(found);
      return new BitLlama(LLAMA_KEY, backend, opened, read);
    } catch (error) {
      backend.llama.close(opened);
      throw error;
    }
  }

  /** A reader of its own memory, which starts empty. Codes: `OUT_OF_MEMORY`, `DESTROYED`. */
  createSession(): Session {
    this.#life.checkLiving();
    return new Session(
      LLAMA_KEY,
      this,
      this.#backend,
      this.#backend.llama.createSession(this.#handle),
    );
  }

  /** The compact `.bitt` file: ternary weights in 2 bits, int8 embedding, config and tokenizer. */
  pack(): Bytes {
    this.#life.checkLiving();
    const tokenizer = tokenizerBytes(this.tokenizer);
    return this.#backend.llama.pack(this.#handle, tokenizer);
  }

  /** True once `destroy` has been called. */
  get destroyed(): boolean {
    return this.#life.destroyed;
  }

  /** Frees the model when its last session goes; calling it again is fine. */
  destroy(): void {
    this.#life.destroy();
  }

  /** `destroy`, for `using model = await BitLlama.load(...)`. */
  [DISPOSE](): void {
    this.destroy();
  }
}

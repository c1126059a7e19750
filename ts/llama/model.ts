/**
 * model.ts - the class BitLlama: a language model, read from a file, shared by its sessions.
 * SPDX-License-Identifier: MIT
 */
import { resolveEngine } from '../engine/choose.js';
import type { Engine, Failure, Handle, ModelEngine } from '../engine/engine.js';
import { made, part } from '../engine/made.js';
import type { ShardedFiles } from '../files/sharded.js';
import { TTTError } from '../common/errors.js';
import { DISPOSE, letOthersGo, Lifecycle } from '../common/lifecycle.js';
import { configOf } from './config.js';
import { LLAMA_KEY, tokenizerBytes } from './shared.js';
import type { LlamaConfig, LoadOptions, ModelSource } from './types.js';
import { readModel } from './source.js';
import { takeOptions } from '../common/named-options.js';
import { LOAD } from './option-names.js';
import { guardReceivers } from '../common/receiver.js';
import { Session } from './session.js';
import type { LanguageModel } from './session.js';
import { isTokenizer, Tokenizer } from '../tokenizer/index.js';
import type { BackendKind, Bytes } from '../common/types.js';

function openSharded(
  models: ModelEngine,
  { index, shards }: ShardedFiles,
  config: Uint8Array | undefined,
): Handle | Failure {
  const names = shards.map(({ name }) => name);
  const files = shards.map(({ bytes }) => bytes);
  return models.openSharded(index, names, files, config);
}

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
    // Bundlers rename classes that mention themselves; messages and inspection want this name.
    Object.defineProperty(this, 'name', { value: 'BitLlama' });
    guardReceivers(this, (value) => #life in value);
  }

  readonly #engine: Engine;
  readonly #models: ModelEngine;
  readonly #handle: Handle;
  readonly #life: Lifecycle;

  /** @internal Made by `BitLlama.load` and `Trainer.model`. */
  constructor(key: symbol, engine: Engine, handle: Handle, tokenizer: Tokenizer | undefined) {
    if (key !== LLAMA_KEY) {
      throw new TTTError('INVALID_ARGUMENT', 'models are made by `await BitLlama.load(source)`');
    }
    const models = part(engine, 'models');
    this.#engine = engine;
    this.#models = models;
    this.#handle = handle;
    this.#life = new Lifecycle(this, 'the model', () => models.close(handle));
    try {
      this.config = configOf(made(models.configJson(handle)));
      this.parameters = made(models.parameters(handle));
      this.fingerprint = made(models.fingerprint(handle));
    } catch (error) {
      this.destroy(); // nobody else will have it
      throw error;
    }
    this.backend = engine.kind;
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
    const { engine } = await resolveEngine(given);
    await letOthersGo();
    const { name, weights, config, tokenizer } = await readModel(source, given as LoadOptions);
    const models = part(engine, 'models');
    const handle = made(
      weights instanceof Uint8Array
        ? models.open(weights, config)
        : openSharded(models, weights, config),
      name,
    );
    try {
      const found = tokenizer ?? made(models.tokenizerJson(handle));
      const read = isTokenizer(found) ? found : found === '' ? undefined : Tokenizer.from(found);
      return new BitLlama(LLAMA_KEY, engine, handle, read);
    } catch (error) {
      models.close(handle);
      throw error;
    }
  }

  /** A reader of its own memory, which starts empty. Codes: `OUT_OF_MEMORY`, `DESTROYED`. */
  createSession(): Session {
    this.#life.checkLiving();
    const handle = made(part(this.#engine, 'sessions').create(this.#handle));
    return new Session(LLAMA_KEY, this, this.#engine, handle);
  }

  /** The compact `.bitt` file: ternary weights in 2 bits, int8 embedding, config and tokenizer. */
  pack(): Bytes {
    this.#life.checkLiving();
    return made(this.#models.pack(this.#handle, tokenizerBytes(this.tokenizer)));
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

/**
 * model.ts - the class BitLlama: a language model, read from a file, shared by its sessions.
 * SPDX-License-Identifier: MIT
 */
import { TTTError } from '../common/errors.js';
import { DISPOSE, Lifecycle, letFinalizersRun } from '../common/lifecycle.js';
import { takeOptions } from '../common/named-options.js';
import { guardReceivers } from '../common/receiver.js';
import type { BackendKind, Bytes } from '../common/types.js';
import { resolveEngine } from '../engine/choose.js';
import type { Engine, Handle, ModelEngine } from '../engine/engine.js';
import { made, part } from '../engine/made.js';
import { isTokenizer, Tokenizer } from '../tokenizer/index.js';
import { configOf } from './config.js';
import type { OpenModel } from './open.js';
import { cannotShare, openModel } from './open.js';
import { LOAD } from './option-names.js';
import { readSession } from './recall.js';
import type { LanguageModel } from './session.js';
import { Session } from './session.js';
import { LLAMA_KEY, tokenizerBytes } from './shared.js';
import type {
  LlamaConfig,
  LoadOptions,
  ModelSource,
  SessionOptions,
  SharedModel,
} from './types.js';

/** A model that was opened, with its own tokenizer unless one is given; after an error it is closed. */
export function modelOf(
  engine: Engine,
  handle: Handle,
  tokenizer: OpenModel['tokenizer'],
): BitLlama {
  const models = part(engine, 'models');
  try {
    const found = tokenizer ?? made(models.tokenizerJson(handle));
    const read = isTokenizer(found) ? found : found === '' ? undefined : Tokenizer.from(found);
    return new BitLlama(LLAMA_KEY, engine, handle, read, tokenizer === undefined);
  } catch (error) {
    models.close(handle);
    throw error;
  }
}

/**
 * A language model whose memory learns while it reads. The model itself never changes: what is
 * read is kept by its sessions, of which there may be thousands.
 *
 * Logits, drawn tokens and saved sessions are the same bits on every machine and backend.
 *
 * @example
 * ```js
 * import { BitLlama } from 'bit-ttt';
 * import { modelUrl } from 'bit-ttt/models/stories';
 *
 * const model = await BitLlama.load(modelUrl); // or a path, a URL, bytes
 * const session = model.createSession();
 * let text = 'Once upon a time';
 * for await (const piece of session.generate(text, { seed: 7, maxTokens: 20 })) text += piece;
 * console.log(text);
 * ```
 *
 * ```text
 * Once upon a time...
 * ```
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

  readonly #engine: Engine;
  readonly #models: ModelEngine;
  readonly #handle: Handle;
  /** The model's file has the tokenizer in it. */
  readonly #hasTokenizer: boolean;
  readonly #life: Lifecycle;

  /** @internal Made by `BitLlama.load` and `Trainer.model`. */
  constructor(
    key: symbol,
    engine: Engine,
    handle: Handle,
    tokenizer: Tokenizer | undefined,
    hasTokenizer = true,
  ) {
    if (key !== LLAMA_KEY) {
      throw new TTTError('INVALID_ARGUMENT', 'models are made by `await BitLlama.load(source)`');
    }
    const models = part(engine, 'models');
    this.#engine = engine;
    this.#models = models;
    this.#handle = handle;
    this.#hasTokenizer = hasTokenizer;
    this.#life = new Lifecycle(this, 'the model', () => models.close(handle));
    try {
      this.config = configOf(made(models.configJson(handle)));
      this.parameters = made(models.parameters(handle));
      this.fingerprint = made(models.fingerprint(handle));
    } catch (error) {
      this.destroy(); // the caller gets no object to destroy
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
   * bytes of a file, or of several with their index; or what `share` of a model in another thread gave.
   * Codes: `MODEL_UNAVAILABLE` (it cannot be had, or is shared and no longer open),
   * `MODEL_TOO_LARGE` (see `maxBytes`), `MODEL_FORMAT`, `MODEL_VERSION`, `MODEL_CONFIG`, `MODEL_TENSOR`,
   * `MODEL_NON_FINITE`, `INVALID_TOKENIZER`, `OUT_OF_MEMORY`, `ABORTED`.
   */
  static async load(source: ModelSource, options: LoadOptions = {}): Promise<BitLlama> {
    const given = takeOptions(options, LOAD);
    const { engine } = await resolveEngine(given);
    await letFinalizersRun();
    const { handle, tokenizer } = await openModel(part(engine, 'models'), source, given);
    return modelOf(engine, handle, tokenizer);
  }

  /**
   * A session with a memory of its own, which starts empty. What it reads it also remembers word for word, the
   * latest 32768 tokens unless the option `recall` says otherwise. Codes: `INVALID_ARGUMENT`,
   * `INVALID_OPTION`, `OUT_OF_MEMORY`, `DESTROYED`.
   */
  createSession(options: SessionOptions = {}): Session {
    this.#life.checkLiving();
    const { recall, struct } = readSession(options);
    this.#life.checkLiving(); // again: a getter of the options may have done anything
    const handle = made(part(this.#engine, 'sessions').create(this.#handle, struct));
    return new Session(LLAMA_KEY, this, this.#engine, handle, {
      recall,
      ownTokenizer: this.#hasTokenizer,
    });
  }

  /** The compact `.bitt` file: ternary weights in 2 bits, int8 embedding, config and tokenizer. */
  pack(): Bytes {
    this.#life.checkLiving();
    return made(this.#models.pack(this.#handle, tokenizerBytes(this.tokenizer)));
  }

  /**
   * What other threads of the process load to work with this very model, without a second copy of it:
   * `worker.postMessage(model.share())` here, and `BitLlama.load(message)` there. They can load it
   * while any thread has it open, whichever made it; each destroys its own. Codes:
   * `BACKEND_UNAVAILABLE` (on WebAssembly, where a thread has a memory of its own), `DESTROYED`,
   * `OUT_OF_MEMORY`.
   */
  share(): SharedModel {
    this.#life.checkLiving();
    if (!this.#models.share) throw cannotShare();
    const bitLlamaModel = made(this.#models.share(this.#handle));
    if (this.#hasTokenizer || !this.tokenizer) return { bitLlamaModel };
    return { bitLlamaModel, tokenizer: JSON.stringify(this.tokenizer) };
  }

  /** True once `destroy` has been called. */
  get destroyed(): boolean {
    return this.#life.destroyed;
  }

  /** Frees the model once its last session is destroyed. Calling it again does nothing. */
  destroy(): void {
    this.#life.destroy();
  }

  /** `destroy`, for `using model = await BitLlama.load(...)`. */
  [DISPOSE](): void {
    this.destroy();
  }
}

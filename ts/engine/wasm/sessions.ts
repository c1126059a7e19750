/**
 * sessions.ts - sessions of the models of one WebAssembly instance, which has no other thread to read in.
 * SPDX-License-Identifier: MIT
 */
import { lengthOf } from '../../common/brands.js';
import type { Handle, SessionEngine, StructBytes } from '../engine.js';
import type { WasmExports } from './exports.js';
import type { Pointer } from './heap.js';
import type { Block, Instance, Pointers } from './instance.js';
import { negative, plain } from './instance.js';
import { Table } from './table.js';

/** The most tokens that one call of the module reads, so that memory does not grow with the text. */
const READ_TOKENS = 1 << 12;

/** A call about tokens `at` to `end` - 1; `what`: the session, where they are in memory, and how many. */
type Slice<B extends readonly Block[]> = (
  exports: WasmExports,
  what: readonly [session: Pointer, ids: Pointer, count: number],
  at: number,
  end: number,
  ...blocks: Pointers<B>
) => number;

export class Sessions implements SessionEngine {
  readonly #instance: Instance;
  readonly #models: Table;
  readonly #sessions: Table;

  constructor(instance: Instance, models: Table) {
    this.#instance = instance;
    this.#models = models;
    this.#sessions = new Table(instance, 'bitllama_session_footprint', 'bitllama_session_destroy');
  }

  create(model: Handle, options: StructBytes): Handle {
    return this.#models.withBlocks(model, [options, 4], negative, (exports, pointer, how, out) =>
      this.#sessions.made(exports.bitllama_session_create_with(pointer, how, out), out),
    );
  }

  fork(session: Handle): Handle {
    return this.#sessions.withBlocks(session, [4], negative, (exports, pointer, out) =>
      this.#sessions.made(exports.bitllama_session_fork(pointer, out), out),
    );
  }

  destroy(session: Handle): number {
    return this.#sessions.destroy(session);
  }

  reset(session: Handle): number {
    return this.#sessions.ask(session, plain, (exports, p) => exports.bitllama_session_reset(p));
  }

  freeze(session: Handle, frozen: boolean): number {
    return this.#sessions.ask(session, plain, (exports, pointer) =>
      exports.bitllama_session_freeze(pointer, frozen ? 1 : 0),
    );
  }

  /**
   * Goes through tokens in slices of at most READ_TOKENS, with blocks of `sizes` bytes. A slice after the first
   * cannot fail: all tokens are below the vocabulary's size, and the memory for all is taken before.
   */
  #inSlices<const B extends readonly Block[]>(
    session: Handle,
    tokens: Uint32Array,
    sizes: B,
    slice: Slice<B>,
  ): number {
    const n = lengthOf(tokens);
    const blocks = [4 * Math.min(n, READ_TOKENS), ...sizes] as const;
    const status = this.#sessions.withBlocks(
      session,
      blocks,
      plain,
      (exports, pointer, ids, ...rest) => {
        const reserved = n > READ_TOKENS ? exports.bitllama_session_reserve(pointer, n) : 0;
        if (reserved !== 0) return reserved;
        for (let at = 0; at < n; at += READ_TOKENS) {
          const part = tokens.subarray(at, at + READ_TOKENS);
          this.#instance.heap.write(ids, part);
          const failed = slice(
            exports,
            [pointer, ids, part.length],
            at,
            at + part.length,
            ...(rest as Pointers<B>),
          );
          if (failed !== 0) return failed;
        }
        return 0;
      },
    );
    this.#sessions.weigh(session);
    return status;
  }

  read(
    session: Handle,
    tokens: Uint32Array,
    logProbabilities: Float32Array | undefined,
    surprise: Float32Array | undefined,
  ): number {
    const { heap } = this.#instance;
    const size = 4 * Math.min(lengthOf(tokens), READ_TOKENS);
    const sizes = [logProbabilities && size, surprise && size] as const;
    return this.#inSlices(session, tokens, sizes, (exports, what, at, end, first, second) => {
      const status = exports.bitllama_session_read(...what, first, second);
      if (status !== 0) return status;
      if (logProbabilities) heap.read(first, logProbabilities.subarray(at, end));
      if (surprise) heap.read(second, surprise.subarray(at, end));
      return 0;
    });
  }

  write(session: Handle, tokens: Uint32Array): number {
    return this.#inSlices(session, tokens, [], (exports, what) =>
      exports.bitllama_session_write(...what),
    );
  }

  logits(session: Handle, out: Float32Array): number {
    const size = 4 * lengthOf(out);
    return this.#sessions.withBlocks(session, [size], plain, (exports, pointer, block) => {
      const status = exports.bitllama_session_logits(pointer, block);
      if (status === 0) this.#instance.heap.read(block, out);
      return status;
    });
  }

  draw(session: Handle, sampling: StructBytes): number {
    return this.#sessions.withBlocks(
      session,
      [sampling, 4],
      negative,
      (exports, pointer, how, out) => {
        const status = exports.bitllama_session_draw(pointer, how, out);
        return status === 0 ? this.#instance.heap.readUint32(out) : -status;
      },
    );
  }

  suggest(
    session: Handle,
    before: Uint32Array,
    typed: Uint8Array,
    suggesting: StructBytes,
    out: Uint8Array,
  ): number {
    const [n, letters] = [lengthOf(before), lengthOf(typed)];
    return this.#sessions.withBlocks(
      session,
      [before, typed, suggesting, out, 4],
      negative,
      (exports, pointer, ids, text, how, list, found) => {
        const status = exports.bitllama_session_suggest(
          ...[pointer, ids, n, text, letters, how, list, found],
        );
        if (status !== 0) return -status;
        this.#instance.heap.read(list, out);
        return this.#instance.heap.readUint32(found);
      },
    );
  }

  stateSize(session: Handle): number {
    return this.#sessions.ask(
      session,
      negative,
      (exports, p) => exports.bitllama_session_state_size(p) >>> 0,
    );
  }

  tokens(session: Handle): number {
    return this.#sessions.ask(session, negative, (exports, p) =>
      Number(exports.bitllama_session_tokens(p)),
    );
  }

  save(session: Handle, bytes: Uint8Array): number {
    const size = lengthOf(bytes);
    return this.#sessions.withBlocks(session, [size], plain, (exports, pointer, block) => {
      const status = exports.bitllama_session_save(pointer, block, size);
      if (status === 0) this.#instance.heap.read(block, bytes);
      return status;
    });
  }

  load(session: Handle, bytes: Uint8Array): number {
    const status = this.#sessions.withBlocks(session, [bytes], plain, (exports, pointer, block) =>
      exports.bitllama_session_load(pointer, block, lengthOf(bytes)),
    );
    this.#sessions.weigh(session);
    return status;
  }
}

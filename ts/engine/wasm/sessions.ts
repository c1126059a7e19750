/**
 * sessions.ts - sessions of the models of one WebAssembly instance, which has no other thread to read in.
 * SPDX-License-Identifier: MIT
 */
import { lengthOf } from '../../common/brands.js';
import type { Handle, SessionEngine, StructBytes } from '../engine.js';
import type { Instance } from './instance.js';
import { negative, plain } from './instance.js';
import { Table } from './table.js';

/** The most tokens that one call of the module reads, so that memory does not grow with the text. */
const READ_TOKENS = 1 << 12;

export class Sessions implements SessionEngine {
  readonly #instance: Instance;
  readonly #models: Table;
  readonly #sessions: Table;

  constructor(instance: Instance, models: Table) {
    this.#instance = instance;
    this.#models = models;
    this.#sessions = new Table(instance, 'bitllama_session_footprint', 'bitllama_session_destroy');
  }

  create(model: Handle): Handle {
    return this.#models.withBlocks(model, [4], negative, (exports, pointer, out) =>
      this.#sessions.made(exports.bitllama_session_create(pointer, out), out),
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

  read(
    session: Handle,
    tokens: Uint32Array,
    logProbabilities: Float32Array | undefined,
    surprise: Float32Array | undefined,
  ): number {
    const { heap } = this.#instance;
    const n = lengthOf(tokens);
    const size = 4 * Math.min(n, READ_TOKENS);
    const sizes = [size, logProbabilities && size, surprise && size] as const;
    return this.#sessions.withBlocks(
      session,
      sizes,
      plain,
      (exports, pointer, ids, first, second) => {
        // All tokens are below the vocabulary's size: a slice after the first cannot fail.
        for (let at = 0; at < n; at += READ_TOKENS) {
          const part = tokens.subarray(at, at + READ_TOKENS);
          const end = at + part.length;
          heap.write(ids, part);
          const status = exports.bitllama_session_read(pointer, ids, part.length, first, second);
          if (status !== 0) return status;
          if (logProbabilities) heap.read(first, logProbabilities.subarray(at, end));
          if (surprise) heap.read(second, surprise.subarray(at, end));
        }
        return 0;
      },
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
    return this.#sessions.withBlocks(session, [bytes], plain, (exports, pointer, block) =>
      exports.bitllama_session_load(pointer, block, lengthOf(bytes)),
    );
  }
}

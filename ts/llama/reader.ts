/**
 * reader.ts - how a session reads tokens: at once, or beside the JavaScript thread.
 * SPDX-License-Identifier: MIT
 */
import { allocate } from '../common/args.js';
import { errorOf } from '../common/errors.js';
import type { Turns } from '../common/turns.js';
import type { Handle, SessionEngine } from '../engine/engine.js';
import { check, made } from '../engine/made.js';
import type { TokenReadings } from './types.js';

/**
 * Tokens times weights from which a read goes to another thread: about two milliseconds of work, beside
 * which the switch to it and back costs nothing.
 */
const WORK_ASIDE = 1 << 26;

export class Reader {
  readonly #sessions: SessionEngine;
  readonly #session: Handle;
  /** Reads of as many tokens go to another thread. */
  readonly #manyTokens: number;
  /** While another thread reads, of whose progress nothing can be known: tokens read before. */
  #tokensBefore: number | undefined;

  /** `parameters` are those of the session's model. */
  constructor(sessions: SessionEngine, session: Handle, parameters: number) {
    this.#sessions = sessions;
    this.#session = session;
    this.#manyTokens = sessions.readAsync ? WORK_ASIDE / parameters : Infinity;
  }

  /** Tokens read since the session was made or reset. */
  get tokens(): number {
    return this.#tokensBefore ?? made(this.#sessions.tokens(this.#session));
  }

  /** Reads tokens at once. */
  read(ids: Uint32Array): TokenReadings {
    const logProbabilities = allocate(() => new Float32Array(ids.length));
    const surprise = allocate(() => new Float32Array(ids.length));
    check(this.#sessions.read(this.#session, ids, logProbabilities, surprise));
    return { logProbabilities, surprise };
  }

  /** Reads tokens of which nothing is to be told; a promise if another thread does. */
  skim(ids: Uint32Array): Promise<void> | void {
    if (ids.length >= this.#manyTokens) return this.#readAside(ids, false).then(() => undefined);
    check(this.#sessions.read(this.#session, ids, undefined, undefined));
  }

  /** Reads a text in shares of a turn, and tells of each; an abort leaves read what was. */
  observe(
    ids: Uint32Array,
    turns: Turns,
    tell: (part: Uint32Array, readings: TokenReadings) => void,
  ): Promise<void> {
    return turns.inShares(ids.length, async (from, to) => {
      const part = ids.subarray(from, to);
      const aside = part.length >= this.#manyTokens;
      tell(part, aside ? await this.#readAside(part, true) : this.read(part));
    });
  }

  async #readAside(ids: Uint32Array, wanted: boolean): Promise<TokenReadings> {
    this.#tokensBefore = this.tokens;
    try {
      return await new Promise((resolve, reject) => {
        const status = this.#sessions.readAsync!(
          this.#session,
          ids,
          wanted,
          wanted,
          (failed, logProbabilities, surprise) => {
            if (failed === 0) resolve({ logProbabilities, surprise } as TokenReadings);
            else reject(errorOf(failed));
          },
        );
        if (status !== 0) reject(errorOf(status));
      });
    } finally {
      this.#tokensBefore = undefined;
    }
  }
}

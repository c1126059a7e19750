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
 * Work in tokens times weights. From the first on a read goes to another thread: some two milliseconds,
 * beside which the way there and back costs nothing. A longer one goes in shares of the second, after each
 * of which an abort is heard.
 */
const WORK_ASIDE = 1 << 26;
const WORK_OF_SHARE = 16 * WORK_ASIDE;
const MOST_TOKENS = 4096;

export class Reader {
  readonly #sessions: SessionEngine;
  readonly #session: Handle;
  /** From so many tokens on a read goes to another thread, in shares of so many. */
  readonly #manyTokens: number;
  readonly #share: number;
  /** While another thread reads, of whose progress nothing can be known: tokens read before. */
  #tokensBefore: number | undefined;

  /** `parameters` are those of the session's model. */
  constructor(sessions: SessionEngine, session: Handle, parameters: number) {
    this.#sessions = sessions;
    this.#session = session;
    this.#manyTokens = sessions.readAsync ? WORK_ASIDE / parameters : Infinity;
    this.#share = Math.min(MOST_TOKENS, Math.ceil(WORK_OF_SHARE / parameters));
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

  /** Reads a token of which nothing is to be told; a promise if another thread does. */
  readOne(token: number): Promise<unknown> | undefined {
    const ids = Uint32Array.of(token);
    if (ids.length >= this.#manyTokens) return this.#readAside(ids, false);
    check(this.#sessions.read(this.#session, ids, undefined, undefined));
    return undefined;
  }

  /**
   * Reads a text while the event loop runs on, and tells of each part if that is wanted. An abort leaves
   * read what was.
   */
  async readText(
    ids: Uint32Array,
    turns: Turns,
    tell?: (part: Uint32Array, readings: TokenReadings) => void,
  ): Promise<void> {
    if (ids.length < this.#manyTokens) {
      return turns.inShares(ids.length, (from, to) => {
        const part = ids.subarray(from, to);
        if (tell) tell(part, this.read(part));
        else check(this.#sessions.read(this.#session, part, undefined, undefined));
      });
    }
    for (let at = 0; at < ids.length; at += this.#share) {
      const part = ids.subarray(at, at + this.#share);
      const readings = await this.#readAside(part, tell !== undefined);
      tell?.(part, readings);
      await turns.rest();
    }
  }

  /** Reads tokens on another thread. Unless readings are wanted, there are none. */
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

/**
 * reader.ts - how a session reads tokens: at once, in turns, or on another thread.
 * SPDX-License-Identifier: MIT
 */
import { allocate } from '../common/args.js';
import type { Turns } from '../common/turns.js';
import type { Handle, SessionEngine } from '../engine/engine.js';
import { check, made } from '../engine/made.js';
import type { TokenReadings } from './types.js';

/**
 * Thresholds in tokens x weights. A read of at least THREAD_WORK (about 2 ms) goes to another thread: the
 * hand-over then costs little beside it. A longer read than SLICE_WORK is cut into slices, between which
 * an abort takes effect.
 */
const THREAD_WORK = 1 << 26;
const SLICE_WORK = 16 * THREAD_WORK;
const MOST_SLICE_TOKENS = 4096;

export class Reader {
  readonly #sessions: SessionEngine;
  readonly #session: Handle;
  /** A read of this many tokens goes to another thread. */
  readonly #threadTokens: number;
  /** Tokens of one read on another thread. */
  readonly #sliceTokens: number;
  /** While another thread reads and the session cannot be asked: what it was before that. */
  #before: { tokens: number; stateSize: number } | undefined;

  /** `parameters` are those of the session's model. */
  constructor(sessions: SessionEngine, session: Handle, parameters: number) {
    this.#sessions = sessions;
    this.#session = session;
    this.#threadTokens = sessions.readAsync ? THREAD_WORK / parameters : Infinity;
    this.#sliceTokens = Math.min(MOST_SLICE_TOKENS, Math.ceil(SLICE_WORK / parameters));
  }

  /** Tokens read since the session was made or reset. */
  get tokens(): number {
    return this.#before?.tokens ?? made(this.#sessions.tokens(this.#session));
  }

  /** Bytes of a saved session. */
  get stateSize(): number {
    return this.#before?.stateSize ?? made(this.#sessions.stateSize(this.#session));
  }

  /** Reads tokens at once. */
  read(ids: Uint32Array): TokenReadings {
    const logProbabilities = allocate(() => new Float32Array(ids.length));
    const surprise = allocate(() => new Float32Array(ids.length));
    check(this.#sessions.read(this.#session, ids, logProbabilities, surprise));
    return { logProbabilities, surprise };
  }

  /** Reads, at once, tokens that the session has drawn. */
  write(ids: Uint32Array): void {
    check(this.#sessions.write(this.#session, ids));
  }

  /** The same with one token; returns a promise if another thread reads it. */
  writeOne(token: number): Promise<unknown> | undefined {
    const ids = Uint32Array.of(token);
    if (ids.length < this.#threadTokens) {
      this.write(ids);
      return undefined;
    }
    return this.#onThread((resolve) => this.#sessions.writeAsync!(this.#session, ids, resolve));
  }

  /**
   * Reads a text while the event loop runs on, and passes each slice with its readings to `onSlice`. After
   * an abort the slices until then stay read.
   */
  async readText(
    ids: Uint32Array,
    turns: Turns,
    onSlice?: (slice: Uint32Array, readings: TokenReadings) => void,
  ): Promise<void> {
    if (ids.length < this.#threadTokens) {
      return turns.inSlices(ids.length, (from, to) => {
        const slice = ids.subarray(from, to);
        if (onSlice) onSlice(slice, this.read(slice));
        else check(this.#sessions.read(this.#session, slice, undefined, undefined));
      });
    }
    for (let at = 0; at < ids.length; at += this.#sliceTokens) {
      const slice = ids.subarray(at, at + this.#sliceTokens);
      const readings = await this.#readOnThread(slice, onSlice !== undefined);
      onSlice?.(slice, readings);
      await turns.rest();
    }
  }

  /** Reads tokens on another thread. Unless they are `wanted`, both readings are missing. */
  async #readOnThread(ids: Uint32Array, wanted: boolean): Promise<TokenReadings> {
    let readings = {} as TokenReadings;
    await this.#onThread((resolve) =>
      this.#sessions.readAsync!(
        this.#session,
        ids,
        wanted,
        wanted,
        (failed, logProbabilities, surprise) => {
          readings = { logProbabilities, surprise } as TokenReadings;
          resolve(failed);
        },
      ),
    );
    return readings;
  }

  /** Waits for work that `start` starts, which returns its status, or calls back with it later. */
  async #onThread(start: (done: (status: number) => void) => number): Promise<void> {
    this.#before = { tokens: this.tokens, stateSize: this.stateSize };
    try {
      const status = await new Promise<number>((resolve) => {
        const failed = start(resolve);
        if (failed !== 0) resolve(failed);
      });
      check(status);
    } finally {
      this.#before = undefined;
    }
  }
}

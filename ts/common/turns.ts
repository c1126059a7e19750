/**
 * turns.ts - keeps the event loop free during long work: a turn for everybody else whenever a few
 * milliseconds have passed.
 * SPDX-License-Identifier: MIT
 */
import { nextTurn, now } from './clock.js';
import { abortError } from './signal.js';
import type { AbortSignalLike } from './types.js';

const TURN_MS = 4;
const FIRST_SHARE = 8;

export class Turns {
  readonly #signal: AbortSignalLike | undefined;
  #since = now();
  #share = FIRST_SHARE;

  constructor(signal: AbortSignalLike | undefined) {
    this.#signal = signal;
  }

  /** To be called between two steps: lets others run if it is time, and throws after an abort. */
  async rest(): Promise<void> {
    if (now() - this.#since >= TURN_MS) {
      await nextTurn();
      this.#since = now();
    }
    if (this.#signal?.aborted) throw abortError(this.#signal, 'the call was aborted in the middle');
  }

  /** Calls `work` with ranges of 0 to `length` that each take about a turn. */
  async inShares(length: number, work: (from: number, to: number) => void): Promise<void> {
    for (let at = 0; at < length; ) {
      const end = Math.min(length, at + this.#share);
      const before = now();
      work(at, end);
      const elapsed = now() - before;
      if (elapsed < TURN_MS / 2) this.#share = Math.min(1024, 2 * this.#share);
      else if (elapsed > TURN_MS) this.#share = Math.max(1, this.#share >> 1);
      at = end;
      await this.rest();
    }
  }
}

/**
 * turns.ts - long work on the JavaScript thread in turns of a few milliseconds, between which the
 * event loop runs everything else, and after which an AbortSignal can end the work.
 * SPDX-License-Identifier: MIT
 */
import { nextTurn, now } from './clock.js';
import { abortError } from './signal.js';
import type { AbortSignalLike } from './types.js';

/** How long one turn should take, in milliseconds. */
export const TURN_MS = 4;

const FIRST_SLICE = 8;
const LARGEST_SLICE = 1024;
/** The core reads tokens in blocks of 16; a slice that is no multiple ends with a short, slow block. */
const BLOCK = 16;

/**
 * The number of items that fill a turn, when the last `count` of them took `elapsed` milliseconds:
 * at most twice as many, 1 to `most`, and a multiple of BLOCK unless fewer.
 */
export function nextSlice(count: number, elapsed: number, most = LARGEST_SLICE): number {
  const wanted = elapsed > 0 ? (count * TURN_MS) / elapsed : most;
  const next = Math.max(1, Math.min(Math.floor(wanted), 2 * count, most));
  return next < BLOCK ? next : next - (next % BLOCK);
}

/** Settings that few callers need. */
interface TurnsOptions {
  /** The message of the ABORTED error. */
  message?: string;
  /** Length of a turn in milliseconds. */
  milliseconds?: number;
}

/** Divides long work into turns. After an abort every method throws TTTError ABORTED. */
export class Turns {
  readonly #signal: AbortSignalLike | undefined;
  readonly #message: string;
  readonly #milliseconds: number;
  #since = now();
  #slice = FIRST_SLICE;

  constructor(
    signal?: AbortSignalLike,
    { message = 'the call was aborted in the middle', milliseconds = TURN_MS }: TurnsOptions = {},
  ) {
    this.#signal = signal;
    this.#message = message;
    this.#milliseconds = milliseconds;
  }

  /** Throws after an abort, and does nothing otherwise. */
  check(): void {
    if (this.#signal?.aborted) throw abortError(this.#signal, this.#message);
  }

  /** Between two steps: lets the event loop run if the turn is over, and says whether it was. */
  async rest(): Promise<boolean> {
    const over = this.#isOver;
    if (over) {
      await nextTurn();
      this.#since = now();
    }
    this.check();
    return over;
  }

  /** Calls `work` with consecutive ranges of 0 to `length` that each take about a turn. */
  async inSlices(
    length: number,
    work: (from: number, to: number) => void | Promise<void>,
  ): Promise<void> {
    for (let at = 0; at < length; ) {
      const end = Math.min(length, at + this.#slice);
      const before = now();
      await work(at, end);
      if (end - at === this.#slice) this.#slice = nextSlice(this.#slice, now() - before);
      at = end;
      await this.rest();
    }
  }

  /** Steps through `work` to its end, and yields `report()` after each turn but the last. */
  async *run<T>(work: Iterator<void>, report: () => T): AsyncGenerator<T, void, undefined> {
    this.check();
    while (!work.next().done) {
      if (!this.#isOver) continue; // no promise for each of a million short steps
      await this.rest();
      yield report();
    }
  }

  /** Awaits a promise, but throws as soon as the signal is aborted. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    const signal = this.#signal;
    if (!signal) return promise;
    let abort = (): void => undefined;
    const aborted = new Promise<never>((_, reject) => {
      abort = () => reject(abortError(signal, this.#message));
      signal.addEventListener('abort', abort);
      if (signal.aborted) abort();
    });
    try {
      return await Promise.race([promise, aborted]);
    } finally {
      signal.removeEventListener('abort', abort);
    }
  }

  get #isOver(): boolean {
    return now() - this.#since >= this.#milliseconds;
  }
}

/**
 * slices.ts - long work in slices of a few milliseconds, between which the event loop is free, and
 * which an AbortSignal ends.
 * SPDX-License-Identifier: MIT
 */
import { nextTurn, now } from '../common/clock.js';
import { TTTError } from '../common/errors.js';
import type { AbortSignalLike } from '../common/types.js';

/** How long one slice should take, in milliseconds. */
const SLICE_MS = 4;

/** The rejection of aborted work: `cause` is the signal's reason. */
function aborted(signal: AbortSignalLike, what: string): TTTError {
  return new TTTError('ABORTED', `${what} was aborted`, { cause: signal.reason });
}

/** Tells when a slice is over, and lets the event loop run then. */
export class Slices {
  readonly #signal: AbortSignalLike | undefined;
  readonly #what: string;
  #began = now();

  /** @param what the work, for the message of an abort */
  constructor(signal: AbortSignalLike | undefined, what: string) {
    this.#signal = signal;
    this.#what = what;
    this.#check();
  }

  #check(): void {
    if (this.#signal?.aborted) throw aborted(this.#signal, this.#what);
  }

  /** Whether it is time for `pause`. */
  get over(): boolean {
    return now() - this.#began >= SLICE_MS;
  }

  /** Lets the event loop run. Rejects with ABORTED when the signal says so. */
  async pause(): Promise<void> {
    await nextTurn();
    this.#check();
    this.#began = now();
  }

  /** Steps through `work` in slices; each pause is followed by one value of `report`. */
  async *run<T>(work: Iterator<void>, report: () => T): AsyncGenerator<T, void, undefined> {
    while (!work.next().done) {
      if (!this.over) continue;
      await this.pause();
      yield report();
    }
  }

  /** A promise's value, unless the signal comes first. */
  async wait<T>(promise: Promise<T>): Promise<T> {
    const signal = this.#signal;
    if (!signal) return promise;
    let onAbort: (() => void) | undefined;
    try {
      return await new Promise<T>((resolve, reject) => {
        onAbort = () => reject(aborted(signal, this.#what));
        signal.addEventListener('abort', onAbort);
        promise.then(resolve, reject);
      });
    } finally {
      if (onAbort) signal.removeEventListener('abort', onAbort);
    }
  }
}

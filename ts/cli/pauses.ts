/**
 * pauses.ts - turns of the event loop during long work, so that signals and timers are heard.
 * SPDX-License-Identifier: MIT
 */

/** How long everybody else waits at most. */
const PAUSE_MS = 10;

/** A turn for everything else: signals, timers, the terminal. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Gives a turn to everything else where it is time for one. */
export class Pauses {
  private since = performance.now();

  /** To be called between two pieces of work. */
  async rest(): Promise<void> {
    if (performance.now() - this.since < PAUSE_MS) return;
    await turn();
    this.since = performance.now();
  }
}

/**
 * clock.ts - time, and turns of the event loop, as they were when the package was loaded: fake timers
 * that a test installs afterwards (Jest, Vitest, node:test) would let every long call wait for ever.
 * SPDX-License-Identifier: MIT
 */

/**
 * The platform's own setImmediate, if there is one. One that fake timers put in its place before the
 * package was loaded may bear its name, but gives no `Immediate`.
 */
function ownImmediate(): typeof setImmediate | undefined {
  if (typeof setImmediate !== 'function' || typeof clearImmediate !== 'function') return undefined;
  try {
    const made = setImmediate(() => undefined);
    clearImmediate(made);
    return made.constructor.name === 'Immediate' ? setImmediate : undefined;
  } catch {
    return undefined; // one of another kind than what clears it
  }
}

const immediate = ownImmediate();
const Channel = typeof MessageChannel === 'function' ? MessageChannel : undefined;
const timeout = setTimeout;

/** Milliseconds since some moment, for differences. */
export const now: () => number = performance.now.bind(performance);

/** Calls back in a later turn of the event loop, after events that are waiting, with no delay. */
export function soon(callback: () => void): void {
  if (immediate) {
    immediate(callback);
  } else if (Channel) {
    // No fake timers replace it.
    const { port1, port2 } = new Channel();
    port1.onmessage = () => {
      port1.close();
      callback();
    };
    port2.postMessage(null);
  } else {
    timeout(callback, 0);
  }
}

/** Resolves in a later turn of the event loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => soon(resolve));
}

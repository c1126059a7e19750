/**
 * clock.ts - the clock and the timers of the platform, as they were when the package was loaded:
 * under fake timers that a test installs afterwards (Jest, Vitest, node:test) every long call would
 * wait for ever.
 * SPDX-License-Identifier: MIT
 */

/**
 * The platform's own setImmediate, if there is one. Fake timers that were installed earlier are
 * recognised by their return value, which is not an `Immediate`.
 */
function ownImmediate(): typeof setImmediate | undefined {
  if (typeof setImmediate !== 'function' || typeof clearImmediate !== 'function') return undefined;
  try {
    const made = setImmediate(() => undefined);
    clearImmediate(made);
    return made.constructor.name === 'Immediate' ? setImmediate : undefined;
  } catch {
    return undefined; // only one of the two is faked
  }
}

const immediate = ownImmediate();
const Channel = typeof MessageChannel === 'function' ? MessageChannel : undefined;
const timeout = setTimeout;

/** Milliseconds since some moment, for differences. */
export const now: () => number = performance.now.bind(performance);

/** Calls back without delay, in a turn of the event loop after the events that are waiting. */
export function soon(callback: () => void): void {
  if (immediate) {
    immediate(callback);
  } else if (Channel) {
    // Fake timers do not replace MessageChannel.
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

/**
 * signal.ts - a caller's AbortSignal: checked when it is taken. One listener serves all calls that
 * it may end, as platforms warn of a leak above ten listeners.
 * SPDX-License-Identifier: MIT
 */
import { checkObject, reading, readProperty, wrongType } from './args.js';
import { TTTError } from './errors.js';
import type { AbortSignalLike } from './types.js';

/** The rejection of an aborted call: `cause` is the signal's reason. */
export function abortError(
  signal: AbortSignalLike,
  text = 'the call was aborted; nothing was changed',
): TTTError {
  return new TTTError('ABORTED', text, { cause: signal.reason });
}

/** Refuses what is not an AbortSignal of any realm. */
function checkSignal(value: unknown): asserts value is AbortSignalLike | undefined {
  if (value === undefined) return;
  checkObject(value, 'signal');
  const isSignal = reading('signal', () => {
    const { aborted, addEventListener, removeEventListener } = value as Partial<AbortSignalLike>;
    return (
      typeof aborted === 'boolean' &&
      typeof addEventListener === 'function' &&
      typeof removeEventListener === 'function'
    );
  });
  if (isSignal) return;
  throw wrongType('signal', 'an AbortSignal', value);
}

/** The calls that wait for a signal, and its one listener, which notifies them all. */
interface Waiting {
  readonly calls: Set<() => void>;
  readonly notify: () => void;
}

const waiting = new WeakMap<AbortSignalLike, Waiting>();

function listen(signal: AbortSignalLike, call: () => void): void {
  const known = waiting.get(signal);
  if (known) {
    known.calls.add(call);
    return;
  }
  const calls = new Set([call]);
  const notify = (): void => [...calls].forEach((one) => one());
  signal.addEventListener('abort', notify);
  waiting.set(signal, { calls, notify });
}

function ignore(signal: AbortSignalLike, call: () => void): void {
  const known = waiting.get(signal);
  if (!known?.calls.delete(call) || known.calls.size > 0) return;
  waiting.delete(signal);
  try {
    signal.removeEventListener('abort', known.notify);
  } catch {
    // A user's own signal may throw here; no call waits for it any more.
  }
}

/** A checked signal; a property that throws nevertheless becomes `INVALID_ARGUMENT`. */
class CheckedSignal implements AbortSignalLike {
  readonly #given: AbortSignalLike;

  constructor(given: AbortSignalLike) {
    this.#given = given;
  }

  get aborted(): boolean {
    return readProperty(this.#given, 'aborted', 'signal') === true;
  }

  get reason(): unknown {
    return readProperty(this.#given, 'reason', 'signal');
  }

  addEventListener(_: 'abort', call: () => void): void {
    listen(this.#given, call);
  }

  removeEventListener(_: 'abort', call: () => void): void {
    ignore(this.#given, call);
  }
}

/** The signal that a caller gave, if any, of any realm. Throws `INVALID_ARGUMENT`. */
export function takeSignal(value: unknown): AbortSignalLike | undefined {
  checkSignal(value);
  if (value === undefined || value instanceof CheckedSignal) return value;
  return new CheckedSignal(value);
}

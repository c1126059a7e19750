/**
 * lifecycle.ts - the states of an object that owns memory of an engine: one asynchronous call at a
 * time, a destroy that waits for its end, and release after garbage collection where destroy was
 * forgotten.
 * SPDX-License-Identifier: MIT
 */
import { nextTurn } from './clock.js';
import { TTTError } from './errors.js';

/** DYING: destroyed while a call is at work, which may finish. */
const enum State {
  IDLE,
  BUSY,
  DYING,
  DESTROYED,
}

const leaks =
  typeof FinalizationRegistry === 'function'
    ? new FinalizationRegistry((free: () => void) => free())
    : undefined;

/** Objects that may be made before finalizers must run. */
const MADE_PER_TURN = 32;
let made = 0;

/**
 * To be awaited before an object is made. FinalizationRegistry callbacks run in a turn of the event
 * loop of their own, which a loop of `await create()` that never really waits would not give them.
 */
export async function letFinalizersRun(): Promise<void> {
  if (made < MADE_PER_TURN) return;
  made = 0;
  await nextTurn();
}

/** `Symbol.dispose`, also where the platform does not have it yet. */
export const DISPOSE: typeof Symbol.dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');

export class Lifecycle {
  #state: State = State.IDLE;
  readonly #what: string;
  readonly #free: () => void;

  /**
   * `free` runs once: on destroy (then after a call that is at work), or after `owner` was garbage
   * collected, so that it must not refer to the owner. Messages call the owner `what`: `the
   * session`.
   */
  constructor(owner: object, what: string, free: () => void) {
    made++;
    this.#what = what;
    this.#free = free;
    leaks?.register(owner, free, this);
  }

  get destroyed(): boolean {
    return this.#state >= State.DYING;
  }

  /** Refuses an owner that is destroyed. */
  checkLiving(): void {
    if (this.destroyed) throw new TTTError('DESTROYED', `${this.#what} was destroyed`);
  }

  /** Refuses an owner that is destroyed or at work. */
  checkIdle(): void {
    this.checkLiving();
    if (this.#state === State.BUSY) {
      const text = `a call is at work on ${this.#what}; wait for its end`;
      throw new TTTError('BUSY', text);
    }
  }

  /** Begins a call; `end` must follow. */
  begin(): void {
    this.checkIdle();
    this.#state = State.BUSY;
  }

  end(): void {
    if (this.#state === State.DYING) this.#release();
    else if (this.#state === State.BUSY) this.#state = State.IDLE;
  }

  destroy(): void {
    if (this.#state === State.IDLE) this.#release();
    else if (this.#state === State.BUSY) this.#state = State.DYING;
  }

  #release(): void {
    this.#state = State.DESTROYED;
    leaks?.unregister(this);
    this.#free();
  }
}

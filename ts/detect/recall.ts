/**
 * recall.ts - a recall of any symbols, with an open vocabulary: what was read is remembered word for word
 * (include/bit_ttt/recall.h). It is of the package alone: the command and the demo page have no engine
 * of their own to run it on.
 * SPDX-License-Identifier: MIT
 */
import { allocate, checkBytes } from '../common/args.js';
import { errorOf, statusOf } from '../common/errors.js';
import { Lifecycle, letFinalizersRun } from '../common/lifecycle.js';
import type { Bytes } from '../common/types.js';
import type { BackendChoice } from '../engine/choose.js';
import { resolveEngine } from '../engine/choose.js';
import type { Engine, Handle, RecallEngine } from '../engine/engine.js';
import { check, made, part } from '../engine/made.js';
import { encode, TTT_RECALL_OPTIONS } from '../engine/structs.js';

export interface RecallOptions {
  /** The longest context, 1 to 4 symbols. */
  readonly order: number;
  /** Symbols that are remembered, a power of two from 256 to 2^22. */
  readonly capacity: number;
}

/** The number where it is a uint32, else 0, which the core refuses. */
function uint32(value: number): number {
  return value >>> 0 === value ? value : 0;
}

function create(recalls: RecallEngine, { order, capacity }: RecallOptions): Handle {
  const values = { vocab: 0, capacity: uint32(capacity), order: uint32(order) };
  const handle = recalls.create(encode(TTT_RECALL_OPTIONS, values));
  if (handle !== -statusOf('INVALID_CONFIG')) return made(handle);
  const text =
    'a recall has an order of 1 to 4, and a power of two from 256 to 2^22 as its capacity';
  throw errorOf(-handle, `${text}; these are ${order} and ${capacity}`);
}

/**
 * A memory of a sequence of symbols, which are numbers of 32 bits; signed ones count as the unsigned ones of
 * the same bits. Every failure is a TTTError and leaves the memory as it was.
 */
export class Recall {
  readonly #recalls: RecallEngine;
  readonly #handle: Handle;
  readonly #life: Lifecycle;

  private constructor(engine: Engine, options: RecallOptions) {
    const recalls = part(engine, 'recalls');
    const handle = create(recalls, options);
    this.#recalls = recalls;
    this.#handle = handle;
    this.#life = new Lifecycle(this, 'the recall', () => recalls.destroy(handle));
  }

  /** An empty recall on the engine of a choice. */
  static async create(options: RecallOptions & { choice?: BackendChoice }): Promise<Recall> {
    const { engine } = await resolveEngine(options.choice ?? {});
    await letFinalizersRun();
    return new Recall(engine, options);
  }

  /** An empty recall on an engine that is there already. */
  static on(engine: Engine, options: RecallOptions): Recall {
    return new Recall(engine, options);
  }

  /** The handle of a recall that is not destroyed. */
  #living(): Handle {
    this.#life.checkLiving();
    return this.#handle;
  }

  /** Symbols learned since the memory was empty; a loaded state brings its own number. */
  get symbols(): number {
    return made(this.#recalls.symbols(this.#living()));
  }

  /** The probability that `symbol` comes next; `base` is its probability among symbols that are new. */
  probability(symbol: number, base: number): number {
    const found = this.#recalls.probability(this.#living(), symbol >>> 0, base);
    if (found < 0) throw errorOf(-found);
    return found;
  }

  /** Learns that `symbol` came, whose base probability was `base`. */
  learn(symbol: number, base: number): void {
    check(this.#recalls.learn(this.#living(), symbol >>> 0, base));
  }

  /** Lets `symbol` pass: it is context for what follows, and not remembered as what came. */
  pass(symbol: number): void {
    check(this.#recalls.pass(this.#living(), symbol >>> 0));
  }

  /** The memory, to be loaded by a recall of the same order and capacity on any machine. */
  save(): Bytes {
    const handle = this.#living();
    const size = made(this.#recalls.stateSize(handle));
    const bytes = allocate(() => new Uint8Array(size));
    check(this.#recalls.save(handle, bytes));
    return bytes;
  }

  /** Replaces the memory by a saved one. Codes: `STATE_DAMAGED`, `STATE_VERSION`, `STATE_RECALL`. */
  load(bytes: Uint8Array): void {
    const handle = this.#living();
    const status = this.#recalls.load(handle, checkBytes(bytes, 'the state'));
    if (status === statusOf('STATE_RECALL')) {
      throw errorOf(status, 'the state is of a recall with another order or capacity');
    }
    check(status);
  }

  /** Frees the recall; calling it again does nothing. */
  destroy(): void {
    this.#life.destroy();
  }
}

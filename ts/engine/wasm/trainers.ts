/**
 * trainers.ts - trainers on one WebAssembly instance.
 * SPDX-License-Identifier: MIT
 */
import { lengthOf } from '../../common/brands.js';
import { soon } from '../../common/clock.js';
import { statusOf } from '../../common/errors.js';
import type { Bytes } from '../../common/types.js';
import type { Failure, Handle, StructBytes, TrainerEngine } from '../engine.js';
import { BITLLAMA_STEP, TTT_ERROR } from '../structs.js';
import type { Failed, Instance } from './instance.js';
import { negative, plain } from './instance.js';
import { DESTROYED, Table } from './table.js';

type Optional = Uint8Array | undefined;

const failure: Failed<Failure> = (status) => ({ status, offset: 0, text: '' });

export class Trainers implements TrainerEngine {
  readonly #instance: Instance;
  readonly #models: Table;
  readonly #trainers: Table;

  constructor(instance: Instance, models: Table) {
    this.#instance = instance;
    this.#models = models;
    this.#trainers = new Table(instance, 'bitllama_trainer_footprint', 'bitllama_trainer_destroy');
  }

  create(config: StructBytes, training: StructBytes, tokens: Uint32Array): Handle | Failure {
    const blocks = [config, training, tokens, 4, new Uint8Array(TTT_ERROR.size)] as const;
    return this.#instance.withBlocks(
      blocks,
      failure,
      (exports, shape, options, ids, out, error): Handle | Failure => {
        const n = lengthOf(tokens);
        const status = exports.bitllama_trainer_create(shape, options, ids, n, out, error);
        if (status !== 0) return this.#instance.failure(status, error);
        return this.#trainers.made(status, out);
      },
    );
  }

  destroy(trainer: Handle): number {
    return this.#trainers.destroy(trainer);
  }

  step(trainer: Handle, out: StructBytes): number {
    return this.#trainers.withBlocks(trainer, [lengthOf(out)], plain, (exports, pointer, block) => {
      const status = exports.bitllama_trainer_step(pointer, block);
      if (status === 0) this.#instance.heap.read(block, out);
      return status;
    });
  }

  /** There are no threads: the step runs in a later turn of the event loop. */
  stepAsync(
    trainer: Handle,
    done: (status: number, step: StructBytes | undefined) => void,
  ): number {
    if (!this.#trainers.get(trainer)) return DESTROYED;
    const step = new Uint8Array(BITLLAMA_STEP.size);
    soon(() => {
      let status: number;
      try {
        status = this.step(trainer, step);
      } catch {
        status = statusOf('POISONED'); // nothing else makes a step throw
      }
      done(status, status === 0 ? step : undefined);
    });
    return 0;
  }

  model(trainer: Handle, tokenizer: Optional): Handle {
    const length = tokenizer ? lengthOf(tokenizer) : 0;
    return this.#trainers.withBlocks(
      trainer,
      [tokenizer, 4],
      negative,
      (exports, pointer, json, out) =>
        this.#models.made(exports.bitllama_trainer_model(pointer, json, length, out), out),
    );
  }

  weights(trainer: Handle, tokenizer: Optional): Bytes | number {
    return this.#trainers.ask(trainer, negative, (_, p) =>
      this.#instance.writtenWith('bitllama_trainer_weights', p, tokenizer),
    );
  }

  steps(trainer: Handle): number {
    return this.#trainers.ask(trainer, negative, (exports, p) =>
      Number(exports.bitllama_trainer_steps(p)),
    );
  }

  stateSize(trainer: Handle): number {
    return this.#trainers.ask(
      trainer,
      negative,
      (exports, p) => exports.bitllama_trainer_state_size(p) >>> 0,
    );
  }

  save(trainer: Handle, bytes: Uint8Array): number {
    const size = lengthOf(bytes);
    return this.#trainers.withBlocks(trainer, [size], plain, (exports, pointer, block) => {
      const status = exports.bitllama_trainer_save(pointer, block, size);
      if (status === 0) this.#instance.heap.read(block, bytes);
      return status;
    });
  }

  load(trainer: Handle, bytes: Uint8Array): 0 | Failure {
    const blocks = [bytes, new Uint8Array(TTT_ERROR.size)] as const;
    return this.#trainers.withBlocks(
      trainer,
      blocks,
      failure,
      (exports, pointer, block, error): 0 | Failure => {
        const status = exports.bitllama_trainer_load(pointer, block, lengthOf(bytes), error);
        return status === 0 ? 0 : this.#instance.failure(status, error);
      },
    );
  }

  startFrom(trainer: Handle, model: Handle): 0 | Failure {
    const from = this.#models.get(model);
    if (!from) return failure(DESTROYED);
    return this.#trainers.withBlocks(
      trainer,
      [new Uint8Array(TTT_ERROR.size)],
      failure,
      (exports, pointer, error): 0 | Failure => {
        const status = exports.bitllama_trainer_start_from(pointer, from.pointer, error);
        return status === 0 ? 0 : this.#instance.failure(status, error);
      },
    );
  }
}

/**
 * recalls.ts - recalls on one WebAssembly instance.
 * SPDX-License-Identifier: MIT
 */
import { lengthOf } from '../../common/brands.js';
import type { Handle, RecallEngine, StructBytes } from '../engine.js';
import type { Instance } from './instance.js';
import { negative, OUT_OF_MEMORY, plain } from './instance.js';
import { Table } from './table.js';

export class Recalls implements RecallEngine {
  readonly #instance: Instance;
  readonly #recalls: Table;

  constructor(instance: Instance) {
    this.#instance = instance;
    this.#recalls = new Table(instance, 'ttt_recall_footprint', 'ttt_recall_destroy');
  }

  conformanceHash(): bigint | number {
    return this.#instance.hash('ttt_recall_conformance_hash');
  }

  create(options: StructBytes): Handle {
    return this.#instance.withBlocks([options, 4], negative, (exports, how, out) =>
      this.#recalls.made(exports.ttt_recall_create(how, out), out),
    );
  }

  clone(recall: Handle): Handle {
    return this.#recalls.withBlocks(recall, [4], negative, (exports, pointer, out) =>
      this.#recalls.made(exports.ttt_recall_clone(pointer, out), out),
    );
  }

  destroy(recall: Handle): number {
    return this.#recalls.destroy(recall);
  }

  reset(recall: Handle): number {
    return this.#recalls.ask(recall, plain, (exports, p) => exports.ttt_recall_reset(p));
  }

  probability(recall: Handle, symbol: number, base: number): number {
    const { heap } = this.#instance;
    return this.#recalls.ask(recall, negative, (exports, pointer) => {
      const out = this.#instance.scratch(4);
      if (out === 0) return -OUT_OF_MEMORY;
      const status = exports.ttt_recall_probability(pointer, symbol, base, out);
      return status === 0 ? heap.readFloat32(out) : -status;
    });
  }

  learn(recall: Handle, symbol: number, base: number): number {
    const status = this.#recalls.ask(recall, plain, (exports, pointer) =>
      exports.ttt_recall_learn(pointer, symbol, base),
    );
    this.#recalls.weigh(recall);
    return status;
  }

  pass(recall: Handle, symbol: number): number {
    return this.#recalls.ask(recall, plain, (exports, p) => exports.ttt_recall_pass(p, symbol));
  }

  symbols(recall: Handle): number {
    return this.#recalls.ask(recall, negative, (exports, p) =>
      Number(exports.ttt_recall_symbols(p)),
    );
  }

  stateSize(recall: Handle): number {
    return this.#recalls.ask(
      recall,
      negative,
      (exports, p) => exports.ttt_recall_state_size(p) >>> 0,
    );
  }

  save(recall: Handle, bytes: Uint8Array): number {
    const size = lengthOf(bytes);
    return this.#recalls.withBlocks(recall, [size], plain, (exports, pointer, block) => {
      const status = exports.ttt_recall_save(pointer, block, size);
      if (status === 0) this.#instance.heap.read(block, bytes);
      return status;
    });
  }

  load(recall: Handle, bytes: Uint8Array): number {
    const status = this.#recalls.withBlocks(recall, [bytes], plain, (exports, pointer, block) =>
      exports.ttt_recall_load(pointer, block, lengthOf(bytes)),
    );
    this.#recalls.weigh(recall);
    return status;
  }
}

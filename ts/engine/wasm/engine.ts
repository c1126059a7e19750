/**
 * engine.ts - makes an engine of a WebAssembly instance.
 * SPDX-License-Identifier: MIT
 */
import type { BackendInfo } from '../../common/types.js';
import type { Engine } from '../engine.js';
import type { WasmExports } from './exports.js';
import { Instance, plain } from './instance.js';
import { Layers } from './layers.js';
import { Models } from './models.js';
import { Recalls } from './recalls.js';
import { Sessions } from './sessions.js';
import { Table } from './table.js';
import { Trainers } from './trainers.js';

export class WasmEngine implements Engine {
  readonly kind = 'wasm';
  readonly layers: Layers;
  readonly models: Models;
  readonly sessions: Sessions;
  readonly trainers: Trainers;
  readonly recalls: Recalls;
  readonly #instance: Instance;

  constructor(exports: WasmExports) {
    const instance = new Instance(exports);
    const models = new Table(instance, 'bitllama_model_footprint', 'bitllama_release');
    this.#instance = instance;
    this.layers = new Layers(instance);
    this.models = new Models(instance, models);
    this.sessions = new Sessions(instance, models);
    this.trainers = new Trainers(instance, models);
    this.recalls = new Recalls(instance);
  }

  get poisoned(): boolean {
    return this.#instance.poisoned;
  }

  /** Bytes of objects, as reported to the garbage collector. */
  get ballast(): number {
    return this.#instance.ballast.bytes;
  }

  info(): Omit<BackendInfo, 'fallback'> {
    const { heap } = this.#instance;
    return this.#instance.call((exports) => {
      const rows = Array.from({ length: exports.ttt_kernel_count() }, (_, i) => ({
        name: heap.readString(exports.ttt_kernel_name(i) >>> 0),
        usable: exports.ttt_kernel_usable(i) !== 0,
      }));
      return {
        version: heap.readString(exports.ttt_version() >>> 0),
        backend: this.kind,
        kernel: heap.readString(exports.ttt_kernel() >>> 0),
        kernels: rows.filter((row) => row.usable).map((row) => row.name),
        compiledKernels: rows.map((row) => row.name),
      };
    });
  }

  setKernel(name: string): number {
    const text = new TextEncoder().encode(`${name.replaceAll('\0', '?')}\0`);
    return this.#instance.withBlocks([text], plain, (exports, block) =>
      exports.ttt_set_kernel(block),
    );
  }
}

/**
 * layers.ts - layers on one WebAssembly instance.
 * SPDX-License-Identifier: MIT
 */
import { lengthOf } from '../../common/brands.js';
import type { Handle, LayerEngine, StructBytes } from '../engine.js';
import { decode, TTT_CONFIG } from '../structs.js';
import type { Instance } from './instance.js';
import { negative, OUT_OF_MEMORY, plain } from './instance.js';
import type { WasmLayer } from './sliced.js';
import { forwardSlice, Job, SlicedRun, sliceTokens } from './sliced.js';
import { DESTROYED, Table } from './table.js';

export class Layers implements LayerEngine {
  readonly #instance: Instance;
  readonly #layers: Table<WasmLayer>;
  readonly #jobs = new Map<Handle, Job>();
  #lastJob = 0;

  constructor(instance: Instance) {
    this.#instance = instance;
    this.#layers = new Table(instance, 'ttt_footprint', 'ttt_destroy');
  }

  conformanceHash(): bigint | number {
    return this.#instance.hash('ttt_conformance_hash');
  }

  rlsConformanceHash(): bigint | number {
    return this.#instance.hash('ttt_rls_conformance_hash');
  }

  create(config: StructBytes): Handle {
    const dim = decode(TTT_CONFIG, config).hiddenDim;
    return this.#instance.withBlocks([config, 4], negative, (exports, from, out) =>
      this.#layers.made(exports.ttt_create_from_config(from, out), out, { dim }),
    );
  }

  clone(layer: Handle): Handle {
    const from = this.#layers.get(layer);
    if (!from) return -DESTROYED;
    const pointer = this.#instance.call((exports) => exports.ttt_clone(from.pointer) >>> 0);
    return pointer === 0 ? -OUT_OF_MEMORY : this.#layers.add({ pointer, dim: from.dim });
  }

  destroy(layer: Handle): number {
    return this.#layers.destroy(layer);
  }

  forward(
    handle: Handle,
    input: Float32Array,
    output: Float32Array,
    surprise: Float32Array | undefined,
  ): number {
    const layer = this.#layers.get(handle);
    if (!layer) return DESTROYED;
    const most = sliceTokens(layer.dim);
    if (lengthOf(input) <= most * layer.dim) {
      return forwardSlice(this.#instance, layer, input, output, surprise);
    }
    const run = SlicedRun.begin(this.#instance, layer, input, surprise !== undefined, false);
    if (!run) return OUT_OF_MEMORY;
    while (run.step(most));
    run.finish(output, surprise);
    return run.status;
  }

  startJob(
    handle: Handle,
    input: Float32Array,
    wantSurprise: boolean,
    done: (status: number) => void,
  ): Handle {
    const layer = this.#layers.get(handle);
    if (!layer) return -DESTROYED;
    const run = SlicedRun.begin(this.#instance, layer, input, wantSurprise, true);
    if (!run) return -OUT_OF_MEMORY;
    this.#jobs.set(++this.#lastJob, new Job(run, layer.dim, done));
    return this.#lastJob;
  }

  cancelJob(handle: Handle): number {
    const job = this.#jobs.get(handle);
    job?.cancel();
    return job ? 0 : DESTROYED;
  }

  finishJob(handle: Handle, output?: Float32Array, surprise?: Float32Array): number {
    const job = this.#jobs.get(handle);
    if (!job) return DESTROYED;
    this.#jobs.delete(handle);
    job.run.finish(output, surprise);
    return job.run.status;
  }

  reset(layer: Handle): number {
    return this.#layers.ask(layer, plain, (exports, pointer) => exports.ttt_reset(pointer));
  }

  save(layer: Handle, bytes: Uint8Array): number {
    const size = lengthOf(bytes);
    return this.#layers.withBlocks(layer, [size], plain, (exports, pointer, block) => {
      const status = exports.ttt_save_state(pointer, block, size);
      if (status === 0) this.#instance.heap.read(block, bytes);
      return status;
    });
  }

  load(layer: Handle, bytes: Uint8Array): number {
    return this.#layers.withBlocks(layer, [bytes], plain, (exports, pointer, block) =>
      exports.ttt_load_state(pointer, block, lengthOf(bytes)),
    );
  }

  setWeights(layer: Handle, down: Int8Array, up: Int8Array): number {
    return this.#layers.withBlocks(layer, [down, up], plain, (exports, pointer, first, second) =>
      exports.ttt_set_weights(pointer, first, second),
    );
  }

  getWeights(layer: Handle, down: Int8Array, up: Int8Array): number {
    const { heap } = this.#instance;
    const sizes = [lengthOf(down), lengthOf(up)] as const;
    return this.#layers.withBlocks(layer, sizes, plain, (exports, pointer, first, second) => {
      const status = exports.ttt_get_weights(pointer, first, second);
      if (status !== 0) return status;
      heap.read(first, down);
      heap.read(second, up);
      return 0;
    });
  }

  getMemory(layer: Handle, w: Float32Array): number {
    return this.#layers.withBlocks(layer, [4 * lengthOf(w)], plain, (exports, pointer, block) => {
      const status = exports.ttt_get_memory(pointer, block);
      if (status === 0) this.#instance.heap.read(block, w);
      return status;
    });
  }

  stateSize(layer: Handle): number {
    return this.#layers.ask(layer, negative, (exports, p) => exports.ttt_state_size(p) >>> 0);
  }

  threads(layer: Handle): number {
    return this.#layers.ask(layer, negative, (exports, p) => exports.ttt_threads(p));
  }

  tokens(layer: Handle): number {
    return this.#layers.ask(layer, negative, (exports, p) => Number(exports.ttt_tokens_seen(p)));
  }

  fingerprint(layer: Handle): bigint | number {
    return this.#layers.ask(layer, negative, (exports, p): bigint | number =>
      BigInt.asUintN(64, exports.ttt_weights_fingerprint(p)),
    );
  }
}

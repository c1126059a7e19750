/**
 * layers.ts - the backend that calls one WebAssembly instance.
 *
 * A call that throws has trapped: the instance may be half-written, so it is poisoned and refuses
 * every later call. Running out of memory is no trap: it is a status, and the instance lives on.
 * SPDX-License-Identifier: MIT
 */
import { lengthOf } from '../../common/brands.js';
import type { Backend, BackendJob, Handle, LayerConfig } from '../engine.js';
import { Ballast } from './ballast.js';
import { errorOf, statusOf, TTTError } from '../../common/errors.js';
import type { BackendInfo } from '../../common/types.js';
import { WasmHeap } from './heap.js';
import type { WasmExports } from './module.js';
import { startWasmJob } from './job.js';
import { WasmLlama } from './models.js';
import { SlicedRun } from './sliced.js';
import { Table } from './table.js';
import type { Owned } from './table.js';

const OUT_OF_MEMORY = statusOf('OUT_OF_MEMORY');
const DESTROYED = statusOf('DESTROYED');

/**
 * Floats that go through WebAssembly memory at once; longer inputs go in slices, which cost a copy
 * of the layer and of the output: 4 MB spare that to all but very long calls.
 */
const SLICE_FLOATS = 1 << 20;
/** Tokens that the engine works on together: a slice has at least these. */
const BLOCK_TOKENS = 64;

/** A layer: its address, and its hiddenDim. */
export interface WasmLayer extends Owned {
  readonly dim: number;
}

export class WasmBackend implements Backend {
  readonly kind = 'wasm';
  readonly heap: WasmHeap;
  /** What the objects of this instance take. */
  readonly ballast = new Ballast();
  readonly llama = new WasmLlama(this);
  readonly #exports: WasmExports;
  readonly #layers = new Table<WasmLayer>(this.ballast);
  /** Small results of calls: two words. */
  readonly #words: number;
  #scratch = 0;
  #scratchFloats = 0;
  #trap: unknown = undefined;
  #poisoned = false;

  constructor(exports: WasmExports) {
    this.#exports = exports;
    this.heap = new WasmHeap(exports);
    this.#words = this.heap.allocate(8);
    if (this.#words === 0) throw errorOf(OUT_OF_MEMORY);
  }

  /** True after a trap. */
  get poisoned(): boolean {
    return this.#poisoned;
  }

  /** Runs calls of the module; whatever they throw is a trap. */
  guard<T>(calls: (exports: WasmExports) => T): T {
    if (this.#poisoned) throw this.#poisonError();
    try {
      return calls(this.#exports);
    } catch (cause) {
      this.#poisoned = true;
      this.#trap = cause;
      throw this.#poisonError();
    }
  }

  #poisonError(): TTTError {
    const general = errorOf(statusOf('POISONED'));
    return new TTTError(general.code, general.message, { cause: this.#trap });
  }

  info(): Omit<BackendInfo, 'fallback'> {
    return this.guard((exports) => {
      const rows = Array.from({ length: exports.ttt_kernel_count() }, (_, i) => ({
        name: this.heap.readString(exports.ttt_kernel_name(i) >>> 0),
        usable: exports.ttt_kernel_usable(i) !== 0,
      }));
      return {
        version: this.heap.readString(exports.ttt_version() >>> 0),
        backend: this.kind,
        kernel: this.heap.readString(exports.ttt_kernel() >>> 0),
        kernels: rows.filter((row) => row.usable).map((row) => row.name),
        compiledKernels: rows.map((row) => row.name),
      };
    });
  }

  setKernel(name: string): number {
    return this.guard((exports) => {
      const text = this.heap.newString(name);
      if (text === 0) return OUT_OF_MEMORY;
      const status = exports.ttt_set_kernel(text);
      this.heap.free(text);
      return status;
    });
  }

  conformanceHash(): bigint {
    const status = this.guard((exports) => exports.bt_wasm_conformance_hash(this.#words));
    if (status !== 0) throw errorOf(status);
    return this.heap.readUint64(this.#words);
  }

  create(config: LayerConfig): Handle {
    const { hiddenDim, objective, seed, innerLr, threads } = config;
    const low = Number(seed & 0xffff_ffffn);
    const high = Number(seed >> 32n);
    const goal = objective === 'predict' ? 1 : 0;
    const status = this.guard((exports) =>
      exports.bt_wasm_create(hiddenDim, goal, low, high, innerLr, threads, this.#words),
    );
    if (status !== 0) throw errorOf(status);
    return this.#add({ pointer: this.heap.readUint32(this.#words), dim: hiddenDim });
  }

  #add(layer: WasmLayer): Handle {
    return this.guard((exports) => {
      const bytes = exports.ttt_footprint(layer.pointer) >>> 0;
      this.heap.growAhead(bytes);
      return this.#layers.add(layer, bytes);
    });
  }

  destroy(handle: Handle): void {
    const layer = this.#layers.remove(handle);
    if (layer && !this.#poisoned) this.guard((exports) => exports.ttt_destroy(layer.pointer));
  }

  clone(handle: Handle): Handle {
    const layer = this.#layers.get(handle);
    if (!layer) throw errorOf(DESTROYED);
    return this.#add({ pointer: this.cloneModel(layer), dim: layer.dim });
  }

  /** The address of a copy of a layer; throws when out of memory. */
  cloneModel(layer: WasmLayer): number {
    const pointer = this.guard((exports) => exports.ttt_clone(layer.pointer) >>> 0);
    if (pointer === 0) throw errorOf(OUT_OF_MEMORY);
    return pointer;
  }

  /** The most tokens that one call of the module reads. */
  sliceTokens(dim: number): number {
    return Math.max(BLOCK_TOKENS, Math.floor(SLICE_FLOATS / dim));
  }

  /** At least `floats` floats of work space, kept for the next call; 0 when out of memory. */
  #needScratch(floats: number): number {
    if (floats <= this.#scratchFloats) return this.#scratch;
    if (this.#scratch !== 0) this.heap.free(this.#scratch);
    this.#scratch = this.heap.allocate(4 * floats);
    this.#scratchFloats = this.#scratch === 0 ? 0 : floats;
    return this.#scratch;
  }

  /** One call of the module, for at most sliceTokens tokens. */
  forwardSlice(
    model: number,
    input: Float32Array,
    output: Float32Array,
    surprise: Float32Array | undefined,
  ): number {
    return this.guard((exports) => {
      const length = lengthOf(input);
      const tokens = surprise ? lengthOf(surprise) : 0;
      const block = this.#needScratch(length + tokens);
      if (block === 0) return OUT_OF_MEMORY;
      this.heap.writeFloats(block, input);
      const after = tokens === 0 ? 0 : block + 4 * length;
      const status = exports.bt_wasm_forward(model, block, length, block, after);
      if (status !== 0) return status;
      this.heap.readFloats(block, output);
      if (surprise) this.heap.readFloats(after, surprise);
      return 0;
    });
  }

  forward(
    handle: Handle,
    input: Float32Array,
    output: Float32Array,
    surprise: Float32Array | undefined,
  ): number {
    const layer = this.#layers.get(handle);
    if (!layer) return DESTROYED;
    const limit = this.sliceTokens(layer.dim);
    if (lengthOf(input) <= limit * layer.dim) {
      return this.forwardSlice(layer.pointer, input, output, surprise);
    }
    const run = new SlicedRun(this, layer, input, surprise !== undefined);
    while (run.step(limit));
    const status = run.status;
    run.finish(output, surprise);
    return status;
  }

  startJob(
    handle: Handle,
    input: Float32Array,
    wantSurprise: boolean,
    done: (status: number) => void,
  ): BackendJob {
    const layer = this.#layers.get(handle);
    if (!layer) throw errorOf(DESTROYED);
    return startWasmJob(this, layer, input, wantSurprise, done);
  }

  /** A call about one layer, or the status for a layer that is gone. */
  #about(handle: Handle, call: (exports: WasmExports, model: number) => number): number {
    const layer = this.#layers.get(handle);
    if (!layer) return DESTROYED;
    return this.guard((exports) => call(exports, layer.pointer));
  }

  /** The same with a block of bytes for the duration of the call. */
  #withBlock(
    handle: Handle,
    bytes: number,
    call: (exports: WasmExports, model: number, block: number) => number,
  ): number {
    return this.#about(handle, (exports, model) => {
      const block = this.heap.allocate(bytes);
      if (block === 0) return OUT_OF_MEMORY;
      const status = call(exports, model, block);
      this.heap.free(block);
      return status;
    });
  }

  reset(handle: Handle): number {
    return this.#about(handle, (exports, model) => exports.ttt_reset(model));
  }

  saveState(handle: Handle, bytes: Uint8Array): number {
    const size = lengthOf(bytes);
    return this.#withBlock(handle, size, (exports, model, block) => {
      const status = exports.ttt_save_state(model, block, size);
      if (status === 0) this.heap.readBytes(block, bytes);
      return status;
    });
  }

  loadState(handle: Handle, bytes: Uint8Array): number {
    const size = lengthOf(bytes);
    return this.#withBlock(handle, size, (exports, model, block) => {
      this.heap.writeBytes(block, bytes);
      return exports.ttt_load_state(model, block, size);
    });
  }

  setWeights(handle: Handle, down: Int8Array, up: Int8Array): number {
    const size = lengthOf(down);
    return this.#withBlock(handle, 2 * size, (exports, model, block) => {
      this.heap.writeInt8s(block, down);
      this.heap.writeInt8s(block + size, up);
      return exports.ttt_set_weights(model, block, block + size);
    });
  }

  getWeights(handle: Handle, down: Int8Array, up: Int8Array): number {
    const size = lengthOf(down);
    return this.#withBlock(handle, 2 * size, (exports, model, block) => {
      const status = exports.ttt_get_weights(model, block, block + size);
      if (status === 0) {
        this.heap.readInt8s(block, down);
        this.heap.readInt8s(block + size, up);
      }
      return status;
    });
  }

  getMemory(handle: Handle, w: Float32Array): number {
    return this.#withBlock(handle, 4 * lengthOf(w), (exports, model, block) => {
      const status = exports.ttt_get_memory(model, block);
      if (status === 0) this.heap.readFloats(block, w);
      return status;
    });
  }

  stateSize(handle: Handle): number {
    return this.#about(handle, (exports, model) => exports.ttt_state_size(model) >>> 0);
  }

  threads(handle: Handle): number {
    return this.#about(handle, (exports, model) => exports.ttt_threads(model));
  }

  tokensSeen(handle: Handle): number {
    return this.#about(handle, (exports, model) => {
      exports.bt_wasm_tokens_seen(model, this.#words);
      return Number(this.heap.readUint64(this.#words));
    });
  }

  fingerprint(handle: Handle): bigint {
    const layer = this.#layers.get(handle);
    if (!layer) throw errorOf(DESTROYED);
    return this.guard((exports) => {
      exports.bt_wasm_fingerprint(layer.pointer, this.#words);
      return this.heap.readUint64(this.#words);
    });
  }
}

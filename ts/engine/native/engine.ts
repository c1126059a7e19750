/**
 * engine.ts - the backend that calls the Node-API addon.
 * SPDX-License-Identifier: MIT
 */
import type { Backend, BackendJob, Handle, LayerConfig } from '../engine.js';
import { errorOf } from '../../common/errors.js';
import { NativeLlama } from './llama.js';
import type { NativeLlamaBinding } from './llama.js';
import type { BackendInfo } from '../../common/types.js';

/** What the addon does just as a backend shall. */
type SameInBoth =
  | 'setKernel'
  | 'forward'
  | 'reset'
  | 'saveState'
  | 'loadState'
  | 'setWeights'
  | 'getWeights'
  | 'getMemory'
  | 'stateSize'
  | 'threads'
  | 'tokensSeen'
  | 'fingerprint';

/** The addon's functions (node/layer.cc, node/job.cc). Handles and jobs are positive integers. */
export interface NativeBinding extends NativeLlamaBinding, Pick<Backend, SameInBoth> {
  readonly abi: number;
  readonly version: string;
  kernel(): string;
  kernels(): { name: string; usable: boolean }[];
  conformanceHash(): bigint | number;
  create(dim: number, objective: number, seed: bigint, rate: number, threads: number): number;
  destroy(handle: Handle): number;
  clone(handle: Handle): number;
  startJob(
    handle: Handle,
    input: Float32Array,
    wantSurprise: boolean,
    report: (status: number, tokensDone: number) => void,
  ): number;
  cancelJob(job: number): number;
  finishJob(job: number, output?: Float32Array, surprise?: Float32Array): number;
}

/** A positive handle as it is; a negative status as an error. */
function checkHandle(handle: number): number {
  if (handle < 0) throw errorOf(-handle);
  return handle;
}

export class NativeBackend implements Backend {
  readonly kind = 'native';
  readonly poisoned = false;
  readonly llama: NativeLlama;
  readonly #addon: NativeBinding;

  constructor(addon: NativeBinding) {
    this.#addon = addon;
    this.llama = new NativeLlama(addon);
  }

  info(): Omit<BackendInfo, 'fallback'> {
    const rows = this.#addon.kernels();
    return {
      version: this.#addon.version,
      backend: this.kind,
      kernel: this.#addon.kernel(),
      kernels: rows.filter((row) => row.usable).map((row) => row.name),
      compiledKernels: rows.map((row) => row.name),
    };
  }

  setKernel(name: string): number {
    return this.#addon.setKernel(name);
  }

  conformanceHash(): bigint {
    const hash = this.#addon.conformanceHash();
    if (typeof hash === 'number') throw errorOf(hash);
    return hash;
  }

  create(config: LayerConfig): Handle {
    const { hiddenDim, objective, seed, innerLr, threads } = config;
    const goal = objective === 'predict' ? 1 : 0;
    return checkHandle(this.#addon.create(hiddenDim, goal, seed, innerLr, threads));
  }

  destroy(handle: Handle): void {
    this.#addon.destroy(handle);
  }

  clone(handle: Handle): Handle {
    return checkHandle(this.#addon.clone(handle));
  }

  forward(
    handle: Handle,
    input: Float32Array,
    output: Float32Array,
    surprise: Float32Array | undefined,
  ): number {
    return this.#addon.forward(handle, input, output, surprise);
  }

  startJob(
    handle: Handle,
    input: Float32Array,
    wantSurprise: boolean,
    done: (status: number) => void,
  ): BackendJob {
    const addon = this.#addon;
    const report = (status: number): void => {
      if (status >= 0) done(status); // below: only that the job goes on
    };
    const job = checkHandle(addon.startJob(handle, input, wantSurprise, report));
    return {
      cancel: () => void addon.cancelJob(job),
      finish: (output, surprise) => addon.finishJob(job, output, surprise),
    };
  }

  reset(handle: Handle): number {
    return this.#addon.reset(handle);
  }

  saveState(handle: Handle, bytes: Uint8Array): number {
    return this.#addon.saveState(handle, bytes);
  }

  loadState(handle: Handle, bytes: Uint8Array): number {
    return this.#addon.loadState(handle, bytes);
  }

  setWeights(handle: Handle, down: Int8Array, up: Int8Array): number {
    return this.#addon.setWeights(handle, down, up);
  }

  getWeights(handle: Handle, down: Int8Array, up: Int8Array): number {
    return this.#addon.getWeights(handle, down, up);
  }

  getMemory(handle: Handle, w: Float32Array): number {
    return this.#addon.getMemory(handle, w);
  }

  stateSize(handle: Handle): number {
    return this.#addon.stateSize(handle);
  }

  threads(handle: Handle): number {
    return this.#addon.threads(handle);
  }

  tokensSeen(handle: Handle): number {
    return this.#addon.tokensSeen(handle);
  }

  fingerprint(handle: Handle): bigint {
    return this.#addon.fingerprint(handle);
  }
}

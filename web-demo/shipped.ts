/**
 * shipped.ts - a model that ships with the page, in a worker: opened once, when it is first needed, and again, with
 * the memory that it had, after the worker has ended or the file could not be fetched.
 * SPDX-License-Identifier: MIT
 */
import { WorkerError } from './problem.js';
import type { Caller, Calls, ModelInfo, ModelName } from './protocol.js';

export class ShippedModel {
  /** Called whenever the model was opened. */
  onOpen: ((info: ModelInfo) => void) | undefined;
  /** Called while its file is downloaded, and without a value at the end, however it comes. */
  onProgress: ((progress?: Calls['open']['event']) => void) | undefined;
  #info: Promise<ModelInfo> | undefined;
  #memory: Uint8Array | undefined;

  constructor(
    readonly worker: Caller,
    readonly name: ModelName,
    readonly url: string,
  ) {}

  /** Resolves when the model is there; every call that needs it waits for this. */
  ready(): Promise<ModelInfo> {
    this.#info ??= this.#open().catch((error: unknown) => {
      this.forget();
      throw error;
    });
    return this.#info;
  }

  /** After the worker has ended: the next call opens the model anew. */
  forget(): void {
    this.#info = undefined;
  }

  /** Keeps what the memory holds, so that a worker that ends does not take it along. */
  async keepMemory(): Promise<void> {
    this.#memory = await this.worker.call('save', {});
  }

  async #open(): Promise<ModelInfo> {
    const { name, url } = this;
    const event = (progress: Calls['open']['event']): void => this.onProgress?.(progress);
    const info = await this.worker
      .call('open', { name, url }, { event })
      .catch((error: unknown) => {
        throw inWords(error);
      })
      .finally(() => this.onProgress?.());
    if (this.#memory) await this.worker.call('restore', { bytes: this.#memory });
    this.onOpen?.(info);
    return info;
  }
}

/** What went wrong with the file, for people; other errors as they are. */
function inWords(error: unknown): unknown {
  if (
    !(error instanceof WorkerError) ||
    error.code === 'CRASHED' ||
    error.code.startsWith('BACKEND')
  )
    return error;
  const message =
    'The model could not be fetched, or is damaged. Everything that needs it tries again when you press its ' +
    `button. (${error.message})`;
  return new WorkerError({ code: error.code, message });
}

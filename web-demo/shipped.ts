/**
 * shipped.ts - a model that ships with the page, in a worker: opened once, when it is first needed, and again, with
 * the memory that it had, after the worker has ended or the file could not be fetched.
 * SPDX-License-Identifier: MIT
 */
import type { Report } from './loading.js';
import { loadingText } from './loading.js';
import { WorkerError } from './problem.js';
import type { Caller, Calls, ModelInfo, ModelName } from './protocol.js';

const BEGIN: Parameters<Report> = ['Loading the model …', 0];

export class ShippedModel {
  /** Called whenever the model was opened. */
  onOpen: ((info: ModelInfo) => void) | undefined;
  #info: Promise<ModelInfo> | undefined;
  #opened = false;
  #memory: Uint8Array | undefined;
  /** Who waits for it now, and what there is to say of its download. */
  readonly #reports = new Set<Report>();
  #said: Parameters<Report> = BEGIN;

  constructor(
    readonly worker: Caller,
    readonly name: ModelName,
    readonly url: string,
  ) {}

  /** Resolves when the model is there, and reports its download; every call that needs it waits for this. */
  async ready(report?: Report): Promise<ModelInfo> {
    this.#info ??= this.#open().catch((error: unknown) => {
      this.forget();
      throw error;
    });
    if (!report || this.#opened) return this.#info;
    this.#reports.add(report);
    report(...this.#said);
    return this.#info.finally(() => this.#reports.delete(report));
  }

  /** After the worker has ended: the next call opens the model anew. */
  forget(): void {
    this.#info = undefined;
    this.#opened = false;
  }

  /** Keeps what the memory holds, so that a worker that ends does not take it along. */
  async keepMemory(): Promise<void> {
    this.#memory = await this.worker.call('save', {});
  }

  #say(...said: Parameters<Report>): void {
    this.#said = said;
    for (const report of this.#reports) report(...said);
  }

  async #open(): Promise<ModelInfo> {
    const { name, url } = this;
    const event = (progress: Calls['open']['event']): void => {
      this.#say(...loadingText(name, progress));
    };
    this.#said = BEGIN;
    const info = await this.worker
      .call('open', { name, url }, { event })
      .catch((error: unknown) => {
        throw inWords(error);
      })
      .finally(() => this.#say(''));
    if (this.#memory) await this.worker.call('restore', { bytes: this.#memory });
    this.#opened = true;
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

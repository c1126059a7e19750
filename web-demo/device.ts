/**
 * device.ts - what the Speed tab says of the engine on this device: its version and kernel, the models that are open,
 * and, once the tab is opened, the hashes of what it computes.
 * SPDX-License-Identifier: MIT
 */
import { figure, find, make } from './dom.js';
import type { Caller, ModelInfo, ModelName } from './protocol.js';

/** The hashes that every build of this version must give (tests/golden). */
declare const LAYER_HASH: string;
declare const MODEL_HASH: string;

export class Device {
  readonly #place = find(document, '#engine');
  readonly #opened = new Map<ModelName, ModelInfo>();
  #hashes: Promise<void> | undefined;

  constructor(readonly worker: Caller) {}

  /** Starts the engine; an error says why there is none. */
  async start(): Promise<void> {
    const { version, kernel } = await this.worker.call('about', {});
    const isolation = crossOriginIsolated
      ? 'can be used: cross-origin isolated'
      : 'one only: not cross-origin isolated';
    this.#place.replaceChildren();
    this.#row('Engine', `Bit-TTT ${version}, kernel ${kernel}`);
    this.#row('Threads', isolation);
    this.#row('Models', '', 'model');
    this.#row('Hash of layers', 'computed when this tab is opened', 'layer-hash');
    this.#row('Hash of models', 'computed when this tab is opened', 'model-hash');
    this.#row('Verdict', '', 'verdict');
  }

  /** Computes the hashes, once. */
  hashes(): Promise<void> {
    this.#hashes ??= this.#compute().catch((error: unknown) => {
      this.#hashes = undefined;
      find(this.#place, 'dd').textContent = error instanceof Error ? error.message : String(error);
    });
    return this.#hashes;
  }

  async #compute(): Promise<void> {
    const { layerHash, modelHash } = await this.worker.call('hashes', {});
    const same = layerHash === LAYER_HASH && modelHash === MODEL_HASH;
    const verdict = same
      ? 'the same bits as everywhere'
      : `other bits than elsewhere: expected ${LAYER_HASH} and ${MODEL_HASH}`;
    for (const [id, text] of Object.entries({ 'layer-hash': layerHash, 'model-hash': modelHash }))
      find(document, `#${id}`).replaceChildren(make('code', text));
    find(document, '#verdict').textContent = verdict;
  }

  /** Notes that a model was opened. */
  show(name: ModelName, info: ModelInfo): void {
    this.#opened.set(name, info);
    const lines = [...this.#opened].map(([called, { parameters, fingerprint, layers }]) => {
      const size = `${figure(parameters)} parameters, ${layers} layers`;
      return `Model ${called} ${fingerprint}: ${size}. `;
    });
    find(document, '#model').textContent = lines.join('');
  }

  #row(name: string, text: string, id = ''): void {
    const value = make('dd', text);
    if (id !== '') value.id = id;
    this.#place.append(make('dt', name), value);
  }
}

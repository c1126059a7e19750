/**
 * stream.ts - the stream that pino writes its lines to.
 * SPDX-License-Identifier: MIT
 */
import { Writable } from 'node:stream';

import type { LogDetector } from 'bit-ttt';

import { Handover } from './handover.js';
import { LogLines } from './log-lines.js';
import { checkSave, loadDetector, Saver } from './memory.js';
import type { Settings } from './options.js';
import type { Outlet } from './outlet.js';
import { openOutlet } from './outlet.js';
import { recordOf } from './record.js';

type Done = (error?: Error | null) => void;
type Piece = string | Buffer;

/** What the stream holds and lets go of when it is closed. */
interface Parts {
  settings: Settings;
  detector: LogDetector;
  outlet: Outlet | undefined;
  saver: Saver | undefined;
}

class FindingsStream extends Writable {
  readonly #parts: Parts;
  readonly #lines = new LogLines();
  readonly #handover = new Handover();
  /** Until all lines are read and all findings told. */
  readonly #told: Promise<void>;

  constructor(parts: Parts) {
    super({ decodeStrings: false, highWaterMark: 1 << 16 });
    this.#parts = parts;
    this.#told = this.#tell();
    this.#told.catch((error) => this.destroy(error));
  }

  async #tell(): Promise<void> {
    const { detector, outlet, settings } = this.#parts;
    for await (const finding of detector.watch(this.#handover)) {
      if (this.destroyed) return;
      await settings.onFinding?.(finding);
      await outlet?.write(recordOf(finding, settings.level, Date.now()));
    }
  }

  override _write(piece: Piece, _encoding: string, done: Done): void {
    this.#read(this.#lines.push(piece), done);
  }

  override _writev(pieces: { chunk: Piece }[], done: Done): void {
    this.#read(pieces.map(({ chunk }) => this.#lines.push(chunk)).join(''), done);
  }

  #read(lines: string, done: Done): void {
    if (lines === '') done();
    else this.#handover.push(lines, done);
  }

  override _final(done: Done): void {
    this.#read(this.#lines.end(), () => undefined);
    this.#handover.end();
    this.#told.then(() => this.#parts.saver?.save()).then(() => done(), done);
  }

  override _destroy(error: Error | null, done: Done): void {
    const { detector, outlet, saver } = this.#parts;
    saver?.stop();
    this.#handover.end();
    this.#told
      .catch(() => undefined)
      .then(() => {
        detector.destroy();
        return outlet?.close();
      })
      .then(
        () => done(error),
        (failed: Error) => done(error ?? failed),
      );
  }
}

/** Opens what the settings name. */
export async function openStream(settings: Settings): Promise<Writable> {
  const { destination, load, save, saveEvery } = settings;
  if (save !== undefined) await checkSave(save);
  const detector = await loadDetector(load, settings.detector);
  try {
    const outlet = destination === undefined ? undefined : await openOutlet(destination);
    const saver = save === undefined ? undefined : new Saver(detector, save, saveEvery);
    return new FindingsStream({ settings, detector, outlet, saver });
  } catch (error) {
    detector.destroy();
    throw error;
  }
}

/**
 * memory-file.ts - what `surprise --save` writes and `--load` reads: how to make the layer again,
 * and the state that the layer saved.
 * SPDX-License-Identifier: MIT
 */
import type { Unit } from '../../detect/detector.js';
import { FEATURES_VERSION } from '../../detect/features.js';
import { Failure } from '../screen/failure.js';
import { damagedHeader, headedParts, readHeaded } from './headed-file.js';
import type { Result } from './save.js';
import { saveFile } from './save.js';

/** How the memory was made; a memory fits only what was made the same way. */
export interface MemorySettings {
  by: Unit;
  hiddenDim: number;
  innerLr: number;
  seed: bigint;
}

/** The settings and the state that `path` holds. Throws a Failure that says what is wrong. */
export async function loadMemory(
  path: string,
): Promise<{ settings: MemorySettings; state: Uint8Array }> {
  const { fields, body } = await readHeaded(path, 'memory');
  return { settings: readSettings(fields, path), state: body };
}

/** The settings that a memory's first line holds. */
export function readSettings(fields: Record<string, unknown>, path: string): MemorySettings {
  const damaged = damagedHeader(path);
  const { features, by, hiddenDim, innerLr, seed } = fields;
  if (typeof features !== 'number') throw damaged;
  if (features !== FEATURES_VERSION) {
    throw new Failure(
      `${path} was made with version ${features} of the features, ` +
        `and this is version ${FEATURES_VERSION}: read the text again`,
    );
  }
  if (by !== 'line' && by !== 'word') throw damaged;
  if (!Number.isInteger(hiddenDim) || typeof innerLr !== 'number') throw damaged;
  if (typeof seed !== 'string' || !/^\d{1,20}$/.test(seed)) throw damaged;
  return { by, hiddenDim: hiddenDim as number, innerLr, seed: BigInt(seed) };
}

/** Writes a memory. What was there is replaced as a whole or, on failure, stays as it was. */
export function saveMemory(result: Result, settings: MemorySettings, state: Uint8Array): void {
  const { by, hiddenDim, innerLr, seed } = settings;
  const fields = { features: FEATURES_VERSION, by, hiddenDim, innerLr, seed: String(seed) };
  saveFile(result, headedParts('memory', fields, [state]));
}

/**
 * signal-file.ts - what `signal --save` writes and `--load` reads: the detectors of all series.
 * SPDX-License-Identifier: MIT
 */
import { SignalDetector, TTTError } from 'bit-ttt';
import { ByteReader, ByteWriter } from '../../detect/bytes.js';
import { asFailure } from '../screen/failure.js';
import { headedParts, readHeaded } from './headed-file.js';
import type { Result } from './save.js';
import { saveFile } from './save.js';

const MAGIC = 'BitSgs\r\n';
const VERSION = 1;
const MOST_NAME = 1 << 20;
const MOST_STATE = 1 << 26;

/** Series of a table at most. */
export const MOST_SERIES = 500;

/** Detectors by the names of their series. */
export type Detectors = Map<string, SignalDetector>;

/** The detectors in a file, with another rate of alarms if one is given. Throws a Failure. */
export async function loadSignals(path: string, alarmRate?: number): Promise<Detectors> {
  const { body } = await readHeaded(path, 'signal');
  const detectors: Detectors = new Map();
  try {
    const from = new ByteReader(body, MAGIC, VERSION, 'a saved signal');
    const count = from.count(MOST_SERIES);
    for (let i = 0; i < count; i++) {
      const name = from.text(MOST_NAME);
      const state = from.blob(MOST_STATE);
      detectors.set(name, await SignalDetector.load(state, { alarmRate }));
    }
    from.finish();
    return detectors;
  } catch (error) {
    throw error instanceof TTTError ? asFailure('load', path, error) : error;
  }
}

/** Writes the detectors; what was there is replaced whole or stays. Gives the number of bytes. */
export function saveSignals(result: Result, detectors: Detectors): number {
  const to = new ByteWriter(MAGIC, VERSION);
  to.count(detectors.size);
  let values = 0;
  for (const [name, detector] of detectors) {
    to.text(name);
    to.blob(detector.save());
    values += detector.valuesSeen;
  }
  const state = to.finish();
  saveFile(result, headedParts('signal', { series: detectors.size, values }, [state]));
  return state.length;
}

/** What the first line of such a file says. */
export function readSignalFields(fields: Record<string, unknown>): {
  series: number;
  values: number;
} {
  return { series: Number(fields['series']), values: Number(fields['values']) };
}

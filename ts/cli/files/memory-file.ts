/**
 * memory-file.ts - what `surprise --save` writes and `--load` reads: the state of a LogDetector.
 * SPDX-License-Identifier: MIT
 */
import type { LogDetector } from 'bit-ttt';
import { Failure } from '../screen/failure.js';
import { damagedHeader, headedParts, readHeaded } from './headed-file.js';
import type { Result } from './save.js';
import { saveFile } from './save.js';

/** What a memory's first line says. */
interface MemoryFields {
  /** Lines that were read. */
  lines: number;
  alarmRate: number;
}

/** The state that `path` holds. Throws a Failure that says what is wrong. */
export async function loadMemory(path: string): Promise<Uint8Array> {
  const { fields, body } = await readHeaded(path, 'memory');
  readMemoryFields(fields, path);
  return body;
}

/** The fields of a memory's first line. */
export function readMemoryFields(fields: Record<string, unknown>, path: string): MemoryFields {
  const { lines, alarmRate, features } = fields;
  if (typeof features === 'number') {
    throw new Failure(
      `${path} was made by an earlier version, which read lines in another way: read the log again ` +
        'and save a new memory',
    );
  }
  if (typeof lines !== 'number' || typeof alarmRate !== 'number') throw damagedHeader(path);
  return { lines, alarmRate };
}

/**
 * Writes the memory of a detector; returns its size, or what went wrong. What was there is replaced as a whole
 * or, on failure, stays as it was.
 */
export function saveDetector(log: LogDetector, result: Result): number | Failure {
  const state = log.save();
  const fields = { lines: log.lines, alarmRate: log.alarmRate };
  try {
    saveFile(result, headedParts('memory', fields, [state]));
    return state.length;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

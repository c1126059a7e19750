/**
 * watch.ts - reads a log or text with a fresh memory, line by line, as `bit-ttt surprise` does.
 * SPDX-License-Identifier: MIT
 */
import { TTT, TTTError } from 'bit-ttt';

import { DEFAULT_DIM, DEFAULT_LR, Reader } from '../../ts/cli/reader.js';
import type { ReadLine, Unit } from '../../ts/cli/reader.js';
import type { Calls, WatchResult } from '../protocol.js';
import type { Context } from '../worker.js';
import { Pace } from './pace.js';

/** Longer lines are read up to here. */
const MAX_LINE = 65536;

export async function watch(
  { text, by }: { text: string; by: Unit },
  { signal, tell }: Context<Calls['watch']['event']>,
): Promise<WatchResult> {
  const lines = text.split(/\r?\n/);
  const found: ReadLine[] = [];
  const listener = { unit: () => {}, line: (line: ReadLine) => void found.push(line) };
  const settings = { hiddenDim: DEFAULT_DIM[by], innerLr: DEFAULT_LR[by] };
  const layer = await TTT.create({ ...settings, objective: 'predict' });
  const pace = new Pace();
  try {
    const reader = new Reader(layer, by, listener, false);
    for (const [i, line] of lines.entries()) {
      reader.read({ number: i + 1, column: 1, text: line.slice(0, MAX_LINE) });
      if (await pace.rest()) tell({ lines: i + 1, of: lines.length });
      if (signal.aborted) throw new TTTError('ABORTED', 'Stopped.');
    }
    reader.flush();
  } finally {
    pace.end();
    layer.destroy();
  }
  return {
    numbers: Uint32Array.from(found, (line) => line.number),
    surprise: Float32Array.from(found, (line) => line.surprise),
    words: Uint32Array.from(found.flatMap(({ word }) => (word ? [word.start, word.end] : []))),
  };
}

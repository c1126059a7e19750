/**
 * watch.ts - reads a log or text with a fresh memory, line by line, as `bit-ttt surprise` does.
 * SPDX-License-Identifier: MIT
 */
import { TTT, TTTError } from 'bit-ttt';
import type { ReadLine, Unit } from '../../ts/detect/detector.js';
import { DEFAULT_DIM, DEFAULT_LR, LineScorer } from '../../ts/detect/detector.js';
import { TopList } from '../../ts/detect/digest.js';
import { MAX_LINE } from '../../ts/detect/lines.js';
import type { Source } from '../decode.js';
import { textOf } from '../decode.js';
import type { Around, Calls, Context, Parts, WatchResult } from '../protocol.js';
import { workerTurns } from './turns.js';

/** Characters shown of a line. */
const MAX_SHOWN = 2000;
const TOP = 12;
/** Lines to both sides of a chosen one. */
const AROUND = 4;
/** Most points of the plot: more could not be distinguished. */
const MAX_POINTS = 4000;

/** All lines, and for each one that was read its number, surprise, and the range of its word. */
interface Found {
  lines: string[];
  numbers: number[];
  surprise: number[];
  words: number[];
}

/** What was read last, to be looked at. */
let last: Found = { lines: [], numbers: [], surprise: [], words: [] };

function partsOf(found: Found, index: number): Parts {
  const text = found.lines[found.numbers[index]! - 1]!;
  const from = found.words[2 * index]!;
  const to = found.words[2 * index + 1]!;
  const begin = Math.max(0, to - MAX_SHOWN / 2); // a word far out in a long line is shown too
  return [text.slice(begin, from), text.slice(from, to), text.slice(to, begin + MAX_SHOWN)];
}

/** The most surprising lines, most first. */
function topOf(found: Found): WatchResult['top'] {
  const top = new TopList<{ index: number; surprise: number }>(TOP);
  found.surprise.forEach((surprise, index) => top.add({ index, surprise }));
  return top.lines.map(({ index, surprise }) => {
    return { index, number: found.numbers[index]!, surprise, parts: partsOf(found, index) };
  });
}

/** The index of the most surprising line in each group of neighbours, so that no peak is lost. */
function pointsOf({ surprise }: Found): Uint32Array {
  const size = Math.ceil(surprise.length / MAX_POINTS) || 1;
  const points = new Uint32Array(Math.ceil(surprise.length / size));
  surprise.forEach((value, index) => {
    const at = Math.floor(index / size);
    if (index % size === 0 || value > surprise[points[at]!]!) points[at] = index;
  });
  return points;
}

function resultOf(found: Found): WatchResult {
  const indices = pointsOf(found);
  return {
    count: found.numbers.length,
    of: found.lines.length,
    top: topOf(found),
    numbers: indices.map((index) => found.numbers[index]!),
    surprise: Float32Array.from(indices, (index) => found.surprise[index]!),
    indices,
  };
}

export async function watch(
  { text, by }: { text: Source; by: Unit },
  { signal, report }: Context<Calls['watch']['event']>,
): Promise<WatchResult> {
  const lines = (await textOf(text)).split(/\r?\n/);
  const found: Found = { lines, numbers: [], surprise: [], words: [] };
  const line = ({ number, surprise, word }: ReadLine): void => {
    found.numbers.push(number);
    found.surprise.push(surprise);
    found.words.push(word?.start ?? 0, word?.end ?? 0);
  };
  const settings = { hiddenDim: DEFAULT_DIM[by], innerLr: DEFAULT_LR[by] };
  const layer = await TTT.create({ ...settings, objective: 'predict' });
  const turns = workerTurns();
  try {
    const scorer = new LineScorer(layer, by, { unit: () => {}, line }, false);
    for (const [i, text] of lines.entries()) {
      scorer.read({ number: i + 1, column: 1, text: text.slice(0, MAX_LINE) });
      if (await turns.rest()) report({ lines: i + 1, of: lines.length });
      if (signal.aborted) throw new TTTError('ABORTED', 'Stopped.');
    }
    scorer.flush();
  } finally {
    layer.destroy();
  }
  last = found;
  return resultOf(found);
}

/** A line of what was read last, and its neighbours. */
export async function around({ index }: { index: number }): Promise<Around> {
  const number = last.numbers[index];
  if (number === undefined)
    throw new TTTError('INVALID_DATA', 'What was read is gone; read it again.');
  const first = Math.max(1, number - AROUND);
  const lines = last.lines
    .slice(first - 1, number + AROUND)
    .map((line) => line.slice(0, MAX_SHOWN));
  return { number, first, lines, parts: partsOf(last, index) };
}

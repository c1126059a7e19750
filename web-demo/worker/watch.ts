/**
 * watch.ts - reads a log or a signal from its beginning, and gathers what stands out.
 * SPDX-License-Identifier: MIT
 */
import type { OddPart } from 'bit-ttt';
import { LogDetector, SignalDetector, TTTError } from 'bit-ttt';
import type { LogEvent } from '../../ts/detect/events.js';
import { Events } from '../../ts/detect/events.js';
import { MAX_LINE } from '../../ts/detect/lines.js';
import {
  explainCold,
  explainLine,
  explainNothing,
  explainRate,
  explainValue,
} from '../../ts/detect/sentences.js';
import type { Table } from '../csv.js';
import { tableOf } from '../csv.js';
import { textOf } from '../decode.js';
import type { Around, Calls, Context, Entry, WatchParams, WatchResult } from '../protocol.js';
import { ENGINE } from './engine.js';
import { Folded } from './fold.js';
import { piecesOf } from './pieces.js';
import { pointsOf } from './points.js';
import { workerTurns } from './turns.js';

/** Characters shown of a line, in the list and by itself. */
const MAX_LISTED = 400;
const MAX_SHOWN = 2000;
/** Lines to both sides of a chosen one. */
const AROUND = 4;
/** Of values the oddest alarms that are listed. */
const MOST = 20;
/** Values that came as often as one in so many, as a power of ten, do not stand out. */
const LEAST_SCORE = 2;

type Progress = Context<Calls['watch']['event']>;

/** What was read: the number of each line, what the curve shows, and the odd parts of alarms. */
interface Found {
  numbers: number[];
  values: number[];
  alarms: boolean[];
  parts: Map<number, readonly OddPart[]>;
}

/** What was read last, to be looked at. */
let last: Pick<Found, 'numbers' | 'parts'> & { lines: string[] } = {
  lines: [],
  numbers: [],
  parts: new Map(),
};

const makeFound = (): Found => ({ numbers: [], values: [], alarms: [], parts: new Map() });

/** Lets messages be handled; stops if it was asked to. */
function makeRest({ signal, report }: Progress, of: number): (done: number) => Promise<void> {
  const turns = workerTurns();
  return async (done) => {
    if (await turns.rest()) report({ lines: done, of });
    if (signal.aborted) throw new TTTError('ABORTED', 'Stopped.');
  };
}

function noteOf(count: number, warm: boolean, entries: number, of: number, unit: 'line' | 'value') {
  if (of > entries) return `The ${entries} oddest of ${of} are listed.`;
  if (entries > 0) return '';
  return warm ? explainNothing(count, unit) : explainCold(count, unit);
}

function entriesOf({ numbers }: Found, folded: Folded): Entry[] {
  const alarms = folded.alarms.map(({ index, text, reading, more }) => {
    const number = numbers[index]!;
    const pieces = piecesOf(text, reading.because, MAX_LISTED);
    return { index, number, pieces, why: explainLine(reading, text), more };
  });
  const { dated } = folded;
  const changes = folded.changes.map(({ index, finding }) => {
    return {
      index,
      number: numbers[index]!,
      pieces: [],
      why: explainRate(finding, dated),
      more: 0,
    };
  });
  return [...alarms, ...changes].sort((a, b) => a.index - b.index);
}

/** Of the lines of an event the first with an odd word: its number, and where it begins in the event's text. */
function oddLine(
  lines: readonly string[],
  { number, text }: LogEvent,
  because: readonly OddPart[],
): { number: number; start: number } {
  const first = Math.min(text.length, ...because.map((part) => part.start));
  let start = 0;
  for (;;) {
    const end = text.indexOf('\n', start);
    if (end < 0 || first <= end || because.length === 0) return { number, start };
    start = end + 1;
    number++;
    while (lines[number - 1]!.trim() === '') number++; // blank lines are no part of it
  }
}

/** Parts of a text as those of the text from `start` on. */
function partsFrom(parts: readonly OddPart[], start: number): OddPart[] {
  const later = parts.filter((part) => part.start >= start);
  return later.map((part) => ({ ...part, start: part.start - start, end: part.end - start }));
}

async function watchLog(
  lines: readonly string[],
  rate: number,
  progress: Progress,
): Promise<[Found, WatchResult]> {
  const found = makeFound();
  const folded = new Folded();
  const rest = makeRest(progress, lines.length);
  const events = new Events();
  const detector = await LogDetector.create({ ...ENGINE, alarmRate: rate });
  let [warm, read] = [false, 0];
  const take = (event: LogEvent | undefined): void => {
    if (event === undefined) return;
    const reading = detector.read(event.text);
    const { number, start } = oddLine(lines, event, reading.because);
    const index = found.numbers.push(number) - 1;
    warm = reading.warm;
    found.values.push(reading.score);
    found.alarms.push(reading.alarm);
    if (reading.alarm) found.parts.set(index, partsFrom(reading.because, start));
    folded.line(index, event.text, reading);
    folded.rates(index, detector.findings());
  };
  try {
    for (const [i, text] of lines.entries()) {
      if (text.trim() === '') continue;
      read++;
      take(events.push({ number: i + 1, column: 1, text: text.slice(0, MAX_LINE) }));
      await rest(i + 1);
    }
    take(events.flush());
  } finally {
    detector.destroy();
  }
  const entries = entriesOf(found, folded);
  const of = folded.alarmCount + folded.changeCount;
  const note = noteOf(read, warm, entries.length, of, 'line');
  const points = pointsOf(found.values, found.alarms, false);
  return [found, { ...resultOf(found, points), kind: 'log', read, entries, note }];
}

/** The curve of what was found; the rest is to be filled in. */
function resultOf(found: Found, indices: Uint32Array): WatchResult {
  return {
    kind: 'log',
    read: found.numbers.length,
    count: found.numbers.length,
    entries: [],
    note: '',
    columns: [],
    column: 0,
    indices,
    numbers: indices.map((index) => found.numbers[index]!),
    values: Float32Array.from(indices, (index) => found.values[index]!),
    alarms: Uint8Array.from(indices, (index) => (found.alarms[index] ? 1 : 0)),
    low: new Float32Array(),
    high: new Float32Array(),
  };
}

async function watchSignal(
  table: Table,
  column: number,
  rate: number,
  progress: Progress,
): Promise<[Found, WatchResult]> {
  const found = makeFound();
  const odd: (Entry & { score: number })[] = [];
  const [low, high]: [number[], number[]] = [[], []];
  const rest = makeRest(progress, table.lines.length);
  const detector = await SignalDetector.create({ alarmRate: rate });
  const least = Math.min(LEAST_SCORE, -Math.log10(rate));
  let warm = false;
  found.numbers = table.lines;
  found.values = table.values[column]!;
  for (const [index, value] of found.values.entries()) {
    const reading = detector.read(value, table.times[index]);
    const { score, expected } = reading;
    const alarm = reading.alarm && score >= least;
    warm = reading.warm;
    found.alarms.push(alarm);
    low.push(expected[0]);
    high.push(expected[1]);
    if (alarm) {
      const label = table.labels[index]!;
      const pieces = [
        { text: label === '' ? '' : `${label}  `, share: 0 },
        { text: String(value), share: 1 },
      ];
      const why = explainValue(value, expected);
      odd.push({ index, number: table.lines[index]!, pieces, why, more: 0, score });
    }
    await rest(index + 1);
  }
  const oddest = [...odd].sort((a, b) => b.score - a.score).slice(0, MOST);
  const entries = oddest.sort((a, b) => a.index - b.index).map(({ score, ...entry }) => entry);
  const points = pointsOf(found.values, found.alarms, true);
  const result: WatchResult = {
    ...resultOf(found, points),
    kind: 'signal',
    entries,
    note: noteOf(found.values.length, warm, entries.length, odd.length, 'value'),
    columns: table.names,
    column,
    low: Float32Array.from(points, (index) => low[index]!),
    high: Float32Array.from(points, (index) => high[index]!),
  };
  return [found, result];
}

/** The lines of a text; the line break at its end begins none. */
function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

export async function watch(params: WatchParams, progress: Progress): Promise<WatchResult> {
  const lines = linesOf(await textOf(params.text));
  const table = params.as === 'log' ? undefined : tableOf(lines);
  if (params.as === 'signal' && !table) {
    const text = 'This is no table of numbers: rows of as many cells each, such as time,value';
    throw new TTTError('INVALID_DATA', text);
  }
  const column = Math.max(0, table?.names.indexOf(params.column) ?? 0);
  const [found, result] = table
    ? await watchSignal(table, column, params.rate, progress)
    : await watchLog(lines, params.rate, progress);
  last = { lines, numbers: found.numbers, parts: found.parts };
  return result;
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
  const line = last.lines[number - 1]!;
  const parts = (last.parts.get(index) ?? []).filter(({ end }) => end <= line.length);
  const pieces = piecesOf(line, parts, MAX_SHOWN);
  return { number, first, lines, pieces };
}

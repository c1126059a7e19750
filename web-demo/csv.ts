/**
 * csv.ts - tells whether a text is a table of numbers, and takes its columns apart.
 * SPDX-License-Identifier: MIT
 */
import { isMissing, numberIn, timeIn } from '../ts/detect/cells.js';

/** The rows of a table as numbers. */
export interface Table {
  /** Names of the columns of values. */
  names: string[];
  /** The line of each row, counted from 1. */
  lines: number[];
  /** The time of each row as it is written, '' if there is none, and in seconds since 1970. */
  labels: string[];
  times: (number | undefined)[];
  /** For each column of values those of all rows; NaN where one is missing. */
  values: number[][];
}

/** Rows by which it is told what there is, and the least of them. */
const LOOK = 50;
const LEAST = 5;
const MOST_CELLS = 64;

const TIME_NAME = /^(?:@?_?time_?(?:stamp)?|date_?(?:time)?|datum|zeit|when|ts)$/i;
/** Numbers from here on are times since 1970, in seconds or smaller units. */
const EPOCH = 1e8;

function cellsOf(line: string, separator: string): string[] {
  if (!line.includes('"')) return line.split(separator).map((cell) => cell.trim());
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (const character of line) {
    if (character === '"') quoted = !quoted;
    else if (quoted || character !== separator) cell += character;
    else {
      cells.push(cell.trim());
      cell = '';
    }
  }
  return [...cells, cell.trim()];
}

/** What the beginning of a table shows: its header and where which column is. */
interface Shape {
  separator: string;
  header: string[] | undefined;
  time: number | undefined;
  values: number[];
}

/** Whether most cells of a column pass; missing ones say nothing. */
function mostly(rows: readonly string[][], at: number, test: (cell: string) => boolean): boolean {
  const present = rows.map((row) => row[at] ?? '').filter((cell) => !isMissing(cell));
  return present.length > 0 && present.filter(test).length >= 0.9 * present.length;
}

function shapeWith(lines: readonly string[], separator: string): Shape | undefined {
  const rows = lines.map((line) => cellsOf(line, separator));
  const width = rows[0]!.length;
  if (width > MOST_CELLS || rows.some((row) => row.length !== width)) return undefined;
  const isNumber = (cell: string): boolean => Number.isFinite(numberIn(cell, separator));
  const isClock = (cell: string): boolean =>
    !isNumber(cell) && timeIn(cell, separator) !== undefined;
  const isEpoch = (cell: string): boolean => (numberIn(cell, separator) ?? 0) >= EPOCH;
  const header = rows[0]!.every((cell) => !isNumber(cell) && !isClock(cell))
    ? rows.shift()!
    : undefined;
  if (rows.length < LEAST) return undefined;
  const columns = Array.from({ length: width }, (_, at) => at);
  const isTime = (at: number): boolean => {
    const likely = TIME_NAME.test(header?.[at] ?? '') || (at === 0 && width > 1);
    return mostly(rows, at, isClock) || (likely && mostly(rows, at, isEpoch));
  };
  const time = columns.find(isTime);
  const values = columns.filter((at) => at !== time && mostly(rows, at, isNumber));
  // A log may have commas and numbers, too: a table has few columns of texts, and none without a header.
  const texts = width - values.length - (time === undefined ? 0 : 1);
  if (values.length === 0 || texts > (header === undefined ? 0 : values.length)) return undefined;
  return { separator, header, time, values };
}

/** The shape of a text that is a table of numbers, or undefined. */
function shapeOf(lines: readonly string[]): Shape | undefined {
  const first = lines
    .slice(0, 4 * LOOK)
    .filter((line) => line.trim() !== '')
    .slice(0, LOOK);
  if (first.length < LEAST) return undefined;
  for (const separator of ['\t', ';', ',']) {
    const shape = first[0]!.includes(separator) ? shapeWith(first, separator) : undefined;
    if (shape !== undefined) return shape;
  }
  return shapeWith(first, '\n'); // a number a line
}

/** Names of the columns of values. */
function namesOf({ header, values }: Shape): string[] {
  return values.map((at) => header?.[at] || (values.length === 1 ? 'value' : `column ${at + 1}`));
}

/** The table that the lines of a text are, or undefined if they are none. */
export function tableOf(lines: readonly string[]): Table | undefined {
  const shape = shapeOf(lines);
  if (shape === undefined) return undefined;
  const { separator, header, time, values } = shape;
  const table: Table = { names: namesOf(shape), lines: [], times: [], labels: [], values: [] };
  for (const _ of values) table.values.push([]);
  let head = header !== undefined;
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '') continue;
    if (head) {
      head = false;
      continue;
    }
    const cells = cellsOf(line, separator);
    table.lines.push(i + 1);
    for (const [k, at] of values.entries()) {
      const number = numberIn(cells[at] ?? '', separator);
      table.values[k]!.push(Number.isFinite(number) ? number! : Number.NaN);
    }
    const label = time === undefined ? '' : (cells[time] ?? '');
    table.labels.push(label);
    table.times.push(time === undefined ? undefined : timeIn(label, separator));
  }
  return table;
}

/**
 * csv.ts - tells whether a text is a table of numbers, and takes its columns apart.
 * SPDX-License-Identifier: MIT
 */
import { fieldSeconds } from '../ts/detect/head.js';

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

const MISSING = /^(?:|-|\?|na|n\/a|nan|null|none)$/i;
const NUMBER = /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d{1,3})?$/i;
const COMMA_NUMBER = /^[-+]?\d*,\d+$/;
const TIME =
  /^(\d{4})[-/.](\d\d)[-/.](\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?)? ?(Z|UTC|[-+]\d\d:?\d\d)?$/;
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

/** NaN for a missing value, undefined for what is no number. */
function numberIn(cell: string): number | undefined {
  if (MISSING.test(cell)) return Number.NaN;
  const text = COMMA_NUMBER.test(cell) ? cell.replace(',', '.') : cell;
  const number = NUMBER.test(text) ? Number(text) : undefined;
  return number !== undefined && Number.isFinite(number) ? number : undefined;
}

function timeIn(cell: string): number | undefined {
  const found = TIME.exec(cell);
  if (found === null) return /[:T]|^1\d{8,}/.test(cell) ? fieldSeconds(cell) : undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map((x) => Number(x ?? 0));
  const seconds = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) / 1000;
  const zone = /^([-+])(\d\d):?(\d\d)$/.exec(found[7] ?? '');
  if (zone === null) return seconds;
  const shift = 3600 * Number(zone[2]) + 60 * Number(zone[3]);
  return zone[1] === '-' ? seconds + shift : seconds - shift;
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
  const present = rows.map((row) => row[at] ?? '').filter((cell) => !MISSING.test(cell));
  return present.length > 0 && present.filter(test).length >= 0.9 * present.length;
}

function shapeWith(lines: readonly string[], separator: string): Shape | undefined {
  const rows = lines.map((line) => cellsOf(line, separator));
  const width = rows[0]!.length;
  if (width > MOST_CELLS || rows.some((row) => row.length !== width)) return undefined;
  const isData = (cell: string): boolean =>
    numberIn(cell) !== undefined || timeIn(cell) !== undefined;
  const header = rows[0]!.every((cell) => !isData(cell)) ? rows.shift()! : undefined;
  if (rows.length < LEAST) return undefined;
  const columns = Array.from({ length: width }, (_, at) => at);
  const isTime = (at: number): boolean => {
    const epoch = (cell: string): boolean => (numberIn(cell) ?? 0) >= EPOCH;
    const named = TIME_NAME.test(header?.[at] ?? '');
    if (mostly(rows, at, (cell) => numberIn(cell) === undefined && timeIn(cell) !== undefined))
      return true;
    return (named || (at === 0 && width > 1)) && mostly(rows, at, epoch);
  };
  const time = columns.find(isTime);
  const values = columns.filter(
    (at) => at !== time && mostly(rows, at, (cell) => numberIn(cell) !== undefined),
  );
  // A log may have commas and numbers, too: without a header all of a table's cells are numbers.
  const others = width - values.length - (time === undefined ? 0 : 1);
  if (values.length === 0 || (header === undefined && others > 0)) return undefined;
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
    for (const [k, at] of values.entries())
      table.values[k]!.push(numberIn(cells[at] ?? '') ?? Number.NaN);
    const label = time === undefined ? '' : (cells[time] ?? '');
    table.labels.push(label);
    table.times.push(time === undefined ? undefined : timeIn(label));
  }
  return table;
}

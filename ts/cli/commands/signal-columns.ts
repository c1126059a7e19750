/**
 * signal-columns.ts - which columns of a table are time, value and name of a series: those asked for, else by
 * their names in the header, else by their places.
 * SPDX-License-Identifier: MIT
 */
import { suggestion } from '../../common/suggestion.js';
import { isMissing, numberIn, timeIn } from '../../detect/cells.js';
import type { CsvRecord } from '../files/csv.js';
import { Failure } from '../screen/failure.js';

/** Columns as they were asked for: by name, or by number from 1. */
export interface AskedColumns {
  time: string | undefined;
  values: readonly string[];
  by: string | undefined;
}

/** A column: where it is, and what messages and series call it. */
export interface Column {
  at: number;
  name: string;
}

/** The columns to read. */
export interface Columns {
  /** The cells of the header, if there is one. */
  header: readonly string[] | undefined;
  time: Column | undefined;
  values: readonly Column[];
  by: Column | undefined;
}

const TIME_NAME = /^(_?time|time_?stamp|date|date_?time|datum|zeit|when|ts|@timestamp)$/i;
const VALUE_NAME = /^_?values?$/i;

const isData = (cell: string, separator: string): boolean =>
  numberIn(cell, separator) !== undefined || timeIn(cell, separator) !== undefined;

/** Names that were asked for; one with commas is several, unless a column is called so. */
function namesIn(asked: readonly string[], header: readonly string[]): string[] {
  return asked.flatMap((name) =>
    header.includes(name) ? [name] : name.split(',').map((part) => part.trim()),
  );
}

class Table {
  readonly header: readonly string[] | undefined;
  private readonly names: string[];

  constructor(
    private readonly file: string,
    first: CsvRecord,
    separator: string,
    asked: AskedColumns,
  ) {
    const { cells } = first;
    const wanted = [asked.time, asked.by, ...asked.values].filter((name) => name !== undefined);
    const named = namesIn(wanted, cells).some(
      (name) => cells.includes(name) && !/^\d+$/.test(name),
    );
    const isHeader = named || !cells.some((cell) => isData(cell, separator));
    this.header = isHeader && cells.some((cell) => !isMissing(cell)) ? cells : undefined;
    this.names = cells.map((cell, i) => (this.header === undefined ? '' : cell) || `${i + 1}`);
  }

  get width(): number {
    return this.names.length;
  }

  column(at: number): Column {
    return { at, name: this.names[at]! };
  }

  /** The column of this name, in any case of letters if that is clear, or of this number. */
  find(name: string): Column {
    const { names } = this;
    let at = this.header === undefined ? -1 : names.indexOf(name);
    if (at < 0) {
      const alike = names.flatMap((one, i) =>
        one.toLowerCase() === name.toLowerCase() ? [i] : [],
      );
      if (alike.length === 1) at = alike[0]!;
    }
    if (at < 0 && /^\d{1,6}$/.test(name)) at = Number(name) - 1;
    if (at >= 0 && at < this.width) return this.column(at);
    const near = (this.header && suggestion(name, names)) || this.list();
    throw new Failure(`${this.file} has no column "${name}"${near}`);
  }

  /** Columns whose names match. */
  like(pattern: RegExp): Column[] {
    if (this.header === undefined) return [];
    return this.header.flatMap((name, at) => (pattern.test(name) ? [this.column(at)] : []));
  }

  list(): string {
    if (this.header === undefined) {
      return `; it has ${this.width} column${this.width === 1 ? '' : 's'} and no header`;
    }
    const shown = this.header.slice(0, 12).join(', ');
    return `; its columns are ${shown}${this.width > 12 ? ', ...' : ''}`;
  }

  /** The one column of values that nobody asked for. */
  onlyValue(taken: readonly (Column | undefined)[]): Column {
    const named = this.like(VALUE_NAME);
    if (named.length === 1) return named[0]!;
    const free = this.names
      .map((_, at) => this.column(at))
      .filter(({ at }) => !taken.some((column) => column?.at === at));
    if (free.length === 1 || (this.header === undefined && free.length > 0)) return free[0]!;
    if (free.length === 0) throw new Failure(`${this.file} has no column of values${this.list()}`);
    throw new Failure(`say with --value which column of ${this.file} to read${this.list()}`);
  }
}

/** Chooses the columns by the first record. Throws a Failure that lists what there is. */
export function chooseColumns(
  file: string,
  first: CsvRecord,
  separator: string,
  asked: AskedColumns,
): Columns {
  const table = new Table(file, first, separator, asked);
  const by = asked.by === undefined ? undefined : table.find(asked.by);
  const wanted = namesIn(asked.values, table.header ?? []).map((name) => table.find(name));
  const taken = [by, ...wanted];
  let time = asked.time === undefined ? table.like(TIME_NAME)[0] : table.find(asked.time);
  if (time === undefined) {
    const free = [...first.cells.keys()].filter((at) => !taken.some((column) => column?.at === at));
    const isFirst = free.length > 1 && (table.header === undefined || free.length === 2);
    if (wanted.length === 0 && isFirst) time = table.column(free[0]!);
    else if (wanted.length > 0 && table.header === undefined && free[0] === 0)
      time = table.column(0);
  }
  const values = wanted.length > 0 ? wanted : [table.onlyValue([...taken, time])];
  const twice = values.find((one, i) => values.findIndex(({ at }) => at === one.at) !== i);
  if (twice !== undefined) throw new Failure(`the column "${twice.name}" is asked for twice`);
  return { header: table.header, time, values, by };
}

/**
 * signal-read.ts - how `signal` reads: record by record, with a detector for each series, with turns for
 * signals and timers, and with the detectors saved now and then while it follows a pipe.
 * SPDX-License-Identifier: MIT
 */
import { SignalDetector } from 'bit-ttt';
import { Turns } from '../../common/turns.js';
import { isMissing, numberIn, timeIn } from '../../detect/cells.js';
import type { CsvRecord } from '../files/csv.js';
import { CsvReader } from '../files/csv.js';
import type { Source } from '../files/input.js';
import type { Result } from '../files/save.js';
import type { Detectors } from '../files/signal-file.js';
import { MOST_SERIES, saveSignals } from '../files/signal-file.js';
import { Failure } from '../screen/failure.js';
import { drained } from '../screen/output.js';
import type { Progress } from '../screen/terminal.js';
import { grouped, visible } from '../screen/terminal.js';
import type { AskedColumns, Column, Columns } from './signal-columns.js';
import { chooseColumns } from './signal-columns.js';
import type { SignalRow } from './signal-outline.js';
import { Outline } from './signal-outline.js';

/** How to read, what counts as a finding, and where and how often to save. */
export interface SignalReadingOptions {
  asked: AskedColumns;
  alarmRate: number | undefined;
  /** Scores from here on are findings; undefined: alarms are. */
  above: number | undefined;
  /** How many findings are kept. */
  top: number;
  /** The file that was loaded. */
  load: string | null;
  save: Result | null;
  /** Seconds between two saves. */
  saveEvery: number;
}

/** What was read of one series. */
export interface SeriesSummary {
  name: string;
  detector: SignalDetector;
  outline: Outline;
  values: number;
  missing: number;
  low: number;
  high: number;
  alarms: number;
  findings: number;
}

const rank = (a: SignalRow, b: SignalRow): number => b.score - a.score || a.row - b.row;

/** Reads records, and keeps of them what the report needs. */
export class SignalTable {
  readonly series = new Map<string, SeriesSummary>();
  /** The oddest findings, oddest first. */
  readonly top: SignalRow[] = [];
  columns: Columns | undefined;
  rows = 0;
  lastLine = 0;
  findings = 0;
  firstTime: string | null = null;
  lastTime: string | null = null;

  constructor(
    private readonly file: string,
    private readonly options: SignalReadingOptions,
    /** Those that were loaded; new series are added. */
    readonly detectors: Detectors,
    private readonly show: ((row: SignalRow) => void) | undefined,
  ) {}

  /** Whether rows have several series. */
  get isMany(): boolean {
    return (
      this.columns !== undefined &&
      (this.columns.by !== undefined || this.columns.values.length > 1)
    );
  }

  isFinding({ score, alarm }: SignalRow): boolean {
    const { above } = this.options;
    return above === undefined ? alarm : score > 0 && score >= above;
  }

  /** Reads a record. Throws a Failure that names its line and column if a cell is no time or number. */
  async read(record: CsvRecord, separator: string): Promise<void> {
    if (this.columns === undefined) {
      this.columns = chooseColumns(this.file, record, separator, this.options.asked);
      if (this.columns.header !== undefined) return;
    } else if (this.isHeaderAgain(record.cells)) return;
    const { time: timeColumn, values, by } = this.columns;
    const timeText = timeColumn && (record.cells[timeColumn.at] ?? '');
    const isTimed = timeText !== undefined && !isMissing(timeText);
    const time = isTimed ? this.timeOf(record, timeColumn!, separator) : undefined;
    this.rows++;
    this.lastLine = record.line;
    if (isTimed) {
      this.firstTime ??= timeText;
      this.lastTime = timeText;
    }
    for (const column of values) {
      const value = this.valueOf(record, column, separator);
      const series = await this.seriesOf(record, column, by);
      const read = series.detector.read(value, time);
      this.note(series, {
        row: this.rows,
        series: series.name,
        timeText: isTimed ? timeText : null,
        time,
        value,
        ...read,
      });
    }
  }

  private isHeaderAgain(cells: readonly string[]): boolean {
    const { header } = this.columns!;
    return header?.every((name, i) => name === (cells[i] ?? '')) === true;
  }

  private wrong({ line }: CsvRecord, { at, name }: Column, cell: string, what: string): Failure {
    const column = name === `${at + 1}` ? `column ${name}` : `column ${at + 1} (${name})`;
    const shown = cell.length > 40 ? `${cell.slice(0, 40)}...` : cell;
    return new Failure(`${this.file}, line ${line}, ${column}: "${shown}" ${what}`);
  }

  private timeOf(record: CsvRecord, column: Column, separator: string): number {
    const cell = record.cells[column.at]!;
    const time = timeIn(cell, separator);
    if (time !== undefined) return time;
    throw this.wrong(
      record,
      column,
      cell,
      'is no time (such as 2026-11-30 14:27:00, or seconds since 1970)',
    );
  }

  private valueOf(record: CsvRecord, column: Column, separator: string): number {
    const cell = record.cells[column.at] ?? '';
    if (isMissing(cell)) return NaN;
    const value = numberIn(cell, separator);
    if (value === undefined) throw this.wrong(record, column, cell, 'is no number');
    if (Number.isFinite(value)) return value;
    throw this.wrong(record, column, cell, 'is too large for a number of 64 bits');
  }

  private async seriesOf(
    { cells }: CsvRecord,
    column: Column,
    by: Column | undefined,
  ): Promise<SeriesSummary> {
    const group = by === undefined ? '' : (cells[by.at] ?? '');
    const isSplit = this.columns!.values.length > 1;
    const isNamed = isSplit || (by === undefined && this.detectors.has(column.name));
    const name = isNamed ? [group, column.name].filter((part) => part !== '').join(' ') : group;
    const known = this.series.get(name);
    if (known !== undefined) return known;
    let detector = this.detectors.get(name);
    if (detector === undefined) {
      if (by === undefined) this.checkLoaded(name);
      if (this.detectors.size >= MOST_SERIES) {
        const hint = by === undefined ? '' : `: is --by ${by.name} the right column?`;
        throw new Failure(`${this.file} has more than ${MOST_SERIES} series${hint}`);
      }
      detector = await SignalDetector.create({ alarmRate: this.options.alarmRate });
      this.detectors.set(name, detector);
    }
    const none = { values: 0, missing: 0, low: Infinity, high: -Infinity, alarms: 0, findings: 0 };
    const made = { name, detector, outline: new Outline(), ...none };
    this.series.set(name, made);
    return made;
  }

  /** Throws if what was loaded is of other columns: nothing of it would be used. */
  private checkLoaded(name: string): void {
    const { load } = this.options;
    if (load === null) return;
    const known = [...this.detectors.keys()].filter((one) => one !== '');
    const has = known.length === 0 ? 'a single column' : known.slice(0, 12).join(', ');
    const what = name === '' ? 'a single column' : `the column "${name}"`;
    throw new Failure(`${load} has learnt ${has}, and not ${what} of ${this.file}`);
  }

  private note(series: SeriesSummary, row: SignalRow): void {
    const isOdd = this.isFinding(row);
    series.outline.add(row, isOdd);
    if (Number.isNaN(row.value)) series.missing++;
    else {
      series.values++;
      series.low = Math.min(series.low, row.value);
      series.high = Math.max(series.high, row.value);
    }
    if (row.alarm) series.alarms++;
    if (isOdd) {
      series.findings++;
      this.findings++;
      this.keep(row);
    }
    this.show?.(row);
  }

  private keep(row: SignalRow): void {
    const { top } = this;
    if (top.length >= this.options.top) {
      const last = top.at(-1);
      if (last === undefined || rank(last, row) <= 0) return;
      top.pop();
    }
    const at = top.findIndex((one) => rank(row, one) < 0);
    top.splice(at < 0 ? top.length : at, 0, row);
  }
}

/** Saves the detectors at regular times, as long as the input has no known end. */
class RegularSave {
  private saved = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly save: Result,
    seconds: number,
    private readonly table: SignalTable,
    private readonly progress: Progress,
  ) {
    this.timer = setInterval(() => this.saveNew(), 1000 * seconds);
  }

  /** Saves if rows were read since. A failure only warns: a disk that is full now may have room later. */
  private saveNew(): void {
    if (this.table.rows === this.saved) return;
    try {
      saveSignals(this.save, this.table.detectors);
      this.saved = this.table.rows;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      this.progress.clear();
      process.stderr.write(`bit-ttt: ${visible(error.message)}; the reading goes on\n`);
    }
  }

  end(): void {
    clearInterval(this.timer);
  }
}

/** Reads the source to its end, or until `stop`. */
export async function readTable(
  source: Source,
  table: SignalTable,
  options: SignalReadingOptions,
  progress: Progress,
  stop: AbortSignal,
): Promise<void> {
  const reader = new CsvReader(source.name, 'signal');
  const take = async (records: readonly CsvRecord[]): Promise<void> => {
    const turns = new Turns();
    for (const record of records) {
      if (stop.aborted) break;
      await table.read(record, reader.separator!);
      await turns.rest();
    }
    await drained(stop);
  };
  const { save } = options;
  const follows = save !== null && source.size === undefined;
  const regular = follows ? new RegularSave(save, options.saveEvery, table, progress) : undefined;
  let bytes = 0;
  try {
    for await (const chunk of source.chunks) {
      bytes += chunk.length;
      await take(reader.push(chunk));
      if (stop.aborted) break;
      progress.update(() => {
        const share = source.size ? ` (${Math.floor((100 * bytes) / source.size)} %)` : '';
        return `${grouped(table.rows)} rows read${share}`;
      });
    }
    if (!stop.aborted) await take(reader.end()); // else the last row may be half of one
  } finally {
    regular?.end();
  }
}

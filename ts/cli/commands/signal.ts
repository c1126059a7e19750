/**
 * signal.ts - the command that reads series of values from a CSV file and shows the values that nothing
 * before had led to expect.
 * SPDX-License-Identifier: MIT
 */

import { basename } from 'node:path';
import { ALARM_RATES } from '../../common/limits.js';
import { drawSignal } from '../charts/signal-chart.js';
import { openSource } from '../files/input.js';
import type { Result } from '../files/save.js';
import { checkFiles, resultOf, saveFile } from '../files/save.js';
import { loadSignals, saveSignals } from '../files/signal-file.js';
import type { Command, CommandLine } from '../screen/command-line.js';
import { fileArgument, numberOption, outputOptions, SAVE_OPTIONS } from '../screen/command-line.js';
import { Failure, UsageError } from '../screen/failure.js';
import type { Interrupt } from '../screen/interrupt.js';
import { watched } from '../screen/interrupt.js';
import { goOnWithoutReader, print } from '../screen/output.js';
import type { Palette, Progress } from '../screen/terminal.js';
import { columnsOf, grouped, outputPalette } from '../screen/terminal.js';
import type { SignalRow } from './signal-outline.js';
import type { SignalReadingOptions } from './signal-read.js';
import { readTable, SignalTable } from './signal-read.js';
import { jsonReport, jsonRow, textReport, textRow } from './signal-report.js';

const DEFAULT_TOP = 20;
const MAX_TOP = 1000;
const DEFAULT_SAVE_SECONDS = 60;

const HELP = [
  `Reads values that were measured over time (- for standard input) and shows those that nothing
before had led to expect: outside of their range, at the wrong time, or in an order that is new.
It learns while it reads; memory use does not depend on the size of the file.`,
  {
    '--time NAME': 'the column of times (default: by its name, or the first of two)',
    '--value NAME': `the column of values; several for as many series: --value cpu,memory (default: the
        column "value", or the only one that is left)`,
    '--by NAME': 'a column with names of series: each is judged by itself',
    '--alarm RATE': 'the share of values that are to be alarms, 0.0001 to 0.1 (default: 0.001)',
    '--above SCORE': 'show the values of this score and above instead of the alarms',
    '--check': 'end with 1 if a value stands out',
    '-n, --top N': `how many values to show, the oddest (default: ${DEFAULT_TOP}, with --json ${MAX_TOP})`,
    '--all': 'print every row with its score as it is read',
    '--plot FILE.svg': 'draw the values, what was expected, and what stands out',
    '--save FILE': 'keep what it has learnt, so that a later run goes on from there',
    '--save-every SECONDS': `while it follows a pipe: save as often as that (default: ${DEFAULT_SAVE_SECONDS})`,
    ...SAVE_OPTIONS,
    '--load FILE': 'begin with what was saved',
    ...outputOptions('print one JSON document; with --all, one per row'),
  },
  `Columns are named by the first line, or numbered from 1. Cells are separated by commas, semicolons
or tabs. Times are as in 2026-11-30 14:27:00 (UTC unless they name a zone), or seconds or
milliseconds since 1970; without times it cannot know hours and weekdays. An empty cell is a
missing value. A score is minus the decimal logarithm of how rare such a value was so far: 3 for
one in a thousand, and 5 and more for what is outside of the range. The first 150 values of a
series are only learnt.

Ctrl-C, like the signals TERM and HUP, stops the reading: the report comes, and what was learnt
is saved.`,
];

/** What was asked for, checked. */
interface Request extends SignalReadingOptions {
  file: string;
  plot: Result | null;
  all: boolean;
  json: boolean;
  check: boolean;
}

function readRequest(line: CommandLine): Request {
  const file = fileArgument(line, 'signal', 'reads');
  const { flags, values } = line;
  const load = values.get('load') ?? null;
  const savePath = values.get('save');
  const plotPath = values.get('plot');
  const save =
    savePath === undefined ? null : resultOf(line, savePath, '--save', 'signal', '--load');
  const plot = plotPath === undefined ? null : resultOf(line, plotPath, '--plot', 'chart');
  const saveEvery = numberOption(line, 'save-every', { min: 0.01, max: 86400 });
  if (saveEvery !== undefined && save === null)
    throw new UsageError('--save-every needs --save FILE');
  const request = {
    file,
    asked: {
      time: values.get('time'),
      values: line.repeated.get('value') ?? [],
      by: values.get('by'),
    },
    alarmRate: numberOption(line, 'alarm', ALARM_RATES),
    above: numberOption(line, 'above', { min: 0, max: 10 }),
    top: numberOption(line, 'top', { min: 0, max: MAX_TOP, integer: true }),
    load,
    save,
    plot,
    saveEvery: saveEvery ?? DEFAULT_SAVE_SECONDS,
    all: flags.has('all'),
    json: flags.has('json'),
    check: flags.has('check'),
  };
  const reads = [{ path: file, name: 'FILE' }];
  if (load !== null) reads.push({ path: load, name: '--load' });
  checkFiles(
    reads,
    [save, plot].filter((result) => result !== null),
  );
  return { ...request, top: request.top ?? (request.json ? MAX_TOP : DEFAULT_TOP) };
}

/** `bit-ttt signal`. Throws a Failure that says what went wrong. */
export const signal: Command = {
  usage: 'FILE.csv|-',
  summary: 'show the values of a signal that nothing had led to expect',
  help: HELP,
  run,
};

async function run(line: CommandLine): Promise<void> {
  const request = readRequest(line);
  const palette = outputPalette(line.flags);
  await watched(!request.all, (progress, interrupt) => read(request, palette, progress, interrupt));
}

/** Throws if there was nothing to judge. */
function checkFound(name: string, table: SignalTable): void {
  if ([...table.series.values()].some(({ values }) => values > 0)) return;
  const what = table.columns === undefined ? 'is empty' : 'has no values';
  throw new Failure(`${name} ${what}`);
}

/** Does it; a failure is given back, as the report is to come all the same. */
function attempted<T>(work: () => T): T | Failure {
  try {
    return work();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

function draw(result: Result, name: string, table: SignalTable): void {
  const { rows, firstTime, lastTime, findings, series, isMany } = table;
  const times = firstTime === null ? '' : `, ${firstTime} to ${lastTime}`;
  const subtitle = `${grouped(rows)} rows${times}; ${grouped(findings)} stand out`;
  saveFile(result, [drawSignal(basename(name), subtitle, [...series.values()], isMany)]);
}

/** Reads, saves and reports. */
async function read(
  request: Request,
  palette: Palette,
  progress: Progress,
  interrupt: Interrupt,
): Promise<void> {
  const { file, load, save, plot } = request;
  if (save !== null || plot !== null) goOnWithoutReader();
  const detectors = load === null ? new Map() : await loadSignals(load, request.alarmRate);
  interrupt.begin(save === null ? 'interrupted' : 'interrupted; what was learnt was not saved');
  const source = await openSource(file, interrupt.signal);
  const show = (row: SignalRow): void =>
    print(request.json ? jsonRow(row, table) : textRow(row, table, palette));
  const table = new SignalTable(source.name, request, detectors, request.all ? show : undefined);
  const started = performance.now();
  await readTable(source, table, request, progress, interrupt.signal);
  const seconds = (performance.now() - started) / 1000;
  if (table.rows === 0) interrupt.check(() => 'interrupted before the first row');
  checkFound(source.name, table);
  const saved = save === null ? null : attempted(() => saveSignals(save, detectors));
  const drawn = plot === null ? null : attempted(() => draw(plot, source.name, table));
  progress.clear();
  const result = {
    file,
    table,
    above: request.above,
    loaded: load,
    saved: typeof saved === 'number' ? save!.path : null,
    savedBytes: typeof saved === 'number' ? saved : 0,
    plot: drawn === undefined ? plot!.path : null,
    seconds,
  };
  if (!request.json) {
    const columns = columnsOf(process.stdout, process.env);
    print(`${request.all ? '\n' : ''}${textReport(result, palette, columns)}`);
  } else if (!request.all) print(jsonReport(result));
  for (const failed of [saved, drawn]) if (failed instanceof Failure) throw failed;
  const kept = save === null ? '' : '; what was learnt was saved';
  interrupt.check(() => `interrupted after row ${grouped(table.rows)}${kept}`);
  if (request.check && table.findings > 0) process.exitCode = 1;
}

/**
 * surprise.ts - the command that reads logs and shows the lines that stand out, or prose and its words.
 * SPDX-License-Identifier: MIT
 */

import type { LogDetectorOptions } from 'bit-ttt';
import { LogDetector } from 'bit-ttt';
import { ALARM_RATES } from '../../common/limits.js';
import { fieldSeconds } from '../../detect/head.js';
import { loadMemory, saveDetector } from '../files/memory-file.js';
import type { Result } from '../files/save.js';
import { checkFiles, resultOf } from '../files/save.js';
import type { Command, CommandLine } from '../screen/command-line.js';
import { numberOption, outputOptions, SAVE_OPTIONS } from '../screen/command-line.js';
import { engineInUse } from '../screen/engine.js';
import { asFailure, Failure, UsageError } from '../screen/failure.js';
import type { Interrupt } from '../screen/interrupt.js';
import { watched } from '../screen/interrupt.js';
import { goOnWithoutReader, print } from '../screen/output.js';
import type { Palette, Progress } from '../screen/terminal.js';
import { columnsOf, grouped, outputPalette } from '../screen/terminal.js';
import { PROSE_HELP, readsProse, surpriseOfProse } from './surprise-prose.js';
import type { Findings, Reading } from './surprise-read.js';
import { readLogs } from './surprise-read.js';
import { jsonReport, textReport } from './surprise-report.js';

const DEFAULT_TOP = 20;
const MAX_TOP = 1000;
const MAX_CONTEXT = 100;
const MAX_FILES = 1000;
const MAX_MASKS = 32;
const DEFAULT_SAVE_SECONDS = 60;
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86400 };

const HELP = [
  `Reads logs (- for standard input; .gz and .zst as they are), one after another, with a memory that
learns while it reads, and shows the lines that stand out. It needs no rules and no training; memory
use does not depend on the size of the files. Lines of one event, such as an error with its stack
trace, count as one line.`,
  {
    '--alarm RATE': 'the share of lines that are to be alarms, 0.0001 to 0.1 (default: 0.001)',
    '--above SCORE': 'alarms are the lines of at least this score instead, 0 to 10',
    '-n, --top N': `how many to show at most, the oddest (default: ${DEFAULT_TOP})`,
    '--context N': 'show N lines before and after each',
    '--since TIME': 'show only what is later: 2026-11-30, 2026-11-30T08:00, or 2h, 30m, 7d ago',
    '--mask REGEX': {
      text: 'what counts as one and the same, such as names of users',
      repeatable: true,
    },
    '--session REGEX': 'what a line belongs to, such as a request; its first group is the name',
    '--follow': 'go on as the file grows, also when it is rotated or cut short',
    '--check': 'end with exit code 1 if there was an alarm',
    '--all': 'print every line with its score as it is read',
    '--save FILE': 'keep the memory, so that a later run knows what this one read',
    '--save-every SECONDS': `while it follows a file or a pipe: save as often as that, if there was something new
        (default: ${DEFAULT_SAVE_SECONDS})`,
    ...SAVE_OPTIONS,
    '--load FILE': 'begin with a memory that was saved',
    ...outputOptions('print one JSON document; with --all or --follow, one object a line'),
  },
  `The score of a line says how rare one so odd is: 2 for one in a hundred lines, 3 for one in a
thousand, for every log alike. It is odd if its words are unusual, if it is unusual after the lines
before it, if a number is far from all before it, or if its time goes back. Nothing is an alarm in
the first 200 lines. Times without a zone are taken as UTC.

Ctrl-C, like the signals TERM and HUP, stops the reading: the report comes and the memory is saved.`,
  ...PROSE_HELP,
];

/** What was asked for, checked. */
interface Request extends Reading {
  options: LogDetectorOptions;
  load: string | null;
  check: boolean;
}

function regexOf(text: string, name: string): RegExp {
  try {
    return new RegExp(text, 'u');
  } catch {
    throw new UsageError(`${name} must be a regular expression, not "${text}"`);
  }
}

/** Seconds since 1970 of `--since`. */
function sinceOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ago = /^(\d+)([smhd])$/.exec(text);
  if (ago !== null) return Date.now() / 1000 - Number(ago[1]) * UNITS[ago[2]!]!;
  const date = /^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00` : text;
  const full = /T\d\d:\d\d$/.test(date) ? `${date}:00` : date;
  const seconds = fieldSeconds(full);
  if (seconds !== undefined) return seconds;
  throw new UsageError(`--since must be a time such as 2026-11-30T08:00 or 2h, not "${text}"`);
}

function optionsOf(line: CommandLine): LogDetectorOptions {
  const masks = line.repeated.get('mask');
  if (masks !== undefined && masks.length > MAX_MASKS) {
    throw new UsageError(`at most ${MAX_MASKS} of --mask`);
  }
  const session = line.values.get('session');
  return {
    alarmRate: numberOption(line, 'alarm', ALARM_RATES),
    mask: masks?.map((mask) => regexOf(mask, '--mask')),
    session: session === undefined ? undefined : regexOf(session, '--session'),
  };
}

function filesOf({ positionals, flags }: CommandLine): string[] {
  if (positionals.length === 0) {
    throw new UsageError('surprise needs a FILE, or - for standard input');
  }
  if (positionals.length > MAX_FILES) throw new UsageError(`at most ${MAX_FILES} files`);
  if (positionals.filter((file) => file === '-').length > 1) {
    throw new UsageError('standard input can be read once');
  }
  if (flags.has('follow') && (positionals.length > 1 || positionals[0] === '-')) {
    throw new UsageError('--follow takes one FILE; standard input is followed anyway');
  }
  return positionals;
}

function readRequest(line: CommandLine): Request {
  const files = filesOf(line);
  const load = line.values.get('load') ?? null;
  const save = readSave(line, files, load);
  const everySeconds = numberOption(line, 'save-every', { min: 0.01, max: 86400 });
  if (everySeconds !== undefined && save === null) {
    throw new UsageError('--save-every needs --save FILE');
  }
  const { flags } = line;
  return {
    files,
    options: optionsOf(line),
    load,
    save,
    saveEvery: everySeconds ?? DEFAULT_SAVE_SECONDS,
    top: numberOption(line, 'top', { min: 0, max: MAX_TOP, integer: true }) ?? DEFAULT_TOP,
    context: numberOption(line, 'context', { min: 0, max: MAX_CONTEXT, integer: true }) ?? 0,
    above: numberOption(line, 'above', { min: 0, max: 10 }),
    since: sinceOf(line.values.get('since')),
    follow: flags.has('follow'),
    check: flags.has('check'),
    all: flags.has('all'),
    json: flags.has('json'),
  };
}

/** Where to save the memory, which may replace the one that it goes on from. */
function readSave(line: CommandLine, files: string[], load: string | null): Result | null {
  const path = line.values.get('save');
  const save = path === undefined ? null : resultOf(line, path, '--save', 'memory', '--load');
  const reads = files.map((file) => ({ path: file, name: 'FILE' }));
  if (load !== null) reads.push({ path: load, name: '--load' });
  checkFiles(reads, save === null ? [] : [save]);
  return save;
}

/** A detector with the memory that was loaded, if any. */
async function makeDetector({ options, load }: Request): Promise<LogDetector> {
  if (load === null) return LogDetector.create(options);
  const state = await loadMemory(load);
  try {
    return await LogDetector.load(state, options);
  } catch (error) {
    throw asFailure('load', load, error);
  }
}

/** `bit-ttt surprise`. Throws a Failure that says what went wrong. */
export const surprise: Command = {
  usage: 'FILE...\nFILE --model MODEL',
  summary: 'show the lines of logs that stand out',
  help: HELP,
  run,
};

async function run(line: CommandLine): Promise<void> {
  if (readsProse(line)) return surpriseOfProse(line);
  const request = readRequest(line);
  const palette = outputPalette(line.flags);
  const live = request.all || request.follow;
  await watched(!live, (progress, interrupt) => read(request, palette, progress, interrupt));
}

/** Reads, saves and reports. */
async function read(
  request: Request,
  palette: Palette,
  progress: Progress,
  interrupt: Interrupt,
): Promise<void> {
  const { backend, kernel } = await engineInUse();
  const { save } = request;
  if (save !== null) goOnWithoutReader();
  const log = await makeDetector(request);
  try {
    interrupt.begin(save === null ? 'interrupted' : 'interrupted; the memory was not saved');
    const started = performance.now();
    const found = await readLogs(log, request, palette, progress, interrupt.signal);
    checkFound(found, request, interrupt);
    const saved = save === null ? 0 : saveDetector(log, save);
    progress.clear();
    const seconds = (performance.now() - started) / 1000;
    const result = {
      ...found,
      log,
      request,
      engine: `${backend} ${kernel}`,
      seconds,
      saved: save === null || saved instanceof Failure ? null : { path: save.path, bytes: saved },
    };
    if (!request.json) print(textReport(result, palette, columnsOf(process.stdout, process.env)));
    else if (!request.all && !request.follow) print(jsonReport(result));
    if (saved instanceof Failure) throw saved;
    const kept = save === null ? '' : '; the memory was saved';
    interrupt.check(() => `interrupted after line ${grouped(found.lastLine)}${kept}`);
    if (request.check && found.alarms > 0) process.exitCode = 1;
  } finally {
    log.destroy();
  }
}

/** Throws if there was nothing to learn from. */
function checkFound(found: Findings, { files, save }: Request, interrupt: Interrupt): void {
  if (found.lines > 0) return;
  const notSaved = save === null ? '' : '; there is nothing to save';
  interrupt.check(() => `interrupted before the first line${notSaved}`);
  const name = files.length > 1 ? 'none of the files' : found.name;
  const what = found.bytes === 0 ? 'is empty' : 'has no lines to learn from';
  throw new Failure(files.length > 1 ? `${name} has lines to learn from` : `${name} ${what}`);
}

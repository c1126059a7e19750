/**
 * surprise.ts - the command that reads a text with a memory and shows what the memory did not
 * expect.
 * SPDX-License-Identifier: MIT
 */
import { TTT } from 'bit-ttt';
import type { ReadLine } from '../../detect/detector.js';
import { DEFAULT_DIM, DEFAULT_LR } from '../../detect/detector.js';
import type { Source } from '../files/input.js';
import { openSource } from '../files/input.js';
import { loadMemory, saveMemory } from '../files/memory-file.js';
import type { Result } from '../files/save.js';
import { checkFiles, resultOf } from '../files/save.js';
import type { Command, CommandLine, OptionSpecs } from '../screen/command-line.js';
import {
  FORCE_HELP,
  fileArgument,
  numberOption,
  parseChoice,
  SAVE_OPTIONS,
  seedOption,
} from '../screen/command-line.js';
import { engineInUse } from '../screen/engine.js';
import { asFailure, Failure, UsageError } from '../screen/failure.js';
import type { Interrupt } from '../screen/interrupt.js';
import { watched } from '../screen/interrupt.js';
import { goOnWithoutReader, print } from '../screen/output.js';
import type { Palette, Progress } from '../screen/terminal.js';
import { columnsOf, grouped, outputPalette } from '../screen/terminal.js';
import type { Findings, Reading } from './surprise-read.js';
import { readLines } from './surprise-read.js';
import { jsonLine, jsonReport, textLine, textReport } from './surprise-report.js';

const OPTIONS: OptionSpecs = {
  ...SAVE_OPTIONS,
  by: { type: 'string' },
  top: { type: 'string', short: 'n' },
  all: { type: 'boolean' },
  load: { type: 'string' },
  save: { type: 'string' },
  'save-every': { type: 'string' },
  dim: { type: 'string' },
  lr: { type: 'string' },
  seed: { type: 'string' },
};

const DEFAULT_TOP = 10;
const MAX_TOP = 1000;
const MAX_DIM = 8192;
const DEFAULT_SAVE_SECONDS = 60;

const HELP = `Usage: bit-ttt surprise FILE|- [options]

Reads a text or log file (- for standard input) with a memory that learns while it reads, and
shows the lines that it did not expect. Memory use does not depend on the size of the file.

  --by line|word     what is read one by one (default: line)
  -n, --top N        how many lines to show (default: ${DEFAULT_TOP})
  --all              print every line with its surprise as it is read
  --save FILE        keep the memory, so that a later run knows what this one read
  --save-every SECONDS  while it follows a pipe: save as often as that, if there was something
                     new (default: ${DEFAULT_SAVE_SECONDS})
${FORCE_HELP}
  --load FILE        begin with a memory that was saved; its settings are taken over
  --dim N            numbers per token, 4 to ${MAX_DIM}; the memory has (N/4)^2
                     (default: ${DEFAULT_DIM.line} by line, ${DEFAULT_DIM.word} by word)
  --lr X             learning rate, below 2
                     (default: ${DEFAULT_LR.line} by line, ${DEFAULT_LR.word} by word)
  --seed N           seed of the fixed weights (default: 1)
  --json             print one JSON document; with --all, one per line read
  --color, --no-color

Surprise is about 0 for what the memory foresaw, 1 for what it never saw, and more where it was
sure of something else. In the list it is weighted by how much was read before, as everything is
new at the beginning; the mean and the curve are not weighted.

Ctrl-C, like the signals TERM and HUP, stops the reading: the report comes and the memory is saved.
`;

/** What was asked for, checked. */
interface Request extends Reading {
  file: string;
  state: Uint8Array | undefined;
  load: string | null;
  all: boolean;
  json: boolean;
}

async function readRequest(line: CommandLine): Promise<Request> {
  const file = fileArgument(line, 'surprise', 'reads');
  const asked = line.values.get('by');
  const by = asked === undefined ? undefined : parseChoice(asked, '--by', ['line', 'word']);
  const top = numberOption(line, 'top', { min: 0, max: MAX_TOP, integer: true });
  const dim = numberOption(line, 'dim', { min: 4, max: MAX_DIM, integer: true });
  const lr = numberOption(line, 'lr', { min: 0, max: 1.99 });
  const seed = seedOption(line);
  const load = line.values.get('load') ?? null;
  const save = readSave(line, file, load);
  const everySeconds = numberOption(line, 'save-every', { min: 0.01, max: 86400 });
  if (everySeconds !== undefined && save === null) {
    throw new UsageError('--save-every needs --save FILE');
  }
  const memory = load === null ? undefined : await loadMemory(load);
  const saved = memory?.settings;
  if (saved !== undefined && by !== undefined && saved.by !== by) {
    throw new Failure(`${load} was made with --by ${saved.by} and cannot be used with --by ${by}`);
  }
  const unit = by ?? saved?.by ?? 'line';
  return {
    file,
    settings: {
      by: unit,
      hiddenDim: dim ?? saved?.hiddenDim ?? DEFAULT_DIM[unit],
      innerLr: lr ?? saved?.innerLr ?? DEFAULT_LR[unit],
      seed: seed ?? saved?.seed ?? 1n,
    },
    state: memory?.state,
    load,
    save,
    saveEvery: everySeconds ?? DEFAULT_SAVE_SECONDS,
    top: top ?? DEFAULT_TOP,
    all: line.flags.has('all'),
    json: line.flags.has('json'),
  };
}

/** Where to save the memory, which may replace the one that it goes on from. */
function readSave(line: CommandLine, file: string, load: string | null): Result | null {
  const path = line.values.get('save');
  const save = path === undefined ? null : resultOf(line, path, '--save', 'memory', '--load');
  const reads = [{ path: file, name: 'FILE' }];
  if (load !== null) reads.push({ path: load, name: '--load' });
  checkFiles(reads, save === null ? [] : [save]);
  return save;
}

/** A layer with the memory that was loaded, if any. */
async function makeLayer({ settings, state, load }: Request): Promise<TTT> {
  const { hiddenDim, innerLr, seed } = settings;
  const layer = await TTT.create({ hiddenDim, innerLr, seed, objective: 'predict' });
  if (state === undefined) return layer;
  try {
    layer.loadState(state);
    return layer;
  } catch (error) {
    layer.destroy();
    throw asFailure('load', load!, error);
  }
}

/** Throws if there was nothing to learn from. */
function checkFound({ name }: Source, { curve, bytes }: Findings, request: Request): void {
  if (curve.count > 0) return;
  const what = bytes === 0 ? 'is empty' : `has no ${request.settings.by}s to learn from`;
  throw new Failure(`${name} ${what}`);
}

/** Saves the memory; gives what went wrong, as the report is to come all the same. */
function saveIfAsked(layer: TTT, { save, settings }: Request): number | Failure {
  if (save === null) return 0;
  const state = layer.saveState();
  try {
    saveMemory(save, settings, state);
    return state.length;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
}

/** `bit-ttt surprise`. Throws a Failure that says what went wrong. */
export const surprise: Command = { options: OPTIONS, help: HELP, run };

async function run(line: CommandLine): Promise<void> {
  const request = await readRequest(line);
  const palette = outputPalette(line.flags);
  await watched(!request.all, (progress, interrupt) => read(request, palette, progress, interrupt));
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
  const layer = await makeLayer(request);
  const format = request.json ? jsonLine : (found: ReadLine) => textLine(found, palette);
  const show = request.all ? (found: ReadLine): void => print(format(found)) : undefined;
  try {
    interrupt.begin(save === null ? 'interrupted' : 'interrupted; the memory was not saved');
    const source = await openSource(request.file, interrupt.signal);
    const started = performance.now();
    const found = await readLines(source, layer, request, progress, interrupt.signal, show);
    const seconds = (performance.now() - started) / 1000;
    const notSaved = save === null ? '' : '; there is nothing to save';
    if (found.curve.count === 0)
      interrupt.check(() => `interrupted before the first line${notSaved}`);
    checkFound(source, found, request);
    const saved = saveIfAsked(layer, request);
    const result = {
      file: request.file,
      settings: request.settings,
      lastLine: found.lastLine,
      top: found.top.lines,
      curve: found.curve,
      backend,
      kernel,
      seconds,
      loaded: request.load,
      saved: saved instanceof Failure ? null : (save?.path ?? null),
      savedBytes: saved instanceof Failure ? 0 : saved,
      tokens: layer.tokensSeen,
    };
    progress.clear();
    if (!request.json) {
      const columns = columnsOf(process.stdout, process.env);
      print(`${request.all ? '\n' : ''}${textReport(result, palette, columns)}`);
    } else if (!request.all) {
      print(jsonReport(result));
    }
    if (saved instanceof Failure) throw saved;
    const kept = save === null ? '' : '; the memory was saved';
    interrupt.check(() => `interrupted after line ${grouped(found.lastLine)}${kept}`);
  } finally {
    layer.destroy();
  }
}

/**
 * surprise.ts - the command that reads a text with a memory and shows what the memory did not
 * expect.
 * SPDX-License-Identifier: MIT
 */
import { fstatSync } from 'node:fs';
import { openPlace } from '../file-bytes.js';
import { TTT, TTTError } from '../index.js';
import { Curve, TopList } from './digest.js';
import { engineInUse } from './engine.js';
import { Failure, fileFailure, Interrupted, UsageError } from './failure.js';
import { checkSavePath } from './files.js';
import { LineSplitter } from './lines.js';
import { loadMemory, saveMemory } from './memory-file.js';
import type { MemorySettings } from './memory-file.js';
import { choiceOption, COMMON_OPTIONS, numberOption } from './options.js';
import { readCommandLine, seedOption } from './options.js';
import type { CommandLine, OptionSpecs } from './options.js';
import { drained, goOnWithoutReader, print } from './output.js';
import { inputChunks, nameOf } from './read-file.js';
import { DEFAULT_DIM, DEFAULT_LR, Reader } from './reader.js';
import type { ReadLine } from './reader.js';
import { excerpt, jsonLine, jsonReport, textLine, textReport } from './report.js';
import { columnsOf, grouped, makePalette, Progress, wantsColor } from './terminal.js';

const OPTIONS: OptionSpecs = {
  ...COMMON_OPTIONS,
  by: { type: 'string' },
  top: { type: 'string', short: 'n' },
  all: { type: 'boolean' },
  load: { type: 'string', reads: true },
  save: { type: 'string' },
  dim: { type: 'string' },
  lr: { type: 'string' },
  seed: { type: 'string' },
};

const DEFAULT_TOP = 10;
const MAX_TOP = 1000;
const MAX_DIM = 8192;

export const SURPRISE_HELP = `Usage: bit-ttt surprise FILE|- [options]

Reads a text or log file (- for standard input) with a memory that learns while it reads, and
shows the lines that it did not expect. Memory use does not depend on the size of the file.

  --by line|word     what is read one by one (default: line)
  -n, --top N        how many lines to show (default: ${DEFAULT_TOP})
  --all              print every line with its surprise as it is read
  --save FILE        keep the memory, so that a later run knows what this one read
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
`;

/** What was asked for, checked. */
interface Request {
  file: string;
  settings: MemorySettings;
  state: Uint8Array | undefined;
  load: string | null;
  save: string | null;
  top: number;
  all: boolean;
  json: boolean;
}

async function readRequest(line: CommandLine): Promise<Request> {
  const [file, extra] = line.positionals;
  if (file === undefined) throw new UsageError('surprise needs a FILE, or - for standard input');
  if (extra !== undefined) throw new UsageError(`surprise reads one FILE, but "${extra}" follows`);
  const by = choiceOption(line, 'by', ['line', 'word']);
  const top = numberOption(line, 'top', { min: 0, max: MAX_TOP, integer: true });
  const dim = numberOption(line, 'dim', { min: 4, max: MAX_DIM, integer: true });
  const lr = numberOption(line, 'lr', { min: 0, max: 1.99 });
  const seed = seedOption(line);
  const load = line.values.get('load') ?? null;
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
    save: line.values.get('save') ?? null,
    top: top ?? DEFAULT_TOP,
    all: line.flags.has('all'),
    json: line.flags.has('json'),
  };
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
    if (!(error instanceof TTTError)) throw error;
    throw new Failure(`cannot load ${load}: ${error.message}`, { cause: error });
  }
}

/** Bytes of a file or of standard input, and the size if it is known. */
interface Source {
  name: string;
  size: number | undefined;
  chunks: AsyncIterable<Uint8Array>;
}

/** The same chunks, with the system's failures as sentences. */
async function* sayingWhy(
  chunks: AsyncIterable<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    throw error instanceof Failure ? error : fileFailure('read', name, error);
  }
}

async function openSource(file: string): Promise<Source> {
  const name = nameOf(file);
  try {
    if (file === '-') {
      const stat = fstatSync(0);
      const size = stat.isFile() ? stat.size : undefined;
      return { name, size, chunks: sayingWhy(inputChunks(), name) };
    }
    const opened = await openPlace(file);
    return { name, size: opened.size, chunks: sayingWhy(opened, name) };
  } catch (error) {
    throw fileFailure('read', name, error);
  }
}

/** What was found, and how far the text went. */
interface Findings {
  top: TopList;
  curve: Curve;
  lastLine: number;
}

/** Reads the whole source; `show` gets every line if it is given. */
async function readSource(
  source: Source,
  layer: TTT,
  request: Request,
  progress: Progress,
  show: ((line: ReadLine) => void) | undefined,
): Promise<Findings> {
  const found: Findings = {
    top: new TopList(request.top, excerpt),
    curve: new Curve(),
    lastLine: 0,
  };
  const splitter = new LineSplitter(source.name);
  const listener = {
    unit: (raw: number) => found.curve.add(raw),
    line: (line: ReadLine) => {
      found.top.add(line);
      show?.(line);
    },
  };
  const reader = new Reader(layer, request.settings.by, listener, show !== undefined);
  let bytes = 0;
  const take = async (lines: ReturnType<LineSplitter['end']>): Promise<void> => {
    for (const line of lines) reader.read(line);
    if (show !== undefined) reader.flush();
    found.lastLine = lines.at(-1)?.number ?? found.lastLine;
    await drained();
  };
  for await (const chunk of source.chunks) {
    bytes += chunk.length;
    await take(splitter.push(chunk));
    progress.update(() => {
      const share = source.size ? ` (${Math.floor((100 * bytes) / source.size)} %)` : '';
      return `${grouped(found.lastLine)} lines read${share}`;
    });
  }
  await take(splitter.end());
  reader.flush();
  if (found.curve.count === 0) {
    const what = bytes === 0 ? 'is empty' : `has no ${request.settings.by}s to learn from`;
    throw new Failure(`${source.name} ${what}`);
  }
  return found;
}

/** Ends the process on Ctrl-C, saying what became of the work. */
function watchInterrupt(progress: Progress, saves: boolean): () => void {
  const stop = (): void => {
    progress.clear();
    const { message, exitCode } = new Interrupted(
      saves ? 'interrupted; the memory was not saved' : 'interrupted',
    );
    process.stderr.write(`bit-ttt: ${message}\n`);
    process.exit(exitCode);
  };
  process.once('SIGINT', stop);
  return () => process.removeListener('SIGINT', stop);
}

/** `bit-ttt surprise`. Throws a Failure that says what went wrong. */
export async function surprise(argv: readonly string[]): Promise<void> {
  const line = readCommandLine(argv, OPTIONS);
  if (line.flags.has('help')) {
    process.stdout.write(SURPRISE_HELP);
    return;
  }
  const request = await readRequest(line);
  const { backend, kernel } = await engineInUse();
  if (request.save !== null) {
    checkSavePath(request.save, 'memory', request.file);
    goOnWithoutReader();
  }
  const palette = makePalette(wantsColor(process.stdout, line.flags, process.env));
  const progress = new Progress(process.stderr, process.stderr.isTTY === true && !request.all, 500);
  const unwatch = watchInterrupt(progress, request.save !== null);
  const layer = await makeLayer(request);
  const format = request.json ? jsonLine : (read: ReadLine) => textLine(read, palette);
  const show = (read: ReadLine): void => print(format(read));
  try {
    const source = await openSource(request.file);
    const started = performance.now();
    const found = await readSource(
      source,
      layer,
      request,
      progress,
      request.all ? show : undefined,
    );
    const seconds = (performance.now() - started) / 1000;
    const state = request.save === null ? undefined : layer.saveState();
    if (state !== undefined) saveMemory(request.save!, request.settings, state);
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
      saved: request.save,
      savedBytes: state?.length ?? 0,
      tokens: layer.tokensSeen,
    };
    progress.clear();
    if (!request.json) {
      const columns = columnsOf(process.stdout, process.env);
      print(`${request.all ? '\n' : ''}${textReport(result, palette, columns)}`);
    } else if (!request.all) {
      print(jsonReport(result));
    }
  } finally {
    progress.clear();
    unwatch();
    layer.destroy();
  }
}

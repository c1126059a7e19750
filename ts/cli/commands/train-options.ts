/**
 * train-options.ts - the options of `train`, their defaults, and their help.
 * SPDX-License-Identifier: MIT
 */

import { availableParallelism, cpus } from 'node:os';
import { MAX_LAYERS, MAX_THREADS } from '../../common/limits.js';
import type { Result } from '../files/save.js';
import { checkFiles, resultOf } from '../files/save.js';
import type { CommandLine, NumberRange, OptionSpecs } from '../screen/command-line.js';
import {
  FORCE_HELP,
  fileArgument,
  numberOption,
  parseChoice,
  SAVE_OPTIONS,
  seedOption,
} from '../screen/command-line.js';
import { UsageError } from '../screen/failure.js';

/** The memories that a layer can have. */
export const MIXERS = ['induction', 'predict', 'reconstruct'] as const;
type MixerName = (typeof MIXERS)[number];

const SHAPE = ['dim', 'layers', 'mlp', 'inner', 'head', 'mixer', 'tokenizer', 'vocab'] as const;
const RECIPE = [
  'context',
  'batch',
  'accumulate',
  'epochs',
  'minutes',
  'lr',
  'warmup',
  'weight-decay',
  'clip',
  'repeat',
  'from-start',
  'dropout',
  'seed',
  'hold-out',
] as const;
const REST = ['out', 'steps', 'valid', 'checkpoint', 'checkpoint-every', 'threads'] as const;

export const TRAIN_OPTIONS: OptionSpecs = {
  ...SAVE_OPTIONS,
  ...Object.fromEntries([...SHAPE, ...RECIPE, ...REST].map((name) => [name, { type: 'string' }])),
  out: { type: 'string', short: 'o' },
  valid: { type: 'string' },
  tokenizer: { type: 'string' },
  resume: { type: 'boolean' },
  weights: { type: 'boolean' },
  bf16: { type: 'boolean' },
  lossy: { type: 'boolean' },
};

const DEFAULT_OUT = 'model.bitt';
const DEFAULT_EPOCHS = 4;
/** The least number of steps by default: fewer teach nothing, however short the text is. */
export const LEAST_STEPS = 300;

export const TRAIN_HELP = `Usage: bit-ttt train FILE|- [options]

Makes a model of a text (- for standard input), on the CPU. Lines <|endoftext|> separate documents.
Writes FILE.bitt, ready for bit-ttt generate --model FILE.bitt, and the curve of its loss. A model
that did better on what was held out than the last one is written instead of it.

  -o, --out FILE     the model (default: ${DEFAULT_OUT}); the curve is FILE.svg
  --weights          also the f32 weights, as FILE.safetensors
${FORCE_HELP}
  --valid FILE       a text to measure the loss on, for nothing else
  --hold-out PERCENT otherwise this much of the text: every 20th document for 5, or the end of each
                     of fewer than 20 (default: 5; 0: none)
  --lossy            read invalid UTF-8 as U+FFFD

Shape:
  --tokenizer FILE   a tokenizer.json; otherwise one is made of the text, with
  --vocab N          tokens (default: 512 to 2048, by the size of the text)
  --dim N            width (default: 128); --layers N (default: 4); --mlp N (default: 4 dim)
  --inner N          width of the memory's keys (default: dim); --head N of one head (default: 64)
  --mixer NAME,...   the memory: ${MIXERS.join(', ')}; one for all layers or for each
                     (default: induction); the other two need a --dim that is a multiple of 64

Recipe:
  --epochs X         how often to read the text, but at least ${LEAST_STEPS} steps
                     (default: ${DEFAULT_EPOCHS}), or
  --steps N          this many steps, or
  --minutes X        about so long
  --context N        tokens of a window (default: 128); --batch N windows (default: 16)
  --accumulate N     batches of a step (default: 1)
  --lr X             peak rate (default: 0.005); --warmup N steps (default: 5 % of them)
  --weight-decay X   (default: 0.01); --clip X largest norm of the gradient (default: 1)
  --repeat X         share of windows in which a passage comes twice: teaches the memory to be used
                     (default: 0.15)
  --from-start X     share of windows that begin where a document does (default: 0.5)
  --dropout X        share of what is left out at random, against learning a short text by heart
                     (default: 0)
  --bf16             products in bfloat16: faster on CPUs that have such instructions
  --seed N           (default: 1)
  --threads N        (default: the processor's); they change the speed alone

Going on after Ctrl-C (or the signals TERM and HUP) or a crash:
  --checkpoint FILE  where to keep all that is needed (default: the model's name and .checkpoint;
                     deleted at the end unless it is named here)
  --checkpoint-every N  steps (default: about every two minutes)
  --resume           go on from it, to the same bits as without the break; needs the same text, and
                     shape and recipe are those of the checkpoint (another --steps makes the
                     schedule longer or shorter)

  --json             print one JSON object for each line of progress
  --color, --no-color
`;

/** Settings of the training that a checkpoint holds and --resume takes over. */
export interface Recipe {
  context: number;
  batch: number;
  accumulate: number;
  learningRate: number;
  weightDecay: number;
  clip: number;
  repeat: number;
  fromStart: number;
  dropout: number;
  bf16: boolean;
  seed: string;
  /** Percentage held out. */
  holdOut: number;
  lossy: boolean;
}

/** The shape of the model, but for the vocabulary. */
export interface Shape {
  hiddenDim: number;
  numLayers: number;
  mlpDim: number;
  innerDim: number;
  headDim: number;
  mixers: MixerName[];
}

/** How long to train. */
export interface Length {
  steps: number | undefined;
  minutes: number | undefined;
  epochs: number;
  warmup: number | undefined;
}

/** All that was asked for. */
export interface TrainRequest {
  file: string;
  /** The model, the chart of its loss, and the f32 weights if they are asked for. */
  out: Result;
  chart: Result;
  weights: Result | undefined;
  valid: string | undefined;
  tokenizer: string | undefined;
  vocab: number | undefined;
  shape: Shape;
  recipe: Recipe;
  length: Length;
  threads: number;
  checkpoint: Result;
  keepCheckpoint: boolean;
  checkpointEvery: number | undefined;
  resume: boolean;
  json: boolean;
}

const count = (max: number, min = 1): NumberRange => ({ min, max, integer: true });

function readMixers(text: string, layers: number): MixerName[] {
  const names = text.split(',').map((name) => parseChoice(name.trim(), 'each of --mixer', MIXERS));
  if (names.length === 1) return Array.from({ length: layers }, () => names[0]!);
  if (names.length === layers) return names;
  throw new UsageError(`--mixer names ${names.length} layers, but there are ${layers}`);
}

function readShape(line: CommandLine): Shape {
  const width = { min: 16, max: 4096, integer: true };
  const sixteens = (name: string, otherwise: number, max = width.max): number => {
    const value = numberOption(line, name, { ...width, max }) ?? otherwise;
    if (value % 16 === 0) return value;
    throw new UsageError(`--${name} must be a multiple of 16, not ${value}`);
  };
  const hiddenDim = sixteens('dim', 128);
  const numLayers = numberOption(line, 'layers', count(MAX_LAYERS)) ?? 4;
  const mixers = readMixers(line.values.get('mixer') ?? 'induction', numLayers);
  const tied = mixers.find((mixer) => mixer !== 'induction');
  if (tied !== undefined && hiddenDim % 64 !== 0) {
    throw new UsageError(`--dim must be a multiple of 64 for the memory ${tied}, not ${hiddenDim}`);
  }
  const innerDim = sixteens('inner', hiddenDim);
  const headDim = sixteens('head', innerDim % 64 === 0 ? 64 : innerDim % 32 === 0 ? 32 : 16);
  if (innerDim % headDim !== 0) {
    throw new UsageError(`--inner must be a multiple of --head: ${innerDim} is none of ${headDim}`);
  }
  return {
    hiddenDim,
    numLayers,
    mlpDim: sixteens('mlp', 4 * hiddenDim, 16384),
    innerDim,
    headDim,
    mixers,
  };
}

function readRecipe(line: CommandLine): Recipe {
  const number = (name: string, min: number, max: number, otherwise: number): number =>
    numberOption(line, name, { min, max }) ?? otherwise;
  return {
    context: numberOption(line, 'context', count(65536, 16)) ?? 128,
    batch: numberOption(line, 'batch', count(4096)) ?? 16,
    accumulate: numberOption(line, 'accumulate', count(65536)) ?? 1,
    learningRate: number('lr', 1e-8, 1, 0.005),
    weightDecay: number('weight-decay', 0, 1, 0.01),
    clip: number('clip', 1e-6, 1e6, 1),
    repeat: number('repeat', 0, 1, 0.15),
    fromStart: number('from-start', 0, 1, 0.5),
    dropout: number('dropout', 0, 0.9, 0),
    bf16: line.flags.has('bf16'),
    seed: String(seedOption(line) ?? 1n),
    holdOut: number('hold-out', 0, 50, 5),
    lossy: line.flags.has('lossy'),
  };
}

function readLength(line: CommandLine): Length {
  const given = ['steps', 'minutes', 'epochs'].filter((name) => line.values.has(name));
  if (given.length > 1) throw new UsageError(`--${given[0]} and --${given[1]} exclude each other`);
  return {
    steps: numberOption(line, 'steps', count(1e9)),
    minutes: numberOption(line, 'minutes', { min: 0.01, max: 1e5 }),
    epochs: numberOption(line, 'epochs', { min: 0.001, max: 1e5 }) ?? DEFAULT_EPOCHS,
    warmup: numberOption(line, 'warmup', count(1e9, 0)),
  };
}

/** Refuses options whose values --resume takes from the checkpoint. */
function refuseOnResume(line: CommandLine): void {
  for (const name of [...SHAPE, ...RECIPE]) {
    if (!line.values.has(name)) continue;
    throw new UsageError(`--${name} and --resume exclude each other: the checkpoint holds it`);
  }
  for (const name of ['lossy', 'bf16']) {
    if (!line.flags.has(name)) continue;
    throw new UsageError(`--${name} and --resume exclude each other: the checkpoint holds it`);
  }
}

function processors(): number {
  const found = typeof availableParallelism === 'function' ? availableParallelism() : cpus().length;
  return Math.min(MAX_THREADS, Math.max(1, found));
}

/** The file beside `out` with another ending. */
function beside(out: string, ending: string): string {
  return `${out.replace(/\.bitt$/, '')}${ending}`;
}

/** The results, with their paths. */
function readResults(
  line: CommandLine,
): Pick<TrainRequest, 'out' | 'chart' | 'weights' | 'checkpoint'> {
  const { values, flags } = line;
  const out = values.get('out') ?? DEFAULT_OUT;
  const checkpoint = values.get('checkpoint') ?? beside(out, '.checkpoint');
  return {
    out: resultOf(line, out, '--out', 'model'),
    chart: resultOf(line, beside(out, '.svg'), 'the chart of the loss', 'chart'),
    weights: flags.has('weights')
      ? resultOf(line, beside(out, '.safetensors'), '--weights', 'weights')
      : undefined,
    checkpoint: resultOf(line, checkpoint, '--checkpoint', 'checkpoint', '--resume'),
  };
}

/** Throws before anything is done if the results could not, or should not, be saved. */
export function checkResults(request: TrainRequest): void {
  const { file, valid, tokenizer, out, chart, weights, checkpoint } = request;
  const reads = [
    { path: file, name: 'FILE' },
    ...(valid === undefined ? [] : [{ path: valid, name: '--valid' }]),
    ...(tokenizer === undefined ? [] : [{ path: tokenizer, name: '--tokenizer' }]),
    ...(request.resume ? [{ path: checkpoint.path, name: '--resume' }] : []),
  ];
  checkFiles(reads, [out, checkpoint, chart, ...(weights === undefined ? [] : [weights])]);
}

/** Reads the command line; throws a UsageError that names what is wrong. */
export function readTrainRequest(line: CommandLine): TrainRequest {
  const file = fileArgument(line, 'train');
  const { values, flags } = line;
  const resume = flags.has('resume');
  if (resume) refuseOnResume(line);
  if (values.has('tokenizer') && values.has('vocab')) {
    throw new UsageError('--tokenizer and --vocab exclude each other');
  }
  if (values.has('valid') && values.has('hold-out')) {
    throw new UsageError('--valid and --hold-out exclude each other');
  }
  return {
    file,
    ...readResults(line),
    valid: values.get('valid'),
    tokenizer: values.get('tokenizer'),
    vocab: numberOption(line, 'vocab', count(65536, 272)),
    shape: readShape(line),
    recipe: readRecipe(line),
    length: readLength(line),
    threads: numberOption(line, 'threads', count(MAX_THREADS)) ?? processors(),
    keepCheckpoint: values.has('checkpoint'),
    checkpointEvery: numberOption(line, 'checkpoint-every', count(1e9)),
    resume,
    json: flags.has('json'),
  };
}

/**
 * train-options.ts - what `train` was asked for, checked; the options and their defaults are in train-help.ts.
 * SPDX-License-Identifier: MIT
 */

import { availableParallelism, cpus } from 'node:os';
import { MAX_LAYERS, MAX_THREADS } from '../../common/limits.js';
import { modelPath } from '../files/model-names.js';
import { modelFiles } from '../files/places.js';
import type { Result } from '../files/save.js';
import { checkFiles, resultOf } from '../files/save.js';
import type { CommandLine, NumberRange } from '../screen/command-line.js';
import { numberOption, optionsOf, parseChoice, seedOption } from '../screen/command-line.js';
import { UsageError } from '../screen/failure.js';
import { DEFAULT_OUT, HELD, MIXERS, OPTIMIZERS, TRAIN_HELP, usualOf } from './train-help.js';

type MixerName = (typeof MIXERS)[number];
type Optimizer = (typeof OPTIMIZERS)[number];

export const TRAIN_OPTIONS = optionsOf(TRAIN_HELP);

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
  /** Not in the checkpoints of older versions: AdamW. */
  optimizer?: Optimizer;
  bf16: boolean;
  seed: string;
  /** Percentage held out. */
  holdOut: number;
  lossy: boolean;
}

/** The shape of the model; the vocabulary is that of the tokenizer, unless it is here. */
export interface Shape {
  hiddenDim: number;
  numLayers: number;
  mlpDim: number;
  innerDim: number;
  headDim: number;
  mixers: MixerName[];
  vocabSize?: number;
  innerLr?: number;
  normEps?: number;
}

/** How long to train. */
export interface Length {
  steps: number | undefined;
  minutes: number | undefined;
  epochs: number;
  warmup: number | undefined;
  /** Share of the steps that the warm-up takes unless it is given. */
  warmupShare: number;
}

/** All that was asked for. */
export interface TrainRequest {
  files: readonly string[];
  /** The model to begin from. */
  from: string | undefined;
  /** The model, the chart of its loss, and the f32 weights if they are asked for. */
  out: Result;
  chart: Result;
  weights: Result | undefined;
  valid: string | undefined;
  tokenizer: string | undefined;
  vocab: number | undefined;
  /** The shape, with defaults; and what of it was given. */
  shape: Shape;
  given: Partial<Pick<Shape, ShapeOption>>;
  recipe: Recipe;
  length: Length;
  threads: number;
  checkpoint: Result;
  keepCheckpoint: boolean;
  checkpointEvery: number | undefined;
  resume: boolean;
  /** Whether to write a sample with each measurement. */
  samples: boolean;
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

/** The options that the command has for the shape; the vocabulary has its own. */
export const SHAPE_OPTIONS = {
  hiddenDim: 'dim',
  numLayers: 'layers',
  mlpDim: 'mlp',
  innerDim: 'inner',
  headDim: 'head',
  mixers: 'mixer',
} as const;
export type ShapeOption = keyof typeof SHAPE_OPTIONS;

/** What of the shape was given, for a comparison with that of a model. */
function givenOf(line: CommandLine, shape: Shape): Partial<Pick<Shape, ShapeOption>> {
  const names = Object.keys(SHAPE_OPTIONS) as ShapeOption[];
  return Object.fromEntries(
    names.filter((name) => line.values.has(SHAPE_OPTIONS[name])).map((name) => [name, shape[name]]),
  );
}

function readRecipe(line: CommandLine): Recipe {
  const usual = usualOf(line.values.get('from'));
  const number = (name: string, min: number, max: number, otherwise: number): number =>
    numberOption(line, name, { min, max }) ?? otherwise;
  return {
    context: numberOption(line, 'context', count(65536, 16)) ?? 128,
    batch: numberOption(line, 'batch', count(4096)) ?? 16,
    accumulate: numberOption(line, 'accumulate', count(65536)) ?? 1,
    learningRate: number('lr', 1e-8, 1, usual.lr),
    weightDecay: number('weight-decay', 0, 1, usual.decay),
    clip: number('clip', 1e-6, 1e6, 1),
    repeat: number('repeat', 0, 1, 0.15),
    fromStart: number('from-start', 0, 1, usual.fromStart),
    dropout: number('dropout', 0, 0.9, usual.dropout),
    optimizer: parseChoice(line.values.get('optimizer') ?? 'adamw', '--optimizer', OPTIMIZERS),
    bf16: line.flags.has('bf16'),
    seed: String(seedOption(line) ?? 1n),
    holdOut: number('hold-out', 0, 50, 5),
    lossy: line.flags.has('lossy'),
  };
}

function readLength(line: CommandLine): Length {
  const given = ['steps', 'minutes', 'epochs'].filter((name) => line.values.has(name));
  if (given.length > 1) throw new UsageError(`--${given[0]} and --${given[1]} exclude each other`);
  const usual = usualOf(line.values.get('from'));
  return {
    steps: numberOption(line, 'steps', count(1e9)),
    minutes: numberOption(line, 'minutes', { min: 0.01, max: 1e5 }),
    epochs: numberOption(line, 'epochs', { min: 0.001, max: 1e5 }) ?? usual.epochs,
    warmup: numberOption(line, 'warmup', count(1e9, 0)),
    warmupShare: usual.warmup,
  };
}

/** Refuses options whose values --resume takes from the checkpoint. */
function refuseOnResume({ values, flags }: CommandLine): void {
  const name = HELD.find((one) => values.has(one) || flags.has(one));
  if (name === undefined) return;
  throw new UsageError(
    `--${name} and --resume exclude each other: the checkpoint holds it; leave --${name} out`,
  );
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
  const { files, from, valid, tokenizer, out, chart, weights, checkpoint } = request;
  const reads = [
    ...files.map((path) => ({ path, name: 'FILE' })),
    ...(from === undefined ? [] : modelFiles(modelPath(from), '--from')),
    ...(valid === undefined ? [] : [{ path: valid, name: '--valid' }]),
    ...(tokenizer === undefined ? [] : [{ path: tokenizer, name: '--tokenizer' }]),
    ...(request.resume ? [{ path: checkpoint.path, name: '--resume' }] : []),
  ];
  checkFiles(reads, [out, checkpoint, chart, ...(weights === undefined ? [] : [weights])]);
}

/** Reads the command line; throws a UsageError that names what is wrong. */
export function readTrainRequest(line: CommandLine): TrainRequest {
  const files = line.positionals;
  if (files.length === 0) throw new UsageError('train needs a FILE, or - for standard input');
  if (files.filter((file) => file === '-').length > 1) {
    throw new UsageError('- can be given once: standard input can be read only once');
  }
  const { values, flags } = line;
  const resume = flags.has('resume');
  if (resume) refuseOnResume(line);
  if (values.has('tokenizer') && values.has('vocab')) {
    throw new UsageError('--tokenizer and --vocab exclude each other');
  }
  if (values.has('valid') && values.has('hold-out')) {
    throw new UsageError('--valid and --hold-out exclude each other');
  }
  const shape = readShape(line);
  return {
    files,
    from: values.get('from'),
    ...readResults(line),
    valid: values.get('valid'),
    tokenizer: values.get('tokenizer'),
    vocab: numberOption(line, 'vocab', count(65536, 272)),
    shape,
    given: givenOf(line, shape),
    recipe: readRecipe(line),
    length: readLength(line),
    threads: numberOption(line, 'threads', count(MAX_THREADS)) ?? processors(),
    keepCheckpoint: values.has('checkpoint'),
    checkpointEvery: numberOption(line, 'checkpoint-every', count(1e9)),
    resume,
    samples: !flags.has('no-sample'),
    json: flags.has('json'),
  };
}

/**
 * train-help.ts - the options of `train` as its help has them, and their defaults; train-options.ts reads them.
 * SPDX-License-Identifier: MIT
 */
import { MODEL_NAMES } from '../files/model-names.js';
import { TEXT_OPTIONS } from '../files/text.js';
import type { Command, OptionTable } from '../screen/command-line.js';
import { optionsOf, outputOptions, SAVE_OPTIONS } from '../screen/command-line.js';

/** The memories that a layer can have. */
export const MIXERS = ['induction', 'predict', 'reconstruct'] as const;
export const OPTIMIZERS = ['adamw', 'muon'] as const;

export const DEFAULT_OUT = 'model.bitt';
/** The least number of steps by default: fewer teach nothing, however short the text is. */
export const LEAST_STEPS = 300;

/** Defaults that differ where a model begins as another one: it is to keep most of what that one knows. */
const USUAL = { epochs: 4, lr: 0.005, decay: 0.01, warmup: 0.05, dropout: 0, fromStart: 0.5 };
const USUAL_FROM = {
  epochs: 12,
  lr: 0.0005,
  decay: 0.01,
  warmup: 0.03,
  dropout: 0.1,
  fromStart: 0.1,
};
/** Those that apply. */
export const usualOf = (from: string | undefined): typeof USUAL =>
  from === undefined ? USUAL : USUAL_FROM;

/** How the help says them. */
const both = (usual: number, fine: number, unit = ''): string =>
  `(default: ${usual}${unit}; with --from ${fine}${unit})`;

const FILES: OptionTable = {
  '-o, --out FILE': `the model (default: ${DEFAULT_OUT}); the curve is FILE.svg`,
  '--weights': 'also the f32 weights, as FILE.safetensors',
  ...SAVE_OPTIONS,
  '--valid FILE': 'a text to measure the loss on, for nothing else',
  '--hold-out PERCENT': `otherwise this much of the text: every 20th document for 5, or the end of each of fewer
      than 20 (default: 5; 0: none)`,
  ...TEXT_OPTIONS,
  '--no-sample':
    'no samples of what the model writes, which measurements come with from the second on',
};

const FINE_TUNING: OptionTable = {
  '--from MODEL': {
    choices: MODEL_NAMES,
    text: `begin with the weights of a model instead of random ones: english or stories, which come
      with the package, or a file. Shape and tokenizer are its own; in the recipe other defaults
      apply`,
  },
};

const SHAPE: OptionTable = {
  '--tokenizer FILE': 'a tokenizer.json; otherwise one is made of the text',
  '--vocab N': 'how many tokens that one has (default: 512 to 2048, by the size of the text)',
  '--dim N': 'width (default: 128)',
  '--layers N': 'layers (default: 4)',
  '--mlp N': 'width of the SwiGLU within a layer (default: 4 dim)',
  '--inner N': "width of the memory's keys (default: dim)",
  '--head N': 'width of one head of the memory (default: 64)',
  '--mixer NAME,...': {
    choices: MIXERS,
    text: `the memory: ${MIXERS.join(', ')}; one for all layers or for each (default: induction); the
      other two need a --dim that is a multiple of 64`,
  },
};

const LENGTH: OptionTable = {
  '--epochs X': `how often to read the text, but at least ${LEAST_STEPS} steps
      ${both(USUAL.epochs, USUAL_FROM.epochs)}`,
  '--steps N': 'how many steps, instead',
  '--minutes X': 'about how long, instead',
};

const RECIPE: OptionTable = {
  '--context N': 'tokens of a window (default: 128)',
  '--batch N': 'windows of a batch (default: 16)',
  '--accumulate N': 'batches of a step (default: 1)',
  '--lr X': `peak rate ${both(USUAL.lr, USUAL_FROM.lr)}`,
  '--warmup N': `steps until the rate is at its peak
      ${both(100 * USUAL.warmup, 100 * USUAL_FROM.warmup, ' % of them')}`,
  '--weight-decay X': 'how strongly weights are drawn to zero (default: 0.01)',
  '--clip X': 'largest norm of the gradient (default: 1)',
  '--repeat X': `share of windows in which a passage comes twice: teaches the memory to be used
      (default: 0.15)`,
  '--from-start X': `share of windows that begin where a document does
      ${both(USUAL.fromStart, USUAL_FROM.fromStart)}`,
  '--dropout X': `share of what is left out at random, against learning a short text by heart
      ${both(USUAL.dropout, USUAL_FROM.dropout)}`,
  '--optimizer NAME': {
    choices: OPTIMIZERS,
    text: `that of the ternary matrices: adamw, or muon, which learns more from each step and likes higher
      rates, such as 0.01 (default: adamw)`,
  },
  '--bf16': 'products in bfloat16: faster on CPUs that have such instructions',
  '--seed N': 'of all that is random (default: 1)',
};

const SPEED: OptionTable = {
  '--threads N': "how many threads (default: the processor's); they change the speed alone",
};

const GOING_ON: OptionTable = {
  '--checkpoint FILE': `where to keep all that is needed (default: the model's name and .checkpoint; deleted at the
      end unless it is named here)`,
  '--checkpoint-every N': 'steps between two of them (default: about every two minutes)',
  '--resume': `go on from it, to the same bits as without the break; needs the same text, and shape and
      recipe are those of the checkpoint (another --steps makes the schedule longer or shorter)`,
};

/** The options that a checkpoint holds: they may not be given with --resume. */
export const HELD: readonly string[] = [
  ...optionsOf([FINE_TUNING, SHAPE, RECIPE, TEXT_OPTIONS]).keys(),
  ...['hold-out', 'epochs', 'minutes'],
];

export const TRAIN_HELP: Command['help'] = [
  `Makes a model of texts (- for standard input), on the CPU. Lines <|endoftext|> separate documents,
and so do the ends of files; .gz and .zst files are read as what is in them. Files are read several
times, piece by piece; standard input and pipes are kept in memory. It says in advance how long it
will take.

Writes FILE.bitt, ready for bit-ttt generate --model FILE.bitt, and the curve of its loss. A model
that did better on what was held out than the last one is written instead of it.`,
  FILES,
  'Fine-tuning:',
  FINE_TUNING,
  'Shape:',
  SHAPE,
  'Recipe:',
  { ...LENGTH, ...RECIPE, ...SPEED },
  'Going on after Ctrl-C (or the signals TERM and HUP) or a crash:',
  GOING_ON,
  'Output:',
  outputOptions('print one JSON object for each line of progress'),
];

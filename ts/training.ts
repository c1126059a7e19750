/**
 * training.ts - reads and checks the options of a training.
 * SPDX-License-Identifier: MIT
 */
import { checkObject } from './args.js';
import type { TrainingOptions } from './llama-types.js';
import { optionalNumber, readSeed } from './options.js';
import type { NumberRule } from './options.js';

const MAX_UINT32 = 2 ** 32 - 1;
const COUNT: NumberRule = { min: 1, max: MAX_UINT32, integer: true };
const SHARE: NumberRule = { min: 0, max: 1 };
const NO_SEPARATOR = -1;

type Key = Exclude<keyof TrainingOptions, 'separator' | 'seed'>;

/** Ranges and defaults, in the order of llama.h's bitllama_training before the separator. */
const COUNTS: readonly (readonly [Key, number, NumberRule])[] = [
  ['batch', 16, { ...COUNT, max: 65536 }],
  ['context', 128, { min: 16, max: 4096, integer: true }],
  ['accumulate', 1, { ...COUNT, max: 65536 }],
  ['steps', 1000, COUNT],
  ['warmup', 50, { ...COUNT, min: 0 }],
  ['threads', 1, { ...COUNT, max: 64 }],
];

/** ... and after it. */
const RATES: readonly (readonly [Key, number, NumberRule])[] = [
  ['learningRate', 5e-3, SHARE],
  ['finalLearningRate', 2.5e-4, SHARE],
  ['weightDecay', 0.01, { min: 0, max: 10 }],
  ['beta1', 0.9, SHARE],
  ['beta2', 0.98, SHARE],
  ['clip', 1, { min: 1e-6, max: 1e9 }],
  ['repeat', 0.15, SHARE],
  ['fromStart', 0, SHARE],
];

/** The options as the engine takes them. */
export interface CheckedTraining {
  numbers: Float64Array;
  seed: bigint;
  steps: number;
}

/** `endOfText` is the separator unless another is given; it must be below `vocab`. */
export function readTraining(
  given: unknown,
  vocab: number,
  endOfText: number | undefined,
): CheckedTraining {
  if (given !== undefined) checkObject(given, 'training');
  const o = (given ?? {}) as Partial<TrainingOptions>;
  const read = ([key, missing, rule]: readonly [Key, number, NumberRule]): number =>
    optionalNumber(o[key], `training.${key}`, rule, missing);
  const separator = optionalNumber(
    o.separator,
    'training.separator',
    { min: 0, max: vocab - 1, integer: true },
    endOfText ?? NO_SEPARATOR,
  );
  const counts = COUNTS.map(read);
  const [last] = RATES.slice(-1);
  const fromStart = separator === NO_SEPARATOR ? 0 : 0.5;
  const rates = [...RATES.slice(0, -1), [last![0], fromStart, last![2]] as const].map(read);
  return {
    numbers: Float64Array.of(...counts, separator, ...rates),
    seed: readSeed(o.seed),
    steps: counts[3]!,
  };
}

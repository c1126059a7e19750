/**
 * training.ts - reads and checks the options of a training.
 * SPDX-License-Identifier: MIT
 */
import { describe } from '../common/brands.js';
import { TTTError } from '../common/errors.js';
import { FINAL_RATE_SHARE, MAX_THREADS, MAX_UINT32 } from '../common/limits.js';
import { takeOptions } from '../common/named-options.js';
import type { NumberRule } from '../common/options.js';
import { optionalNumber, readFlag, readSeed } from '../common/options.js';
import type { StructBytes } from '../engine/engine.js';
import { BITLLAMA_TRAINING, encode } from '../engine/structs.js';
import { TRAINING } from './option-names.js';
import type { Optimizer, TrainingOptions } from './types.js';

const COUNT: NumberRule = { min: 1, max: MAX_UINT32, integer: true };
const SHARE: NumberRule = { min: 0, max: 1 };
/** Decay rates of AdamW's moments: below 1, also as a 32-bit float. */
const DECAY: NumberRule = { min: 0, max: 0.9999999 };
/** BITLLAMA_NO_TOKEN. */
const NO_SEPARATOR = MAX_UINT32;
/** Defaults: steps of warm-up (or half of all, if less); shares of the peak rate and of windows. */
const WARMUP = 50;
const FROM_START = 0.5;

type Key = Exclude<keyof TrainingOptions, 'separator' | 'seed' | 'bf16' | 'optimizer'>;

/** Default and range of each. A default of 0 may depend on options before it. */
const NUMBERS: readonly (readonly [Key, number, NumberRule])[] = [
  ['batch', 16, { ...COUNT, max: 4096 }],
  ['context', 128, { min: 16, max: 65536, integer: true }],
  ['accumulate', 1, { ...COUNT, max: 65536 }],
  ['steps', 1000, COUNT],
  ['warmup', 0, { ...COUNT, min: 0 }],
  ['threads', 1, { ...COUNT, max: MAX_THREADS }],
  ['learningRate', 5e-3, { min: 1e-30, max: 1 }],
  ['finalLearningRate', 0, SHARE],
  ['weightDecay', 0.01, SHARE],
  ['beta1', 0.9, DECAY],
  ['beta2', 0.98, DECAY],
  ['clip', 1, { min: 1e-6, max: 1e6 }],
  ['repeat', 0.15, SHARE],
  ['fromStart', 0, SHARE],
  ['dropout', 0, { min: 0, max: 0.9 }],
  ['momentum', 0.95, DECAY],
];

/** The options as the engine takes them, and the steps of the schedule. */
export interface CheckedTraining {
  struct: StructBytes;
  steps: number;
}

/** As the numbers of bitllama_optimizer. */
const OPTIMIZERS: readonly Optimizer[] = ['adamw', 'muon'];

function readOptimizer(value: unknown = 'adamw'): number {
  const at = OPTIMIZERS.indexOf(value as Optimizer);
  if (at >= 0) return at;
  throw new TTTError(
    'INVALID_ARGUMENT',
    `training.optimizer must be 'adamw' or 'muon', not ${describe(value)}`,
  );
}

/** A default that depends on what comes before it. */
function usualOf(key: Key, found: Partial<Record<Key, number>>, documents: boolean): number {
  switch (key) {
    case 'warmup':
      return Math.min(WARMUP, Math.floor(found.steps! / 2));
    case 'finalLearningRate':
      return FINAL_RATE_SHARE * found.learningRate!;
    default:
      return key === 'fromStart' && documents ? FROM_START : 0;
  }
}

/** `endOfText` is the separator unless another is given; it must be below `vocab`. */
export function readTraining(
  given: unknown = {},
  vocab: number,
  endOfText: number | undefined,
): CheckedTraining {
  const { separator, seed, bf16, optimizer, ...others } = takeOptions(given, TRAINING, 'training');
  const between = optionalNumber(
    separator,
    'training.separator',
    { min: 0, max: vocab - 1, integer: true },
    endOfText ?? NO_SEPARATOR,
  );
  const found: Partial<Record<Key, number>> = {};
  for (const [key, missing, rule] of NUMBERS) {
    const usual = missing === 0 ? usualOf(key, found, between !== NO_SEPARATOR) : missing;
    found[key] = optionalNumber(others[key], `training.${key}`, rule, usual);
  }
  const numbers = found as Record<Key, number>;
  const struct = encode(BITLLAMA_TRAINING, {
    ...numbers,
    bf16: Number(readFlag(bf16, 'training.bf16')),
    separator: between,
    optimizer: readOptimizer(optimizer),
    seed: readSeed(seed),
  });
  return { struct, steps: numbers.steps };
}

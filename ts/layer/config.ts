/**
 * config.ts - reads and checks the options of a new layer.
 * SPDX-License-Identifier: MIT
 */

import { checkObject, checkWeights, readProperty, wrongType } from '../common/args.js';
import { describe } from '../common/brands.js';
import { TTTError } from '../common/errors.js';
import { MAX_THREADS } from '../common/limits.js';
import { takeOptions } from '../common/named-options.js';
import { LAYER } from '../common/option-names.js';
import { readNumber, readSeed } from '../common/options.js';
import type { Objective, Rule, TTTWeights } from '../common/types.js';
import type { BackendChoice } from '../engine/choose.js';
import type { StructBytes } from '../engine/engine.js';
import { encode, TTT_CONFIG } from '../engine/structs.js';

const MIN_DIM = 4;
const MAX_DIM = 65536;
const DEFAULT_RATE: Record<Objective, number> = { reconstruct: 0.1, predict: 0.5 };

/** A checked configuration. */
export interface LayerConfig {
  hiddenDim: number;
  objective: Objective;
  seed: bigint;
  innerLr: number;
  threads: number;
  rule: Rule;
  forgetting: number;
  ridge: number;
}

/** A layer's configuration, and weights of its own if it has any. */
interface CheckedOptions {
  config: LayerConfig;
  weights: TTTWeights | undefined;
  choice: BackendChoice;
}

function badConfig(message: string): TTTError {
  return new TTTError('INVALID_CONFIG', message);
}

function readDim(value: unknown): number {
  const range = { min: MIN_DIM, max: MAX_DIM, integer: true };
  return readNumber(value, 'hiddenDim', range, 'DIMENSION_MISMATCH');
}

function readObjective(value: unknown): Objective {
  if (value === undefined) return 'reconstruct';
  if (value === 'reconstruct' || value === 'predict') return value;
  const wanted = "'reconstruct' or 'predict'";
  if (typeof value !== 'string') throw wrongType('objective', wanted, value);
  throw badConfig(`objective must be ${wanted}, not ${describe(value)}`);
}

function readRate(value: unknown, objective: Objective): number {
  if (value === undefined) return DEFAULT_RATE[objective];
  if (typeof value !== 'number') throw wrongType('innerLr', 'a number', value);
  if (!Number.isFinite(Math.fround(value))) {
    throw badConfig(`innerLr must be finite as a 32-bit float, not ${value}`);
  }
  return value;
}

function readRule(value: unknown): Rule {
  if (value === undefined) return 'gradient';
  if (value === 'gradient' || value === 'rls') return value;
  const wanted = "'gradient' or 'rls'";
  if (typeof value !== 'string') throw wrongType('rule', wanted, value);
  throw badConfig(`rule must be ${wanted}, not ${describe(value)}`);
}

/** An option of rls. The core compares it as a 32-bit float, so it is compared so here. */
function readFactor(
  value: unknown,
  name: string,
  otherwise: number,
  range: string,
  fits: (rounded: number) => boolean,
): number {
  if (value === undefined) return otherwise;
  if (typeof value !== 'number') throw wrongType(name, 'a number', value);
  if (!fits(Math.fround(value))) throw badConfig(`${name} must be ${range}, not ${value}`);
  return value;
}

function readForgetting(value: unknown): number {
  const fits = (x: number): boolean => x > Math.fround(0.9) && x <= 1;
  return readFactor(value, 'forgetting', 0.9995, 'above 0.9 and at most 1', fits);
}

function readRidge(value: unknown): number {
  const fits = (x: number): boolean => x >= Math.fround(1e-6) && x <= 1e6;
  return readFactor(value, 'ridge', 0.005, 'from 1e-6 to 1e6', fits);
}

function readThreads(value: unknown): number {
  if (value === undefined) return 1;
  if (typeof value !== 'number') throw wrongType('threads', 'a number', value);
  if (!Number.isInteger(value) || value < 1 || value > MAX_THREADS) {
    throw badConfig(`threads must be an integer from 1 to ${MAX_THREADS}, not ${value}`);
  }
  return value;
}

/** Refuses weights of the wrong type or length; the core checks their values. */
export function readWeights(value: unknown, dim: number): TTTWeights {
  checkObject(value, 'weights');
  const down = readProperty(value, 'down', 'weights.down');
  const up = readProperty(value, 'up', 'weights.up');
  const d = Math.floor(dim / 4);
  checkWeights(down, dim * d, 'weights.down', `hiddenDim ${dim} * memoryDim ${d}`);
  checkWeights(up, dim * d, 'weights.up', `memoryDim ${d} * hiddenDim ${dim}`);
  return { down, up };
}

/** The error for weights that were refused; it names the first wrong one. */
export function weightsError({ down, up }: TTTWeights): TTTError {
  for (const [name, array] of [
    ['down', down],
    ['up', up],
  ] as const) {
    const at = array.findIndex((w) => w < -1 || w > 1);
    if (at >= 0) {
      const text = `weights.${name}[${at}] is ${array[at]}; weights are -1, 0 or 1`;
      return new TTTError('INVALID_WEIGHTS', text);
    }
  }
  return new TTTError('INVALID_WEIGHTS', 'weights are -1, 0 or 1');
}

/** Everything that TTT.create was given, each option read once. */
export function readOptions(options: unknown): CheckedOptions {
  const given = takeOptions(options, LAYER);
  const { hiddenDim, innerLr, objective, seed, threads, weights, ...others } = given;
  const { rule, forgetting, ridge, ...choice } = others;
  const dim = readDim(hiddenDim);
  const goal = readObjective(objective);
  const config: LayerConfig = {
    hiddenDim: dim,
    objective: goal,
    seed: readSeed(seed, 'INVALID_CONFIG'),
    innerLr: readRate(innerLr, goal),
    threads: readThreads(threads),
    rule: readRule(rule),
    forgetting: readForgetting(forgetting),
    ridge: readRidge(ridge),
  };
  const own = weights === undefined ? undefined : readWeights(weights, dim);
  return { config, weights: own, choice };
}

/** The configuration as the engine takes it. */
export function layerStruct(config: LayerConfig): StructBytes {
  return encode(TTT_CONFIG, {
    ...config,
    objective: config.objective === 'predict' ? 1 : 0,
    rule: config.rule === 'rls' ? 1 : 0,
    reserved: 0,
  });
}

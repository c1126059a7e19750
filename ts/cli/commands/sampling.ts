/**
 * sampling.ts - the options that say how `generate` and `chat` choose their tokens.
 * SPDX-License-Identifier: MIT
 */
import type { CommandLine, OptionTable } from '../screen/command-line.js';
import { numberOption, seedOption } from '../screen/command-line.js';

/** How to choose tokens, and when to stop; for what is undefined the library has a default. */
export interface Sampling {
  temperature: number | undefined;
  topK: number | undefined;
  topP: number | undefined;
  minP: number | undefined;
  repetitionPenalty: number | undefined;
  seed: bigint;
  maxTokens: number;
  stop: string[];
}

export const MAX_TEMPERATURE = 100;
const MOST_TOKENS = 1e9;

/** The options; `maxTokens` is how many are written unless another number is given. */
export const samplingOptions = (maxTokens: number): OptionTable => ({
  '--seed N': 'the same tokens for the same seed, everywhere (default: another each time)',
  '-t, --temperature X':
    'how bold: 0 takes always the likeliest token, above 1 is bold (default: 0.7)',
  '--top-k N': 'only the N likeliest tokens (default: 0, all)',
  '--top-p X': 'only the likeliest that make up this share (default: 1)',
  '--min-p X': 'only those at least X times as likely as the likeliest (default: 0.1)',
  '--repetition-penalty X':
    'make tokens of the last 64 less likely; 1: no (default: 1.1, and 1 at temperature 0)',
  '-n, --max-tokens N': `how many tokens at most (default: ${maxTokens})`,
  '--stop TEXT': { text: 'stop before this text', repeatable: true },
});

/** A random seed. */
function freshSeed(): bigint {
  return BigInt(Math.floor(Math.random() * 2 ** 32));
}

/** The options as they were given. */
export function readSampling(line: CommandLine, maxTokens: number): Sampling {
  const most = { min: 1, max: MOST_TOKENS, integer: true };
  const number = (name: string, min: number, max: number): number | undefined =>
    numberOption(line, name, { min, max });
  return {
    temperature: number('temperature', 0, MAX_TEMPERATURE),
    topK: numberOption(line, 'top-k', { ...most, min: 0 }),
    topP: number('top-p', 0.000001, 1),
    minP: number('min-p', 0, 1),
    repetitionPenalty: number('repetition-penalty', 1, 10),
    seed: seedOption(line) ?? freshSeed(),
    maxTokens: numberOption(line, 'max-tokens', most) ?? maxTokens,
    stop: line.repeated.get('stop') ?? [],
  };
}

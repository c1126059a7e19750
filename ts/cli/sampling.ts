/**
 * sampling.ts - the options that say how `generate` and `chat` choose their tokens.
 * SPDX-License-Identifier: MIT
 */
import { numberOption, seedOption } from './options.js';
import type { CommandLine, OptionSpecs } from './options.js';

/** How to choose tokens, and when to stop. */
export interface Sampling {
  temperature: number;
  topK: number;
  topP: number;
  minP: number;
  repetitionPenalty: number;
  seed: bigint;
  maxTokens: number;
  stop: string[];
}

export const SAMPLING_OPTIONS: OptionSpecs = {
  seed: { type: 'string' },
  temperature: { type: 'string', short: 't' },
  'top-k': { type: 'string' },
  'top-p': { type: 'string' },
  'min-p': { type: 'string' },
  'repetition-penalty': { type: 'string' },
  'max-tokens': { type: 'string', short: 'n' },
  stop: { type: 'string' },
};

const DEFAULTS = { temperature: 0.8, topK: 0, topP: 0.95, minP: 0, repetitionPenalty: 1 };

export const MAX_TEMPERATURE = 100;
const MOST_TOKENS = 1e9;

/** The lines of help for these options. */
export function samplingHelp(maxTokens: number): string {
  return `  --seed N           the same tokens for the same seed, everywhere
                     (default: another each time)
  -t, --temperature X  0: always the likeliest; above 1: bold (default: ${DEFAULTS.temperature})
  --top-k N          only the N likeliest tokens (default: 0, all)
  --top-p X          only the likeliest that make up this share (default: ${DEFAULTS.topP})
  --min-p X          only those at least X times as likely as the likeliest (default: 0)
  --repetition-penalty X  make tokens of the last 64 less likely (default: 1, no)
  -n, --max-tokens N  how many tokens at most (default: ${maxTokens})
  --stop TEXT        stop before this text; may be given several times`;
}

/** A seed that was not used just now. */
export function freshSeed(): bigint {
  return BigInt(Math.floor(Math.random() * 2 ** 32));
}

/** The options as they were given. */
export function readSampling(line: CommandLine, maxTokens: number): Sampling {
  const most = { min: 1, max: MOST_TOKENS, integer: true };
  const number = (name: string, min: number, max: number, value: number): number =>
    numberOption(line, name, { min, max }) ?? value;
  return {
    temperature: number('temperature', 0, MAX_TEMPERATURE, DEFAULTS.temperature),
    topK: numberOption(line, 'top-k', { ...most, min: 0 }) ?? DEFAULTS.topK,
    topP: number('top-p', 0.000001, 1, DEFAULTS.topP),
    minP: number('min-p', 0, 1, DEFAULTS.minP),
    repetitionPenalty: number('repetition-penalty', 1, 10, DEFAULTS.repetitionPenalty),
    seed: seedOption(line) ?? freshSeed(),
    maxTokens: numberOption(line, 'max-tokens', most) ?? maxTokens,
    stop: line.repeated.get('stop') ?? [],
  };
}

/**
 * config.ts - a model's configuration as an option, as JSON and as bytes.
 * SPDX-License-Identifier: MIT
 */

import { reading } from '../common/args.js';
import { describe } from '../common/brands.js';
import { TTTError } from '../common/errors.js';
import { DEFAULT_VOCAB, MAX_LAYERS } from '../common/limits.js';
import { takeOptions } from '../common/named-options.js';
import { optionalNumber, readList } from '../common/options.js';
import type { StructBytes } from '../engine/engine.js';
import { BITLLAMA_CONFIG, encode } from '../engine/structs.js';
import { CONFIG } from './option-names.js';
import type { LlamaConfig, Mixer } from './types.js';

/** In the order of bitllama_mixer. */
const MIXERS: readonly Mixer[] = ['reconstruct', 'predict', 'induction'];
const WIDTH = { min: 16, max: 1 << 20, integer: true };

/** The configuration in the JSON that an engine gives. */
export function configOf(json: string): LlamaConfig {
  const c = JSON.parse(json) as Record<string, never>;
  return {
    vocabSize: c['vocab_size']!,
    hiddenDim: c['hidden_dim']!,
    numLayers: c['num_layers']!,
    mlpDim: c['mlp_dim']!,
    innerDim: c['inner_dim']!,
    headDim: c['head_dim']!,
    innerLr: c['inner_lr']!,
    normEps: c['norm_eps']!,
    mixers: c['mixers']!,
  };
}

function readMixer(value: unknown): Mixer {
  if (MIXERS.includes(value as Mixer)) return value as Mixer;
  const text = `config.mixers must name ${MIXERS.join(', ')}, not ${describe(value)}`;
  throw new TTTError('MODEL_CONFIG', text);
}

/** One for all layers, or one for each. */
function readMixers(value: unknown): Mixer | Mixer[] {
  const isList = reading('config.mixers', () => Array.isArray(value));
  return isList ? readList(value, 'config.mixers', 'an array', readMixer) : readMixer(value);
}

function mixersFor(layers: number, given: Mixer | Mixer[]): Mixer[] {
  if (!Array.isArray(given)) return Array<Mixer>(layers).fill(given);
  if (given.length === layers) return given;
  const text = `config.mixers has ${given.length} entries for ${layers} layers`;
  throw new TTTError('MODEL_CONFIG', text);
}

/** A complete configuration from the options given; the core checks that it makes sense. */
export function readConfig(given: unknown = {}, tokens: number | undefined): LlamaConfig {
  const c = takeOptions(given, CONFIG, 'config');
  const mixers = readMixers(c.mixers ?? 'induction');
  const width = (name: keyof LlamaConfig, missing: number): number =>
    optionalNumber(c[name], `config.${name}`, WIDTH, missing);
  const vocab = tokens === undefined ? DEFAULT_VOCAB : Math.max(16, Math.ceil(tokens / 16) * 16);
  const hiddenDim = width('hiddenDim', 128);
  const headDim = width('headDim', Math.min(64, hiddenDim));
  const numLayers = optionalNumber(
    c.numLayers,
    'config.numLayers',
    { min: 1, max: MAX_LAYERS, integer: true },
    Array.isArray(mixers) ? mixers.length : 4,
  );
  return {
    vocabSize: width('vocabSize', vocab),
    hiddenDim,
    numLayers,
    mlpDim: width('mlpDim', 4 * hiddenDim),
    innerDim: width('innerDim', Math.max(headDim, Math.floor(hiddenDim / headDim) * headDim)),
    headDim,
    innerLr: optionalNumber(c.innerLr, 'config.innerLr', { min: 0, max: 2 }, 0.1),
    normEps: optionalNumber(c.normEps, 'config.normEps', { min: 0, max: 1 }, 1e-5),
    mixers: mixersFor(numLayers, mixers),
  };
}

/** The configuration as the engine takes it. */
export function configStruct(config: LlamaConfig): StructBytes {
  const mixers = Uint8Array.from(config.mixers, (mixer) => MIXERS.indexOf(mixer));
  return encode(BITLLAMA_CONFIG, { ...config, mixers });
}

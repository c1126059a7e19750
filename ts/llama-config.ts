/**
 * llama-config.ts - a model's configuration between its JSON, its TypeScript and its C form.
 * SPDX-License-Identifier: MIT
 */
import { checkObject, describe } from './args.js';
import { TTTError } from './errors.js';
import type { LlamaConfig, Mixer } from './llama-types.js';
import { optionalNumber } from './options.js';

const MIXERS: readonly Mixer[] = ['reconstruct', 'predict', 'induction'];
const MAX_LAYERS = 64;
const WIDTH = { min: 16, max: 1 << 20, integer: true };

/** The configuration in the JSON that an engine writes. */
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

function readMixers(value: unknown, layers: number): Mixer[] {
  const list: unknown[] = Array.isArray(value) ? value : Array(layers).fill(value ?? 'induction');
  const bad = list.find((mixer) => !MIXERS.includes(mixer as Mixer));
  if (bad !== undefined) {
    const text = `config.mixers must name ${MIXERS.join(', ')}, not ${describe(bad)}`;
    throw new TTTError('MODEL_CONFIG', text);
  }
  if (list.length !== layers) {
    const text = `config.mixers has ${list.length} entries for ${layers} layers`;
    throw new TTTError('MODEL_CONFIG', text);
  }
  return list as Mixer[];
}

/** A whole configuration from what was given; the engine checks that it makes sense. */
export function readConfig(given: unknown, tokens: number | undefined): LlamaConfig {
  if (given !== undefined) checkObject(given, 'config');
  const c = (given ?? {}) as Partial<LlamaConfig>;
  const width = (name: keyof LlamaConfig, missing: number): number =>
    optionalNumber(c[name], `config.${name}`, WIDTH, missing);
  const vocab = tokens === undefined ? 2048 : Math.max(16, Math.ceil(tokens / 16) * 16);
  const hiddenDim = width('hiddenDim', 128);
  const headDim = width('headDim', Math.min(64, hiddenDim));
  const numLayers = optionalNumber(
    c.numLayers,
    'config.numLayers',
    { min: 1, max: MAX_LAYERS, integer: true },
    Array.isArray(c.mixers) ? c.mixers.length : 4,
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
    mixers: readMixers(c.mixers, numLayers),
  };
}

/** The numbers of llama.h's bitllama_config, and its mixers. */
export function configNumbers(c: LlamaConfig): { config: Float64Array; mixers: Uint8Array } {
  const widths = [c.vocabSize, c.hiddenDim, c.numLayers, c.mlpDim, c.innerDim, c.headDim];
  return {
    config: Float64Array.of(...widths, c.innerLr, c.normEps),
    mixers: Uint8Array.from(c.mixers, (mixer) => MIXERS.indexOf(mixer)),
  };
}

/**
 * model.ts - the shipped models in a worker, and what there is to say about them.
 * SPDX-License-Identifier: MIT
 */
import { BitLlama, conformanceHash, getInfo, llamaConformanceHash, TTTError } from 'bit-ttt';
import { hex64 } from '../../ts/common/hex.js';
import type { Calls, Context, ModelInfo, ModelName } from '../protocol.js';
import { ENGINE } from './engine.js';

const models = new Map<ModelName, BitLlama>();

/** A model; an error before it was opened. */
export function loaded(name: ModelName): BitLlama {
  const model = models.get(name);
  if (model) return model;
  throw new TTTError('MODEL_UNAVAILABLE', 'the model is not loaded yet');
}

export async function about(): Promise<Calls['about']['result']> {
  const { version, backend, kernel, fallback } = await getInfo(ENGINE);
  return { version, backend, kernel, fallback: fallback ?? null };
}

export async function hashes(): Promise<Calls['hashes']['result']> {
  const layerHash = await conformanceHash(ENGINE);
  return { layerHash, modelHash: await llamaConformanceHash(ENGINE) };
}

export async function open(
  { name, url }: Calls['open']['params'],
  { report }: Context<Calls['open']['event']>,
): Promise<ModelInfo> {
  const model =
    models.get(name) ??
    (await BitLlama.load(url, {
      ...ENGINE,
      onProgress: ({ bytes, total }) => report({ bytes, total }),
    }));
  models.set(name, model);
  return {
    parameters: model.parameters,
    fingerprint: hex64(model.fingerprint),
    layers: model.config.numLayers,
  };
}

/**
 * model.ts - the shipped model in a worker, and what there is to say about it.
 * SPDX-License-Identifier: MIT
 */
import { BitLlama, conformanceHash, getInfo, llamaConformanceHash, TTTError } from 'bit-ttt';
import { hex64 } from '../../ts/common/hex.js';
import type { Calls, ModelInfo } from '../protocol.js';

let model: BitLlama | undefined;

/** The model; an error before it was opened. */
export function loaded(): BitLlama {
  if (model) return model;
  throw new TTTError('MODEL_UNAVAILABLE', 'the model is not loaded yet');
}

export async function about(): Promise<Calls['about']['result']> {
  const { version, backend, kernel, fallback } = await getInfo();
  const [layerHash, modelHash] = [await conformanceHash(), await llamaConformanceHash()];
  return { version, backend, kernel, fallback: fallback ?? null, layerHash, modelHash };
}

export async function open({ url }: { url: string }): Promise<ModelInfo> {
  model ??= await BitLlama.load(url);
  return {
    parameters: model.parameters,
    fingerprint: hex64(model.fingerprint),
    layers: model.config.numLayers,
  };
}

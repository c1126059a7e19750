/**
 * open.ts - opens a model on an engine: from its files, or one that another thread has open.
 * SPDX-License-Identifier: MIT
 */
import { readProperty } from '../common/args.js';
import { describe, kindOf } from '../common/brands.js';
import { statusOf, TTTError } from '../common/errors.js';
import { abortError, takeSignal } from '../common/signal.js';
import type { Handle, ModelEngine } from '../engine/engine.js';
import { made } from '../engine/made.js';
import type { Tokenizer, TokenizerSource } from '../tokenizer/index.js';
import type { ModelParts } from './source.js';
import { readModel } from './source.js';
import type { LoadOptions, ModelSource } from './types.js';

/** A model that is open, and a tokenizer that it does not have in itself. */
export interface OpenModel {
  readonly handle: Handle;
  readonly tokenizer: Tokenizer | TokenizerSource | undefined;
}

/** Options of `BitLlama.load`, each read once. */
type Given = { readonly [name in keyof LoadOptions]: unknown };

/** Opens a model for `BitLlama.load`. The caller closes it. */
export async function openModel(
  models: ModelEngine,
  source: ModelSource,
  options: Given,
): Promise<OpenModel> {
  const ticket = ticketOf(source);
  if (ticket !== undefined) return adopt(models, ticket, source, options);
  const parts = await readModel(source, options as LoadOptions);
  return { handle: openFiles(models, parts), tokenizer: parts.tokenizer };
}

/** The files of weights as engines take them; without an index there is one, whose name does not count. */
export function filesOf(weights: ModelParts['weights']) {
  if (weights instanceof Uint8Array) return { index: undefined, names: [''], files: [weights] };
  const { index, shards } = weights;
  return {
    index,
    names: shards.map(({ name }) => name),
    files: shards.map(({ bytes }) => bytes),
  };
}

/** Opens a model of its files. The caller closes it. */
export function openFiles(models: ModelEngine, { name, weights, config }: ModelParts): Handle {
  if (weights instanceof Uint8Array) return made(models.open(weights, config), name);
  const { index, names, files } = filesOf(weights);
  return made(models.openSharded(index!, names, files, config), name);
}

/** What `model.share()` put into an object; undefined for another source. */
function ticketOf(source: unknown): unknown {
  if (typeof source !== 'object' || source === null || ArrayBuffer.isView(source)) return undefined;
  if (kindOf(source) === 'ArrayBuffer') return undefined;
  return readProperty(source, 'bitLlamaModel', 'the model');
}

function adopt(
  models: ModelEngine,
  ticket: unknown,
  source: object | string,
  options: Given,
): OpenModel {
  const signal = takeSignal(options.signal);
  if (signal?.aborted) throw abortError(signal);
  if (typeof ticket !== 'bigint' || BigInt.asUintN(64, ticket) !== ticket) {
    const text = `bitLlamaModel must be a number of model.share(), not ${describe(ticket)}`;
    throw new TTTError('INVALID_ARGUMENT', text);
  }
  if (!models.adopt) throw cannotShare();
  const handle = models.adopt(ticket);
  if (handle === -statusOf('DESTROYED')) {
    const text = 'the shared model is not open in any thread of this process any more';
    throw new TTTError('MODEL_UNAVAILABLE', text);
  }
  const own = readProperty(source as object, 'tokenizer', 'the model');
  return { handle: made(handle), tokenizer: (options.tokenizer ?? own) as OpenModel['tokenizer'] };
}

/** The error of an engine whose models live in a memory of each thread's own. */
export function cannotShare(): TTTError {
  const text =
    'models are shared between threads by the native addon alone: a WebAssembly memory belongs to its thread';
  return new TTTError('BACKEND_UNAVAILABLE', text);
}

/**
 * source.ts - gets a model's bytes from wherever they are.
 * SPDX-License-Identifier: MIT
 */
import { allocate, checkBytes, checkObject, reading, readProperty } from '../common/args.js';
import { describe, kindOf, lengthOf, messageOf } from '../common/brands.js';
import { TTTError } from '../common/errors.js';
import { optionalNumber } from '../common/options.js';
import { abortError, takeSignal } from '../common/signal.js';
import type { AbortSignalLike, Bytes } from '../common/types.js';
import { platformFiles } from '../engine/choose.js';
import { TooLarge, tooLargeError } from '../files/gather.js';
import { readModelFiles } from '../files/model-files.js';
import { MAX_BROWSER_MODEL_BYTES, MAX_MODEL_BYTES } from '../files/model-limits.js';
import { hrefOf, placeOf } from '../files/place.js';
import { MAX_SHARDS } from '../files/sharded.js';
import type { ShardedFiles } from '../files/sharded.js';
import type { Tokenizer, TokenizerSource } from '../tokenizer/index.js';
import type { LoadOptions, ModelSource } from './types.js';

/** What belongs to a model. */
export interface ModelParts {
  /** Where it came from, for messages; '' for bytes. */
  name: string;
  weights: Uint8Array | ShardedFiles;
  config: Uint8Array | undefined;
  tokenizer: Tokenizer | TokenizerSource | undefined;
}

/** How far a source is read. */
interface Reading {
  maxBytes: number;
  signal: AbortSignalLike | undefined;
}

/** Copies: the caller may change its own meanwhile. */
const copyOf = (bytes: Bytes): Bytes => allocate(() => bytes.slice());

function jsonOf(given: unknown, name: string): string {
  checkObject(given, name);
  let text: unknown;
  try {
    text = JSON.stringify(given);
  } catch (cause) {
    const why = `${name} cannot be written as JSON: ${messageOf(cause)}`;
    throw new TTTError('INVALID_ARGUMENT', why, { cause });
  }
  if (typeof text === 'string') return text;
  throw new TTTError('INVALID_ARGUMENT', `${name} is ${describe(given)} that JSON does not have`);
}

/** JSON in any form, as bytes; the core passes over a byte order mark. */
function jsonBytes(given: unknown, name: string): Bytes {
  if (ArrayBuffer.isView(given) || /Buffer$/.test(kindOf(given))) {
    return copyOf(checkBytes(given, name));
  }
  return new TextEncoder().encode(typeof given === 'string' ? given : jsonOf(given, name));
}

/** Of a failed `fetch` only the cause tells why. */
function unavailable(name: string, cause: unknown): TTTError {
  const reason = cause instanceof TypeError ? cause.cause : undefined;
  const why = reason instanceof Error ? ` (${messageOf(reason)})` : '';
  const text = `cannot read the model ${name}: ${messageOf(cause)}${why}`;
  return new TTTError('MODEL_UNAVAILABLE', text, { cause });
}

function checkFilled<T extends Uint8Array | ShardedFiles>(weights: T, name: string): T {
  if (!(weights instanceof Uint8Array) || weights.length > 0) return weights;
  throw new TTTError('MODEL_FORMAT', `${name} is empty`);
}

async function readFound(place: string, reading: Reading): Promise<Omit<ModelParts, 'name'>> {
  try {
    const found = await readModelFiles(placeOf(place, platformFiles()), reading);
    const { weights, config, tokenizer } = found;
    return { weights, config: config?.bytes, tokenizer: tokenizer?.bytes };
  } catch (cause) {
    const { signal } = reading;
    if (signal?.aborted) throw abortError(signal);
    throw cause instanceof TTTError ? cause : unavailable(place, cause);
  }
}

/** Bytes that the caller has, of which there may be so many. */
function ownBytes(given: unknown, name: string, maxBytes: number): Bytes {
  const bytes = checkBytes(given, name);
  if (lengthOf(bytes) > maxBytes) throw tooLargeError(name, new TooLarge(maxBytes));
  return checkFilled(copyOf(bytes), name);
}

/** The files of a sharded model that the caller has. */
function ownShards(index: unknown, shards: unknown, maxBytes: number): ShardedFiles {
  checkObject(shards, 'shards');
  let left = maxBytes;
  const files = reading('shards', () => Object.entries(shards)).map(([name, given]) => {
    const bytes = ownBytes(given, `the shard ${name}`, left);
    left -= bytes.length;
    return { name, bytes };
  });
  if (files.length < 1 || files.length > MAX_SHARDS) {
    const text = `shards must be 1 to ${MAX_SHARDS} files by their names, not ${files.length}`;
    throw new TTTError('INVALID_ARGUMENT', text);
  }
  return { index: jsonBytes(index, 'index'), shards: files };
}

function ownWeights(source: unknown, maxBytes: number): ModelParts['weights'] {
  const isBuffer = kindOf(source) === 'ArrayBuffer';
  if (isBuffer || ArrayBuffer.isView(source)) return ownBytes(source, 'the model', maxBytes);
  if (typeof source === 'object' && source !== null) {
    const index = readProperty(source, 'index', 'the model');
    const shards = readProperty(source, 'shards', 'the model');
    if (index !== undefined && shards !== undefined) return ownShards(index, shards, maxBytes);
  }
  const text = `a model is a path, a URL or the bytes of its files, not ${describe(source)}`;
  throw new TTTError('INVALID_ARGUMENT', text);
}

/** All parts of a model; the options' config and tokenizer go before those found. */
export async function readModel(source: ModelSource, options: LoadOptions): Promise<ModelParts> {
  const { tokenizer } = options;
  const signal = takeSignal(options.signal);
  if (signal?.aborted) throw abortError(signal);
  const most = platformFiles() ? MAX_MODEL_BYTES : MAX_BROWSER_MODEL_BYTES;
  const range = { min: 1, max: Number.MAX_SAFE_INTEGER, integer: true };
  const maxBytes = optionalNumber(options.maxBytes, 'maxBytes', range, most);
  const config = options.config === undefined ? undefined : jsonBytes(options.config, 'config');
  const place = typeof source === 'string' ? source : hrefOf(source, 'the model');
  if (place === undefined) {
    return { name: '', weights: ownWeights(source, maxBytes), config, tokenizer };
  }
  const found = await readFound(place, { maxBytes, signal });
  return {
    name: place,
    weights: checkFilled(found.weights, place),
    config: config ?? found.config,
    tokenizer: tokenizer ?? found.tokenizer,
  };
}

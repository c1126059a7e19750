/**
 * source.ts - reads what a caller named as a model: a path, a URL, or the bytes themselves.
 * SPDX-License-Identifier: MIT
 */
import { allocate, checkBytes, checkObject, reading, readProperty } from '../common/args.js';
import { describe, kindOf, lengthOf, messageOf } from '../common/brands.js';
import { TTTError } from '../common/errors.js';
import { MAX_BROWSER_MODEL_BYTES, MAX_MODEL_BYTES } from '../common/limits.js';
import { optionalNumber, readFunction } from '../common/options.js';
import { abortError, takeSignal } from '../common/signal.js';
import type { AbortSignalLike, Bytes, LoadProgress } from '../common/types.js';
import { platformFiles } from '../engine/choose.js';
import { TooLarge, tooLargeError } from '../files/gather.js';
import { readModelFiles } from '../files/model-files.js';
import { hrefOf, placeOf } from '../files/place.js';
import type { ShardedFiles } from '../files/sharded.js';
import { MAX_SHARDS } from '../files/sharded.js';
import type { Tokenizer, TokenizerSource } from '../tokenizer/index.js';
import { SHIPPED_HINT, shippedHint } from './shipped.js';
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
  onProgress: ((progress: LoadProgress) => void) | undefined;
}

/** What a caller's function has thrown. */
class Thrown {
  constructor(readonly error: unknown) {}
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

/** The reason of a failed `fetch` is the cause of its TypeError. */
function unavailable(name: string, cause: unknown): TTTError {
  const reason = cause instanceof TypeError ? cause.cause : undefined;
  const why = reason instanceof Error ? ` (${messageOf(reason)})` : '';
  const text = `cannot read the model ${name}: ${messageOf(cause)}${why}${shippedHint(name)}`;
  return new TTTError('MODEL_UNAVAILABLE', text, { cause });
}

/** How a page begins, which many servers send for every address that they do not know. */
const PAGE = /^\uFEFF?\s*<(!doctype|html)\b/i;

function checkFilled<T extends Uint8Array | ShardedFiles>(weights: T, name: string): T {
  if (!(weights instanceof Uint8Array)) return weights;
  if (weights.length === 0) throw new TTTError('MODEL_FORMAT', `${name} is empty`);
  if (!PAGE.test(new TextDecoder().decode(weights.subarray(0, 100)))) return weights;
  throw new TTTError('MODEL_FORMAT', `${name} is an HTML page and no model${shippedHint(name)}`);
}

/** The same call, whose errors cannot be taken for those of the reading. */
function marked({ onProgress }: Reading): Reading['onProgress'] {
  return (
    onProgress &&
    ((progress) => {
      try {
        onProgress(progress);
      } catch (error) {
        throw new Thrown(error);
      }
    })
  );
}

async function readFound(place: string, reading: Reading): Promise<Omit<ModelParts, 'name'>> {
  try {
    const options = { ...reading, onProgress: marked(reading) };
    const found = await readModelFiles(placeOf(place, platformFiles()), options);
    const { weights, config, tokenizer } = found;
    return { weights, config: config?.bytes, tokenizer: tokenizer?.bytes };
  } catch (cause) {
    const { signal } = reading;
    if (cause instanceof Thrown) throw cause.error;
    if (signal?.aborted) throw abortError(signal);
    throw cause instanceof TTTError ? cause : unavailable(place, cause);
  }
}

/** A copy of a caller's bytes, of which there may be `maxBytes`. */
function ownBytes(given: unknown, name: string, maxBytes: number): Bytes {
  const bytes = checkBytes(given, name);
  if (lengthOf(bytes) > maxBytes) throw tooLargeError(name, new TooLarge(maxBytes));
  return checkFilled(copyOf(bytes), name);
}

/** Copies of a caller's files of a sharded model, `maxBytes` in all. */
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
  throw new TTTError('INVALID_ARGUMENT', text + SHIPPED_HINT);
}

/**
 * All parts of a model; the options' config and tokenizer take precedence over those found. Throws
 * TTTError: `INVALID_ARGUMENT`, `INVALID_OPTION`, `MODEL_UNAVAILABLE`, `MODEL_TOO_LARGE`,
 * `MODEL_FORMAT` (empty, or a bad index), `OUT_OF_MEMORY`, `ABORTED`.
 */
export async function readModel(source: ModelSource, options: LoadOptions): Promise<ModelParts> {
  const { tokenizer } = options;
  const signal = takeSignal(options.signal);
  if (signal?.aborted) throw abortError(signal);
  const most = platformFiles() ? MAX_MODEL_BYTES : MAX_BROWSER_MODEL_BYTES;
  const range = { min: 1, max: Number.MAX_SAFE_INTEGER, integer: true };
  const maxBytes = optionalNumber(options.maxBytes, 'maxBytes', range, most);
  const onProgress = readFunction<[LoadProgress]>(options.onProgress, 'onProgress');
  const config = options.config === undefined ? undefined : jsonBytes(options.config, 'config');
  const place = typeof source === 'string' ? source : hrefOf(source, 'the model');
  if (place === undefined) {
    return { name: '', weights: ownWeights(source, maxBytes), config, tokenizer };
  }
  const found = await readFound(place, { maxBytes, signal, onProgress });
  return {
    name: place,
    weights: checkFilled(found.weights, place),
    config: config ?? found.config,
    tokenizer: tokenizer ?? found.tokenizer,
  };
}

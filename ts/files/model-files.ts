/**
 * model-files.ts - finds and reads a model's files, for library and command.
 * SPDX-License-Identifier: MIT
 */
import { TTTError } from '../common/errors.js';
import type { AbortSignalLike, Bytes, LoadProgress } from '../common/types.js';
import type { ExtentOf, Limits } from './gather.js';
import { tooLargeError } from './gather.js';
import { JSON_LIMITS, modelExtent } from './model-extent.js';
import type { Place } from './place.js';
import type { Shard, ShardedFiles } from './sharded.js';
import { INDEX_NAME, isIndexName, shardNames } from './sharded.js';

/** The names of a model's files in its folder; the weights may also lie in several (INDEX_NAME). */
export const WEIGHTS_NAME = 'model.safetensors';
export const CONFIG_NAME = 'config.json';
export const TOKENIZER_NAME = 'tokenizer.json';

/** A config.json or tokenizer.json that lies beside a model's weights. */
export interface BesideFile {
  path: string;
  bytes: Uint8Array;
}

/** A model's files. */
export interface ModelFiles {
  /** The path of the weights, or of their index. */
  path: string;
  weights: Uint8Array | ShardedFiles;
  config: BesideFile | undefined;
  tokenizer: BesideFile | undefined;
}

/** How a model is read. */
interface ReadOptions {
  /** Most bytes of weights, over all files. */
  maxBytes: number;
  /** For a single file that may be something else than a model; `modelExtent` unless given. */
  extentOf?: ExtentOf | undefined;
  onProgress?: ((progress: LoadProgress) => void) | undefined;
  signal?: AbortSignalLike | undefined;
}

/** All bytes, or undefined for a folder. Throws the system's error, or MODEL_TOO_LARGE. */
async function read(
  place: Place,
  limits: Limits,
  { onProgress, signal }: ReadOptions,
): Promise<Bytes | undefined> {
  const onBytes =
    onProgress &&
    ((bytes: number, size?: number) => {
      const total = size !== undefined && bytes <= size ? size : undefined;
      onProgress({ file: place.name, bytes, total });
    });
  try {
    return await place.read({ ...limits, onBytes }, signal);
  } catch (error) {
    throw tooLargeError(place.name, error);
  }
}

/** The same, but a folder is an error. */
async function readFile(place: Place, limits: Limits, options: ReadOptions): Promise<Bytes> {
  const bytes = await read(place, limits, options);
  if (bytes) return bytes;
  const { path } = place;
  const text = `EISDIR: illegal operation on a directory, read '${path}'`;
  throw Object.assign(new Error(text), { code: 'EISDIR', path });
}

/** The same, or undefined if there is no such file. */
async function readIfThere(
  place: Place,
  limits: Limits,
  options: ReadOptions,
): Promise<Bytes | undefined> {
  try {
    return await readFile(place, limits, options);
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readText(place: Place, options: ReadOptions): Promise<BesideFile | undefined> {
  const bytes = await readIfThere(place, JSON_LIMITS, options);
  return bytes && { path: place.path, bytes };
}

/** Weights with the texts beside them; nothing is looked for beside a URL. */
async function withTexts(
  place: Place,
  weights: Uint8Array | ShardedFiles,
  options: ReadOptions,
): Promise<ModelFiles> {
  const path = place.name;
  if (!place.isLocal) return { path, weights, config: undefined, tokenizer: undefined };
  const config = await readText(place.beside(CONFIG_NAME), options);
  const tokenizer = await readText(place.beside(TOKENIZER_NAME), options);
  return { path, weights, config, tokenizer };
}

/** The files that an index names, `maxBytes` in all, and the texts beside them. */
async function readIndexed(
  place: Place,
  index: Uint8Array,
  options: ReadOptions,
): Promise<ModelFiles> {
  const shards: Shard[] = [];
  let left = options.maxBytes;
  for (const name of shardNames(index, place.name)) {
    const bytes = await readFile(place.beside(name), { maxBytes: left }, options);
    left -= bytes.length;
    shards.push({ name, bytes });
  }
  return withTexts(place, { index, shards }, options);
}

async function readFolder(folder: Place, options: ReadOptions): Promise<ModelFiles> {
  const weights = folder.inside(WEIGHTS_NAME);
  const limits = { maxBytes: options.maxBytes, extentOf: modelExtent };
  const whole = await readIfThere(weights, limits, options);
  if (whole) return withTexts(weights, whole, options);
  const index = folder.inside(INDEX_NAME);
  const names = await readIfThere(index, JSON_LIMITS, options);
  if (names) return readIndexed(index, names, options);
  const text = `${folder.name} is a folder without a ${WEIGHTS_NAME} or a ${INDEX_NAME}`;
  throw new TTTError('MODEL_UNAVAILABLE', text);
}

/**
 * Reads a model, each byte once, so that it may be a pipe: a file or URL, the files that an index
 * names, or what a folder holds; with a local `.safetensors` or index also the config.json and
 * tokenizer.json beside it. Throws TTTError (`MODEL_UNAVAILABLE` for a folder without a model,
 * `MODEL_TOO_LARGE`, `MODEL_FORMAT` for a bad index), and the errors of system and network as they
 * are.
 */
export async function readModelFiles(place: Place, options: ReadOptions): Promise<ModelFiles> {
  if (isIndexName(place.path)) {
    return readIndexed(place, await readFile(place, JSON_LIMITS, options), options);
  }
  const { maxBytes, extentOf = modelExtent } = options;
  const weights = await read(place, { maxBytes, extentOf }, options);
  if (!weights) return readFolder(place, options);
  if (place.path.endsWith('.safetensors')) return withTexts(place, weights, options);
  return { path: place.name, weights, config: undefined, tokenizer: undefined };
}

/**
 * model-files.ts - finds and reads a model's files in the file system, for library and command. Node
 * only.
 * SPDX-License-Identifier: MIT
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { TTTError } from '../common/errors.js';
import { readPlace } from './file-bytes.js';
import { tooLargeError } from './gather.js';
import type { ExtentOf, Limits } from './gather.js';
import { JSON_LIMITS, modelExtent } from './model-extent.js';
import { INDEX_NAME, isIndexName, readShards } from './sharded.js';
import type { ShardedFiles } from './sharded.js';
import type { AbortSignalLike, Bytes } from '../common/types.js';

/** The names of a model's files in its folder; the weights may also lie in several (INDEX_NAME). */
export const WEIGHTS_NAME = 'model.safetensors';
export const CONFIG_NAME = 'config.json';
export const TOKENIZER_NAME = 'tokenizer.json';

/** A text that belongs to a model, and where it was. */
export interface BesideFile {
  path: string;
  bytes: Uint8Array;
}

/** A model's files. */
export interface ModelFiles {
  /** Of the weights, or of their index. */
  path: string;
  weights: Uint8Array | ShardedFiles;
  config: BesideFile | undefined;
  tokenizer: BesideFile | undefined;
}

/** How much of the weights is read at most, and what ends that. */
export interface ReadOptions {
  maxBytes: number;
  /** Ends the reading of a file that may also be something else; that of a model unless given. */
  extentOf?: ExtentOf | undefined;
  signal?: AbortSignalLike | undefined;
}

/** What reads a file: undefined for a folder. Throws the system's error, or MODEL_TOO_LARGE. */
async function read(
  path: string,
  limits: Limits,
  signal: AbortSignalLike | undefined,
): Promise<Bytes | undefined> {
  try {
    return await readPlace(path, limits, signal);
  } catch (error) {
    throw tooLargeError(path, error);
  }
}

/** The same where a folder is an error. */
async function readFile(path: string, limits: Limits, { signal }: ReadOptions): Promise<Bytes> {
  const bytes = await read(path, limits, signal);
  if (bytes) return bytes;
  const text = `EISDIR: illegal operation on a directory, read '${path}'`;
  throw Object.assign(new Error(text), { code: 'EISDIR', path });
}

/** What `reading` gives, or undefined if there is no such file. */
async function ifThere<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((error as { code?: unknown }).code === 'ENOENT') return undefined;
    throw error;
  }
}

async function readBeside(path: string, options: ReadOptions): Promise<BesideFile | undefined> {
  const bytes = await ifThere(readFile(path, JSON_LIMITS, options));
  return bytes && { path, bytes };
}

/** Weights with what lies beside them. */
async function withBeside(
  path: string,
  weights: Uint8Array | ShardedFiles,
  options: ReadOptions,
): Promise<ModelFiles> {
  const folder = dirname(path);
  const config = await readBeside(join(folder, CONFIG_NAME), options);
  const tokenizer = await readBeside(join(folder, TOKENIZER_NAME), options);
  return { path, weights, config, tokenizer };
}

/** The files that an index names, and what lies beside them. */
async function readIndexed(
  path: string,
  index: Uint8Array,
  options: ReadOptions,
): Promise<ModelFiles> {
  const folder = dirname(path);
  const { maxBytes } = options;
  try {
    const files = await readShards(index, path, maxBytes, async (name, left) =>
      readFile(join(folder, name), { maxBytes: left }, options),
    );
    return await withBeside(path, files, options);
  } catch (error) {
    throw tooLargeError(path, error);
  }
}

async function readFolder(path: string, options: ReadOptions): Promise<ModelFiles> {
  const weights = join(path, WEIGHTS_NAME);
  const limits = { maxBytes: options.maxBytes, extentOf: modelExtent };
  const whole = await ifThere(readFile(weights, limits, options));
  if (whole) return withBeside(weights, whole, options);
  const index = await readBeside(join(path, INDEX_NAME), options);
  if (index) return readIndexed(index.path, index.bytes, options);
  const text = `${path} is a folder without a ${WEIGHTS_NAME} or a ${INDEX_NAME}`;
  throw new TTTError('MODEL_UNAVAILABLE', text);
}

/**
 * Reads a file, each byte once, so that it may be a pipe; with a `.safetensors`, an index of several, or a
 * folder, also the config.json and tokenizer.json there.
 */
export async function readModelFiles(
  place: string | URL,
  options: ReadOptions,
): Promise<ModelFiles> {
  const path = typeof place === 'string' ? place : fileURLToPath(place);
  const { maxBytes, extentOf = modelExtent, signal } = options;
  if (isIndexName(path)) {
    return readIndexed(path, await readFile(path, JSON_LIMITS, options), options);
  }
  const file = await read(path, { maxBytes, extentOf }, signal);
  if (!file) return readFolder(path, options);
  if (path.endsWith('.safetensors')) return withBeside(path, file, options);
  return { path, weights: file, config: undefined, tokenizer: undefined };
}

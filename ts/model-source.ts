/**
 * model-source.ts - gets a model's bytes from wherever they are.
 * SPDX-License-Identifier: MIT
 */
import { allocate, checkBytes, checkObject, describe, kindOf, reading, readProperty } from './args.js';
import { abortError, checkSignal } from './async.js';
import { TTTError } from './errors.js';
import type { LoadOptions, ModelSource } from './llama-types.js';
import { modelReader } from './platform.js';
import { Tokenizer } from './tokenizer/index.js';
import type { TokenizerSource } from './tokenizer/index.js';

/** What belongs to a model. */
export interface ModelParts {
  /** Where it came from, for messages; '' for bytes. */
  name: string;
  file: Uint8Array;
  config: Uint8Array | undefined;
  tokenizer: Tokenizer | TokenizerSource | undefined;
}

/** A model's files, as a platform with a file system reads them. */
export type ModelReader = (place: string | URL) => Promise<Omit<ModelParts, 'name'>>;

function readConfig(config: unknown): Uint8Array | undefined {
  if (config === undefined) return undefined;
  if (typeof config === 'string') return new TextEncoder().encode(config);
  if (ArrayBuffer.isView(config)) return checkBytes(config, 'config');
  checkObject(config, 'config');
  return new TextEncoder().encode(reading('config', () => JSON.stringify(config)));
}

function unavailable(name: string, cause: unknown): TTTError {
  const text = cause instanceof Error ? cause.message : String(cause);
  return new TTTError('MODEL_UNAVAILABLE', `cannot read the model ${name}: ${text}`, { cause });
}

function checkFilled(file: Uint8Array, name: string): Uint8Array {
  if (file.length > 0) return file;
  throw new TTTError('MODEL_FORMAT', `${name} is empty`);
}

async function download(url: string, signal: LoadOptions['signal']): Promise<Uint8Array> {
  try {
    const response = await fetch(url, signal ? { signal: signal as AbortSignal } : {});
    if (!response.ok) throw new Error(`HTTP status ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (cause) {
    if (signal?.aborted) throw abortError(signal);
    throw unavailable(url, cause);
  }
}

/** A URL with a scheme; one letter before the colon is a Windows drive. */
function asUrl(place: string): URL | undefined {
  return /^[a-z][a-z0-9+.-]+:/i.test(place) ? new URL(place) : undefined;
}

async function readPlace(place: string, options: LoadOptions): Promise<Omit<ModelParts, 'name'>> {
  let url: URL | undefined;
  try {
    url = asUrl(place);
  } catch (cause) {
    throw unavailable(place, cause);
  }
  const read = modelReader();
  if (read && (!url || url.protocol === 'file:')) {
    try {
      return await read(url ?? place);
    } catch (cause) {
      throw cause instanceof TTTError ? cause : unavailable(place, cause);
    }
  }
  const file = await download(place, options.signal);
  return { file, config: undefined, tokenizer: undefined };
}

/** All parts of a model; the options' config and tokenizer go before those found. */
export async function readModel(source: ModelSource, options: LoadOptions): Promise<ModelParts> {
  checkSignal(options.signal);
  if (options.signal?.aborted) throw abortError(options.signal);
  const config = readConfig(options.config);
  const { tokenizer } = options;
  const isObject = typeof source === 'object' && source !== null;
  const href = isObject ? readProperty(source, 'href', 'the model') : undefined;
  const place = typeof source === 'string' ? source : typeof href === 'string' ? href : undefined;
  if (place !== undefined) {
    const found = await readPlace(place, options);
    const given = { config: config ?? found.config, tokenizer: tokenizer ?? found.tokenizer };
    return { name: place, file: checkFilled(found.file, place), ...given };
  }
  if (kindOf(source) !== 'ArrayBuffer' && !ArrayBuffer.isView(source)) {
    const text = `a model is a path, a URL or the bytes of a file, not ${describe(source)}`;
    throw new TTTError('INVALID_ARGUMENT', text);
  }
  const bytes = checkBytes(source, 'the model');
  // The caller may change its own meanwhile.
  const file = checkFilled(allocate(() => bytes.slice()), 'the model');
  return { name: '', file, config, tokenizer };
}

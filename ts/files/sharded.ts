/**
 * sharded.ts - the index of a model whose tensors lie in several files
 * (`model.safetensors.index.json`). Only the names of the files are read here; the core checks the
 * files, and the index against them.
 * SPDX-License-Identifier: MIT
 */
import { TTTError } from '../common/errors.js';

/** How the name of an index ends. */
const INDEX_END = '.safetensors.index.json';
/** The index of a folder. */
export const INDEX_NAME = `model${INDEX_END}`;

/** Most files that a model may consist of, as in the core. */
export const MAX_SHARDS = 1024;

/** One of the files of a model that lies in several. */
export interface Shard {
  /** As in the index; it has no zero characters. */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** All files of such a model. */
export interface ShardedFiles {
  index: Uint8Array;
  shards: readonly Shard[];
}

/** Whether a path, or that of a URL, names an index. */
export function isIndexName(path: string): boolean {
  return path.endsWith(INDEX_END);
}

function indexError(name: string, text: string): TTTError {
  return new TTTError('MODEL_FORMAT', `${name}: ${text}`);
}

/**
 * The files that an index names, each once; `name` is the index's own, for messages. An index may
 * be hostile and must not lead out of its folder: only plain names of `.safetensors` files are
 * accepted. Throws TTTError `MODEL_FORMAT`.
 */
export function shardNames(index: Uint8Array, name: string): string[] {
  let map: unknown;
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(index));
    map = (Object(json) as Record<string, unknown>)['weight_map'];
  } catch (cause) {
    throw indexError(name, `the index is no JSON: ${(cause as Error).message}`);
  }
  if (typeof map !== 'object' || map === null)
    throw indexError(name, 'the index has no weight_map');
  const names = [...new Set(Object.values(map) as unknown[])];
  for (const file of names) {
    if (typeof file === 'string' && /^[^/\\:\u0000-\u001f]+\.safetensors$/.test(file)) continue;
    const text = `the index names ${JSON.stringify(file)}, which is no .safetensors file beside it`;
    throw indexError(name, text);
  }
  if (names.length >= 1 && names.length <= MAX_SHARDS) return names as string[];
  throw indexError(name, `the index names ${names.length} files; a model has 1 to ${MAX_SHARDS}`);
}

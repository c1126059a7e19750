/**
 * sharded.ts - models whose tensors lie in several files, by their `model.safetensors.index.json`.
 * The engine checks the files, and the index against them; here only their names are read.
 * SPDX-License-Identifier: MIT
 */
import { TTTError } from '../common/errors.js';
import type { Bytes } from '../common/types.js';

/** How the name of an index ends. */
const INDEX_END = '.safetensors.index.json';
/** The index of a folder. */
export const INDEX_NAME = `model${INDEX_END}`;

export const MAX_SHARDS = 1024;

/** One of the files of a model that lies in several. */
export interface Shard {
  /** As the index has it, and without zero characters. */
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
 * The files that an index names, each once. An index may be a stranger's, and must not lead out of
 * the folder that it lies in: a name is that of a `.safetensors` there, and no path.
 */
function shardNames(index: Uint8Array, name: string): string[] {
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

/** Reads the files that an index names, one after the other, `maxBytes` in all. */
export async function readShards(
  index: Uint8Array,
  name: string,
  maxBytes: number,
  read: (file: string, maxBytes: number) => Promise<Bytes>,
): Promise<ShardedFiles> {
  const shards: Shard[] = [];
  let left = maxBytes;
  for (const file of shardNames(index, name)) {
    const bytes = await read(file, left);
    left -= bytes.length;
    shards.push({ name: file, bytes });
  }
  return { index, shards };
}

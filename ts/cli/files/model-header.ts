/**
 * model-header.ts - what the headers of a model's files say. The library is the one that checks them.
 * SPDX-License-Identifier: MIT
 */
import { headerLength, isBitt, tensorsStart } from '../../files/model-extent.js';
import type { ModelFiles } from '../../files/model-files.js';
import { Failure } from '../screen/failure.js';

/** Texts are JSON, as they stand in the file. */
export interface ModelHeader {
  config: string | undefined;
  tokenizer: string | undefined;
  tensors: readonly { dtype: string; shape: readonly number[] }[];
}

type Fields = Record<string, unknown>;

/** The JSON behind its length. */
function fieldsAt(bytes: Uint8Array, at: number): Fields {
  try {
    const end = at + 8 + headerLength(bytes, at);
    if (end > bytes.length) throw new RangeError();
    return Object(JSON.parse(new TextDecoder().decode(bytes.subarray(at + 8, end)))) as Fields;
  } catch {
    throw new Failure('the header of the file makes no sense');
  }
}

/** The header of a .bitt or .safetensors file. */
export function readHeader(file: Uint8Array): ModelHeader {
  const { __metadata__: metadata, ...tensors } = fieldsAt(file, tensorsStart(file));
  const outer = isBitt(file) ? fieldsAt(file, 4) : {};
  const textOf = (name: string): string | undefined => {
    const value = outer[name] ?? (Object(metadata) as Fields)[name] ?? undefined;
    return value === undefined || typeof value === 'string' ? value : JSON.stringify(value);
  };
  return {
    config: textOf('config'),
    tokenizer: textOf('tokenizer'),
    tensors: Object.values(tensors) as unknown as ModelHeader['tensors'],
  };
}

/** The same of all of a model's files; the first by name that has a text counts. */
export function readHeaders({ weights }: ModelFiles): ModelHeader {
  if (weights instanceof Uint8Array) return readHeader(weights);
  const all = [...weights.shards]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ bytes }) => readHeader(bytes));
  return {
    config: all.find(({ config }) => config !== undefined)?.config,
    tokenizer: all.find(({ tokenizer }) => tokenizer !== undefined)?.tokenizer,
    tensors: all.flatMap(({ tensors }) => tensors),
  };
}

/**
 * models.ts - language models on one WebAssembly instance.
 * SPDX-License-Identifier: MIT
 */
import { lengthOf } from '../../common/brands.js';
import type { Bytes } from '../../common/types.js';
import type { Failure, Handle, ModelEngine } from '../engine.js';
import { TTT_ERROR } from '../structs.js';
import type { WasmExports } from './exports.js';
import type { Pointer } from './heap.js';
import type { Instance } from './instance.js';
import { negative } from './instance.js';
import type { Table } from './table.js';

type Optional = Uint8Array | undefined;

const sizeOf = (bytes: Optional): number => (bytes ? lengthOf(bytes) : 0);

/** With the zero byte at which C ends a text. */
const cText = (text: string): Uint8Array => new TextEncoder().encode(`${text}\0`);

/** The fields of each bitllama_shard: name, bytes, size; `pointers` are those of all names, then of all files. */
function shardTable(pointers: readonly Pointer[], files: readonly Uint8Array[]): Uint32Array {
  const fields = files.flatMap((file, k) => [
    pointers[k]!,
    pointers[files.length + k]!,
    sizeOf(file),
  ]);
  return Uint32Array.from(fields);
}

export class Models implements ModelEngine {
  readonly #instance: Instance;
  readonly #models: Table;

  constructor(instance: Instance, models: Table) {
    this.#instance = instance;
    this.#models = models;
  }

  conformanceHash(): bigint | number {
    return this.#instance.hash('bitllama_conformance_hash');
  }

  /** A model that `open` opens, which gets a block for each input. */
  #opened(
    inputs: readonly Optional[],
    open: (exports: WasmExports, inputs: Pointer[], out: Pointer, error: Pointer) => number,
  ): Handle | Failure {
    const blocks = [4, new Uint8Array(TTT_ERROR.size), ...inputs] as const;
    return this.#instance.withBlocks(
      blocks,
      negative,
      (exports, out, error, ...pointers): Handle | Failure => {
        const status = open(exports, pointers, out, error);
        if (status !== 0) return this.#instance.failure(status, error);
        return this.#models.made(status, out);
      },
    );
  }

  open(file: Uint8Array, config: Optional): Handle | Failure {
    return this.#opened([file, config], (exports, [f, c], out, error) =>
      exports.bitllama_open(f!, sizeOf(file), c!, sizeOf(config), out, error),
    );
  }

  openSharded(
    index: Uint8Array,
    names: readonly string[],
    files: readonly Uint8Array[],
    config: Optional,
  ): Handle | Failure {
    const count = files.length;
    const shards = new Uint8Array(12 * count);
    const inputs = [index, config, shards, ...names.map(cText), ...files];
    return this.#opened(inputs, (exports, [i, c, list, ...pointers], out, error) => {
      this.#instance.heap.write(list!, shardTable(pointers, files));
      const [size, length] = [sizeOf(index), sizeOf(config)];
      return exports.bitllama_open_sharded(i!, size, list!, count, c!, length, out, error);
    });
  }

  close(model: Handle): number {
    return this.#models.destroy(model);
  }

  #json(model: Handle, name: 'bitllama_config_json' | 'bitllama_tokenizer_json'): string | number {
    const bytes = this.#models.withBlocks(
      model,
      [4],
      negative,
      (exports, pointer, length): Bytes | number => {
        const text = exports[name](pointer, length) >>> 0;
        return this.#instance.copy(text, this.#instance.heap.readUint32(length));
      },
    );
    return typeof bytes === 'number' ? bytes : new TextDecoder().decode(bytes);
  }

  configJson(model: Handle): string | number {
    return this.#json(model, 'bitllama_config_json');
  }

  tokenizerJson(model: Handle): string | number {
    return this.#json(model, 'bitllama_tokenizer_json');
  }

  parameters(model: Handle): number {
    return this.#models.ask(model, negative, (exports, p) =>
      Number(exports.bitllama_parameters(p)),
    );
  }

  fingerprint(model: Handle): bigint | number {
    return this.#models.ask(model, negative, (exports, p): bigint | number =>
      BigInt.asUintN(64, exports.bitllama_fingerprint(p)),
    );
  }

  pack(model: Handle, tokenizer: Optional): Bytes | number {
    return this.#models.ask(model, negative, (_, p) =>
      this.#instance.writtenWith('bitllama_pack', p, tokenizer),
    );
  }

  rewrite(
    index: Optional,
    names: readonly string[],
    files: readonly Uint8Array[],
    config: Optional,
    tokenizer: Optional,
    metadata: readonly string[],
    safetensors: boolean,
  ): Bytes | Failure {
    const [instance, count] = [this.#instance, files.length];
    const inputs = [
      index,
      config,
      tokenizer,
      ...names.map(cText),
      ...files,
      ...metadata.map(cText),
    ];
    // bitllama_rewriting, with a bitllama_files in it; its shards; its metadata, each a key and a value.
    const tables = [48, 12 * count, 4 * metadata.length] as const;
    const blocks = [new Uint8Array(TTT_ERROR.size), ...tables, ...inputs] as const;
    const failed = (status: number): Bytes | Failure => ({ status, offset: 0, text: '' });
    return instance.withBlocks(
      blocks,
      failed,
      (_, error, to, list, pairs, i, c, t, ...pointers) => {
        const input = [list, count, i!, sizeOf(index), c!, sizeOf(config), t!, sizeOf(tokenizer)];
        const values = [48, Number(safetensors), ...input, pairs, metadata.length / 2];
        instance.heap.write(to, Uint32Array.from(values));
        instance.heap.write(list, shardTable(pointers, files));
        instance.heap.write(pairs, Uint32Array.from(pointers.slice(2 * count)));
        const bytes = instance.written((exports, ...out) =>
          exports.bitllama_rewrite(to, ...out, error),
        );
        return typeof bytes === 'number' ? instance.failure(-bytes, error) : bytes;
      },
    );
  }
}

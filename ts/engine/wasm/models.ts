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
    const [size, length] = [lengthOf(file), config ? lengthOf(config) : 0];
    return this.#opened([file, config], (exports, [f, c], out, error) =>
      exports.bitllama_open(f!, size, c!, length, out, error),
    );
  }

  openSharded(
    index: Uint8Array,
    names: readonly string[],
    files: readonly Uint8Array[],
    config: Optional,
  ): Handle | Failure {
    const [size, length] = [lengthOf(index), config ? lengthOf(config) : 0];
    const texts = names.map((name) => new TextEncoder().encode(`${name}\0`));
    // bitllama_shard holds pointers: name, bytes, size.
    const shards = new Uint32Array(3 * files.length);
    const inputs = [index, config, new Uint8Array(shards.buffer), ...texts, ...files];
    return this.#opened(inputs, (exports, [i, c, table, ...pointers], out, error) => {
      files.forEach((file, k) => {
        shards.set([pointers[k]!, pointers[files.length + k]!, lengthOf(file)], 3 * k);
      });
      this.#instance.heap.write(table!, shards);
      const count = files.length;
      return exports.bitllama_open_sharded(i!, size, table!, count, c!, length, out, error);
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
      this.#instance.written('bitllama_pack', p, tokenizer),
    );
  }
}

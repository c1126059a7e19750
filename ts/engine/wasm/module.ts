/**
 * module.ts - gets a compiled WebAssembly module from wherever it is, and makes an instance.
 * SPDX-License-Identifier: MIT
 */
import inlined from 'bit_ttt.wasm';
import relaxedPlaces from 'relaxed_places.json';

import { kindOf, messageOf } from '../../common/brands.js';
import { TTTError } from '../../common/errors.js';
import { MAX_MODULE_BYTES } from '../../common/limits.js';
import { placeOf } from '../../files/place.js';
import type { Files } from '../../files/place.js';
import type { WasmSource } from '../../common/types.js';

type Pointer = number;

/** The functions of wasm/exports.txt. Pointers and sizes are unsigned 32-bit integers. */
export interface WasmExports {
  readonly memory: WebAssembly.Memory;
  malloc(bytes: number): Pointer;
  free(block: Pointer): void;
  bt_wasm_create(
    dim: number,
    objective: number,
    seedLow: number,
    seedHigh: number,
    rate: number,
    threads: number,
    model: Pointer,
  ): number;
  bt_wasm_forward(
    model: Pointer,
    input: Pointer,
    length: number,
    output: Pointer,
    surprise: Pointer,
  ): number;
  bt_wasm_tokens_seen(model: Pointer, words: Pointer): void;
  bt_wasm_fingerprint(model: Pointer, words: Pointer): void;
  bt_wasm_conformance_hash(words: Pointer): number;
  ttt_destroy(model: Pointer): void;
  ttt_clone(model: Pointer): Pointer;
  ttt_reset(model: Pointer): number;
  ttt_set_weights(model: Pointer, down: Pointer, up: Pointer): number;
  ttt_get_weights(model: Pointer, down: Pointer, up: Pointer): number;
  ttt_get_memory(model: Pointer, w: Pointer): number;
  ttt_memory_dim(model: Pointer): number;
  ttt_threads(model: Pointer): number;
  ttt_state_size(model: Pointer): number;
  ttt_footprint(model: Pointer): number;
  ttt_save_state(model: Pointer, bytes: Pointer, size: number): number;
  ttt_load_state(model: Pointer, bytes: Pointer, size: number): number;
  ttt_status_string(status: number): Pointer;
  ttt_version(): Pointer;
  ttt_kernel(): Pointer;
  ttt_set_kernel(name: Pointer): number;
  ttt_kernel_count(): number;
  ttt_kernel_name(index: number): Pointer;
  ttt_kernel_usable(index: number): number;
  bitllama_open(
    file: Pointer,
    length: number,
    config: Pointer,
    configLength: number,
    model: Pointer,
    error: Pointer,
  ): number;
  bitllama_open_sharded(
    index: Pointer,
    indexLength: number,
    shards: Pointer,
    count: number,
    config: Pointer,
    configLength: number,
    model: Pointer,
    error: Pointer,
  ): number;
  bitllama_release(model: Pointer): void;
  bitllama_config_json(model: Pointer, out: Pointer): Pointer;
  bitllama_tokenizer_json(model: Pointer, out: Pointer): Pointer;
  bitllama_pack(
    model: Pointer,
    tokenizer: Pointer,
    length: number,
    buffer: Pointer,
    capacity: number,
    size: Pointer,
  ): number;
  bt_wasm_llama_parameters(model: Pointer, words: Pointer): void;
  bt_wasm_llama_fingerprint(model: Pointer, words: Pointer): void;
  bt_wasm_llama_hash(words: Pointer): number;
  bitllama_model_footprint(model: Pointer): number;
  bitllama_session_create(model: Pointer, session: Pointer): number;
  bitllama_session_destroy(session: Pointer): void;
  bitllama_session_fork(session: Pointer, fork: Pointer): number;
  bitllama_session_reset(session: Pointer): number;
  bitllama_session_freeze(session: Pointer, frozen: number): number;
  bitllama_session_read(
    session: Pointer,
    tokens: Pointer,
    n: number,
    logProbabilities: Pointer,
    surprise: Pointer,
  ): number;
  bitllama_session_logits(session: Pointer, logits: Pointer): number;
  bt_wasm_session_draw(
    session: Pointer,
    options: Pointer,
    seedLow: number,
    seedHigh: number,
    token: Pointer,
  ): number;
  bt_wasm_session_tokens(session: Pointer, words: Pointer): void;
  bitllama_session_footprint(session: Pointer): number;
  bitllama_session_state_size(session: Pointer): number;
  bitllama_session_save(session: Pointer, bytes: Pointer, size: number): number;
  bitllama_session_load(session: Pointer, bytes: Pointer, size: number): number;
  bt_wasm_trainer_create(
    config: Pointer,
    mixers: Pointer,
    training: Pointer,
    seedLow: number,
    seedHigh: number,
    tokens: Pointer,
    n: number,
    trainer: Pointer,
    error: Pointer,
  ): number;
  bitllama_trainer_destroy(trainer: Pointer): void;
  bt_wasm_trainer_step(trainer: Pointer, report: Pointer): number;
  bt_wasm_trainer_steps(trainer: Pointer, words: Pointer): void;
  bitllama_trainer_footprint(trainer: Pointer): number;
  bitllama_trainer_model(
    trainer: Pointer,
    tokenizer: Pointer,
    length: number,
    model: Pointer,
  ): number;
  bitllama_trainer_weights(
    trainer: Pointer,
    tokenizer: Pointer,
    length: number,
    buffer: Pointer,
    capacity: number,
    size: Pointer,
  ): number;
  bitllama_trainer_state_size(trainer: Pointer): number;
  bitllama_trainer_save(trainer: Pointer, bytes: Pointer, size: number): number;
  bitllama_trainer_load(trainer: Pointer, bytes: Pointer, size: number, error: Pointer): number;
}

function unavailable(message: string, cause?: unknown): TTTError {
  return new TTTError('BACKEND_UNAVAILABLE', message, { cause });
}

function inlinedBytes(): Uint8Array {
  if (inlined === '') throw unavailable('this build of bit-ttt has no WebAssembly module');
  const text = atob(inlined);
  return Uint8Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
}

/** i16x8.relaxed_dot_i8x16_i7x16_s without its prefix. */
const RELAXED_DOT = [0x92, 0x02];

/**
 * The package's module with the relaxed dot product, where the engine knows it, else without. Whether
 * the engine computes it right is found out by the module itself (src/kernels/isa_wasm_relaxed.c).
 */
function bestInlined(): Uint8Array {
  const plain = inlinedBytes();
  const relaxed = plain.slice();
  for (const place of relaxedPlaces) relaxed.set(RELAXED_DOT, place);
  return WebAssembly.validate(relaxed as BufferSource) ? relaxed : plain;
}

async function readBytes(source: string, files: Files | undefined): Promise<BufferSource> {
  try {
    const bytes = await placeOf(source, files).read({ maxBytes: MAX_MODULE_BYTES });
    if (!bytes) throw new Error('it is a directory');
    return bytes;
  } catch (cause) {
    throw unavailable(`cannot read the WebAssembly module ${source}: ${messageOf(cause)}`, cause);
  }
}

/** A process without a compiler has no WebAssembly either: Lockdown Mode, `node --jitless`. */
function checkEngine(): void {
  if (typeof WebAssembly === 'object') return;
  const text =
    "this process has no WebAssembly (it is off in a browser's Lockdown Mode, and in node --jitless)";
  throw unavailable(text);
}

async function compile(bytes: BufferSource): Promise<WebAssembly.Module> {
  try {
    return await WebAssembly.compile(bytes);
  } catch (cause) {
    const hint =
      '; the engine must support WebAssembly SIMD, and a Content-Security-Policy must allow ' +
      "'wasm-unsafe-eval'";
    throw unavailable(`cannot compile the WebAssembly module: ${messageOf(cause)}${hint}`, cause);
  }
}

/** The compiled module of a source; undefined means the one that the package carries. */
export async function loadModule(
  source: WasmSource | undefined,
  files: Files | undefined,
): Promise<WebAssembly.Module> {
  checkEngine();
  if (source === undefined) return compile(bestInlined() as BufferSource);
  if (typeof source === 'string') return compile(await readBytes(source, files));
  const kind = kindOf(source);
  if (kind === 'WebAssembly.Module') return source as WebAssembly.Module;
  if (kind === 'ArrayBuffer' || ArrayBuffer.isView(source)) {
    return compile(source as BufferSource);
  }
  throw new TTTError(
    'INVALID_ARGUMENT',
    'wasm must be a URL, a string, the bytes of the module or a WebAssembly.Module',
  );
}

/** What the module needs from outside: to be told of nothing. Anything else counts as a trap. */
function makeImports(module: WebAssembly.Module): WebAssembly.Imports {
  const imports: Record<string, Record<string, WebAssembly.ImportValue>> = {};
  for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
    if (kind !== 'function') continue;
    const known = name === 'emscripten_notify_memory_growth';
    (imports[from] ??= {})[name] = known
      ? () => undefined
      : () => {
          throw new Error(`the WebAssembly module called ${from}.${name}`);
        };
  }
  return imports;
}

/** A fresh instance with its own memory. */
export async function instantiate(module: WebAssembly.Module): Promise<WasmExports> {
  try {
    const instance = await WebAssembly.instantiate(module, makeImports(module));
    const exports = instance.exports as unknown as WasmExports & { _initialize?: () => void };
    if (typeof exports.bt_wasm_forward !== 'function' || typeof exports.memory !== 'object') {
      throw new Error('it is not the module of bit-ttt');
    }
    exports._initialize?.();
    return exports;
  } catch (cause) {
    throw unavailable(`cannot start the WebAssembly module: ${messageOf(cause)}`, cause);
  }
}

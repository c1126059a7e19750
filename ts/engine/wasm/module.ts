/**
 * module.ts - reads and compiles the WebAssembly module, and makes an instance.
 * SPDX-License-Identifier: MIT
 */
import inlined from 'bit_ttt.wasm';
import relaxedPlaces from 'relaxed_places.json';

import { kindOf, messageOf } from '../../common/brands.js';
import { TTTError } from '../../common/errors.js';
import { MAX_MODULE_BYTES } from '../../common/limits.js';
import type { WasmSource } from '../../common/types.js';
import type { Files } from '../../files/place.js';
import { placeOf } from '../../files/place.js';
import type { WasmExports } from './exports.js';

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
 * The package's module, with the relaxed dot product where the JavaScript engine knows it. The module
 * itself checks that the instruction computes what is needed (src/kernels/isa_wasm_relaxed.c).
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
function checkWebAssembly(): void {
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
      '; the JavaScript engine must support WebAssembly SIMD, and a Content-Security-Policy must allow ' +
      "'wasm-unsafe-eval'";
    throw unavailable(`cannot compile the WebAssembly module: ${messageOf(cause)}${hint}`, cause);
  }
}

/** The compiled module of a source; undefined means the one that the package carries. */
export async function loadModule(
  source: WasmSource | undefined,
  files: Files | undefined,
): Promise<WebAssembly.Module> {
  checkWebAssembly();
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

/**
 * The module's imports. Only emscripten_notify_memory_growth is expected, and ignored; a call of any
 * other throws, and so counts as a trap.
 */
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
    if (typeof exports.ttt_forward_ex !== 'function' || typeof exports.memory !== 'object') {
      throw new Error('it is not the module of bit-ttt');
    }
    exports._initialize?.();
    return exports;
  } catch (cause) {
    throw unavailable(`cannot start the WebAssembly module: ${messageOf(cause)}`, cause);
  }
}

/**
 * wasm-only.ts - the entry `bit-ttt/wasm` on Node: WebAssembly, whatever the environment says.
 * SPDX-License-Identifier: MIT
 */
import { readPlace } from './files/file-bytes.js';
import { readModelFiles } from './files/model-files.js';
import { usePlatform } from './engine/choose.js';
import { loadWasm } from './engine/wasm/load.js';

usePlatform({
  loadWasm: (source) => loadWasm(source, readPlace),
  readModel: readModelFiles,
  missing: 'the entry bit-ttt/wasm has no native addon',
});

export * from './public.js';

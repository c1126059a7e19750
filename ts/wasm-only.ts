/**
 * wasm-only.ts - the entry `bit-ttt/wasm` on Node: WebAssembly, whatever the environment says.
 * SPDX-License-Identifier: MIT
 */
import { readPlace } from './file-bytes.js';
import { readModelFiles } from './model-files.js';
import { usePlatform } from './platform.js';
import { loadWasm } from './wasm.js';

usePlatform({
  loadWasm: (source) => loadWasm(source, readPlace),
  readModel: readModelFiles,
  missing: 'the entry bit-ttt/wasm has no native addon',
});

export * from './public.js';

/**
 * index.ts - the entry for Node: the native addon, or WebAssembly where that cannot be loaded.
 * SPDX-License-Identifier: MIT
 */
import { variable } from './environment.js';
import { readPlace } from './file-bytes.js';
import { readModelFiles } from './model-files.js';
import { loadNative } from './native.js';
import { usePlatform } from './platform.js';
import { loadWasm } from './wasm.js';

usePlatform({
  loadNative,
  loadWasm: (source) => loadWasm(source, readPlace),
  readModel: readModelFiles,
  missing: '',
  env: variable,
});

export * from './public.js';

/**
 * index.ts - the entry for Node: the native addon, or WebAssembly where that cannot be loaded.
 * SPDX-License-Identifier: MIT
 */
import { variable } from './common/environment.js';
import { readPlace } from './files/file-bytes.js';
import { readModelFiles } from './files/model-files.js';
import { loadNative } from './engine/native/load.js';
import { usePlatform } from './engine/choose.js';
import { loadWasm } from './engine/wasm/load.js';

usePlatform({
  loadNative,
  loadWasm: (source) => loadWasm(source, readPlace),
  readModel: readModelFiles,
  missing: '',
  env: variable,
});

export * from './public.js';

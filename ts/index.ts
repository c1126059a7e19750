/**
 * index.ts - the entry for Node: the native addon, or WebAssembly where that cannot be loaded.
 * SPDX-License-Identifier: MIT
 */
import { readFile } from 'node:fs/promises';

import { variable } from './environment.js';
import { loadNative } from './native.js';
import { readModelFiles } from './model-files.js';
import { usePlatform } from './platform.js';
import { loadWasm } from './wasm.js';

usePlatform({
  loadNative,
  loadWasm: (source) => loadWasm(source, readFile),
  readModel: readModelFiles,
  missing: '',
  env: variable,
});

export * from './public.js';

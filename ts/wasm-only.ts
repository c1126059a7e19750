/**
 * wasm-only.ts - the entry `bit-ttt/wasm` on Node: WebAssembly, whatever the environment says.
 * SPDX-License-Identifier: MIT
 */
import { readFile } from 'node:fs/promises';

import { readModelFiles } from './model-files.js';
import { usePlatform } from './platform.js';
import { loadWasm } from './wasm.js';

usePlatform({
  loadWasm: (source) => loadWasm(source, readFile),
  readModel: readModelFiles,
  missing: 'the entry bit-ttt/wasm has no native addon',
});

export * from './public.js';

/**
 * wasm-only.ts - the entry `bit-ttt/wasm` on Node: WebAssembly, whatever the environment says.
 * SPDX-License-Identifier: MIT
 */
import { readFile } from 'node:fs/promises';

import { usePlatform } from './platform.js';
import { loadWasm } from './wasm.js';

usePlatform({
  loadWasm: (source) => loadWasm(source, readFile),
  missing: 'the entry bit-ttt/wasm has no native addon',
});

export * from './public.js';

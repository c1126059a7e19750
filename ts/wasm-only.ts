/**
 * wasm-only.ts - the entry `bit-ttt/wasm` on Node: WebAssembly, whatever the environment says.
 * SPDX-License-Identifier: MIT
 */
import { usePlatform } from './engine/choose.js';
import { loadWasm } from './engine/wasm/load.js';
import { localFiles } from './files/file-bytes.js';

usePlatform({ loadWasm, files: localFiles, missing: 'the entry bit-ttt/wasm has no native addon' });

export * from './public.js';

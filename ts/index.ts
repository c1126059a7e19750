/**
 * index.ts - the entry for Node: the native addon, or WebAssembly where that cannot be loaded.
 * SPDX-License-Identifier: MIT
 */
import { variable } from './common/environment.js';
import { usePlatform } from './engine/choose.js';
import { loadNative } from './engine/native/load.js';
import { loadWasm } from './engine/wasm/load.js';
import { localFiles } from './files/file-bytes.js';

usePlatform({ loadNative, loadWasm, files: localFiles, missing: '', env: variable });

export * from './public.js';

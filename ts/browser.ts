/**
 * browser.ts - the entry for browsers, workers and edge runtimes: WebAssembly only, and nothing of
 * Node in sight of a bundler.
 * SPDX-License-Identifier: MIT
 */
import { usePlatform } from './engine/choose.js';
import { loadWasm } from './engine/wasm/load.js';

usePlatform({ loadWasm, missing: 'the native addon exists only on Node' });

export * from './public.js';

/**
 * native-only.ts - the entry `bit-ttt/native`: the addon or an error, no WebAssembly.
 * SPDX-License-Identifier: MIT
 */
import { readModelFiles } from './model-files.js';
import { loadNative } from './native.js';
import { usePlatform } from './platform.js';

usePlatform({
  loadNative,
  readModel: readModelFiles,
  missing: 'the entry bit-ttt/native has no WebAssembly',
});

export * from './public.js';

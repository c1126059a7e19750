/**
 * native-only.ts - the entry `bit-ttt/native`: the addon or an error, no WebAssembly.
 * SPDX-License-Identifier: MIT
 */
import { readModelFiles } from './files/model-files.js';
import { loadNative } from './engine/native/load.js';
import { usePlatform } from './engine/choose.js';

usePlatform({
  loadNative,
  readModel: readModelFiles,
  missing: 'the entry bit-ttt/native has no WebAssembly',
});

export * from './public.js';

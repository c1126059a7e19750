/**
 * native-only.ts - the entry `bit-ttt/native`: the addon or an error, no WebAssembly.
 * SPDX-License-Identifier: MIT
 */
import { usePlatform } from './engine/choose.js';
import { loadNative } from './engine/native/load.js';
import { localFiles } from './files/file-bytes.js';

usePlatform({
  loadNative,
  files: localFiles,
  missing: 'the entry bit-ttt/native has no WebAssembly',
});

export * from './public.js';

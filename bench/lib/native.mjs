/**
 * native.mjs - builds and starts the measuring program in C.
 * SPDX-License-Identifier: MIT
 */
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { startProcess } from './contestant.mjs';
import { workFolder } from './peers.mjs';

const execute = promisify(execFile);
const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/**
 * @returns {Promise<string>} the program
 */
export async function buildNative() {
  const folder = join(workFolder, 'native');
  const options = { maxBuffer: 1 << 26 };
  await execute('cmake', ['-S', root, '-B', folder, '-DBIT_TTT_BENCH=ON'], options);
  await execute('cmake', ['--build', folder, '--target', 'bench_native', '-j', '2'], options);
  return join(folder, 'bench', 'native', 'bench_native');
}

/**
 * Builds the ternary product as WebAssembly modules (native/wasm.c).
 * @returns {Promise<{simd128: string, relaxed: string}>} where they are
 */
export async function buildWasm() {
  const folder = join(workFolder, 'wasm');
  const options = { maxBuffer: 1 << 26 };
  await execute('emcmake', ['cmake', '-S', root, '-B', folder, '-DBIT_TTT_BENCH=ON'], options);
  await execute('cmake', ['--build', folder, '--target', 'bench_wasm', '-j', '2'], options);
  const module = (name) => join(folder, 'bench', 'native', `${name}.wasm`);
  return { simd128: module('simd128'), relaxed: module('relaxed') };
}

/** Jobs: see native/main.c. */
export async function startNative(name = 'bit-ttt (C)') {
  return startProcess(name, await buildNative(), [], { ready: false });
}

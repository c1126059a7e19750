/**
 * wasm-kernels.mjs - the ternary product in WebAssembly: `matmul ROWS COLS TOKENS [SECONDS]` gives
 * GMAC/s. Usage: node wasm-kernels.mjs MODULE.wasm
 * SPDX-License-Identifier: MIT
 */
import { readFileSync } from 'node:fs';
import { serveJobs } from '../lib/contestant.mjs';
import { rate } from '../lib/rate.mjs';

const none = () => 0;
const imports = new Proxy({}, { get: () => new Proxy({}, { get: () => none, has: () => true }) });
const { instance } = await WebAssembly.instantiate(readFileSync(process.argv[2]), imports);
const { _initialize, bench_prepare, bench_run } = instance.exports;
_initialize?.();

await serveJobs(`V8 ${process.versions.v8}`, async ([job, ...numbers]) => {
  if (job !== 'matmul') throw new Error('unknown job');
  const [rows, cols, tokens, seconds = 0.3] = numbers.map(Number);
  const status = bench_prepare(rows, cols, tokens);
  if (status !== 0) throw new Error(`status ${status}`);
  const turns = await rate(seconds, bench_run);
  return (turns * rows * cols * tokens) / 1e9;
});

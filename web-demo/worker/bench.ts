/**
 * bench.ts - measures the layer on this device: plain JavaScript, WebAssembly SIMD, and memories of
 * their own on several threads.
 * SPDX-License-Identifier: MIT
 */
import { getInfo, TTT } from 'bit-ttt';
import type { Measurement } from '../../ts/bench/measure.js';
import { measureDim } from '../../ts/bench/measure.js';
import type { Calls, Context } from '../protocol.js';
import { ENGINE } from './engine.js';
import { workerTurns } from './turns.js';

const TOKENS = 1000;

export async function bench(
  { dims, seconds }: Calls['bench']['params'],
  { signal, report }: Context<string>,
): Promise<Measurement[]> {
  const { kernel } = await getInfo(ENGINE);
  const contestants = [
    { target: 'js' as const, kernel: 'plain', threads: 1 },
    { target: 'wasm' as const, kernel, threads: 1 },
  ];
  const all: Measurement[] = [];
  const turns = workerTurns();
  for (const dim of dims) {
    report(`dimension ${dim}`);
    await turns.rest();
    if (signal.aborted) break;
    all.push(...(await measureDim(contestants, dim, seconds, () => {}, ENGINE)));
  }
  return all;
}

/**
 * Tokens a second of one of several workers that start together: each waits at a barrier, a count in
 * shared memory (`gate`), until all have arrived.
 */
export async function spin({
  dim,
  seconds,
  gate,
  workers,
}: Calls['spin']['params']): Promise<number> {
  const layer = await TTT.create({ hiddenDim: dim, ...ENGINE });
  const input = Float32Array.from({ length: TOKENS * dim }, (_, i) => Math.sin(i * i));
  const output = new Float32Array(input.length);
  layer.forward(input, output); // warm up
  if (Atomics.add(gate, 0, 1) + 1 === workers) Atomics.notify(gate, 0);
  for (let here = Atomics.load(gate, 0); here < workers; here = Atomics.load(gate, 0)) {
    Atomics.wait(gate, 0, here, 1000);
  }
  const began = performance.now();
  let tokens = 0;
  while (performance.now() - began < 1000 * seconds) {
    layer.forward(input, output);
    tokens += TOKENS;
  }
  const rate = (1000 * tokens) / (performance.now() - began);
  layer.destroy();
  return rate;
}

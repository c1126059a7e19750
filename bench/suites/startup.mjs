/**
 * startup.mjs - how long a program takes from its start to its first result, each in a fresh process, and
 * how much memory it then has.
 * SPDX-License-Identifier: MIT
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { absent } from '../lib/contestant.mjs';
import { interleave } from '../lib/measure.mjs';

export const title = 'From the start of the process to the first result';

const execute = promisify(execFile);
const script = fileURLToPath(new URL('../contestants/first.mjs', import.meta.url));

/** A contestant that starts anew for every figure: ms of the whole process, or MB that it then has. */
function fresh(name, kind, folder) {
  return {
    name,
    async measure(job) {
      const begin = performance.now();
      const { stdout } = await execute(process.execPath, [
        script,
        kind,
        ...(folder ? [folder] : []),
      ]);
      const taken = performance.now() - begin;
      return job === 'time' ? taken : Number(stdout.trim()) / 1e6;
    },
  };
}

/** @param {import('../run.mjs').Context} context */
export async function run(context) {
  const layers = [
    fresh('Node alone', 'nothing'),
    fresh('bit-ttt (addon)', 'native'),
    fresh('bit-ttt (WebAssembly)', 'wasm'),
  ];
  const models = [
    fresh('bit-ttt, a story begins (addon)', 'story-native'),
    fresh('bit-ttt, a story begins (WebAssembly)', 'story-wasm'),
  ];
  try {
    const folder = await context.peers('layer', { ONNXRUNTIME_NODE_INSTALL_CUDA: 'skip' });
    layers.push(fresh('ONNX Runtime (node)', 'onnx-node', folder));
    layers.push(fresh('ONNX Runtime (web)', 'onnx-web', folder));
    layers.push(fresh('TensorFlow.js (wasm)', 'tfjs', folder));
  } catch (error) {
    layers.push(absent('peers', error));
  }
  const entries = [...layers, ...models].flatMap((contestant) => [
    {
      contestant,
      job: 'time',
      row: { suite: 'startup', case: 'time', unit: 'ms', higherIsBetter: false },
    },
    {
      contestant,
      job: 'memory',
      row: { suite: 'startup', case: 'resident memory', unit: 'MB', higherIsBetter: false },
    },
  ]);
  const rows = await interleave(entries, Math.max(3, context.rounds), context.log);
  return {
    rows,
    targets: [],
    notes: [
      'One layer of dimension 64 reads one token; the shipped model writes its first piece. All with what Node itself takes.',
    ],
  };
}

/**
 * model.mjs - a language model of one shape (12 M parameters, random weights) decoding and reading, ours
 * beside llama.cpp's two ways into JavaScript; and what JavaScript costs us.
 * SPDX-License-Identifier: MIT
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProcess } from '../lib/contestant.mjs';
import { writeGguf } from '../lib/gguf.mjs';
import { interleave, ratioOf } from '../lib/measure.mjs';
import { writeRandomModel } from '../lib/random-model.mjs';

export const title = 'Language model: 256 wide, 4 layers, MLP 1024, 16,384 tokens; one thread';

const SHAPE = { dim: 256, layers: 4, heads: 4, mlp: 1024, vocab: 16384, context: 2048 };
const SHIPPED = fileURLToPath(new URL('../../models/bit-llama.bitt', import.meta.url));
const contestantsFolder = fileURLToPath(new URL('../contestants', import.meta.url));

/** Types of weights for each peer: in a quick run those that were best of all. */
const NODE_TYPES = { quick: ['TQ2_0', 'Q4_0'], full: ['TQ2_0', 'Q4_0', 'Q8_0', 'BF16'] };
const PAGE_TYPES = { quick: ['F32'], full: ['F32', 'TQ2_0', 'Q8_0'] };

const script = (name) => join(contestantsFolder, name);

/** A contestant, or a stand-in that says why there is none. */
async function attempt(name, start) {
  try {
    return await start();
  } catch (error) {
    return {
      name,
      measure: () => Promise.reject(error),
      stop: () => Promise.resolve(),
    };
  }
}

function startNode(name, file, args, flags = []) {
  return attempt(name, () => startProcess(name, process.execPath, [...flags, script(file), ...args]));
}

/** The model file of a type, written when it is first asked for. */
function ggufOf(work, type) {
  const path = join(work, `${type}.gguf`);
  if (!existsSync(path)) writeGguf(path, SHAPE, type);
  return path;
}

async function startPeers(context) {
  const kind = context.full ? 'full' : 'quick';
  let folder;
  try {
    folder = await context.peers('model');
  } catch (error) {
    const missing = await attempt('node-llama-cpp', () => Promise.reject(error));
    return { node: [missing], page: [{ ...missing, name: 'wllama' }] };
  }
  const node = [];
  for (const type of NODE_TYPES[kind])
    node.push(await startNode(`node-llama-cpp, ${type}`, 'llama-cpp.mjs', [folder, ggufOf(context.work, type), 'flash']));
  const page = [];
  for (const type of PAGE_TYPES[kind])
    page.push(await startNode(`wllama, ${type}`, 'llama-page.mjs', ['wllama', ggufOf(context.work, type), folder]));
  return { node, page };
}

const common = { suite: 'model', unit: 'tokens/s', higherIsBetter: true };

/** Decode and prefill of each, `jobs(contestant)` giving the two lines. */
function entriesFor(where, contestants, seconds, jobs) {
  return contestants.flatMap((contestant) => {
    const [decode, prefill] = jobs ?? [`decode 128 ${seconds}`, `prefill 128 ${seconds}`];
    return [
      { contestant, job: decode, row: { ...common, case: `decode${where}` } },
      { contestant, job: prefill, row: { ...common, case: `prefill of 128 tokens${where}` } },
    ];
  });
}

const best = (rows) => rows.filter((row) => row.median).reduce((a, b) => (a && a.median >= b.median ? a : b), undefined);

/** Ours against the best peer of a case. */
function against(rows, name, ours, peer, target) {
  const one = rows.find((row) => row.case === name && row.contestant === ours);
  const other = best(rows.filter((row) => row.case === name && row.contestant.startsWith(peer)));
  const value = ratioOf(one, other);
  if (value === undefined) return [];
  return [{ text: `${name}: ${ours} against ${other.contestant}`, value, target, met: value >= target }];
}

/** @param {import('../run.mjs').Context} context */
export async function run(context) {
  const model = join(context.work, 'random.bitt');
  if (!existsSync(model)) await writeRandomModel(model, SHAPE);
  const native = await context.native('Bit-Llama (C)');
  const addon = await startNode('Bit-Llama (addon)', 'bit-llama.mjs', [model, 'native']);
  const wasm = await startNode('Bit-Llama (WebAssembly)', 'bit-llama.mjs', [model, 'wasm'], ['--experimental-wasm-relaxed-simd']);
  const page = await startNode('Bit-Llama (Chromium)', 'llama-page.mjs', ['ours', model]);
  const shipped = await startNode('Bit-Llama (addon, generate)', 'bit-llama.mjs', [SHIPPED, 'native']);
  const peers = await startPeers(context);
  const { seconds, rounds, log } = context;
  const kernel = 'auto';
  const inC = (path) => [`read ${kernel} ${path} 1 1 ${seconds}`, `read ${kernel} ${path} 128 1 ${seconds}`];
  const entries = [
    ...entriesFor(' (Node)', [native], seconds, inC(model)),
    ...entriesFor(' (Node)', [addon, wasm, ...peers.node], seconds),
    ...entriesFor(' (browser)', [page, ...peers.page], seconds),
    { contestant: native, job: inC(SHIPPED)[0], row: { ...common, case: 'the shipped model writes' } },
    { contestant: shipped, job: `decode 256 ${seconds}`, row: { ...common, case: 'the shipped model writes' } },
  ];
  const rows = await interleave(entries, rounds, log);
  const all = [native, addon, wasm, page, shipped, ...peers.node, ...peers.page];
  await Promise.all(all.map((one) => one.stop()));
  const written = rows.filter((row) => row.case === 'the shipped model writes');
  const share = ratioOf(written[1], written[0]);
  return {
    rows,
    targets: [
      ...against(rows, 'decode (Node)', 'Bit-Llama (C)', 'node-llama-cpp', 5),
      ...against(rows, 'prefill of 128 tokens (Node)', 'Bit-Llama (C)', 'node-llama-cpp', 3),
      ...against(rows, 'decode (browser)', 'Bit-Llama (Chromium)', 'wllama', 15),
      ...against(rows, 'prefill of 128 tokens (browser)', 'Bit-Llama (Chromium)', 'wllama', 4),
      ...(share === undefined
        ? []
        : [{ text: 'the shipped model: generate() in JavaScript against C', value: share, target: 0.7, met: share >= 0.7 }]),
    ],
    notes: [
      'All have the same widths, layers and vocabulary; peers are llamas (attention), ours has its memory instead. Weights are random, so nothing is said about quality.',
      'Greedy. Peers with flash attention, which was faster in every case; wllama by its own timings, which leave out its messages between threads.',
      'Ours with int8 embedding and head and ternary layers; peers with one type for all matrices, the best of which is what ours is compared with.',
    ],
  };
}

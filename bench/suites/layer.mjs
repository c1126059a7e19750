/**
 * layer.mjs - the layer: ours on every kernel and through JavaScript, the same in plain JavaScript, in
 * TensorFlow.js and in ONNX Runtime; and how far it is from what the core's arithmetic allows.
 * SPDX-License-Identifier: MIT
 */
import { fileURLToPath } from 'node:url';
import { absent, relaxedFlags, startProcess } from '../lib/contestant.mjs';
import { interleave, ratioOf } from '../lib/measure.mjs';
import { buildNative } from '../lib/native.mjs';

export const title = 'The layer (reconstruct), tokens per second';

const DIMS = { quick: [128, 512], full: [64, 128, 256, 512, 1024, 2048, 4096] };
/** Where the rules are compared; the other rows are of the rule gradient. */
const RULE_DIMS = { quick: [256], full: [256, 640, 1024] };
const KERNELS = { avx512: 'AVX-512', avx2: 'AVX2', baseline: 'SSE2' };
/** Peers, and plain JavaScript, that take seconds for a call at larger sizes are left out there. */
const PEER_MOST = 1024;
const script = fileURLToPath(new URL('../contestants/layer.mjs', import.meta.url));

const common = { suite: 'layer', unit: 'tokens/s', higherIsBetter: true };
const caseOf = (dim, length) =>
  `dim ${dim}, ${length === 1 ? 'one token' : `${length} tokens`} a call`;

/**
 * Tokens/s that the arithmetic alone allows: the ternary products at the dot product's limit, the two
 * passes over the memory (read, and update) at the limit of multiply-adds, and nine vector operations for
 * each 16 numbers that are quantised or normalised.
 */
function bound(dim, dotLimit, fmaLimit) {
  const d = dim / 4;
  const ternary = (2 * dim * d) / (dotLimit * 1e9);
  const memory = (2 * d * d) / (fmaLimit * 1e9);
  const vectors = ((dim + 2 * d) * 9) / (fmaLimit * 1e9);
  return 1 / (ternary + memory + vectors);
}

function startScript(name, kind, peers, flags = []) {
  const started = startProcess(name, process.execPath, [
    ...flags,
    script,
    kind,
    ...(peers ? [peers] : []),
  ]);
  return started.catch((error) => absent(name, error));
}

async function startAll(context) {
  const program = await buildNative();
  const native = {};
  for (const [kernel, name] of Object.entries(KERNELS))
    native[kernel] = await startProcess(`bit-ttt ${name} (C)`, program, [], { ready: false });
  const limits = await startProcess('limit', program, [], { ready: false });
  const javascript = [
    await startScript('bit-ttt (addon)', 'native'),
    await startScript('bit-ttt (WebAssembly)', 'wasm', undefined, relaxedFlags),
    await startScript('plain JavaScript', 'plain'),
  ];
  let folder;
  const peers = [];
  try {
    folder = await context.peers('layer', { ONNXRUNTIME_NODE_INSTALL_CUDA: 'skip' });
    peers.push(await startScript('ONNX Runtime (node)', 'onnx-node', folder));
    peers.push(await startScript('ONNX Runtime (web)', 'onnx-web', folder));
    peers.push(await startScript('TensorFlow.js (wasm)', 'tfjs', folder));
  } catch (error) {
    peers.push(absent('peers', error));
  }
  return { native, limits, javascript, peers };
}

function entriesOf({ native, limits, javascript, peers }, dims, seconds) {
  const entries = ['vpdpbusd', 'fma512'].map((name) => ({
    contestant: { ...limits, name },
    job: `peak ${name} ${seconds}`,
    row: { ...common, unit: 'GMAC/s', case: name, limit: true },
  }));
  for (const dim of dims)
    for (const length of [1000, 1]) {
      const row = { ...common, case: caseOf(dim, length), dim, length };
      for (const [kernel, contestant] of Object.entries(native))
        entries.push({
          contestant,
          job: `layer ${kernel} ${dim} ${length} 1 ${seconds}`,
          row: { ...row, kernel },
        });
      for (const contestant of dim <= PEER_MOST
        ? [...javascript, ...peers]
        : javascript.slice(0, 2))
        entries.push({ contestant, job: `layer ${dim} ${length} ${seconds}`, row });
    }
  for (const dim of dims.filter((one) => one >= 1024))
    for (const threads of [1, 2])
      entries.push({
        contestant: {
          ...native.avx512,
          name: `bit-ttt (C), ${threads} thread${threads > 1 ? 's' : ''}`,
        },
        job: `layer auto ${dim} 1000 ${threads} ${seconds}`,
        row: { ...common, case: `dim ${dim}, threads`, dim, threads },
      });
  return entries;
}

/** Both rules on the best kernel, in one process. */
function ruleEntries(native, dims, seconds) {
  const entries = [];
  for (const width of dims)
    for (const objective of ['reconstruct', 'predict'])
      for (const tokens of [1, 64])
        for (const rule of ['gradient', 'rls'])
          entries.push({
            contestant: { ...native.avx512, name: `bit-ttt (C), ${rule}` },
            job: `rule ${rule} ${objective} ${width} ${tokens} ${seconds}`,
            row: {
              ...common,
              case: `${objective}, ${caseOf(width, tokens)}`,
              rule,
            },
          });
  return entries;
}

/** The time of rls over that of gradient. */
function ruleTargets(rows) {
  return rows
    .filter(({ rule }) => rule === 'rls')
    .map((row) => {
      const other = rows.find((one) => one.case === row.case && one.rule === 'gradient');
      return { text: `${row.case}: time of rls over gradient's`, value: ratioOf(other, row) };
    })
    .filter(({ value }) => value !== undefined)
    .map((one) => ({ ...one, target: 3, most: true, met: one.value <= 3 }));
}

function targetsOf(rows) {
  const limit = (name) => rows.find((row) => row.case === name)?.median;
  const find = (dim, length) =>
    rows.find(
      (row) => row.dim === dim && row.length === length && row.kernel === 'avx512' && row.median,
    );
  const targets = [];
  for (const dim of new Set(rows.map((row) => row.dim).filter((dim) => dim >= 128))) {
    const many = find(dim, 1000);
    const one = find(dim, 1);
    if (many && limit('vpdpbusd') && limit('fma512')) {
      const value = many.median / bound(dim, limit('vpdpbusd'), limit('fma512'));
      targets.push({
        text: `dim ${dim}, 1000 tokens a call: share of the arithmetic bound`,
        value,
        target: 0.75,
        met: value >= 0.75,
      });
    }
    if (many && one && dim <= 256) {
      const value = ratioOf(one, many);
      targets.push({
        text: `dim ${dim}: one token a call against 1000`,
        value,
        target: 0.5,
        met: value >= 0.5,
      });
    }
    const [single, double] = [1, 2].map((n) =>
      rows.find((row) => row.dim === dim && row.threads === n),
    );
    const value = ratioOf(double, single);
    if (value !== undefined)
      targets.push({
        text: `dim ${dim}: two threads against one`,
        value,
        target: 1.8,
        met: value >= 1.8,
      });
  }
  return targets;
}

/** @param {import('../run.mjs').Context} context */
export async function run(context) {
  const all = await startAll(context);
  const size = context.full ? 'full' : 'quick';
  const entries = [
    ...entriesOf(all, DIMS[size], context.seconds),
    ...ruleEntries(all.native, RULE_DIMS[size], context.seconds),
  ];
  const rows = await interleave(entries, context.rounds, context.log);
  return {
    rows,
    targets: [...targetsOf(rows), ...ruleTargets(rows)],
    notes: [
      'Before it is timed, each contestant in JavaScript must give our output within 1e-3 for the same weights.',
      'ONNX Runtime runs the layer as one graph, a Scan over the tokens; TensorFlow.js runs its operations token by token. Both multiply in float32, as they have no ternary product. tfjs-node is left out: it downloads its library from elsewhere.',
      'Peers are measured up to dim 1024.',
      'Rows that name a rule compare the two rules of the layer on the best kernel; all others are of the rule gradient.',
    ],
  };
}

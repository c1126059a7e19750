/**
 * kernels.mjs - the ternary product through the public API, natively and in WebAssembly, as a share of
 * what the core's integer instructions can do at best.
 * SPDX-License-Identifier: MIT
 */
import { fileURLToPath } from 'node:url';
import { absent, relaxedFlags, startProcess } from '../lib/contestant.mjs';
import { interleave } from '../lib/measure.mjs';
import { buildNative, buildWasm } from '../lib/native.mjs';

export const title = 'Ternary products (one thread, weights at hand, activations quantised before)';

const SHAPES = [
  [256, 256],
  [1024, 1024],
  [4096, 4096],
  [32, 128],
];
const QUICK_SHAPES = [SHAPES[0], SHAPES[1], SHAPES[3]];

/** The instruction whose loop is the limit of each kernel. */
const LIMITS = { avx512: 'vpdpbusd', avx2: 'vpmaddubsw' };

/** Least share of the limit, by [kernel][one token or many], and for 32 x 128. */
const AIMS = {
  avx512: { one: 0.85, many: 0.85, small: 0.65 },
  avx2: { one: 110 / 234, many: 145 / 234 }, // as stated for a core whose limit is 234
};

/** GMAC/s that WebAssembly should reach on a core whose vpdpbusd limit is 234. */
const WASM_AIMS = [
  ['simd128', 256, 64, 60],
  ['simd128', 1024, 64, 80],
  ['simd128', 256, 1, 28],
  ['relaxed', 256, 1, 45],
];

const caseOf = ([rows, cols], tokens) =>
  `${rows} x ${cols}, ${tokens === 1 ? 'one token' : `${tokens} tokens`}`;

async function startContestants() {
  const program = await buildNative();
  const start = (name) => startProcess(name, program, [], { ready: false });
  const wasm = fileURLToPath(new URL('../contestants/wasm-kernels.mjs', import.meta.url));
  const modules = await buildWasm();
  const startWasm = (name, module) =>
    startProcess(name, process.execPath, [...relaxedFlags, wasm, module]).catch((error) =>
      absent(name, error),
    );
  return {
    native: {
      avx512: await start('AVX-512'),
      avx2: await start('AVX2'),
      baseline: await start('SSE2'),
    },
    limits: await start('limit'),
    wasm: {
      simd128: await startWasm('WebAssembly SIMD128', modules.simd128),
      relaxed: await startWasm('WebAssembly relaxed SIMD', modules.relaxed),
    },
  };
}

const common = { suite: 'kernels', unit: 'GMAC/s', higherIsBetter: true };

function entriesOf({ native, limits, wasm }, shapes, seconds) {
  const entries = Object.values(LIMITS).map((name) => ({
    contestant: { ...limits, name },
    job: `peak ${name} ${seconds}`,
    row: { ...common, case: name, limit: true },
  }));
  for (const shape of shapes)
    for (const tokens of [1, 64]) {
      const row = { ...common, case: caseOf(shape, tokens) };
      for (const [kernel, contestant] of Object.entries(native))
        entries.push({
          contestant,
          job: `matmul ${kernel} ${shape[0]} ${shape[1]} ${tokens} ${seconds}`,
          row: { ...row, kernel, shape, tokens, of: LIMITS[kernel] },
        });
      const job = `matmul ${shape[0]} ${shape[1]} ${tokens} ${seconds}`;
      for (const [kernel, contestant] of Object.entries(wasm))
        entries.push({ contestant, job, row: { ...row, kernel, shape, tokens } });
    }
  return entries;
}

function targetsOf(rows) {
  const limit = (name) => rows.find((row) => row.case === name)?.median;
  const targets = [];
  for (const row of rows) {
    const aims = AIMS[row.kernel];
    if (!aims || !row.median || !limit(row.of)) continue;
    const small = row.shape[0] < 256;
    const target = small ? aims.small : row.tokens === 1 ? aims.one : aims.many;
    if (target === undefined) continue;
    const value = row.median / limit(row.of);
    targets.push({
      text: `${row.contestant}, ${row.case}: share of the limit`,
      value,
      target,
      met: value >= target,
    });
  }
  for (const [kernel, width, tokens, aim] of WASM_AIMS) {
    const row = rows.find(
      (one) =>
        one.kernel === kernel &&
        one.shape[0] === width &&
        one.shape[1] === width &&
        one.tokens === tokens,
    );
    if (!row?.median) continue;
    targets.push({
      text: `${row.contestant}, ${row.case}: GMAC/s`,
      value: row.median,
      target: aim,
      met: row.median >= aim,
    });
  }
  return targets;
}

/** @param {import('../run.mjs').Context} context */
export async function run(context) {
  const contestants = await startContestants();
  const shapes = context.full ? SHAPES : QUICK_SHAPES;
  const entries = entriesOf(contestants, shapes, context.seconds);
  const rows = await interleave(entries, context.rounds, context.log);
  return {
    rows,
    targets: targetsOf(rows),
    notes: [
      'A limit is a loop of one instruction over twelve registers: vpdpbusd makes 64 products of 8 bits, vpmaddubsw 32.',
      'SSE2 and WebAssembly SIMD128 multiply many tokens by looking sums up (src/kernels/lookup128.h), for which these instructions are no limit.',
    ],
  };
}

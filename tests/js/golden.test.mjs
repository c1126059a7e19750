// The original engine's vectors (tests/golden/vectors.json) on both backends: outputs and the final
// memory within the original's tolerance. The file with a NaN is refused as a whole.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { TTT } from 'bit-ttt';

const { cases } = JSON.parse(
  readFileSync(new URL('../golden/vectors.json', import.meta.url), 'utf8'),
);
const backends = (process.env.BIT_TTT_TEST_BACKENDS ?? 'native,wasm').split(',');

const floats = (base64) => {
  const bytes = Buffer.from(base64, 'base64');
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(4 * i));
};

/** The documented weight formulas, [in][out]. */
const formulas = {
  hash3(i, o, seed) {
    let h =
      (Math.imul(i, 0x9e3779b1) + Math.imul(o, 0x85ebca77) + Math.imul(seed, 0xc2b2ae3d)) >>> 0;
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d) >>> 0;
    h = Math.imul(h ^ (h >>> 12), 0x297a2d39) >>> 0;
    return (((h ^ (h >>> 15)) >>> 0) % 3) - 1;
  },
  mod3: (i, o, seed) => ((i * 31 + o * 17 + seed) % 3) - 1,
};

function makeWeights([formula, downSeed, upSeed], dim) {
  const d = Math.floor(dim / 4);
  const make = (ins, outs, seed) =>
    Int8Array.from({ length: ins * outs }, (_, n) =>
      formulas[formula](Math.floor(n / outs), n % outs, seed),
    );
  return { down: make(dim, d, downSeed), up: make(d, dim, upSeed) };
}

function makeInput({ base64, lcg, period, scale }, dim, length) {
  if (base64) return floats(base64);
  let state = lcg;
  const input = new Float32Array(length * dim);
  for (let i = 0; i < input.length; i++) {
    if (i >= period * dim) {
      input[i] = input[i - period * dim];
      continue;
    }
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    input[i] = ((state >>> 8) * 2 ** -23 - 1) * scale;
  }
  return input;
}

/** |a - b| / |b| over the residuals (output - input) of one token. */
function tokenError(output, expected, input) {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < input.length; i++) {
    difference += (output[i] - expected[i]) ** 2;
    size += (expected[i] - input[i]) ** 2;
  }
  return size === 0 ? Math.sqrt(difference) : Math.sqrt(difference / size);
}

for (const backend of backends)
  describe(`golden vectors of the original (${backend})`, () => {
    for (const golden of cases)
      it(golden.name, async () => {
        const { dim, inner_lr: innerLr, seq_len: length } = golden;
        const weights = makeWeights(golden.weights, dim);
        const layer = await TTT.create({ backend, hiddenDim: dim, innerLr, weights });
        const input = makeInput(golden.input, dim, length);
        if (!input.every(Number.isFinite)) {
          assert.throws(() => layer.forward(input), { code: 'NON_FINITE' });
          assert.ok(layer.getMemory().every((w) => w === 0));
          return layer.destroy();
        }
        const output = layer.forward(input);
        const expected = floats(golden.output);
        const part = (array, t) => array.subarray(t * dim, (t + 1) * dim);
        golden.tokens.forEach((token, i) => {
          const error = tokenError(part(output, token), part(expected, i), part(input, token));
          assert.ok(error <= 1e-5, `token ${token}: ${error}`);
        });
        const memory = layer.getMemory();
        const norm = Math.sqrt(memory.reduce((sum, w) => sum + w * w, 0));
        assert.ok(
          Math.abs(norm - golden.memory_frobenius) <= 1e-5 * (golden.memory_frobenius + 1e-9),
        );
        layer.destroy();
      });
  });

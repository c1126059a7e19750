// golden.mjs - packs the original engine's golden vectors into tests/golden/vectors.json.
// SPDX-License-Identifier: MIT
//
// Usage: node tests/tools/golden.mjs [FOLDER OF THE ORIGINAL FILES] > tests/golden/vectors.json
//
// One line per case. Numbers that must be exact are little-endian float32 in base64:
//   weights     formula and seeds of down and up; weights_fnv: FNV-1a of both
//   input       {lcg: seed, period, scale}: token t is token t mod period of the generator's, times
//               scale, or {base64}
//   input_fnv   FNV-1a of the input's bytes, every NaN as 0x7fc00000
//   tokens      whose rows are in output; not all of a long case, and not token 0 there, which is
//               always a copy of the input, as W is still zero
//   residual    |output - input| of every token
//   memory      entry i is that of the final W, row-major [d][d], at i * 37 mod d * d
// A reader regenerates weights and input by the same formulas; this script does so itself and stops
// if a checksum does not fit.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const folder = process.argv[2] ?? path.join(root, '../shared/golden');
const MEMORY_ENTRIES = 32;

function fnv1a(bytes) {
  let hash = 0x811c9dc5;
  for (const byte of bytes) hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  return hash;
}

function bytesOf(floats) {
  return new Uint8Array(floats.buffer, floats.byteOffset, floats.byteLength);
}

function base64(floats) {
  return Buffer.from(bytesOf(floats)).toString('base64');
}

// w[in][out], the formulas of the golden files' description, all modulo 2^32.
function weight(formula, input, output, seed) {
  if (formula === 'mod3') return ((input * 31 + output * 17 + seed) % 3) - 1;
  let h = Math.imul(input, 0x9e3779b1) + Math.imul(output, 0x85ebca77);
  h += Math.imul(seed, 0xc2b2ae3d);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  h = (h ^ (h >>> 15)) >>> 0;
  return (h % 3) - 1;
}

function weights(formula, inputs, outputs, seed) {
  const w = new Int8Array(inputs * outputs);
  for (let i = 0; i < inputs; i++)
    for (let o = 0; o < outputs; o++) w[i * outputs + o] = weight(formula, i, o, seed);
  return w;
}

// x = (s >> 8) * 2^-23 - 1 over s <- s * 1664525 + 1013904223.
function generate({ lcg, period, scale }, dim, seqLen) {
  const x = new Float32Array(dim * seqLen);
  let s = lcg;
  for (let i = 0; i < dim * seqLen; i++) {
    if (i >= period * dim) {
      x[i] = x[i - period * dim];
      continue;
    }
    s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
    x[i] = Math.fround(((s >>> 8) * 2 ** -23 - 1) * scale);
  }
  return x;
}

function floats(json, key) {
  const bits = json[`${key}_bits`];
  if (bits) return new Float32Array(Uint32Array.from(bits).buffer);
  return Float32Array.from(json[key]);
}

function inputOf(json) {
  const { dim, seq_len: seqLen, input_formula: formula } = json;
  let input = null;
  if (formula.startsWith('lcg seed 12345')) input = { lcg: 12345, period: seqLen, scale: 1 };
  if (formula.startsWith('lcg seed 777 for 3')) input = { lcg: 777, period: 3, scale: 1 };
  if (formula.startsWith('repeat3 tokens * 1000')) input = { lcg: 777, period: 3, scale: 1000 };
  const x = input ? generate(input, dim, seqLen) : floats(json, 'input');
  const canonical = x.slice();
  const bits = new Uint32Array(canonical.buffer);
  for (let i = 0; i < x.length; i++) if (Number.isNaN(x[i])) bits[i] = 0x7fc00000;
  if (fnv1a(bytesOf(canonical)) !== json.input_fnv1a32) throw new Error('input does not fit');
  return input ?? { base64: base64(x) };
}

function checkWeights(json) {
  const { dim, d_small: d, weights_formula: formula } = json;
  const down = weights(formula, dim, d, json.weights_seed_down);
  const up = weights(formula, d, dim, json.weights_seed_up);
  if (fnv1a(new Uint8Array(down.buffer)) !== json.weights_down_fnv1a32) throw new Error('down');
  if (fnv1a(new Uint8Array(up.buffer)) !== json.weights_up_fnv1a32) throw new Error('up');
}

// Small outputs whole; of others the second and the last token.
function keptTokens(json) {
  const { dim, seq_len: seqLen } = json;
  const all = [...Array(seqLen).keys()];
  return dim * seqLen <= 400 ? all : all.filter((t) => t > 0 && (t === 1 || t === seqLen - 1));
}

function row(x, index, dim) {
  return x.subarray(index * dim, (index + 1) * dim);
}

function pack(name) {
  const json = JSON.parse(readFileSync(path.join(folder, name), 'utf8'));
  checkWeights(json);
  const tokens = keptTokens(json);
  const output = floats(json, 'output');
  const rows = tokens.map((t) => json.output_tokens.indexOf(t));
  const memory = floats(json, 'w_state');
  const size = json.d_small ** 2;
  const at = Array.from({ length: Math.min(size, MEMORY_ENTRIES) }, (_, i) => (i * 37) % size);
  return {
    name: path.basename(name, '.json'),
    dim: json.dim,
    inner_lr: json.inner_lr,
    seq_len: json.seq_len,
    weights: [json.weights_formula, json.weights_seed_down, json.weights_seed_up],
    weights_fnv: [json.weights_down_fnv1a32, json.weights_up_fnv1a32],
    input: inputOf(json),
    input_fnv: json.input_fnv1a32,
    tokens,
    output: base64(Float32Array.from(rows.flatMap((r) => [...row(output, r, json.dim)]))),
    residual: base64(Float32Array.from(json.residual_l2_per_token.map(Number))),
    memory: base64(Float32Array.from(at.map((i) => memory[i]))),
    memory_frobenius: json.w_state_frobenius,
  };
}

const names = readdirSync(folder)
  .filter((name) => name.endsWith('.json'))
  .sort();
const lines = names.map((name) => JSON.stringify(pack(name)));
const source = 'imonoonoko/Bit-TTT-Engine d55eb7a, rust_engine';
process.stdout.write(`{"source":"${source}","cases":[\n${lines.join(',\n')}\n]}\n`);

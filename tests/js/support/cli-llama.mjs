// A small language model, trained by the command itself, and what the tests of its commands share.
// SPDX-License-Identifier: MIT
import { join } from 'node:path';

import { noise, root } from './backends.mjs';
import { bitTtt, output } from './cli.mjs';

export const alice = join(root, 'examples/alice.txt');

/** A shape and recipe that take a second or two. */
export const small = [
  ...['--vocab', '384', '--dim', '32', '--layers', '2', '--mlp', '64', '--inner', '32'],
  ...['--head', '16', '--context', '64', '--batch', '4', '--threads', '1'],
];

/** The objects of a run with --json, one a line. */
export function objects(text) {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** The objects of steps, and the last one, of what `train` prints: without phases and plan. */
export function stepsOf(text) {
  return objects(text).filter((line) => line.step !== undefined);
}

/** Trains a small model; gives what was printed of steps, and of the end. */
export async function trainSmall(out, more = [], options) {
  const args = ['train', alice, '--out', out, '--json', ...small, ...more];
  return stepsOf(await output(args, options));
}

/** Starts a training and interrupts it when it has printed some lines; gives how it ended. */
export function interruptTraining(out, more = [], signal = 'SIGINT', shape = small) {
  return bitTtt(['train', alice, '--out', out, '--json', ...shape, ...more], {
    input(child) {
      child.stdin.end();
      let lines = 0;
      child.stdout.on('data', (text) => {
        lines += text.split('\n').filter((line) => line.startsWith('{"step"')).length;
        if (lines >= 3 && !child.killed) child.kill(signal); // once: a second one would end it hard
      });
    },
  });
}

/** Multiples of 1/64 below 2 in magnitude, and no -0: exact in each of these types. */
function encodeFloats(values, dtype) {
  if (dtype === 'F32') return Buffer.from(values.buffer);
  const bits = new Uint32Array(values.buffer);
  return Buffer.from(
    Uint16Array.from(bits, (x) => {
      if (dtype === 'BF16') return x >>> 16;
      const exponent = ((x >>> 23) & 255) - 112;
      return exponent <= 0 ? 0 : ((x >>> 16) & 0x8000) | (exponent << 10) | ((x >>> 13) & 0x3ff);
    }).buffer,
  );
}

/** A model of random weights as the original engine stores it: [config.json, model.safetensors]. */
export function originalModel(dtype, vocab, dim = 64, layers = 2) {
  const shapes = [['embed.weight', vocab, dim]];
  for (let i = 0; i < layers; i++) {
    const own = (name, ...shape) => shapes.push([`layers.${i}.${name}.weight`, ...shape]);
    own('norm1', dim);
    own('ttt.down', dim / 4, dim);
    own('ttt.up', dim, dim / 4);
    own('norm2', dim);
    own('mlp.gate_proj', 4 * dim, dim);
    own('mlp.up_proj', 4 * dim, dim);
    own('mlp.down_proj', dim, 4 * dim);
  }
  shapes.push(['norm_f.weight', dim], ['lm_head.weight', vocab, dim]);
  const header = {};
  const parts = [];
  let at = 0;
  for (const [i, [name, ...shape]] of shapes.entries()) {
    const random = noise(
      shape.reduce((a, b) => a * b),
      i + 1,
    );
    const data = encodeFloats(
      random.map((x) => (Math.round(64 * x) + 0) / 64),
      dtype,
    );
    header[name] = { dtype, shape, data_offsets: [at, at + data.length] };
    at += data.length;
    parts.push(data);
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const config = { vocab_size: vocab, hidden_dim: dim, num_layers: layers, inner_lr: 0.1 };
  return [JSON.stringify(config), Buffer.concat([length, text, ...parts])];
}

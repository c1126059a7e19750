/**
 * layer-jobs.mjs - what every layer in JavaScript is measured by, ours and others'.
 * SPDX-License-Identifier: MIT
 */
import { TTT } from 'bit-ttt';
import { rate } from './rate.mjs';

export const RATE = 0.1;

/** Tokens in [-1, 1), the same for all. */
function tokens(count, dim) {
  let state = 7;
  return Float32Array.from({ length: count * dim }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** What ours gives for the first tokens, and the weights that others must use. */
async function ours(dim, backend) {
  const layer = await TTT.create({ hiddenDim: dim, innerLr: RATE, backend });
  return { layer, weights: layer.getWeights() };
}

/**
 * Answers `layer DIM SEQ_LEN SECONDS` in tokens/s, after a check that the first tokens come out as ours
 * do, within 1e-3. `make(dim, weights)` gives `forward(input)`: output, perhaps in a promise; the memory
 * goes on from call to call.
 */
export function layerJobs(make) {
  return async ([job, dimWord, lengthWord, seconds = '0.3']) => {
    if (job !== 'layer') throw new Error('unknown job');
    const [dim, length] = [Number(dimWord), Number(lengthWord)];
    const { layer, weights } = await ours(dim, 'wasm');
    const probe = tokens(8, dim);
    const wanted = layer.forward(probe);
    layer.destroy();
    const forward = await make(dim, weights);
    const got = await forward(probe);
    const worst = wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i])), 0);
    if (!(worst < 1e-3)) throw new Error(`the output differs from ours by ${worst}`);
    const input = tokens(length, dim);
    const turns = await rate(Number(seconds), async (times) => {
      for (let i = 0; i < times; i++) await forward(input);
    });
    return turns * length;
  };
}

/** The same for ours, which is called at once, as a user would. */
export function ourJobs(backend) {
  return async ([, dimWord, lengthWord, seconds = '0.3']) => {
    const [dim, length] = [Number(dimWord), Number(lengthWord)];
    const { layer } = await ours(dim, backend);
    const input = tokens(length, dim);
    const output = new Float32Array(input.length);
    const turns = await rate(Number(seconds), (times) => {
      for (let i = 0; i < times; i++) layer.forward(input, output);
    });
    layer.destroy();
    return turns * length;
  };
}

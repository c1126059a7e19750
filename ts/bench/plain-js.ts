/**
 * plain-js.ts - the layer in plain JavaScript over Float32Array: what `bench` compares with, and a
 * second, independent statement of what the engine computes.
 * SPDX-License-Identifier: MIT
 */
import type { Objective, TTTWeights } from 'bit-ttt';

/**
 * One layer with an empty memory W [d][d]. It uses what makes such code fast in JavaScript: flat
 * typed arrays, one output per inner loop, four sums at a time, one pass over W per token. Sums
 * are in doubles and in another order than the engine's, so results agree to about six digits.
 */
export class PlainLayer {
  private readonly dim: number;
  private readonly d: number;
  private readonly rate: number;
  private readonly predicts: boolean;
  /** Down weights [d][dim] and up weights [dim][d]: one row per output. */
  private readonly down: Float32Array;
  private readonly up: Float32Array;
  private readonly w: Float32Array;
  private readonly quantised: Float32Array;
  /** The feature of this token, of the one before, W times this one, and the update to come. */
  private feature: Float32Array;
  private previous: Float32Array;
  private readonly read: Float32Array;
  private readonly delta: Float32Array;

  /** `weights` are laid out as `TTT.getWeights` gives them, and are copied. */
  constructor(dim: number, rate: number, objective: Objective, weights: TTTWeights) {
    const d = Math.floor(dim / 4);
    this.dim = dim;
    this.d = d;
    this.rate = Math.fround(rate);
    this.predicts = objective === 'predict';
    this.down = transposed(weights.down, dim, d);
    this.up = transposed(weights.up, d, dim);
    this.w = new Float32Array(d * d);
    this.quantised = new Float32Array(dim);
    this.feature = new Float32Array(d);
    this.previous = new Float32Array(d);
    this.read = new Float32Array(d);
    this.delta = new Float32Array(d);
  }

  /**
   * Reads whole tokens of `dim` floats. `output` has the length of `input`, `surprise` one float
   * per token.
   */
  forward(input: Float32Array, output: Float32Array, surprise?: Float32Array): void {
    const { dim } = this;
    const tokens = input.length / dim;
    for (let t = 0; t < tokens; t++) {
      const at = t * dim;
      const error = this.token(input, at);
      if (surprise !== undefined) surprise[t] = error;
      const scale = this.quantise(this.read, 0, this.d);
      product(this.up, this.quantised, output, at, dim, this.d, scale, input);
    }
  }

  /** Learns from one token and leaves W times its feature in `read`; returns the surprise. */
  private token(input: Float32Array, at: number): number {
    const { d, delta, read, rate } = this;
    const key = this.feature;
    this.feature = this.previous;
    this.previous = key;
    const { feature } = this;
    const scale = this.quantise(input, at, this.dim);
    product(this.down, this.quantised, feature, 0, d, this.dim, scale, undefined);
    normalise(feature);
    // `read`, W times the feature of the last token, is the memory's prediction of this feature.
    let error = 0;
    if (this.predicts) error = differences(read, feature, rate, delta);
    this.updateAndRead(key, feature);
    if (!this.predicts) error = differences(read, feature, rate, delta);
    return error;
  }

  /** W <- W - delta key^T, then read = W feature, in one pass over W. */
  private updateAndRead(key: Float32Array, feature: Float32Array): void {
    const { d, w, delta, read } = this;
    for (let i = 0; i < d; i++) {
      const change = delta[i]!;
      const row = i * d;
      let a = 0;
      let b = 0;
      let j = 0;
      for (; j + 1 < d; j += 2) {
        const x = w[row + j]! - change * key[j]!;
        const y = w[row + j + 1]! - change * key[j + 1]!;
        w[row + j] = x;
        w[row + j + 1] = y;
        a += x * feature[j]!;
        b += y * feature[j + 1]!;
      }
      if (j < d) {
        const x = w[row + j]! - change * key[j]!;
        w[row + j] = x;
        a += x * feature[j]!;
      }
      read[i] = a + b;
    }
  }

  /** Rounds `count` floats to -127..127 into `quantised`; returns the scale it took. */
  private quantise(values: Float32Array, at: number, count: number): number {
    const { quantised } = this;
    let max = 0;
    for (let i = 0; i < count; i++) max = Math.max(max, Math.abs(values[at + i]!));
    const scale = max > 1e-9 ? Math.fround(127 / max) : 1;
    for (let i = 0; i < count; i++) {
      const x = Math.fround(values[at + i]! * scale);
      quantised[i] = x < 0 ? -Math.floor(0.5 - x) : Math.floor(x + 0.5); // halves away from zero
    }
    return scale;
  }
}

/** [inputs][outputs] as floats in rows per output. */
function transposed(weights: Int8Array, inputs: number, outputs: number): Float32Array {
  const rows = new Float32Array(inputs * outputs);
  for (let i = 0; i < inputs; i++) {
    for (let o = 0; o < outputs; o++) rows[o * inputs + i] = weights[i * outputs + o]!;
  }
  return rows;
}

/** out[at + o] = (rows[o] . values) / scale, plus `residual` there if it is given. */
function product(
  rows: Float32Array,
  values: Float32Array,
  out: Float32Array,
  at: number,
  outputs: number,
  inputs: number,
  scale: number,
  residual: Float32Array | undefined,
): void {
  for (let o = 0; o < outputs; o++) {
    const row = o * inputs;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    let i = 0;
    for (; i + 3 < inputs; i += 4) {
      a += rows[row + i]! * values[i]!;
      b += rows[row + i + 1]! * values[i + 1]!;
      c += rows[row + i + 2]! * values[i + 2]!;
      d += rows[row + i + 3]! * values[i + 3]!;
    }
    for (; i < inputs; i++) a += rows[row + i]! * values[i]!;
    const sum = (a + b + c + d) / scale;
    out[at + o] = residual === undefined ? sum : sum + residual[at + o]!;
  }
}

/** Scales to length 1, unless it is next to nothing. */
function normalise(vector: Float32Array): void {
  let sum = 0;
  for (let i = 0; i < vector.length; i++) sum += vector[i]! * vector[i]!;
  const length = Math.sqrt(sum);
  if (length <= 1e-6) return;
  for (let i = 0; i < vector.length; i++) vector[i] = vector[i]! / length;
}

/** delta = rate (read - feature); returns |read - feature|^2. */
function differences(
  read: Float32Array,
  feature: Float32Array,
  rate: number,
  delta: Float32Array,
): number {
  let sum = 0;
  for (let i = 0; i < feature.length; i++) {
    const error = read[i]! - feature[i]!;
    sum += error * error;
    delta[i] = rate * error;
  }
  return sum;
}

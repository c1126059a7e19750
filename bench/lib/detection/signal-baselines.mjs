/**
 * signal-baselines.mjs - detectors of odd values made of counts and moments. Each takes the values of a signal and
 * gives a score for each, of what came before it: higher is odder.
 * SPDX-License-Identifier: MIT
 */
import { withExtras } from './signal-extras.mjs';

const LIMIT = 8;

/** Each value beside mean and deviation of all before it, within 8 deviations. */
export function standardised(values) {
  let [count, mean, squares] = [0, 0, 0];
  return values.map((value) => {
    const deviation = count > 1 ? Math.sqrt(squares / count) : 0;
    const scale = deviation || Math.abs(mean) * 0.01 || 1e-6;
    const z = count < 2 ? 0 : (value - mean) / scale;
    count++;
    const step = value - mean;
    mean += step / count;
    squares += step * (value - mean);
    return Math.max(-LIMIT, Math.min(LIMIT, z));
  });
}

/** How many deviations a value is from the mean of all before it. */
export const deviations = (values) => standardised(values).map(Math.abs);

/** Sums of the latest values. */
function momentsOf(values) {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / values.length) || 1e-6 };
}

/**
 * NAB's windowed Gaussian detector: how far a value is out in the normal distribution of the 6,400 before it,
 * moved on by 100 at a time. The deviations themselves are given, which order values as its tail probability does
 * and do not round to 1.
 */
export function windowedGaussian(values, { size = 6400, step = 100 } = {}) {
  let [count, mean, squares, moments] = [0, 0, 0, undefined];
  return values.map((value, at) => {
    const score = moments ? Math.abs(value - moments.mean) / moments.deviation : 0;
    if (at < size) {
      count++;
      const away = value - mean;
      mean += away / count;
      squares += away * (value - mean);
      moments = { mean, deviation: Math.sqrt(squares / count) || 1e-6 };
    } else if ((at + 1 - size) % step === 0) {
      moments = momentsOf(values.slice(at + 1 - size, at + 1));
    }
    return score;
  });
}

const BINS = 16;

/**
 * A Markov chain of order 2 over 16 bins of eight deviations: minus the logarithm of the probability of a
 * value's bin after the two before, with the chances of bins alone counted as two more values.
 */
export function binChain(values) {
  const alone = new Array(BINS).fill(0);
  const after = new Map();
  let before = [];
  return standardised(values).map((z, at) => {
    const bin = Math.max(0, Math.min(BINS - 1, Math.floor(((z + 4) / 8) * BINS)));
    const key = before.join();
    if (!after.has(key)) after.set(key, { counts: new Array(BINS).fill(0), total: 0 });
    const seen = after.get(key);
    const share = (alone[bin] + 0.5) / (at + 0.5 * BINS);
    const score = -Math.log((seen.counts[bin] + 2 * share) / (seen.total + 2));
    seen.counts[bin]++;
    seen.total++;
    alone[bin]++;
    before = [...before, bin].slice(-2);
    return score;
  });
}

const RAW = {
  'z-score of all so far': deviations,
  'windowed Gaussian': windowedGaussian,
  'Markov over 16 bins': binChain,
};

/** All of them by name, each as it is and with the extras; "nothing" has the extras only. */
export const signalBaselines = {
  ...Object.fromEntries(
    Object.entries(RAW).flatMap(([name, scores]) => [
      [name, scores],
      [`${name}, with extras`, (values) => withExtras(values, scores(values))],
    ]),
  ),
  'nothing but the range': (values) => withExtras(values, new Array(values.length).fill(0)),
};

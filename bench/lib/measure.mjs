/**
 * measure.mjs - interleaved rounds, medians and spread.
 * SPDX-License-Identifier: MIT
 */

/**
 * @typedef {object} Row a figure as it is reported and saved
 * @property {string} suite
 * @property {string} case what was measured, the same words for all contestants ("decode")
 * @property {string} contestant
 * @property {string} [version]
 * @property {string} unit "tokens/s", "GMAC/s", "ms", "MB"
 * @property {boolean} higherIsBetter
 * @property {number} median
 * @property {number} low the lower quartile
 * @property {number} high the upper quartile
 * @property {number[]} samples
 * @property {string} [of] the case whose figure is the limit of this one
 * @property {string} [problem] why there is no figure; median, low and high are then null
 */

/** The p-quantile of sorted numbers, between neighbours in proportion. */
function quantile(sorted, p) {
  const at = (sorted.length - 1) * p;
  const below = Math.floor(at);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (at - below);
}

/** Median and quartiles of samples. */
export function summarize(samples) {
  const sorted = samples.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
  };
}

/**
 * Measures entries in turn, round after round, so that a slow minute of the machine falls on all.
 * An entry that fails is reported with its problem and not asked again.
 * @param {Array<{contestant: import('./contestant.mjs').Contestant, job: string, row: object}>} entries
 *   row: what the reported row has besides the figures (suite, case, unit, higherIsBetter, of)
 * @param {number} rounds
 * @param {(text: string) => void} [log]
 * @returns {Promise<Row[]>}
 */
export async function interleave(entries, rounds, log = () => {}) {
  const running = entries.map((entry) => ({ ...entry, samples: [], problem: undefined }));
  for (let round = 0; round < rounds; round++) {
    for (const one of running) {
      if (one.problem) continue;
      log(`${one.row.case}: ${one.contestant.name} (${round + 1} of ${rounds})`);
      try {
        one.samples.push(await one.contestant.measure(one.job));
      } catch (error) {
        one.problem = error.message;
      }
    }
  }
  return running.map(({ row, contestant, samples, problem }) => {
    const head = { ...row, contestant: contestant.name, version: contestant.version };
    if (problem) return { ...head, median: null, low: null, high: null, samples: [], problem };
    return { ...head, ...summarize(samples), samples };
  });
}

/** Median of the ratios a/b, round by round: what drift of the machine leaves standing. */
export function ratioOf(a, b) {
  const n = Math.min(a?.samples?.length ?? 0, b?.samples?.length ?? 0);
  if (n === 0) return undefined;
  return summarize(Array.from({ length: n }, (_, i) => a.samples[i] / b.samples[i])).median;
}

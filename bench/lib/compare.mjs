/**
 * compare.mjs - two saved runs side by side: which changes are outside the noise.
 * SPDX-License-Identifier: MIT
 */
import { compact } from './report.mjs';

/** A change smaller than this is not told, however quiet the machine was. */
const LEAST = 0.05;

const keyOf = (suite, row) => `${suite.name}\0${row.case}\0${row.contestant}`;

function rowsOf(results) {
  const rows = new Map();
  for (const suite of results.suites)
    for (const row of suite.rows)
      if (row.median) rows.set(keyOf(suite, row), { ...row, suite: suite.name });
  return rows;
}

/**
 * What became of each figure that both runs have. A change counts when the middle halves of the samples
 * do not meet and the medians are more than 5 % apart; `better` is its direction, undefined within noise.
 * Limits of the CPU (rows that others are `of`) say how fast the machine itself was: their median ratio
 * is `machine`, and figures in a rate's unit are divided by it.
 */
export function compareResults(before, after) {
  const old = rowsOf(before);
  const pairs = [...rowsOf(after)].filter(([key]) => old.has(key));
  const ratios = pairs
    .filter(([, row]) => row.limit)
    .map(([key, row]) => row.median / old.get(key).median)
    .sort((a, b) => a - b);
  const machine = ratios.length > 0 ? ratios[Math.floor(ratios.length / 2)] : 1;
  const changes = pairs
    .filter(([, row]) => !row.limit)
    .map(([key, row]) => {
      const was = old.get(key);
      const scale = row.higherIsBetter ? machine : 1;
      const [low, high, median] = [row.low, row.high, row.median].map((value) => value / scale);
      const ratio = median / was.median;
      const apart = low > was.high || high < was.low;
      const counts = apart && Math.abs(ratio - 1) > LEAST;
      const better = counts ? ratio > 1 === row.higherIsBetter : undefined;
      return {
        suite: row.suite,
        case: row.case,
        contestant: row.contestant,
        unit: row.unit,
        was: was.median,
        is: row.median,
        ratio,
        better,
      };
    });
  return { machine, changes };
}

/** The comparison as lines of text. */
export function printComparison({ machine, changes }) {
  const told = changes.filter((one) => one.better !== undefined);
  const lines = [
    `the machine itself: ${machine.toFixed(2)} times as fast (figures are corrected by that)`,
  ];
  for (const one of told.toSorted((a, b) => Number(a.better) - Number(b.better)))
    lines.push(
      `${one.better ? 'better' : 'WORSE '}  ${one.ratio.toFixed(2)}x  ${one.suite}, ${one.case}: ` +
        `${one.contestant}, ${compact(one.was)} -> ${compact(one.is)} ${one.unit}`,
    );
  lines.push(`${told.length} of ${changes.length} figures changed by more than the noise`);
  return lines.join('\n');
}

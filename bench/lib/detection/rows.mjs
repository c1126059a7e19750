/**
 * rows.mjs - figures of detection as the report takes them: tables of contestants by columns.
 * SPDX-License-Identifier: MIT
 */
import { summarize } from '../measure.mjs';

/**
 * A figure of a table.
 * @param {{chart: string, unit: string, higherIsBetter?: boolean | null}} table
 * @param {string} column
 * @param {string} contestant
 * @param {number[]} samples
 */
export function cell({ chart, unit, higherIsBetter = true }, column, contestant, samples) {
  const head = { suite: 'detection', case: `${chart}: ${column}`, chart, column, contestant };
  return { ...head, unit, higherIsBetter, ...summarize(samples), samples };
}

/** A figure that there is not. */
export const missing = (table, column, contestant, problem) => ({
  ...cell(table, column, contestant, [0]),
  median: null,
  low: null,
  high: null,
  samples: [],
  problem,
});

/** The median of the figure of a contestant in a column, if there is one. */
export const figureOf = (rows, chart, column, contestant) =>
  rows.find((row) => row.chart === chart && row.column === column && row.contestant === contestant)
    ?.median ?? undefined;

export const atLeast = (text, value, target) => ({ text, value, target, met: value >= target });

export const atMost = (text, value, target) => ({
  text,
  value,
  target,
  met: value <= target,
  most: true,
});

const shown = (value) => Number(value.toPrecision(3));

/** Who is ahead of ours in these rows of one column, with both figures; undefined if nobody is. */
function aheadOf(rows, isOurs) {
  const ours = rows.find((row) => isOurs(row.contestant));
  const best = rows.reduce((a, b) => (b.median > a.median ? b : a));
  if (ours === undefined || shown(best.median) === shown(ours.median)) return undefined;
  return `${ours.column} (${best.contestant} ${shown(best.median)}, ours ${shown(ours.median)})`;
}

/** For each table where another contestant than ours is ahead in a column, a sentence that says so. */
export function beatenIn(rows, isOurs) {
  const tables = new Map();
  for (const row of rows) {
    if (row.higherIsBetter !== true || row.median === null) continue;
    if (!tables.has(row.chart)) tables.set(row.chart, new Map());
    const columns = tables.get(row.chart);
    columns.set(row.column, [...(columns.get(row.column) ?? []), row]);
  }
  return [...tables].flatMap(([chart, columns]) => {
    const ahead = [...columns.values()].flatMap((cells) => aheadOf(cells, isOurs) ?? []);
    return ahead.length > 0 ? [`A baseline is ahead in "${chart}": ${ahead.join('; ')}.`] : [];
  });
}

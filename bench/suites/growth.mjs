/**
 * growth.mjs - whether cost stays what it is as streams get longer and sessions more: speed and memory.
 * SPDX-License-Identifier: MIT
 */
import { fileURLToPath } from 'node:url';
import { startProcess } from '../lib/contestant.mjs';
import { summarize } from '../lib/measure.mjs';

export const title = 'Growth: longer streams, more sessions';

const script = fileURLToPath(new URL('../contestants/growth.mjs', import.meta.url));

/** Each figure once, in a fresh process: what matters is whether the line is flat. */
async function line(chart, contestant, kind, xs, log) {
  const rows = [];
  const process_ = await startProcess(contestant, process.execPath, ['--expose-gc', script]);
  for (const x of xs) {
    log(`${chart}: ${x}`);
    for (const [unit, job] of [
      ['tokens/s', 'speed'],
      ['MB', 'memory'],
    ]) {
      const name = `${chart}, ${unit === 'MB' ? 'resident memory' : 'speed'}`;
      const head = {
        suite: 'growth',
        case: `${name}, ${x}`,
        chart: name,
        contestant,
        unit,
        x,
        higherIsBetter: unit !== 'MB',
      };
      try {
        const value = await process_.measure(`${kind} ${x} ${job}`);
        rows.push({ ...head, ...summarize([value]), samples: [value] });
      } catch (error) {
        rows.push({
          ...head,
          median: null,
          low: null,
          high: null,
          samples: [],
          problem: error.message,
        });
      }
    }
  }
  await process_.stop();
  return rows;
}

const powers = (low, high) => Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i));

/** The last figure against the first of a line. */
function steady(rows, chart, least, text) {
  const values = rows.filter((row) => row.chart === chart && row.median).map((row) => row.median);
  if (values.length < 2) return [];
  const value = values.at(-1) / values[1 % values.length];
  return [{ text, value, target: least, met: value >= least }];
}

/** How much memory a session takes, by the first and the last point of their line. */
function eachSession(rows) {
  const chart = 'sessions of one model, resident memory';
  const points = rows.filter((row) => row.chart === chart && row.median);
  if (points.length < 2) return [];
  const [first, last] = [points[0], points.at(-1)];
  const megabytes = (last.median - first.median) / (last.x - first.x);
  return [
    `A session of the shipped model takes ${megabytes.toFixed(2)} MB; sessions take turns, one token each.`,
  ];
}

/** @param {import('../run.mjs').Context} context */
export async function run({ full, log }) {
  const rows = [
    ...(await line(
      'layer, tokens read',
      'bit-ttt, dim 128 (addon)',
      'layer',
      powers(3, full ? 7 : 6),
      log,
    )),
    ...(await line(
      'model, tokens read',
      'bit-ttt, shipped model (addon)',
      'model',
      powers(3, full ? 6 : 4),
      log,
    )),
    ...(await line(
      'sessions of one model',
      'bit-ttt, shipped model (addon)',
      'sessions',
      powers(0, full ? 4 : 3),
      log,
    )),
  ];
  return {
    rows,
    targets: [
      ...steady(
        rows,
        'layer, tokens read, speed',
        0.9,
        'layer: speed after the longest stream against after 10^4 tokens',
      ),
      ...steady(
        rows,
        'model, tokens read, speed',
        0.9,
        'model: speed after the longest stream against after 10^4 tokens',
      ),
    ],
    notes: [
      'Each point: speed over the last tokens of a stream of that length, and the resident memory of the process then.',
      'Streams of the model and sessions are without recall here.',
      ...eachSession(rows),
    ],
  };
}

/**
 * nab.mjs - the Numenta Anomaly Benchmark (Lavin and Ahmad 2015, "Evaluating real-time anomaly detection
 * algorithms", IEEE ICMLA, arXiv 1510.03336): its files, and its score in the standard profile.
 * SPDX-License-Identifier: MIT
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/* What a false alarm and a missed window cost, where the first alarm of a window brings up to 1. */
const FALSE_ALARM = 0.11;
const MISSED = 1;
/* A share of each file, up to that of 5,000 values, is for learning only. */
const PROBATION = 0.15;
const PROBATION_OF = 5000;

/** The part of a file, from its beginning, where alarms do not count. */
export const probationOf = (length) => Math.floor(PROBATION * Math.min(length, PROBATION_OF));

/**
 * @typedef {object} Signal
 * @property {string} name
 * @property {number[]} values
 * @property {number[]} times seconds since 1970
 * @property {[number, number][]} windows first and last index of each
 */

function readSignal(folder, name, windows) {
  const [, ...rows] = readFileSync(join(folder, 'data', name), 'utf8')
    .trim()
    .split(/\r?\n/);
  const cells = rows.map((row) => row.split(','));
  const stamps = cells.map(([time]) => time.slice(0, 19));
  const place = (time, find) => {
    const at = stamps[find](time.slice(0, 19));
    if (at < 0) throw new Error(`${name} has no value of ${time}`);
    return at;
  };
  return {
    name,
    values: cells.map(([, value]) => Number(value)),
    times: stamps.map((time) => Date.parse(`${time.replace(' ', 'T')}Z`) / 1000),
    windows: windows.map(([from, to]) => [place(from, 'indexOf'), place(to, 'lastIndexOf')]),
  };
}

/** The files that a folder has of those in labels/combined_windows.json; none without the latter. */
export function readSignals(folder) {
  const labels = join(folder, 'labels', 'combined_windows.json');
  if (!existsSync(labels)) return [];
  const windows = JSON.parse(readFileSync(labels, 'utf8'));
  return Object.keys(windows)
    .sort()
    .filter((name) => existsSync(join(folder, 'data', name)))
    .map((name) => readSignal(folder, name, windows[name]));
}

/** From 1 well before the right end of a window (at -1) to 0 there and to -1 after it. */
const sigmoid = (place) => (place > 3 ? -1 : 2 / (1 + Math.exp(5 * place)) - 1);
const MOST = sigmoid(-1);

/**
 * What an alarm at each value counts, and in which window the value lies; values in the probation are
 * left out.
 * @returns {{at: number, window: number, weight: number}[]} window: -1 outside
 */
function weigh({ values, windows }) {
  const points = [];
  let last; // the window that ended last
  for (let at = 0; at < values.length; at++) {
    const window = windows.findIndex(([from, to]) => at >= from && at <= to);
    let weight;
    if (window >= 0) {
      const [from, to] = windows[window];
      weight = sigmoid(-(to - at + 1) / (to - from + 1)) / MOST;
      if (at === to) last = { to, width: to - from + 1 };
    } else {
      const place = last ? (at - last.to) / (last.width - 1) : Number.POSITIVE_INFINITY;
      weight = FALSE_ALARM * sigmoid(place);
    }
    if (at >= probationOf(values.length)) points.push({ at, window, weight });
  }
  return points;
}

/** The points of all files, with windows numbered through, the highest score first. */
function sortPoints(signals, scores) {
  let offset = 0;
  const points = signals.flatMap((signal, file) => {
    const own = weigh(signal).map(({ at, window, weight }) => ({
      score: scores[file][at],
      window: window < 0 ? -1 : offset + window,
      weight,
    }));
    offset += signal.windows.length;
    return own;
  });
  return { points: points.sort((a, b) => b.score - a.score), windows: offset };
}

/**
 * The score of the one threshold, for all files, that is best: 100 for an alarm early in each window and none
 * elsewhere, 0 for no alarms. Of a window the alarm that counts most counts.
 * @param {Signal[]} signals
 * @param {ArrayLike<number>[]} scores of each value of each signal
 */
export function nabScore(signals, scores) {
  const { points, windows } = sortPoints(signals, scores);
  // a window that lies in the probation alone can neither be found nor missed
  const reachable = new Set(points.map(({ window }) => window).filter((window) => window >= 0));
  const found = new Map([...reachable].map((window) => [window, -MISSED]));
  let total = -MISSED * reachable.size;
  let best = total;
  points.forEach(({ score, window, weight }, i) => {
    if (window < 0) total += weight;
    else if (weight > found.get(window)) {
      total += weight - found.get(window);
      found.set(window, weight);
    }
    if (points[i + 1]?.score !== score) best = Math.max(best, total);
  });
  return (100 * (best + MISSED * windows)) / ((1 + MISSED) * windows);
}

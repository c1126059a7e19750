/**
 * measure-speed.mjs - lines and values in a second of the processor's time.
 * SPDX-License-Identifier: MIT
 */
import { lineBaselines } from './line-baselines.mjs';
import { LOG_NAME, readLines, SIGNAL_NAME, scoreValues, signalProblem } from './ours.mjs';
import { cell, missing } from './rows.mjs';

export const LINES = { chart: 'Speed of detectors of lines', unit: 'lines per CPU second' };
export const VALUES = { chart: 'Speed of detectors of signals', unit: 'values per CPU second' };
const COLUMN = 'one thread';
export const SPEED_COLUMN = COLUMN;

/** How many of `count` are done in a second of the processor's time. */
async function rateOf(count, work) {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (count * 1e6) / (user + system);
}

/** Contestants in turn, round after round. */
async function inTurn(table, contestants, count, rounds, log) {
  const samples = new Map();
  for (let round = 0; round < rounds; round++)
    for (const [name, work] of Object.entries(contestants)) {
      log(`speed: ${name} (${round + 1} of ${rounds})`);
      samples.set(name, [...(samples.get(name) ?? []), await rateOf(count, work)]);
    }
  return [...samples].map(([name, rates]) => cell(table, COLUMN, name, rates));
}

export function measureLineSpeed(lines, rounds, log) {
  const contestants = { [LOG_NAME]: () => readLines(lines) };
  for (const name of Object.keys(lineBaselines()))
    contestants[name] = () => {
      const baseline = lineBaselines()[name];
      for (const line of lines) baseline.score(line);
    };
  return inTurn(LINES, contestants, lines.length, rounds, log);
}

export async function measureValueSpeed(signal, rounds, log) {
  if (signalProblem) return [missing(VALUES, COLUMN, SIGNAL_NAME, signalProblem)];
  const contestants = { [SIGNAL_NAME]: () => scoreValues(signal) };
  return inTurn(VALUES, contestants, signal.values.length, rounds, log);
}

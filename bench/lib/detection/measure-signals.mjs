/**
 * measure-signals.mjs - detectors of odd values, ours and the baselines, by the Numenta Anomaly Benchmark.
 * SPDX-License-Identifier: MIT
 */
import { nabScore } from './nab.mjs';
import { SIGNAL_NAME, scoreValues, signalProblem } from './ours.mjs';
import { cell, missing } from './rows.mjs';
import { signalBaselines } from './signal-baselines.mjs';

export const NAB = {
  chart: 'Numenta Anomaly Benchmark, standard profile',
  unit: 'of 100',
};
export const NAB_COLUMN = 'score';
const RATE = 0.01;

/** @param {import('./nab.mjs').Signal[]} signals */
export async function measureSignals(signals, log) {
  const cells = [];
  const add = (name, scores) =>
    cells.push(cell(NAB, NAB_COLUMN, name, [nabScore(signals, scores)]));
  if (signalProblem) cells.push(missing(NAB, NAB_COLUMN, SIGNAL_NAME, signalProblem));
  else {
    const scores = [];
    for (const signal of signals) scores.push(await scoreValues(signal, { alarmRate: RATE }));
    add(SIGNAL_NAME, scores);
  }
  for (const [name, detect] of Object.entries(signalBaselines)) {
    log(name);
    add(
      name,
      signals.map(({ values }) => detect(values)),
    );
  }
  return cells;
}

// The benchmark's baselines of signals, and the score of the Numenta Anomaly Benchmark, on cases whose answers
// are known.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { nabScore, probationOf, readSignals } from '../../bench/lib/detection/nab.mjs';
import {
  binChain,
  deviations,
  signalBaselines,
  standardised,
  windowedGaussian,
} from '../../bench/lib/detection/signal-baselines.mjs';
import { outOfRange, quietAfter, shareOfPast } from '../../bench/lib/detection/signal-extras.mjs';

const near = (actual, expected, within = 1e-9) =>
  assert.ok(Math.abs(actual - expected) <= within, `${actual}, not ${expected}`);
const sigmoid = (x) => 2 / (1 + Math.exp(5 * x)) - 1;

describe('bench signals: the score of the Numenta Anomaly Benchmark', () => {
  /* 100 values, of which 15 are for learning, with one window of 10 */
  const signal = { values: new Array(100).fill(0), times: [], windows: [[50, 59]] };
  const scoresAt = (places) =>
    signal.values.map((_, i) => (places[i] === undefined ? 0 : places[i]));

  it('is 0 without alarms and 100 for one at the beginning of the window', () => {
    near(nabScore([signal], [scoresAt({})]), 0);
    near(nabScore([signal], [scoresAt({ 50: 1 })]), 100);
    assert.equal(probationOf(100), 15);
    assert.equal(probationOf(20_000), 750);
  });

  it('counts the earliest alarm of a window, and less the later it is', () => {
    const late = (100 * (1 + sigmoid(-5 / 10) / sigmoid(-1))) / 2;
    near(nabScore([signal], [scoresAt({ 55: 1 })]), late);
    near(nabScore([signal], [scoresAt({ 55: 1, 57: 1, 59: 2 })]), late);
  });

  it('takes 0.11 for a false alarm, less just after a window, nothing in the probation', () => {
    near(nabScore([signal], [scoresAt({ 20: 2, 50: 1 })]), 100 - 0.11 * 50);
    near(nabScore([signal], [scoresAt({ 60: 2, 50: 1 })]), 100 + 50 * 0.11 * sigmoid(1 / 9));
    near(nabScore([signal], [scoresAt({ 10: 2, 50: 1 })]), 100);
  });

  it('takes the best threshold for all files together, equal scores at once', () => {
    near(nabScore([signal], [scoresAt({ 20: 1, 50: 2 })]), 100);
    near(nabScore([signal], [scoresAt({ 20: 1, 50: 1 })]), 100 - 0.11 * 50);
    const two = [signal, { ...signal, values: new Array(100).fill(0) }];
    near(nabScore(two, [scoresAt({ 50: 1 }), scoresAt({ 30: 1, 50: 1 })]), 100 - 0.11 * 25);
    near(nabScore(two, [scoresAt({ 50: 1 }), scoresAt({})]), 50);
  });

  it('reads files with their windows', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bit-ttt-'));
    for (const name of ['data/some', 'labels']) mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(
      join(folder, 'labels/combined_windows.json'),
      JSON.stringify({
        'some/a.csv': [['2014-01-01 00:05:00.000000', '2014-01-01 00:10:00.000000']],
        'some/missing.csv': [],
      }),
    );
    const rows = ['timestamp,value', ...['00', '05', '10'].map((m) => `2014-01-01 00:${m}:00,1.5`)];
    writeFileSync(join(folder, 'data/some/a.csv'), `${rows.join('\r\n')}\r\n`);
    const [read, ...others] = readSignals(folder);
    assert.deepEqual(read, {
      name: 'some/a.csv',
      values: [1.5, 1.5, 1.5],
      times: [0, 300, 600].map((seconds) => Date.UTC(2014, 0, 1) / 1000 + seconds),
      windows: [[1, 2]],
    });
    assert.equal(others.length, 0);
    assert.deepEqual(readSignals(join(folder, 'none')), []);
    rmSync(folder, { recursive: true });
  });
});

describe('bench signals: baselines', () => {
  it('deviations from mean and deviation of all before', () => {
    const z = standardised([1, 3, 4, 2, 1000]);
    assert.deepEqual(z.slice(0, 3), [0, 0, 2]);
    assert.equal(z[4], 8);
    near(deviations([1, 3, 0])[2], 2);
  });

  it('a window forgets what is before it, a hundred at a time', () => {
    const values = [0, 2, 0, 2, ...new Array(8).fill(10)];
    const scores = windowedGaussian(values, { size: 4, step: 4 });
    assert.equal(scores[0], 0);
    near(scores[4], 9);
    near(scores[7], 9);
    assert.equal(scores[8], 0);
  });

  it('the chain of bins knows which bin follows which two', () => {
    const values = Array.from({ length: 400 }, (_, i) => [0, 1, 2][i % 3]);
    const usual = binChain(values).at(-1);
    const turned = binChain([...values.slice(0, -1), 2]).at(-1);
    assert.ok(usual < 0.05 && turned > 3, `${usual} ${turned}`);
  });

  it('a value beyond the range by more than a twentieth is 1', () => {
    assert.deepEqual(
      outOfRange([0, 10, 10.4, 10.6, 12, -2], [0, 0, 0, 0, 0, 0.5]),
      [0, 0, 0, 0, 1, 1],
    );
  });

  it('quiet: what is no higher than a score just before is 0', () => {
    const scores = [0, 3, 2, 3, 4, 1, 0, 0, 0, 0, 2];
    assert.deepEqual(quietAfter(scores), [0, 3, 0, 0, 4, 0, 0, 0, 0, 0, 2]);
  });

  it('a share of its past is the same whatever the scale, and nothing at first', () => {
    const scores = Array.from({ length: 200 }, (_, i) => (i * 37) % 101);
    const shares = shareOfPast(scores);
    assert.ok(shares.slice(0, 15).every((share) => share === 0));
    const scaled = shareOfPast(scores.map((score) => score * 1024));
    shares.forEach((share, i) => {
      near(scaled[i], share, 1e-6);
    });
    const [odd] = shareOfPast([...scores, 1e6]).slice(-1);
    near(odd, -Math.log10(0.5 / 201) / 5 + 0.25);
  });

  it('every one of them gives a score for each value', () => {
    const values = Array.from({ length: 300 }, (_, i) => Math.sin(i) + (i === 250 ? 9 : 0));
    for (const [name, detect] of Object.entries(signalBaselines)) {
      const scores = detect(values);
      assert.equal(scores.length, 300, name);
      assert.ok(scores.every(Number.isFinite), name);
      // the first values of a signal may be anything
      assert.equal(Math.max(...scores.slice(250, 255)), Math.max(...scores.slice(20)), name);
    }
  });
});

/**
 * ours.mjs - the package's detectors, asked as its users ask them.
 * SPDX-License-Identifier: MIT
 */
import * as bitTtt from '../../../dist/index.mjs';

export const LOG_NAME = 'bit-ttt LogDetector';
export const SIGNAL_NAME = 'bit-ttt SignalDetector';

/** Why there is no figure of signals, if the package cannot make one. */
export const signalProblem = bitTtt.SignalDetector ? undefined : 'not in this package';

/** The readings of all lines by a new detector. */
export async function readLines(lines, options) {
  const detector = await bitTtt.LogDetector.create(options);
  const readings = lines.map((line) => detector.read(line));
  detector.destroy();
  return readings;
}

/** The score of each sequence as a session of its own, ended before the next begins. */
export async function scoreSequences(sequences) {
  const detector = await bitTtt.LogDetector.create({ session: /^s\d+/ });
  const scores = sequences.map(({ events }, i) => {
    for (const event of events) detector.read(`s${i} E${event}`);
    const [ended] = detector.endSessions();
    return ended?.score ?? 0;
  });
  detector.destroy();
  return scores;
}

/** The score of each value of a signal. */
export async function scoreValues({ values, times }, options) {
  const detector = await bitTtt.SignalDetector.create(options);
  const scores = values.map((value, i) => detector.read(value, times[i]).score);
  detector.destroy?.();
  return scores;
}

/**
 * signal-types.ts - the types of a detector of signals that users name; no code.
 * SPDX-License-Identifier: MIT
 */

/** Options of a `SignalDetector`. */
export interface SignalDetectorOptions {
  /** The share of values that are to be alarms, 0.0001 to 0.1. Default 0.001: one value in a thousand. */
  alarmRate?: number | undefined;
}

/** What a SignalDetector says of a value. */
export interface SignalReading {
  /**
   * Minus the decimal logarithm of the share of its own past that was at least as odd: 2 for one value in a
   * hundred, 3 for one in a thousand; up to 1.25 more for what is odder than all before, and 5 to 7 at least
   * for a value beyond the range so far. 0 for the values just after one that was as odd (a burst is one
   * finding), for values that were all but certain, and while it is not warm.
   */
  score: number;
  /**
   * Whether it is one of the oddest values, of which there are as many as `alarmRate` says; fewer where
   * nearly all is foreseen.
   */
  alarm: boolean;
  /**
   * Lowest and highest value that were expected before it came: about 98 of 100 values lie within. From minus
   * infinity to infinity for the first two values.
   */
  expected: [low: number, high: number];
  /** False for the first 150 values: too little was read for scores and alarms. */
  warm: boolean;
}

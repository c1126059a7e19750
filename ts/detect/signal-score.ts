/**
 * signal-score.ts - how odd a value is by its errors and the range, calibrated against its own past.
 * SPDX-License-Identifier: MIT
 */
import { log10 } from '../common/logarithm.js';
import type { ByteReader, ByteWriter } from './bytes.js';
import { MARGIN } from './signal-scale.js';
import { AlarmRate, Tail } from './tail.js';

/** Values before the first score. */
export const WARM = 150;
/** Errors that are averaged. */
const MEAN = 5;
/** Values after which all counts of a tail are halved. */
const MEMORY = 50000;
/* Limits of the errors, in nats, and of scores; what is beyond counts as at the limit. */
const MOST_ERROR = 16;
const MOST_SCORE = 8;
/** A mean error below this, in nats, is not odd: the value was all but certain. */
const SURE = 0.2;
/** What an error as far beyond all before as those are beyond the median adds to the score. */
const EXCESS = 1.25;
/** The score of a value just beyond the margin of the range; one ten times as far beyond has 1 more. */
const BEYOND = 5;
/** Farther than so many margins is no odder. */
const MOST_FAR = 100;
/** How often a usual signal leaves its range, about; the less, the farther. */
const BEYOND_SHARE = 1e-5;
/* After a score no other counts that is not greater by this much ... */
const QUIET_GAP = 0.25;
/* ... for this share of the values so far, within these limits ... */
const QUIET_SHARE = 0.03;
const QUIET_LEAST = 5;
const QUIET_MOST = 150;
/** ... and not so long that the alarms could not be as frequent as asked for. */
const QUIET_OF_ALARMS = 0.3;

/**
 * By how much the score of an alarm may be below that of a value as rare as alarms are to be. It has to be
 * below, as of each burst all scores but one are 0.
 */
const SLACK = 2;
/** How much an alarm raises the threshold of the next: signals are short, and a few alarms all there are. */
const STEP = 0.4;

export class SignalScore {
  private readonly alarms: AlarmRate;
  private readonly errors = new Tail(0, MOST_ERROR, MEMORY);
  private readonly scores = new Tail(0, MOST_SCORE, MEMORY);
  private readonly recent = new Float64Array(MEAN);
  private count = 0;
  private greatest = 0;
  /** Values beyond the range; halved as the tails are. */
  private beyond = 0;
  /** The last score that was not silenced, and the number of its value. */
  private lastAt = 0;
  private lastScore = 0;

  /** An alarm has at least this score. */
  private readonly least: number;

  constructor(rate: number) {
    this.least = -log10(rate) - SLACK;
    this.alarms = new AlarmRate(rate, STEP);
  }

  /** Adds an error; returns how odd it is. */
  oddness(error: number): number {
    this.recent[this.count % MEAN] = error;
    this.count++;
    const held = Math.min(this.count, MEAN);
    let sum = 0;
    for (let i = 0; i < held; i++) sum += this.recent[i]!;
    const mean = sum / held;
    let odd = this.errors.oddness(mean);
    if (mean > this.greatest) {
      const spread = this.greatest - this.errors.quantile(0.5) + 1e-9;
      odd += EXCESS * Math.min(1, (mean - this.greatest) / spread);
      this.greatest = mean;
    }
    this.errors.add(mean);
    if (this.count % (MEMORY / 2) === 0) this.beyond >>>= 1;
    return mean < SURE ? 0 : odd;
  }

  /**
   * The score of a value, and whether it is an alarm. `beyond` is how far it is beyond the range, in widths
   * of it; `at` is its number in the signal.
   */
  judge(odd: number, beyond: number, at: number): { score: number; alarm: boolean } {
    const far = beyond > 0 ? Math.min(MOST_FAR, beyond / MARGIN) : 0;
    const score = this.silenced(far > 0 ? Math.max(odd, BEYOND + log10(far)) : odd, at);
    let share = score > 0 && score >= this.least ? this.scores.share(score) : 1;
    if (score > 0 && far > 0) {
      share = Math.min(share, (BEYOND_SHARE * (++this.beyond) ** 3) / far ** 2);
    }
    this.scores.add(score);
    return { score, alarm: this.alarms.decide(share) };
  }

  /** The score, or 0 if one that was about as great, or greater, is not long ago. */
  private silenced(score: number, at: number): number {
    const wanted = Math.min(QUIET_MOST, QUIET_SHARE * at, QUIET_OF_ALARMS / this.alarms.rate);
    const since = at - Math.max(QUIET_LEAST, Math.floor(wanted));
    if (this.lastAt >= since && score <= this.lastScore + QUIET_GAP) return 0;
    this.lastAt = at;
    this.lastScore = score;
    return score;
  }

  save(to: ByteWriter): void {
    this.alarms.save(to);
    this.errors.save(to);
    this.scores.save(to);
    to.count(this.count);
    to.count(this.beyond);
    to.f64(this.greatest);
    for (const error of this.recent) to.f64(error);
    to.count(this.lastAt);
    to.f64(this.lastScore);
  }

  load(from: ByteReader): void {
    this.alarms.load(from);
    this.errors.load(from);
    this.scores.load(from);
    this.count = from.count();
    this.beyond = from.count();
    this.greatest = from.f64();
    for (let i = 0; i < MEAN; i++) this.recent[i] = from.f64();
    this.lastAt = from.count();
    this.lastScore = from.f64();
  }
}

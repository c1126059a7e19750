/**
 * signal-detector.ts - finds the values of a signal that nothing before had led to expect. It learns while
 * it reads, in bounded memory, and needs no engine.
 * SPDX-License-Identifier: MIT
 */

import { checkBytes, wrongType } from '../common/args.js';
import { TTTError } from '../common/errors.js';
import { ALARM_RATES, DEFAULT_ALARM_RATE } from '../common/limits.js';
import type { NamesOf } from '../common/named-options.js';
import { takeOptions } from '../common/named-options.js';
import { WITH_BACKEND } from '../common/option-names.js';
import { readNumber } from '../common/options.js';
import { guardReceivers } from '../common/receiver.js';
import type { Bytes } from '../common/types.js';
import { ByteReader, ByteWriter } from './bytes.js';
import { SignalCounts } from './signal-counts.js';
import { SignalScale } from './signal-scale.js';
import { SignalScore, WARM } from './signal-score.js';
import type { SignalDetectorOptions, SignalReading } from './signal-types.js';

const OPTIONS = { alarmRate: true } satisfies NamesOf<SignalDetectorOptions>;

/** Seconds since 1970 of a time that is no mistake: to the year 5138. */
const MOST_TIME = 1e11;

const MAGIC = 'BitSig\r\n';
const VERSION = 1;

/** Only this file has it, so only create and load make detectors. */
const KEY = Symbol('bit-ttt');

/** The rate in options, or undefined. */
function readRate(options: unknown): number | undefined {
  const { alarmRate } = takeOptions(options, OPTIONS, '', { ...WITH_BACKEND, ...OPTIONS });
  return alarmRate === undefined ? undefined : readNumber(alarmRate, 'alarmRate', ALARM_RATES);
}

/** The number that a value is; undefined for a missing one. */
function readValue(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw wrongType('value', 'a number', value);
  if (Number.isNaN(value)) return undefined;
  if (Number.isFinite(value)) return SignalScale.bounded(value);
  throw new TTTError('INVALID_ARGUMENT', `value must be finite, not ${value}`);
}

/** Milliseconds of a Date of any realm; undefined for anything else. */
function dateOf(value: unknown): number | undefined {
  if (typeof value !== 'object') return undefined;
  try {
    return Date.prototype.getTime.call(value);
  } catch {
    return undefined;
  }
}

/** Seconds since 1970. */
function readTime(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const date = dateOf(value);
  const time = date === undefined ? value : date / 1000;
  const wanted = 'a Date or seconds since 1970';
  if (typeof time !== 'number') throw wrongType('time', wanted, value);
  if (Math.abs(time) <= MOST_TIME) return time;
  if (date !== undefined) throw new TTTError('INVALID_ARGUMENT', 'time is not a valid Date');
  const hint = Number.isFinite(time) ? ' (are these milliseconds?)' : '';
  throw new TTTError('INVALID_ARGUMENT', `time must be ${wanted}, not ${time}${hint}`);
}

/**
 * Reads the values of a signal one by one and says how odd each is.
 *
 * It learns how values follow each other and, if times are given, what is usual at an hour of the
 * day and of the week (in UTC). No training, no rules, about 0.6 MB of memory however long the
 * signal is. Every failure is a {@link TTTError} and leaves the detector as it was. The same values
 * give the same findings on every machine.
 *
 * @example
 * ```js
 * import { SignalDetector } from 'bit-ttt';
 *
 * const pulse = await SignalDetector.create();
 * for (let t = 0; t < 2000; t++) pulse.read(Math.sin(t / 9));
 * const usual = pulse.read(Math.sin(2000 / 9)), odd = pulse.read(2);
 * console.log(usual.alarm, odd.alarm, odd.score.toFixed(1));
 * ```
 *
 * ```text
 * false true 6.0
 * ```
 */
export class SignalDetector {
  static {
    guardReceivers(this, 'SignalDetector', (value) => #scale in value);
  }

  readonly #rate: number;
  readonly #scale = new SignalScale();
  readonly #counts = new SignalCounts();
  readonly #score: SignalScore;
  #learned = 0;
  #read = 0;

  /** Use {@link SignalDetector.create}. */
  private constructor(key: symbol, rate: number) {
    if (key !== KEY) {
      throw new TTTError('INVALID_ARGUMENT', 'use SignalDetector.create to make a detector');
    }
    this.#rate = rate;
    this.#score = new SignalScore(rate);
  }

  /** A detector that has read nothing. Codes: `INVALID_ARGUMENT`, `INVALID_OPTION`. */
  static async create(options: SignalDetectorOptions = {}): Promise<SignalDetector> {
    return new SignalDetector(KEY, readRate(options) ?? DEFAULT_ALARM_RATE);
  }

  /**
   * A detector that goes on from a saved one. Its `alarmRate` is that of the saved one unless another is
   * given. Codes: `STATE_DAMAGED`, `STATE_VERSION`, `INVALID_ARGUMENT`, `INVALID_OPTION`.
   */
  static async load(
    bytes: Uint8Array | ArrayBuffer,
    options: SignalDetectorOptions = {},
  ): Promise<SignalDetector> {
    const rate = readRate(options);
    const from = new ByteReader(
      checkBytes(bytes, 'bytes'),
      MAGIC,
      VERSION,
      'a saved SignalDetector',
    );
    const saved = from.f64(ALARM_RATES.max);
    if (saved < ALARM_RATES.min) throw from.damaged();
    const loaded = new SignalDetector(KEY, rate ?? saved);
    loaded.#restore(from);
    return loaded;
  }

  #restore(from: ByteReader): void {
    this.#learned = from.count();
    this.#read = from.count();
    this.#scale.load(from);
    this.#counts.load(from);
    this.#score.load(from);
    from.finish();
  }

  /** The share of values that are to be alarms. */
  get alarmRate(): number {
    return this.#rate;
  }

  /** Values that were read and not missing; a loaded detector goes on from its saved number. */
  get valuesSeen(): number {
    return this.#learned;
  }

  /**
   * Reads a value and learns from it. A value that is missing (NaN, null or undefined) is never odd, and
   * nothing is learnt from it. Throws `INVALID_ARGUMENT` for an infinite value, for a time that is none, and
   * for other types.
   *
   * @param time when it was: seconds since 1970, or a Date. May be irregular, and missing
   */
  read(value: number | null | undefined, time?: number | Date): SignalReading {
    const number = readValue(value);
    this.#counts.begin(readTime(time));
    const expected = this.#expected();
    const at = this.#read++;
    if (number === undefined) {
      return { score: 0, alarm: false, expected, warm: this.#learned >= WARM };
    }
    const beyond = this.#scale.beyond(number);
    const error = this.#counts.read(this.#scale.standard(number));
    this.#scale.learn(number);
    const odd = this.#score.oddness(error);
    const warm = this.#learned++ >= WARM;
    if (!warm) return { score: 0, alarm: false, expected, warm };
    const { score, alarm } = this.#score.judge(odd, beyond, at);
    return { score, alarm, expected, warm };
  }

  /** The range in which the next value is expected. */
  #expected(): [low: number, high: number] {
    if (this.#learned < 2) return [-Infinity, Infinity];
    const [lowest, highest] = this.#scale.bounds();
    const [low, high] = this.#counts.expected();
    const from = Math.min(Math.max(lowest, this.#scale.valueAt(low)), highest);
    const to = Math.max(Math.min(highest, this.#scale.valueAt(high)), lowest);
    return [from + 0, Math.max(from, to) + 0];
  }

  /** What it has learnt, to be loaded on any machine. */
  save(): Bytes {
    const to = new ByteWriter(MAGIC, VERSION);
    to.f64(this.#rate);
    to.count(this.#learned);
    to.count(this.#read);
    this.#scale.save(to);
    this.#counts.save(to);
    this.#score.save(to);
    return to.finish();
  }
}

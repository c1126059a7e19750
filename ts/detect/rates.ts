/**
 * rates.ts - how many lines come in a minute, and which lines come at regular times.
 * SPDX-License-Identifier: MIT
 */
import type { ByteReader, ByteWriter } from './bytes.js';
import type { RateFinding } from './types.js';

const MINUTE = 60;
/* Minutes that must have passed before one is judged. */
const WARM = 15;
/* Deviations from the usual that make a finding. */
const FAR = 5;
/* A spike is so much higher than what is usual and than all minutes before it: lines often come in bursts. */
const HIGHER = 1.5;
/* Weight of a new minute, so that the last few hours count. */
const SHARE = 1 / 240;
/* A longer silence is a break in the log: the minutes in it are not counted. */
const LONGEST = 24 * 60;

const PERIODIC = 256;
/* How often and for how long a line must have come, and how little its last intervals may differ, to be called
 * regular. */
const LEAST_TIMES = 12;
const LEAST_SECONDS = 600;
const INTERVALS = 30;
const LARGEST_SPREAD = 0.2;
const SHORTEST = 2;
/* Seconds without any line after which none is called missing: there was a silence. */
const PAUSE = 120;
/* Lines come out of order by so many seconds at most; a jump is believed when so many lines made it. */
const JITTER = 90;
const BELIEVED = 3;

interface Periodic {
  first: number;
  last: number;
  /** Mean of the seconds between two, and of the distances from it. */
  interval: number;
  spread: number;
  times: number;
  told: boolean;
}

/**
 * Square roots of counts have about the same variance for all rates, 1 for independent events (Anscombe 1948,
 * Biometrika 35).
 */
function stabilised(count: number): number {
  return 2 * Math.sqrt(count + 0.375);
}

function countOf(value: number): number {
  return Math.max(0, Math.round((Math.max(value, 0) / 2) ** 2 - 0.375));
}

/** Follows the times of the lines. */
export class Rates {
  private minute = -1;
  private count = 0;
  private minutes = 0;
  private mean = 0;
  private variance = 0;
  /** The most lines in a minute, of which the past slowly counts less. */
  private peak = 0;
  private silentSince = -1;
  /** Lines that agree about a jump of the clock, and where to. */
  private jumped = 0;
  private jumpedTo = 0;
  /** The time of the latest line. */
  private latest = 0;
  /** Whether that silence has been told. */
  private told = false;
  private readonly periodic = new Map<number, Periodic>();

  /** A line of a pattern came at `time`, in seconds. */
  see(
    time: number,
    pattern: number,
    textOf: (pattern: number) => string | undefined,
  ): RateFinding[] {
    if (this.latest !== 0 && !this.agrees(time)) return [];
    const isNew = this.minute >= 0 && Math.floor(time / MINUTE) > this.minute;
    const findings = this.tick(time);
    this.bridge(time);
    if (isNew) this.findMissing(time, findings, textOf);
    this.latest = time;
    this.count++;
    this.follow(time, pattern);
    return findings;
  }

  /**
   * Whether the clock goes on as it did. A jump is believed when a few lines agree about it; one back, as of a
   * clock that was set or at midnight in times without a date, begins anew.
   */
  private agrees(time: number): boolean {
    const step = time - this.latest;
    if (step >= -JITTER && step <= PAUSE) {
      this.jumped = 0;
      return true;
    }
    if (this.jumped === 0 || Math.abs(time - this.jumpedTo) > PAUSE) {
      this.jumpedTo = time;
      this.jumped = 0;
    }
    if (++this.jumped < BELIEVED) return false;
    this.jumped = 0;
    if (step < 0) {
      this.minute = -1;
      this.count = 0;
      this.silentSince = -1;
      this.told = false;
      this.periodic.clear();
    }
    return true;
  }

  /** Time has gone on to `time` without a line. */
  tick(time: number): RateFinding[] {
    const minute = Math.floor(time / MINUTE);
    if (this.minute < 0) this.minute = minute;
    if (minute <= this.minute) return [];
    const findings: RateFinding[] = [];
    if (minute - this.minute > LONGEST) this.silentSince = -1;
    else {
      for (let m = this.minute; m < minute; m++) {
        this.close(m, m === this.minute ? this.count : 0, findings);
      }
      if (this.silentSince >= 0 && !this.told) this.tellSilence(minute, findings);
    }
    this.minute = minute;
    this.count = 0;
    return findings;
  }

  /** Judges a minute that is over, then learns it. */
  private close(minute: number, count: number, findings: RateFinding[]): void {
    const value = stabilised(count);
    const reach = FAR * Math.sqrt(Math.max(1, this.variance));
    if (this.minutes >= WARM) {
      const [low, high] = [this.mean - reach, this.mean + reach];
      const expected: [number, number] = [countOf(low), countOf(high)];
      const [from, to] = [minute * MINUTE, (minute + 1) * MINUTE];
      if (value > high && count > HIGHER * Math.max(this.peak, expected[1])) {
        findings.push({ kind: 'spike', from, to, count, expected, like: undefined });
      }
      if (count === 0 && value < low && this.silentSince < 0) this.silentSince = minute;
    }
    if (count > 0) {
      this.silentSince = -1;
      this.told = false;
    }
    this.peak = Math.max(count, this.peak * (1 - SHARE));
    const share = Math.max(SHARE, 1 / ++this.minutes);
    const difference = Math.max(-reach, Math.min(reach, value - this.mean));
    const step = this.minutes === 1 ? value : difference;
    this.mean += share * step;
    if (this.minutes > 1) {
      this.variance += share * (difference * difference - this.variance);
    }
  }

  private tellSilence(minute: number, findings: RateFinding[]): void {
    const reach = FAR * Math.sqrt(Math.max(1, this.variance));
    findings.push({
      kind: 'silence',
      from: this.silentSince * MINUTE,
      to: minute * MINUTE,
      count: 0,
      expected: [countOf(this.mean - reach), countOf(this.mean + reach)],
      like: undefined,
    });
    this.told = true;
  }

  private follow(time: number, pattern: number): void {
    const { periodic } = this;
    const known = periodic.get(pattern);
    if (known === undefined) {
      if (periodic.size >= PERIODIC) periodic.delete(periodic.keys().next().value as number);
      periodic.set(pattern, {
        first: time,
        last: time,
        interval: 0,
        spread: 0,
        times: 1,
        told: false,
      });
      return;
    }
    periodic.delete(pattern);
    periodic.set(pattern, known);
    const interval = time - known.last;
    known.last = time;
    if (known.told || interval < 0) {
      known.told = false; // the interval with the gap says nothing
      return;
    }
    const share = Math.max(1 / INTERVALS, 1 / known.times);
    known.interval += share * (interval - known.interval);
    known.spread += share * (Math.abs(interval - known.interval) - known.spread);
    known.times++;
  }

  /** After a pause of the whole log no line is late by so much. */
  private bridge(time: number): void {
    const pause = time - this.latest;
    if (this.latest === 0 || pause <= PAUSE) return;
    for (const known of this.periodic.values()) {
      known.first += pause;
      known.last += pause;
    }
  }

  private findMissing(
    time: number,
    findings: RateFinding[],
    textOf: (pattern: number) => string | undefined,
  ): void {
    for (const [pattern, known] of this.periodic) {
      const { last, interval, spread } = known;
      if (known.told || known.times < LEAST_TIMES || interval < SHORTEST) continue;
      if (last - known.first < LEAST_SECONDS) continue;
      if (spread > LARGEST_SPREAD * interval || time < last + 3 * interval + 6 * spread) continue;
      known.told = true;
      findings.push({
        kind: 'missing',
        from: last,
        to: time,
        count: time - last,
        expected: [Math.max(0, interval - 2 * spread), interval + 2 * spread],
        like: textOf(pattern),
      });
    }
  }

  save(to: ByteWriter): void {
    const { minute, count, minutes, mean, variance, silentSince, latest, peak } = this;
    const numbers = [minute, count, minutes, mean, variance, silentSince, latest, peak];
    numbers.push(this.jumped, this.jumpedTo);
    for (const value of numbers) to.f64(value);
    to.u8(this.told ? 1 : 0);
    to.count(this.periodic.size);
    for (const [pattern, { first, last, interval, spread, times, told }] of this.periodic) {
      to.u32(pattern >>> 0);
      for (const value of [first, last, interval, spread, times]) to.f64(value);
      to.u8(told ? 1 : 0);
    }
  }

  load(from: ByteReader): void {
    this.minute = from.f64();
    this.count = from.f64();
    this.minutes = from.f64();
    this.mean = from.f64();
    this.variance = from.f64();
    this.silentSince = from.f64();
    this.latest = from.f64();
    this.peak = from.f64();
    this.jumped = from.f64();
    this.jumpedTo = from.f64();
    this.told = from.u8() !== 0;
    for (let left = from.count(PERIODIC); left > 0; left--) {
      const pattern = from.u32() | 0;
      const [first, last] = [from.f64(), from.f64()];
      const [interval, spread, times] = [from.f64(), from.f64(), from.f64()];
      const told = from.u8() !== 0;
      this.periodic.set(pattern, { first, last, interval, spread, times, told });
    }
  }
}

/**
 * log-memory.ts - what a LogDetector has learnt, and how it judges a line: several measures of oddness, each
 * as a share of its own past, are added, and the sum is calibrated in the same way.
 *
 *   words     leverage of the line in a memory of second order (bit_ttt/ttt.h, rule rls)
 *   sequence  the probability that this kind of line comes after the two before (bit_ttt/recall.h)
 *   order     how often it came one, two or three lines after those before it (successions.ts)
 *   number    a number far outside the range of its place (numbers.ts)
 *   time      how far the time at its head goes back
 * SPDX-License-Identifier: MIT
 */
import { exp, log2, log10 } from '../common/logarithm.js';
import type { TTT } from '../layer/ttt.js';
import type { ByteReader, ByteWriter } from './bytes.js';
import { learnWords, oddParts } from './explain.js';
import type { Stamp } from './head.js';
import { LINE_DIM, lineFeatures } from './line-features.js';
import { LineReader } from './line-reader.js';
import { readNumbers } from './number-places.js';
import { Numbers } from './numbers.js';
import { Patterns } from './patterns.js';
import type { Recall } from './recall.js';
import type { History } from './successions.js';
import { LAGS, Successions } from './successions.js';
import { AlarmRate, Tail } from './tail.js';
import { Trial } from './trial.js';
import type { Cause, LineReading, OddPart } from './types.js';
import { Variants } from './variants.js';
import { WordCounts } from './word-counts.js';

/** Lines to read before the first alarm. */
const WARM = 200;
/** Lines after which the shares' past counts half. */
const MEMORY = 1 << 15;

/** What a new kind of line is taken for among all that are not remembered. */
const BASE = 1e-4;

/* How much each measure counts. Chosen on six public logs with anomalies put into them: see
 * docs/detection.md. */
const WEIGHTS = { words: 0.7, sequence: 0.3, order: 0.7, number: 0.4, time: 0.7 };
/* Where numbers far outside their range are seldom they count for more, from this oddness on. */
const SELDOM = { from: 2.5, weight: 1.5 };

/* The sum's distribution before anything is known, from the same logs: shares fall by a factor of e^SLOPE for
 * each 1 above USUAL. It weighs as much as so many lines, and tells sums beyond all before apart. */
const SLOPE = 0.7 * Math.LN10;
const USUAL = 0.3;
const EXPECTED = 500;

type Measure = keyof typeof WEIGHTS;
const MEASURES = Object.keys(WEIGHTS) as Measure[];

/** From this score on the pattern that a line of a new kind is like is looked for. */
const LOOK_FROM = 2;
/** A step back by more seconds is a midnight or the turn of a year where times have no date, or no year. */
const TURN = 43200;
/** Lines over which it is told whether most have a time; in other logs times may stand for anything. */
const STAMPED_OVER = 64;
const MOSTLY = 0.8;

export class LogMemory {
  private readonly line: LineReader;
  private readonly successions = new Successions();
  private readonly numbers = new Numbers();
  private readonly words = new WordCounts();
  private readonly patterns = new Patterns();
  private readonly trial = new Trial();
  private readonly variants = new Variants();
  private readonly tails: Record<Measure, Tail>;
  private readonly sum: Tail;
  private readonly rate: AlarmRate;
  private readonly before = new Int32Array(LAGS);
  private lines = 0;
  private latest: number | undefined;
  /** The share of the latest lines that have a time. */
  private stamped = 0;

  private readonly token = new Float32Array(LINE_DIM);
  private readonly leverage = new Float32Array(1);
  private readonly into = { output: this.token, surprise: this.leverage };
  /** The measures of the present line, and what they add up from. */
  private readonly odd: Record<Measure, number> = {
    words: 0,
    sequence: 0,
    order: 0,
    number: 0,
    time: 0,
  };

  constructor(
    private readonly layer: TTT,
    private readonly recall: Recall,
    alarmRate: number,
    masks: readonly RegExp[],
  ) {
    this.line = new LineReader(masks);
    this.tails = {
      words: new Tail(-24, 0, MEMORY),
      sequence: new Tail(0, 48, MEMORY),
      order: new Tail(0, 40, MEMORY),
      number: new Tail(0, 6, MEMORY),
      time: new Tail(0, 32, MEMORY),
    };
    this.sum = new Tail(0, 12, MEMORY);
    this.rate = new AlarmRate(alarmRate);
  }

  /** The kind of the line that was read last: equal for lines that count as the same. */
  kind = 0;

  /** The text of a kind of line, if it is remembered. */
  readonly textOf = (kind: number): string | undefined => this.patterns.text(kind);

  /**
   * Judges a line, or the lines of one event, and learns it. `session`: the latest lines of its session, and
   * where its text names it, if it does.
   */
  read(
    text: string,
    session: { before: History; range: [number, number] } | undefined,
  ): LineReading {
    const { line } = this;
    line.read(text, session?.range);
    const { stamp, level } = line;
    const reading: LineReading = {
      score: 0,
      alarm: false,
      surprise: 0,
      warm: this.lines >= WARM,
      cause: 'words',
      because: [],
      pattern: 0,
      like: undefined,
      time: stamp?.seconds,
      level,
      session: undefined,
    };
    this.kind = 0;
    if (line.tokens.count === 0) return reading; // there is nothing to compare
    const before = session?.before ?? this.before;
    const { pattern } = line;
    this.kind = session === undefined ? pattern : this.variants.kindOf(pattern, line.detail);
    reading.pattern = this.kind >>> 0;
    const known = this.successions.knows(this.kind);
    const number = this.measure(before, session !== undefined, stamp);
    const sum = this.total();
    const expected = exp(-SLOPE * Math.max(0, sum - USUAL));
    const share = this.sum.shareWith(sum, expected, EXPECTED);
    reading.score = -log10(share);
    this.sum.add(sum);
    reading.alarm = reading.warm && this.rate.decide(share);
    reading.surprise = this.leverage[0]!;
    reading.cause = this.causeOf(known);
    reading.because = this.because(reading.cause, number, stamp);
    const look = reading.score >= LOOK_FROM;
    reading.like = look ? this.patterns.nearest(line, this.kind) : this.patterns.text(this.kind);
    this.learn(before, !known && reading.alarm);
    return reading;
  }

  /** Fills `odd`; returns the token of a number far outside its range, or -1. */
  private measure(before: History, inSession: boolean, stamp: Stamp | undefined): number {
    const { line, tails, odd } = this;
    lineFeatures(line, this.token);
    this.layer.observe(this.token, this.into);
    const leverage = log2(Math.max(this.leverage[0]!, 1e-7));
    if (inSession) for (let i = 1; i >= 0; i--) this.recall.pass(before[i]!);
    const sequence = -log2(Math.max(this.recall.probability(this.kind, BASE), 1e-14));
    const order = this.successions.bits(this.kind, before);
    const number = readNumbers(line, this.numbers);
    const values = {
      words: leverage,
      sequence,
      order,
      number: number.odd,
      time: this.stepBack(stamp),
    };
    for (const measure of MEASURES) {
      odd[measure] = tails[measure].oddness(values[measure]);
      tails[measure].add(values[measure]);
    }
    return number.odd > 0 ? number.token : -1;
  }

  private total(): number {
    let sum = 0;
    for (const measure of MEASURES) sum += WEIGHTS[measure] * this.odd[measure];
    return sum + SELDOM.weight * Math.max(0, this.odd.number - SELDOM.from);
  }

  /** How far the time goes back, as the logarithm of 1 + seconds. */
  private stepBack(stamp: Stamp | undefined): number {
    this.stamped += ((stamp === undefined ? 0 : 1) - this.stamped) / STAMPED_OVER;
    if (stamp === undefined) return 0;
    const back = this.latest === undefined ? 0 : this.latest - stamp.seconds;
    this.latest = stamp.seconds;
    if (back <= 0 || this.stamped < MOSTLY || (!stamp.dated && back > TURN)) return 0;
    return Math.floor(log2(1 + 1000 * back));
  }

  private causeOf(known: boolean): Cause {
    const { odd } = this;
    const part = (measure: Measure): number => WEIGHTS[measure] * odd[measure];
    const order = part('sequence') + part('order');
    const parts: [Cause, number][] = [
      ['words', part('words') + (known ? 0 : order)],
      ['order', known ? order : 0],
      ['number', part('number') + SELDOM.weight * Math.max(0, odd.number - SELDOM.from)],
      ['time', part('time')],
    ];
    return parts.reduce((most, next) => (next[1] > most[1] ? next : most))[0];
  }

  private because(cause: Cause, number: number, stamp: Stamp | undefined): OddPart[] {
    if (cause === 'order') return [];
    if (cause === 'time' && stamp !== undefined) {
      const [start, end] = stamp.ranges[0]!;
      return [{ start, end, share: 1 }];
    }
    const parts = oddParts(this.line, this.words, cause === 'number' ? number : -1);
    return parts.length === 0 && number >= 0 ? oddParts(this.line, this.words, number) : parts;
  }

  private learn(before: History, isNew: boolean): void {
    const { line, recall, kind } = this;
    if (this.trial.admits(kind, this.lines, isNew)) {
      recall.learn(kind, BASE);
      this.successions.learn(kind, before);
    } else {
      recall.pass(kind);
    }
    learnWords(line, this.words);
    this.patterns.see(line, kind);
    this.before.copyWithin(1, 0);
    this.before[0] = kind;
    this.lines++;
  }

  save(to: ByteWriter): void {
    to.count(this.lines);
    to.u8(this.latest === undefined ? 0 : 1);
    to.f64(this.latest ?? 0);
    to.f64(this.stamped);
    for (const line of this.before) to.u32(line >>> 0);
    to.blob(this.layer.saveState());
    to.blob(this.recall.save());
    for (const measure of MEASURES) this.tails[measure].save(to);
    const { sum, rate, successions, numbers, words, patterns, trial, variants } = this;
    for (const part of [sum, rate, successions, numbers, words, patterns, trial, variants])
      part.save(to);
  }

  /** Only for a memory that is new. */
  load(from: ByteReader): void {
    this.lines = from.count();
    const hasLatest = from.u8() !== 0;
    const latest = from.f64();
    this.latest = hasLatest ? latest : undefined;
    this.stamped = from.f64(1);
    for (let i = 0; i < LAGS; i++) this.before[i] = from.u32();
    this.layer.loadState(from.blob(MAX_STATE));
    this.recall.load(from.blob(MAX_STATE));
    for (const measure of MEASURES) this.tails[measure].load(from);
    const { sum, rate, successions, numbers, words, patterns, trial, variants } = this;
    for (const part of [sum, rate, successions, numbers, words, patterns, trial, variants])
      part.load(from);
  }
}

const MAX_STATE = 1 << 28;

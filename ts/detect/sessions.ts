/**
 * sessions.ts - judges what belongs together, such as the lines of one request: which lines follow one
 * another in it, and which that usually do are missing.
 * SPDX-License-Identifier: MIT
 */
import { exp, log2, log10 } from '../common/logarithm.js';
import type { ByteReader, ByteWriter } from './bytes.js';
import { copyOf } from './lines.js';
import type { History } from './successions.js';
import { LAGS } from './successions.js';
import { AlarmRate, Tail } from './tail.js';
import type { SessionReading } from './types.js';
import { pairHash } from './words.js';

const MOST_OPEN = 4096;
const MOST_KNOWN = 8192;
const MOST_FEATURES = 1024;
const MOST_COUNTED = 2 * (1 << 14);
const MAX_NAME = 200;
const WARM = 50;
const MEMORY = 1 << 14;
/* What a succession is taken to have been seen, and not to have been seen, before anything was. */
const PRIOR = 2;
/* The distribution of the bits before anything is known: shares fall by a factor of e^FALL for each time that
 * they exceed their mean. It weighs as much as so many sessions, and tells those beyond all before apart. */
const FALL = 3;
const EXPECTED = 100;
const MOST_FALL = 23; // a share of 1e-10
const MEAN_OVER = 500;
const END = 0x2f0b4437;

interface Open {
  /** Its latest lines. */
  before: History;
  /** Successions in it, of neighbours and of lines with one line between. */
  features: Set<number>;
  lines: number;
}

export class Sessions {
  private readonly open = new Map<string, Open>();
  /** In how many sessions each succession was. */
  private readonly known = new Map<number, number>();
  /** How many successions came so often, and the most that any did. */
  private readonly withCount = new Uint32Array(MOST_COUNTED + 1);
  private most = 0;
  private ended = 0;
  private mean = 0;
  private readonly tail = new Tail(0, 8, MEMORY);
  private readonly rate: AlarmRate;

  constructor(alarmRate: number) {
    this.rate = new AlarmRate(alarmRate);
  }

  /** The latest lines of a session, which `see` then adds to. */
  before(name: string): History {
    return this.open.get(name)?.before ?? new Int32Array(LAGS);
  }

  /** Adds a line to its session. Returns the reading of a session that had to be ended for it, if any. */
  see(name: string, line: number): SessionReading | undefined {
    let session = this.open.get(name);
    let full: SessionReading | undefined;
    if (session === undefined) {
      if (this.open.size >= MOST_OPEN) full = this.end(this.open.keys().next().value as string);
      session = { before: new Int32Array(LAGS), features: new Set(), lines: 0 };
    } else {
      this.open.delete(name); // the latest is last
    }
    this.open.set(name, session);
    this.addFeatures(session, line);
    session.before.copyWithin(1, 0);
    session.before[0] = line;
    session.lines++;
    return full;
  }

  private addFeatures({ features, before, lines }: Open, line: number): void {
    if (features.size >= MOST_FEATURES) return;
    features.add(pairHash(before[0]!, line));
    if (lines >= 2) features.add(pairHash(~before[1]!, line));
  }

  /** The names of the open sessions, that of the longest silence first. */
  names(): string[] {
    return [...this.open.keys()];
  }

  /** Ends a session and judges it; undefined if it is not open. */
  end(name: string): SessionReading | undefined {
    const session = this.open.get(name);
    if (session === undefined) return undefined;
    this.open.delete(name);
    session.features.add(pairHash(session.before[0]!, END));
    const bits = this.bitsOf(session.features);
    this.learn(session.features);
    const times = this.mean > 0 ? bits / this.mean : 1;
    const share = this.tail.shareWith(
      log2(1 + times),
      exp(-Math.min(MOST_FALL, FALL * Math.max(0, times - 1))),
      EXPECTED,
    );
    const score = -log10(share);
    this.tail.add(log2(1 + times));
    this.ended++;
    this.follow(bits);
    const warm = this.ended > WARM;
    const alarm = warm && this.rate.decide(share);
    return { session: name, score, alarm, warm, lines: session.lines };
  }

  /** The mean of the bits; one session far above it counts as if it were four times the mean. */
  private follow(bits: number): void {
    const most = this.ended > 10 ? 4 * this.mean : bits;
    this.mean += (Math.min(bits, most) - this.mean) / Math.min(this.ended, MEAN_OVER);
  }

  /**
   * How unlikely these successions are, in bits, and that all others that are known are not among them, each
   * taken by itself.
   */
  private bitsOf(features: ReadonlySet<number>): number {
    const all = this.ended + 2 * PRIOR;
    const absent = (count: number): number => {
      return -log2(Math.max(1 - (count + PRIOR) / all, PRIOR / all));
    };
    let bits = 0;
    for (let count = 1; count <= this.most; count++) {
      const many = this.withCount[count]!;
      if (many > 0) bits += many * absent(count);
    }
    for (const feature of features) {
      const count = this.known.get(feature) ?? 0;
      bits -= log2((count + PRIOR) / all);
      if (count > 0) bits -= absent(count);
    }
    return Math.max(bits, 0);
  }

  private learn(features: ReadonlySet<number>): void {
    const { known, withCount } = this;
    for (const feature of features) {
      const count = known.get(feature) ?? 0;
      if (count >= MOST_COUNTED) continue;
      known.set(feature, count + 1);
      if (count > 0) withCount[count]!--;
      withCount[count + 1]!++;
      this.most = Math.max(this.most, count + 1);
    }
    if (known.size > MOST_KNOWN || this.ended >= MEMORY) this.halve();
  }

  private halve(): void {
    this.ended = Math.floor(this.ended / 2);
    for (const [feature, count] of this.known) {
      if (count < 2) this.known.delete(feature);
      else this.known.set(feature, count >> 1);
    }
    this.countAll();
  }

  /** Counts the successions by how often they came. */
  private countAll(): void {
    this.withCount.fill(0);
    this.most = 0;
    for (const count of this.known.values()) {
      this.withCount[count]!++;
      this.most = Math.max(this.most, count);
    }
  }

  save(to: ByteWriter): void {
    to.count(this.ended);
    to.f64(this.mean);
    this.tail.save(to);
    this.rate.save(to);
    to.count(this.known.size);
    for (const [feature, count] of this.known) {
      to.u32(feature >>> 0);
      to.count(count);
    }
    to.count(this.open.size);
    for (const [name, { before, features, lines }] of this.open) {
      to.text(name);
      for (const line of before) to.u32(line >>> 0);
      to.count(lines);
      to.count(features.size);
      for (const feature of features) to.u32(feature >>> 0);
    }
  }

  load(from: ByteReader): void {
    this.ended = from.count(MEMORY);
    this.mean = from.f64();
    this.tail.load(from);
    this.rate.load(from);
    for (let left = from.count(2 * MOST_KNOWN + MOST_FEATURES); left > 0; left--) {
      const feature = from.u32() | 0;
      this.known.set(feature, from.count(MOST_COUNTED));
    }
    this.countAll();
    for (let left = from.count(MOST_OPEN); left > 0; left--) {
      const name = from.text(4 * MAX_NAME);
      const before = new Int32Array(LAGS);
      for (let i = 0; i < LAGS; i++) before[i] = from.u32();
      const lines = from.count();
      const features = new Set<number>();
      for (let more = from.count(MOST_FEATURES + 4); more > 0; more--) features.add(from.u32() | 0);
      this.open.set(name, { before, features, lines });
    }
  }
}

/** Where a line names its session: the name, and the range of its text; undefined if it has none. */
export function sessionOf(
  text: string,
  pattern: RegExp | undefined,
): { name: string; range: [number, number] } | undefined {
  const found = pattern?.exec(text);
  if (found === null || found === undefined) return undefined;
  const { indices } = found as RegExpExecArray & { indices?: ([number, number] | undefined)[] };
  const range = indices?.[1] ?? indices?.[0] ?? [found.index, found.index + found[0].length];
  const name = text.slice(range[0], Math.min(range[1], range[0] + MAX_NAME));
  return { name: copyOf(name.replace(/\p{Surrogate}/gu, '\ufffd')), range };
}

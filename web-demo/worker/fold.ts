/**
 * fold.ts - what of a log stands out: alarms, of which bursts are folded, and changes in how often lines come.
 * SPDX-License-Identifier: MIT
 */
import type { LineReading, RateFinding, SessionReading } from 'bit-ttt';
import { TopList } from '../../ts/detect/digest.js';

/** The most that are kept of each: of alarms the oddest, of changes the first. */
const MOST = 20;
/** A burst is over after so many lines without one of its pattern. */
const QUIET = 200;

/** An alarm, and how many lines of its pattern came soon after. */
interface Alarm {
  index: number;
  score: number;
  reading: LineReading;
  text: string;
  more: number;
  last: number;
}

interface Change {
  index: number;
  finding: RateFinding;
}

export class Folded {
  readonly #top = new TopList<Alarm>(MOST);
  readonly #open = new Map<number, Alarm>();
  readonly #times: number[] = [];
  readonly changes: Change[] = [];
  /** How many there were, kept or not. */
  alarmCount = 0;
  changeCount = 0;

  /** The alarms that are kept, in their order. */
  get alarms(): Alarm[] {
    return [...this.#top.lines].sort((a, b) => a.index - b.index);
  }

  /** Whether the lines are of more than one day. */
  get dated(): boolean {
    const times = this.#times.filter((time) => !Number.isNaN(time));
    return Math.floor((times[0] ?? 0) / 86400) !== Math.floor((times.at(-1) ?? 0) / 86400);
  }

  /** Takes a line, or the lines of one event. */
  line(index: number, text: string, reading: LineReading): void {
    this.#times.push(reading.time ?? Number.NaN);
    if (!reading.alarm && this.#open.size === 0) return;
    const open = this.#open.get(reading.pattern);
    if (open && index - open.last <= QUIET) {
      // Usual lines that follow a known line in an unusual place are no burst of it.
      if (!reading.alarm && open.reading.cause !== 'words') return;
      open.more++;
      open.last = index;
    } else if (reading.alarm) {
      const alarm = { index, score: reading.score, reading, text, more: 0, last: index };
      this.#open.set(reading.pattern, alarm);
      this.#top.add(alarm);
      this.alarmCount++;
    } else if (open) this.#open.delete(reading.pattern);
  }

  /** Takes what was found at a line besides the line. */
  rates(index: number, findings: readonly (RateFinding | SessionReading)[]): void {
    const rates = findings.filter((finding) => 'kind' in finding);
    const silent = rates.some(({ kind }) => kind === 'silence');
    for (const finding of rates) {
      // In a silence every line stays away.
      if (silent && finding.kind === 'missing') continue;
      const last = this.changes.at(-1)?.finding;
      if (finding.kind === 'spike' && last?.kind === 'spike' && last.to === finding.from) {
        last.to = finding.to;
        last.count = Math.max(last.count, finding.count);
        continue;
      }
      this.changeCount++;
      if (this.changes.length >= MOST) continue;
      const at = finding.kind === 'spike' ? this.#since(index, finding.from) : index;
      this.changes.push({ index: at, finding: { ...finding } });
    }
  }

  /** The first of the lines up to `index` that came at a time or after it. */
  #since(index: number, time: number): number {
    let at = index;
    while (at > 0 && this.#times[at - 1]! >= time) at--;
    return at;
  }
}

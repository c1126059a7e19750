/**
 * surprise-found.ts - what `surprise` keeps of what it finds, in a bounded amount of memory.
 * SPDX-License-Identifier: MIT
 */
import type { LineFinding, LineReading, LogFinding, OddPart } from 'bit-ttt';
import { TopList } from '../../detect/digest.js';
import type { LogEvent } from '../../detect/events.js';

/** A finding with what is shown around it. */
export interface Shown {
  finding: Exclude<LogFinding, { kind: 'burst' }>;
  /** The file it is in, if there are several. */
  file: string | undefined;
  /** In which order it came. */
  order: number;
  score: number;
  before: string[];
  after: string[];
  /** Alarms of the same kind soon after it, and the last line of those. */
  more: number;
  last: number;
}

/** Which findings are wanted. */
interface Wanted {
  top: number;
  context: number;
  since: number | undefined;
}

/** Longest text kept of a line, in UTF-16 units; of those around it less. */
const MAX_TEXT = 16384;
const MAX_CONTEXT_TEXT = 1000;
/* Findings without a score, such as a silence, are listed before all lines. */
const FIRST = 100;
const EARLY = 3;
/* Times without a year are of the year 2000, which logs are older than that rarely are of. */
const YEAR_2000 = [Date.UTC(2000, 0) / 1000, Date.UTC(2001, 0) / 1000] as const;

/** A copy: a part of a chunk would keep the whole in memory. */
function copyOf(text: string, most: number): string {
  const cut = text.length > most ? `${text.slice(0, most)}\u2026` : text;
  return Buffer.from(cut, 'utf16le').toString('utf16le');
}

/** The finding with a copy of its text, and the parts that are in that. */
function kept(finding: LineFinding): LineFinding {
  const because = finding.because.filter(({ end }) => end <= MAX_TEXT);
  return { ...finding, because, text: copyOf(finding.text, MAX_TEXT) };
}

/** Whether a time is at or after another; a time without a year is compared within the year. */
function isSince(time: number, since: number): boolean {
  const undated = time >= YEAR_2000[0] && time < YEAR_2000[1];
  if (!undated) return time >= since;
  return time >= new Date(1000 * since).setUTCFullYear(2000) / 1000;
}

/** What was found. */
export interface FoundResult {
  /** What is to be shown, in its order. */
  shown: readonly Shown[];
  /** The oddest lines while there were too few for alarms. */
  early: readonly Shown[];
  alarms: number;
  /** Whether there were enough lines for alarms. */
  warm: boolean;
}

/** Chooses what is shown: the oddest lines, with those around them. */
export class Found {
  private readonly top: TopList<Shown>;
  private readonly early = new TopList<Shown>(EARLY);
  private readonly recent: string[] = [];
  /** Those that still take lines that come after them. */
  private open: Shown[] = [];
  private byLine = new Map<number, Shown>();
  private count = 0;
  private alarms = 0;
  private wanted: boolean;
  private warm = false;

  constructor(private readonly request: Wanted) {
    this.top = new TopList(request.top);
    this.wanted = request.since === undefined;
  }

  /** Another file begins: what is around a line is in the same one. */
  nextFile(): void {
    this.recent.length = 0;
    this.open = [];
    this.byLine.clear();
  }

  /** Every event. */
  event(event: LogEvent, reading: LineReading, file: string | undefined): void {
    const { context, since } = this.request;
    this.warm = reading.warm;
    if (since !== undefined && reading.time !== undefined)
      this.wanted = isSince(reading.time, since);
    if (context > 0) this.addContext(event.text, context);
    if (this.warm || reading.because.length === 0) return;
    const { number: line, lines, text } = event;
    const finding: LineFinding = { kind: 'line', line, lines, text, ...reading };
    this.early.add(this.shownOf(kept(finding), reading.score, file));
  }

  private addContext(text: string, context: number): void {
    const copy = copyOf(text, MAX_CONTEXT_TEXT);
    for (const shown of this.open) shown.after.push(copy);
    this.open = this.open.filter((shown) => shown.after.length < context);
    this.recent.push(copy);
    if (this.recent.length > context + 1) this.recent.shift();
  }

  /** What was found; undefined if it is not shown as a finding of its own. */
  finding(finding: LogFinding, file: string | undefined): Shown | undefined {
    if (finding.kind === 'burst') {
      const first = this.byLine.get(finding.line);
      if (first !== undefined) {
        first.more += finding.more;
        first.last = finding.last;
      }
      return undefined;
    }
    if (!this.wanted) return undefined;
    this.alarms++;
    const score = 'score' in finding ? finding.score : FIRST;
    const shown = this.shownOf(finding.kind === 'line' ? kept(finding) : finding, score, file);
    if (finding.kind === 'line') {
      shown.before = this.recent.slice(0, -1);
      if (this.request.context > 0) this.open.push(shown);
      this.byLine.set(finding.line, shown);
    }
    this.top.add(shown);
    if (this.byLine.size > 4 * this.request.top + 1000) this.forget();
    return shown;
  }

  /** Keeps the lines that are shown alone. */
  private forget(): void {
    this.byLine = new Map();
    for (const shown of this.top.lines) {
      if (shown.finding.kind === 'line') this.byLine.set(shown.finding.line, shown);
    }
  }

  private shownOf(finding: Shown['finding'], score: number, file: string | undefined): Shown {
    const shown = { finding, file, score, before: [], after: [], more: 0, last: 0 };
    return { ...shown, order: this.count++ };
  }

  result(): FoundResult {
    const shown = [...this.top.lines].sort((a, b) => a.order - b.order);
    const { alarms, warm } = this;
    return { shown, early: warm ? [] : this.early.lines, alarms, warm };
  }
}

/** The parts of a text that made it odd, in their order. */
export function partsInOrder(parts: readonly OddPart[]): OddPart[] {
  return [...parts].sort((a, b) => a.start - b.start);
}

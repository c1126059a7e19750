/**
 * surprise-read.ts - how `surprise` reads: file by file, with turns for signals and timers, and with the memory
 * saved now and then while it follows a file or a pipe.
 * SPDX-License-Identifier: MIT
 */
import type { LineReading, LogDetector, LogFinding, RateFinding, SessionReading } from 'bit-ttt';
import { Turns } from '../../common/turns.js';
import { Curve } from '../../detect/digest.js';
import type { LogEvent } from '../../detect/events.js';
import { LogWatcher } from '../../detect/log-watcher.js';
import { decompressed } from '../files/compressed.js';
import { followSource } from '../files/follow.js';
import type { Source } from '../files/input.js';
import { openSource } from '../files/input.js';
import { LineSplitter } from '../files/lines.js';
import { saveDetector } from '../files/memory-file.js';
import type { Result } from '../files/save.js';
import { Failure } from '../screen/failure.js';
import { drained, print } from '../screen/output.js';
import type { Palette, Progress } from '../screen/terminal.js';
import { columnsOf, grouped, visible } from '../screen/terminal.js';
import type { FoundResult } from './surprise-found.js';
import { Found } from './surprise-found.js';
import { findingLine, jsonFinding, jsonLine, jsonSession, textLine } from './surprise-report.js';

/** How to read, what to show, and where and how often to save the memory. */
export interface Reading {
  files: string[];
  top: number;
  context: number;
  above: number | undefined;
  since: number | undefined;
  follow: boolean;
  all: boolean;
  json: boolean;
  save: Result | null;
  /** Seconds between two saves. */
  saveEvery: number;
}

/** What was found, and how far the logs went. */
export interface Findings extends FoundResult {
  curve: Curve;
  /** Lines that were read, events that they are, and the last line of the last file. */
  lines: number;
  events: number;
  lastLine: number;
  bytes: number;
  /** How messages call the last file. */
  name: string;
}

/** Saves the memory at regular times, as long as the input has no known end. */
class RegularSave {
  private saved: number;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly save: Result,
    seconds: number,
    private readonly log: LogDetector,
    private readonly progress: Progress,
  ) {
    this.saved = log.lines;
    this.timer = setInterval(() => this.saveNew(), 1000 * seconds);
  }

  /** Saves if lines were read since. A failure only warns: a disk that is full now may have room later. */
  private saveNew(): void {
    if (this.log.lines === this.saved) return;
    const result = saveDetector(this.log, this.save);
    if (result instanceof Failure) {
      this.progress.clear();
      process.stderr.write(`bit-ttt: ${visible(result.message)}; the reading goes on\n`);
    } else {
      this.saved = this.log.lines;
    }
  }

  end(): void {
    clearInterval(this.timer);
  }
}

const IDLE_MS = 300;

/** The chunks of a source that may keep one waiting; undefined when it does. */
async function* orIdle(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array | undefined> {
  const iterator = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = iterator.next();
      let timer: NodeJS.Timeout | undefined;
      const idle = new Promise<undefined>((resolve) => {
        timer = setTimeout(() => resolve(undefined), IDLE_MS);
      });
      const first = await Promise.race([next, idle]);
      clearTimeout(timer);
      if (first === undefined) yield undefined;
      const { done, value } = first ?? (await next);
      if (done === true) return;
      yield value;
    }
  } finally {
    await iterator.return?.();
  }
}

/** Reads the logs to their end, or until `stop`. */
export async function readLogs(
  log: LogDetector,
  request: Reading,
  palette: Palette,
  progress: Progress,
  stop: AbortSignal,
): Promise<Findings> {
  const reader = new LogReader(log, request, palette, progress, stop);
  for (const [i, file] of request.files.entries()) {
    await reader.read(file, i === request.files.length - 1);
    if (stop.aborted) break;
  }
  return reader.result();
}

class LogReader {
  private readonly found: Found;
  private readonly curve = new Curve();
  private linesBefore = 0;
  private lastLine = 0;
  private bytes = 0;
  private name = '';
  private file: string | undefined;

  constructor(
    private readonly log: LogDetector,
    private readonly request: Reading,
    private readonly palette: Palette,
    private readonly progress: Progress,
    private readonly stop: AbortSignal,
  ) {
    this.found = new Found(request);
  }

  /** Reads a file; sessions end with the last one. */
  async read(file: string, isLast: boolean): Promise<void> {
    const { log, request, stop, progress } = this;
    const { source, waits } = await this.open(file);
    this.found.nextFile();
    this.linesBefore += this.lastLine;
    this.lastLine = 0;
    this.name = source.name;
    this.file = request.files.length > 1 ? file : undefined;
    const judge = {
      read: (text: string) => this.judge(log.read(text)),
      findings: () => this.showSessions(log.findings()),
      endSessions: () => (isLast ? this.showSessions(log.endSessions()) : []),
    };
    const watcher = new LogWatcher(judge, (event, reading) => this.event(event, reading));
    const splitter = new LineSplitter(source.name, 'surprise');
    const follows = source.size === undefined && request.save !== null;
    const regular = follows
      ? new RegularSave(request.save!, request.saveEvery, log, progress)
      : undefined;
    let read = 0;
    try {
      for await (const chunk of waits ? orIdle(source.chunks) : source.chunks) {
        if (chunk === undefined) this.tell(watcher.idle());
        else {
          read += chunk.length;
          await this.take(watcher, splitter.push(chunk));
        }
        if (stop.aborted) break;
        this.showProgress(source, read);
      }
      if (!stop.aborted) await this.take(watcher, splitter.end()); // else the last line may be half of one
      this.tell(watcher.end());
    } finally {
      regular?.end();
      this.bytes += read;
    }
  }

  /** A source, and whether it may keep one waiting, as pipes do. */
  private async open(file: string): Promise<{ source: Source; waits: boolean }> {
    const { request, stop } = this;
    if (request.follow) return { source: followSource(file, stop), waits: true };
    const source = await openSource(file, stop);
    return { source: await decompressed(source), waits: source.size === undefined };
  }

  private showProgress(source: Source, read: number): void {
    this.progress.update(() => {
      const share = source.size ? ` (${Math.floor((100 * read) / source.size)} %)` : '';
      return `${grouped(this.lastLine)} lines read${share}`;
    });
  }

  private async take(watcher: LogWatcher, lines: ReturnType<LineSplitter['end']>): Promise<void> {
    const turns = new Turns();
    for (const line of lines) {
      if (this.stop.aborted) break;
      this.lastLine = line.number;
      this.tell(watcher.line(line));
      await turns.rest();
    }
    await drained(this.stop);
  }

  /** What counts as an alarm: those of the detector, or lines of the score that was asked for. */
  private judge(reading: LineReading): LineReading {
    const { above } = this.request;
    if (above !== undefined) reading.alarm = reading.warm && reading.score >= above;
    return reading;
  }

  /** Every event, before what was found in it is told. */
  private event(event: LogEvent, reading: LineReading): void {
    const { request, palette, file } = this;
    this.lastLine = event.number + event.lines - 1;
    this.curve.add(reading.score);
    this.found.event(event, reading, file);
    if (!request.all) return;
    print(request.json ? jsonLine(event, reading, file) : textLine(event, reading, palette));
  }

  /** Prints sessions that have ended, if all is to be printed. */
  private showSessions<T extends RateFinding | SessionReading>(found: T[]): T[] {
    const { request, file } = this;
    if (!request.all || !request.json) return found;
    for (const one of found) if (!('kind' in one)) print(jsonSession(one, file));
    return found;
  }

  private tell(findings: readonly LogFinding[]): void {
    const { request, palette, found, file } = this;
    for (const finding of findings) {
      const shown = found.finding(finding, file);
      if (shown === undefined || !request.follow || request.all) continue;
      const columns = columnsOf(process.stdout, process.env);
      print(request.json ? jsonFinding(shown) : findingLine(shown, palette, columns));
    }
  }

  result(): Findings {
    const { found, curve, linesBefore, lastLine, bytes, name } = this;
    const counts = { lines: linesBefore + lastLine, events: curve.count, lastLine, bytes };
    return { ...found.result(), ...counts, curve, name };
  }
}

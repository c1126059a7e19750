/**
 * log-watcher.ts - turns the lines of a log into findings: joins the lines of an event, and folds bursts.
 * SPDX-License-Identifier: MIT
 */
import type { Burst } from './bursts.js';
import { Bursts } from './bursts.js';
import type { LogEvent } from './events.js';
import { Events } from './events.js';
import type { Line } from './lines.js';
import type { LineReading, LogFinding, RateFinding, SessionReading } from './types.js';

/** What a watcher needs of a detector. */
export interface Judge {
  read(text: string): LineReading;
  findings(): (RateFinding | SessionReading)[];
  endSessions(): SessionReading[];
}

export class LogWatcher {
  private readonly events = new Events();
  private readonly bursts = new Bursts();

  /** `all` gets every event with its reading, if it is given. */
  constructor(
    private readonly judge: Judge,
    private readonly all?: (event: LogEvent, reading: LineReading, isNew: boolean) => void,
  ) {}

  /** Adds a line; the findings are of the event before it. */
  line(line: Line): LogFinding[] {
    const event = this.events.push(line);
    return event === undefined ? [] : this.read(event);
  }

  /** No line has come for a while: the last event is complete. */
  idle(): LogFinding[] {
    const event = this.events.flush();
    return event === undefined ? [] : this.read(event);
  }

  /** The log has ended. */
  end(): LogFinding[] {
    const found = this.idle();
    found.push(...this.bursts.end().map(burstFinding));
    return found.concat(sessionFindings(this.judge.endSessions()));
  }

  private read(event: LogEvent): LogFinding[] {
    const { judge, bursts } = this;
    const found: LogFinding[] = bursts.over(event.number).map(burstFinding);
    const reading = judge.read(event.text);
    const isNew = reading.alarm && bursts.alarm(reading.pattern, event.number);
    this.all?.(event, reading, isNew);
    if (isNew) {
      const { number, lines, text } = event;
      found.push({ kind: 'line', line: number, lines, text, ...reading });
    }
    for (const other of judge.findings()) {
      if ('kind' in other) found.push(other);
      else found.push(...sessionFindings([other]));
    }
    return found;
  }
}

function burstFinding(burst: Burst): LogFinding {
  return { kind: 'burst', ...burst };
}

function sessionFindings(readings: readonly SessionReading[]): LogFinding[] {
  return readings.flatMap((reading) => (reading.alarm ? { kind: 'session', ...reading } : []));
}

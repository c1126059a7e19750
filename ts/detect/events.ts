/**
 * events.ts - joins the lines that are one event, such as an error and its stack trace.
 * SPDX-License-Identifier: MIT
 */
import { stampOf } from './head.js';
import type { Line } from './lines.js';
import { MAX_LINE } from './lines.js';

/** One or more lines. */
export interface LogEvent extends Line {
  /** How many lines it has. */
  lines: number;
}

const MOST_LINES = 500;
/* How many of the latest events must have begun with a time before a line without one counts as a part of the
 * event before it. */
const STAMPED = 20;

/* In a text without times most of whose lines are indented, that says nothing. */
const INDENTED_OVER = 100;
const MOST_INDENTED = 0.9;

const GOES_ON = /^(?:\s+\S|Caused by: |Suppressed: |\.\.\. \d+ (?:more|common))/;
const TRACEBACK = /^Traceback \(/m;

/**
 * Collects lines until the next one begins an event of its own. A line belongs to the event before it if it is
 * indented or begins as the parts of stack traces do, or if it has no time at its head in a log whose lines have
 * one.
 */
export class Events {
  private open: LogEvent | undefined;
  /** How many of the latest events began with a time, up to STAMPED. */
  private stamped = 0;
  /** The share of the latest lines that are indented. */
  private indented = 0;
  /** The last line of a traceback of Python is not indented. */
  private traceback = false;

  /** Adds a line; returns the event that it shows to be complete, if any. */
  push(line: Line): LogEvent | undefined {
    const { open } = this;
    const isIndented = GOES_ON.test(line.text) ? 1 : 0;
    this.indented += (isIndented - this.indented) / INDENTED_OVER;
    if (open !== undefined && this.goesOn(open, line.text)) {
      open.text += `\n${line.text}`;
      open.lines = line.number - open.number + 1;
      return undefined;
    }
    this.open = { ...line, lines: 1 };
    this.traceback = TRACEBACK.test(line.text);
    const stamped = stampOf(line.text) !== undefined;
    this.stamped = stamped ? Math.min(STAMPED, this.stamped + 1) : 0;
    return open;
  }

  /** The event that is not complete yet, which is then taken for complete. */
  flush(): LogEvent | undefined {
    const { open } = this;
    this.open = undefined;
    return open;
  }

  private goesOn(open: LogEvent, text: string): boolean {
    if (open.lines >= MOST_LINES || open.text.length + text.length >= MAX_LINE) return false;
    if (GOES_ON.test(text)) {
      const joins = this.indented < MOST_INDENTED || this.stamped > 0;
      return joins && stampOf(text) === undefined;
    }
    if (TRACEBACK.test(text)) {
      this.traceback = true;
      return true;
    }
    if (this.traceback) {
      this.traceback = false;
      return text !== '';
    }
    return this.stamped >= STAMPED && text !== '' && text[0] !== '{' && stampOf(text) === undefined;
  }
}

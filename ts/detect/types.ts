/**
 * types.ts - the types of detectors that users name; no code.
 * SPDX-License-Identifier: MIT
 */
import type { BackendOptions } from '../common/types.js';

/** Options of a {@link LogDetector}. */
export interface LogDetectorOptions extends BackendOptions {
  /** The share of lines that are to be alarms, 0.0001 to 0.1. Default 0.001: one line in a thousand. */
  alarmRate?: number | undefined;
  /** What these match counts as one and the same, such as names of users. At most 32. */
  mask?: RegExp | readonly RegExp[] | undefined;
  /**
   * What a line belongs to: a request, a connection, a block. Its first group, or else the whole match, is the
   * name. Lines then follow the lines of the same session, however many interleave, and each session as a
   * whole is judged by what is in it and in which order: `endSessions`.
   */
  session?: RegExp | undefined;
}

/** A part of a line's text and its share in what made the line odd; all shares add up to 1 at most. */
export interface OddPart {
  start: number;
  end: number;
  share: number;
}

/**
 * What most of all made a line odd: what it says (`words`), where it stands (`order`), a number far outside
 * its range (`number`), or a time before that of the line before it (`time`).
 */
export type Cause = 'words' | 'order' | 'number' | 'time';

/** What a LogDetector says of a line. */
export interface LineReading {
  /**
   * Minus the decimal logarithm of the share of its own past that was at least as odd: 2 for one line in a
   * hundred, 3 for one in a thousand, whatever the log.
   */
  score: number;
  /** Whether it is one of the oddest lines, of which there are as many as `alarmRate` says. */
  alarm: boolean;
  /** How new its words are, apart from all else: 1 for what was never read, about 1/n after n times. */
  surprise: number;
  /** False at the beginning, while too little was read for alarms. */
  warm: boolean;
  /** What most of all made it odd. */
  cause: Cause;
  /** The words and numbers that made it odd, most first; none where the order did. */
  because: OddPart[];
  /** A number that is equal for lines that count as the same: that differ in numbers and ids alone. */
  pattern: number;
  /** The known pattern that it is like, for odd lines and for those whose pattern is known. */
  like: string | undefined;
  /** The time at its head, in seconds since 1970 if it has a date with a year. */
  time: number | undefined;
  /** The level at its head, as written: `ERROR`. */
  level: string | undefined;
  /** The name of its session, if sessions were asked for and it has one. */
  session: string | undefined;
}

/** A change in how often lines come, found as time goes on. */
export interface RateFinding {
  /**
   * `spike`: many more lines in a minute than usual; `silence`: none, where there always were some; `missing`: a
   * line that came at regular times stays away.
   */
  kind: 'spike' | 'silence' | 'missing';
  /** When it began and when it was found, in seconds as the lines' times are. */
  from: number;
  to: number;
  /** Lines in a minute; for `missing`, seconds since it came last. */
  count: number;
  /** What had been usual: lines in a minute, or seconds between two. */
  expected: [number, number];
  /** The pattern that is missing. */
  like: string | undefined;
}

/** What a LogDetector says of a session that has ended. */
export interface SessionReading {
  session: string;
  /** As of a line, but among sessions. */
  score: number;
  alarm: boolean;
  warm: boolean;
  /** How many lines it had. */
  lines: number;
}

/** A line, or the lines of one event, that was an alarm. */
export interface LineFinding extends LineReading {
  kind: 'line';
  /** The number of its first line, counted from 1. */
  line: number;
  /** How many lines it has, of which `text` is made. */
  lines: number;
  text: string;
}

/** The alarms of a burst that came after its first, which has been told as a LineFinding. */
export interface BurstFinding {
  kind: 'burst';
  /** Numbers of the first line of the burst, and of the last. */
  line: number;
  last: number;
  /** How many alarms came after the first. */
  more: number;
}

/** A session that was an alarm. */
export interface SessionFinding extends SessionReading {
  kind: 'session';
}

/** What `watch` and `transform` give. */
export type LogFinding = LineFinding | BurstFinding | RateFinding | SessionFinding;

/**
 * A log: its text, its bytes in UTF-8, a stream of either, or an iterable. Strings of Node's and web streams
 * are pieces of the text, cut anywhere; those of other iterables, such as arrays and `readline`, are lines.
 */
export type LogSource =
  | string
  | Uint8Array
  | Iterable<string | Uint8Array>
  | AsyncIterable<string | Uint8Array>
  | { getReader(): object };

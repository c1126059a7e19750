/**
 * head.ts - finds the time at the head of a line, which is left out of what is compared.
 * SPDX-License-Identifier: MIT
 */

/** A time that was found. */
export interface Stamp {
  /** Seconds; since 1970 where the line has a date with a year. */
  seconds: number;
  /** Whether the date has a year, so that times of different years can be compared. */
  dated: boolean;
  /** The first and the last time of the line as one range of its text, or as two. */
  ranges: [number, number][];
}

/* Times begin within so many characters of a line. */
const HEAD = 72;
const LONGEST = 48;
const MONTHS = 'janfebmaraprmayjunjulaugsepoctnovdec';

const DATE = String.raw`(?<year>\d{4})(?<mark>[-/.])(?<month>\d\d)\k<mark>(?<day>\d\d)`;
const CLOCK = String.raw`(?<hour>\d\d)(?<colon>[:.])(?<minute>\d\d)\k<colon>(?<second>\d\d)(?:[.,](?<part>\d{1,9}))?`;
const ZONE = String.raw`(?: ?(?<zone>Z\b|[+-]\d\d:?\d\d\b))?`;
const NAME = '(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)';

/* Each kind of time with what must come before it. Tried in this order. */
const FORMATS: readonly RegExp[] = [
  // 2026-11-30T10:20:30.123Z, 2026/11/30 10:20:30, 2005-06-03-15.42.50.675872
  new RegExp(`${DATE}[T _-]${CLOCK}${ZONE}`),
  // Nov 30 10:20:30, Sun Nov 30 10:20:30.123 2026
  new RegExp(
    `(?:\\b(?:mon|tue|wed|thu|fri|sat|sun),? )?\\b(?<name>${NAME}) +(?<day>\\d{1,2}) ${CLOCK}(?: (?<year>\\d{4})\\b)?`,
    'i',
  ),
  // 30/Nov/2026:10:20:30 +0100
  new RegExp(`\\b(?<day>\\d\\d)/(?<name>${NAME})/(?<year>\\d{4}):${CLOCK}${ZONE}`, 'i'),
  // 1780000000, 1780000000.123, 1780000000123
  /^[[(]?(?<epoch>1\d{9})(?:\.(?<part>\d{1,9})|(?<milli>\d{3}))?\b/,
  // 081109 203615
  /^(?<year2>\d\d)(?<month>\d\d)(?<day>\d\d) (?<hour>\d\d)(?<minute>\d\d)(?<second>\d\d)\b/,
  // 11-30 10:20:30.123, I1130 10:20:30.123456 (of glog)
  new RegExp(`^[[(IWEF]?(?<month>\\d\\d)[-/]?(?<day>\\d\\d) ${CLOCK}`),
  // 10:20:30
  new RegExp(`^[[(]?${CLOCK}`),
];

/* Of a second time in a line. */
const SECOND = FORMATS.slice(0, 1);

type Groups = Record<string, string | undefined>;

function monthOf(groups: Groups): number {
  const { name, month } = groups;
  if (name !== undefined) return MONTHS.indexOf(name.toLowerCase()) / 3;
  return month === undefined ? 0 : Number(month) - 1;
}

/** Seconds, or undefined where the digits are no time. */
function secondsOf(groups: Groups): number | undefined {
  const part = groups['part'] === undefined ? 0 : Number(`0.${groups['part']}`);
  if (groups['epoch'] !== undefined) {
    return Number(groups['epoch']) + part + Number(groups['milli'] ?? 0) / 1000;
  }
  const year = Number(groups['year'] ?? (groups['year2'] ? `20${groups['year2']}` : 2000));
  const month = monthOf(groups);
  const day = Number(groups['day'] ?? 1);
  const [hour, minute, second] = [groups['hour'], groups['minute'], groups['second']].map(Number);
  if (month > 11 || day < 1 || day > 31 || hour! > 23 || minute! > 59 || second! > 60) {
    return undefined;
  }
  const zone = groups['zone'];
  let shift = 0;
  if (zone !== undefined && zone !== 'Z') {
    const digits = zone.replace(/\D/g, '');
    shift =
      (zone[0] === '-' ? -60 : 60) * (60 * Number(digits.slice(0, 2)) + Number(digits.slice(2)));
  }
  return Date.UTC(year, month, day, hour, minute, second) / 1000 + part - shift;
}

/** The time that stands first in `text`, which begins at `from` in its line, in one of some formats. */
function firstStamp(
  text: string,
  from: number,
  formats: readonly RegExp[],
): (Stamp & { part: boolean }) | undefined {
  let first: (Stamp & { part: boolean }) | undefined;
  for (const format of formats) {
    const found = format.exec(text);
    if (found === null) continue;
    const at = from + found.index;
    if (first !== undefined && at >= first.ranges[0]![0]) continue;
    const groups = found.groups!;
    const seconds = secondsOf(groups);
    if (seconds === undefined) continue;
    first = {
      seconds,
      dated: (groups['year'] ?? groups['year2'] ?? groups['epoch']) !== undefined,
      part: groups['part'] !== undefined || groups['milli'] !== undefined,
      ranges: [[at, at + found[0].length]],
    };
    if (found.index <= 1) return first; // nothing is before it
  }
  return first;
}

/**
 * The time at the head of a line, or undefined. Where two follow one another, as in some logs, the one with
 * fractions of a second counts, and both are left out.
 */
export function stampOf(line: string): Stamp | undefined {
  if (line !== lastLine) {
    lastStamp = findStamp(line);
    lastLine = line;
  }
  return lastStamp;
}

/* A line is asked for several times: by what joins events, by the detector, by what shows it. */
let lastLine: string | undefined;
let lastStamp: Stamp | undefined;

function findStamp(line: string): Stamp | undefined {
  const head = line.length > HEAD + LONGEST ? line.slice(0, HEAD + LONGEST) : line;
  const first = firstStamp(head, 0, FORMATS);
  if (first === undefined || first.ranges[0]![0] > HEAD) return undefined;
  const end = first.ranges[0]![1];
  const next = first.part || end > HEAD ? undefined : firstStamp(head.slice(end), end, SECOND);
  if (next === undefined || !next.part) return first;
  return { ...next, ranges: [...first.ranges, ...next.ranges] };
}

/** Seconds of a time in a field of its own, such as one of JSON: a text, or a number since 1970. */
export function fieldSeconds(value: string): number | undefined {
  const number = /^\d{9,19}(?:\.\d+)?$/.test(value) ? Number(value) : undefined;
  if (number === undefined) return firstStamp(value.slice(0, LONGEST), 0, FORMATS)?.seconds;
  if (number > 1e17) return number / 1e9;
  if (number > 1e14) return number / 1e6;
  return number > 1e11 ? number / 1e3 : number;
}

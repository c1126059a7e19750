/**
 * cells.ts - reads the cells of a table: numbers and times.
 * SPDX-License-Identifier: MIT
 */
import { fieldSeconds } from './head.js';

const MISSING = /^(|-|\?|na|n\/a|nan|null|none)$/i;
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
/** With a comma for the decimals: only where cells are not separated by commas. */
const COMMA_NUMBER = /^[-+]?\d*,\d+(e[-+]?\d+)?$/i;
const DATES = String.raw`(?:(?<year>\d{4})(?<mark>[-/.])(?<month>\d\d?)\k<mark>(?<day>\d\d?)|(?<day2>\d\d?)\.(?<month2>\d\d?)\.(?<year2>\d{4}))`;
const CLOCK = String.raw`(?:[T ]+(?<hour>\d\d?):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,](?<part>\d+))?)?)`;
const ZONE = String.raw`(?<zone>Z|UTC|[-+]\d\d:?(?:\d\d)?)`;
/** 2014-02-14 14:27:00, 2014-02-14T14:27Z, 2014/02/14 14:27:00.5+01:00, 14.02.2014 14:27, 2014-02-14 */
const TIME = new RegExp(`^${DATES}${CLOCK}?\\s*${ZONE}?$`, 'i');
/** 14/Feb/2014:14:27:00 and others that name the month. */
const NAMED_MONTH = /(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)/i;

/** Whether a cell says that there is nothing. */
export function isMissing(cell: string): boolean {
  return MISSING.test(cell);
}

/** The number in a cell, which may be infinite if it is too large; undefined for anything else. */
export function numberIn(cell: string, separator: string): number | undefined {
  if (NUMBER.test(cell)) return Number(cell);
  if (separator !== ',' && COMMA_NUMBER.test(cell)) return Number(cell.replace(',', '.'));
  return undefined;
}

/** Minutes that a zone is ahead of UTC; a time without one counts as UTC. */
function zoneMinutes(zone: string | undefined): number {
  if (zone === undefined || !/^[-+]/.test(zone)) return 0;
  const digits = zone.replace(/\D/g, '');
  const minutes = 60 * Number(digits.slice(0, 2)) + Number(digits.slice(2) || 0);
  return zone[0] === '-' ? -minutes : minutes;
}

/** Seconds since 1970 of a number of seconds, milliseconds, microseconds or nanoseconds, by its size. */
function epochSeconds(number: number): number {
  const size = Math.abs(number);
  if (size < 1e11) return number;
  if (size < 1e14) return number / 1e3;
  return size < 1e17 ? number / 1e6 : number / 1e9;
}

/** The time in a cell, in seconds since 1970; undefined for what is no time. */
export function timeIn(cell: string, separator: string): number | undefined {
  const number = numberIn(cell, separator);
  if (number !== undefined) {
    const seconds = epochSeconds(number);
    return Math.abs(seconds) < 1e11 ? seconds : undefined;
  }
  const found = TIME.exec(cell)?.groups;
  if (found === undefined) return NAMED_MONTH.test(cell) ? fieldSeconds(cell) : undefined;
  const digits = (...names: string[]): number =>
    Number(names.map((name) => found[name]).find((one) => one !== undefined) ?? 0);
  const month = digits('month', 'month2') - 1;
  const day = digits('day', 'day2');
  const [hour, minute, second] = ['hour', 'minute', 'second'].map((name) => digits(name));
  const date = new Date(0);
  date.setUTCFullYear(digits('year', 'year2'), month, day);
  const isDay = date.getUTCMonth() === month && date.getUTCDate() === day;
  if (!isDay || hour! > 24 || minute! > 59 || second! > 60) return undefined;
  const part = found['part'] === undefined ? 0 : Number(`0.${found['part']}`);
  const clock = 3600 * hour! + 60 * minute! + second! + part;
  return date.getTime() / 1000 + clock - 60 * zoneMinutes(found['zone']);
}

/**
 * csv-cells.ts - reads the cells of a table: numbers and times.
 * SPDX-License-Identifier: MIT
 */
import { fieldSeconds } from '../../detect/head.js';

const MISSING = /^(|-|\?|na|n\/a|nan|null|none)$/i;
const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;
/** With a comma for the decimals: only where cells are not separated by commas. */
const COMMA_NUMBER = /^[-+]?\d*,\d+(e[-+]?\d+)?$/i;
/** 2014-02-14 14:27:00, 2014-02-14T14:27Z, 2014/02/14 14:27:00.5+01:00, 2014-02-14 */
const TIME =
  /^(\d{4})([-/])(\d\d?)\2(\d\d?)(?:[T ]+(\d\d?):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?\s*(Z|UTC|[-+]\d\d:?(?:\d\d)?)?$/i;

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
  const found = TIME.exec(cell);
  if (found === null) return /\d/.test(cell) ? fieldSeconds(cell) : undefined;
  const [year, month, day, hour, minute, second] = [1, 3, 4, 5, 6, 7].map((i) =>
    Number(found[i] ?? 0),
  ) as [number, number, number, number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const isDay = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!isDay || hour > 24 || minute > 59 || second > 60) return undefined;
  const fraction = found[8] === undefined ? 0 : Number(`0.${found[8]}`);
  const seconds = date.getTime() / 1000 + 3600 * hour + 60 * minute + second + fraction;
  return seconds - 60 * zoneMinutes(found[9]);
}

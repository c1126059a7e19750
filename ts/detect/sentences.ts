/**
 * sentences.ts - what detectors found, in plain English: one home for the command and the demo page. Texts of the
 * log are quoted as they are, without control characters.
 * SPDX-License-Identifier: MIT
 */
import type { LineReading, OddPart, RateFinding } from './types.js';

/** How much is read before the first alarm. */
export const WARM = { line: 200, value: 150 } as const;

type Unit = keyof typeof WARM;

/** Of the pattern that a line is like so much is quoted, in characters. */
const MAX_QUOTE = 100;
/** A line of a log begins with so much of what is compared, for patterns are cut as well. */
const MAX_COMPARED = 120;

/** From this surprise on the words of a line are more new than known. */
const NEW = 0.5;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const NAMES_IN_DATES = new RegExp(`^(?:${MONTHS.join('|')}|Mon|Tue|Wed|Thu|Fri|Sat|Sun|Z)$`, 'i');

function clean(text: string): string {
  return text.replace(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim();
}

function short(text: string): string {
  const characters = [...text];
  if (characters.length <= MAX_QUOTE) return text;
  const cut = characters.slice(0, MAX_QUOTE).join('');
  const space = cut.lastIndexOf(' ');
  return `${space > MAX_QUOTE / 2 ? cut.slice(0, space) : cut} \u2026`;
}

/** A number with its thousands apart. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** The words that made a line odd as they stand in it, each once; those beside each other are one phrase. */
function phrases(text: string, because: readonly OddPart[]): string[] {
  const parts = [...because].sort((a, b) => a.start - b.start);
  const ranges: { start: number; end: number }[] = [];
  for (const { start, end } of parts) {
    const last = ranges.at(-1);
    if (last && /^[^\p{L}\p{N},;]{0,2}$/u.test(text.slice(last.end, start))) last.end = end;
    else ranges.push({ start, end });
  }
  return [...new Set(ranges.map(({ start, end }) => short(clean(text.slice(start, end)))))];
}

/** The words of a line or of a pattern that no other line of the pattern has in another way. */
function fixedWords(text: string): string {
  const words = text.replace(/<(?:n|id|time)>/g, ' 0 ').split(/[^\p{L}\p{N}]+/u);
  const fixed = words.filter((word) => /^\D+$/.test(word) && !NAMES_IN_DATES.test(word));
  return fixed.join(' ').slice(0, MAX_COMPARED);
}

/** The known pattern that a line is like, unless it is the line's own. */
function likeOf(like: string | undefined, text: string): string {
  if (like === undefined || fixedWords(like) === fixedWords(text)) return '';
  const quoted = short(clean(like.replace(/^\W*<time>\W*/, '')));
  return quoted === '' ? '' : ` Most like \u201c${quoted}\u201d.`;
}

/** Why a line is odd, in a sentence or two. `text` is the line that was read. */
export function explainLine(
  reading: Pick<LineReading, 'cause' | 'because' | 'like' | 'surprise'>,
  text: string,
): string {
  const { cause, because, like, surprise } = reading;
  const words = phrases(text, because);
  if (cause === 'time') return 'Its time goes back.';
  if (cause === 'order') return 'Known line in an unusual place.';
  if (cause === 'number') return `A number far outside its usual range: ${words.join(', ')}.`;
  const nearest = likeOf(like, text);
  if (words.length === 0) {
    return `${surprise >= NEW ? 'A kind of line that is new.' : 'A rare kind of line.'}${nearest}`;
  }
  const one = words.length === 1 && !words[0]!.includes(' ');
  return `Unexpected word${one ? '' : 's'}: ${words.join(', ')}.${nearest}`;
}

function clock(seconds: number, dated: boolean): string {
  const time = new Date(seconds * 1000);
  const two = (number: number): string => String(number).padStart(2, '0');
  const day = dated ? `${MONTHS[time.getUTCMonth()]} ${time.getUTCDate()}, ` : '';
  return `${day}${two(time.getUTCHours())}:${two(time.getUTCMinutes())}`;
}

/** A range of whole numbers; where both ends are the same, one. */
function range(low: number, high: number): string {
  const [from, to] = [Math.round(low), Math.round(high)];
  return from === to ? grouped(to) : `${grouped(from)} to ${grouped(to)}`;
}

/** How many lines are usual; where none is usual too, how many at most. */
function usualLines([low, high]: readonly [number, number]): string {
  return Math.round(low) === 0
    ? `usual up to ${grouped(Math.round(high))}`
    : `usual ${range(low, high)}`;
}

/** A range of seconds in a unit that suits it. */
function lasting([low, high]: readonly [number, number]): string {
  const [unit, seconds] =
    high < 120 ? ['second', 1] : high < 7200 ? ['minute', 60] : ['hour', 3600];
  const text = range(low / seconds, high / seconds);
  return `${text} ${unit}${text === '1' ? '' : 's'}`;
}

/**
 * What has changed in how often lines come, in a sentence. Times are in UTC, as the detector has them; with
 * `dated` their day is told too.
 */
export function explainRate(finding: RateFinding, dated = false): string {
  const { kind, from, to, count, expected, like } = finding;
  const begin = clock(from, dated);
  const end = clock(to, dated && clock(to, true).slice(0, -5) !== begin.slice(0, -5));
  const usual = usualLines(expected);
  if (kind === 'silence') return `${begin} to ${end}: silence; ${usual} lines a minute.`;
  if (kind === 'spike') {
    const most = to - from > 60 ? `up to ${grouped(count)} lines a minute` : '';
    return `${begin} to ${end}: ${most || `${grouped(count)} lines in a minute`}; ${usual}.`;
  }
  const quoted = short(clean((like ?? '').replace(/^\W*<time>\W*/, '')));
  const what = quoted === '' ? 'a line that came at regular times' : `\u201c${quoted}\u201d`;
  return `After ${begin}: ${what} stays away; usual every ${lasting(expected)}.`;
}

function figure(value: number): string {
  return String(Number(value.toPrecision(4)));
}

/** Why a value of a signal is odd, in a sentence; `expected` is the range that was. */
export function explainValue(value: number, expected: readonly [number, number]): string {
  const [low, high] = expected;
  const text = `${figure(low)} to ${figure(high)}`;
  if (value < low || value > high) {
    return `${value < low ? 'Too low' : 'Too high'}: ${text} was expected.`;
  }
  return `In the expected range, ${text}, but the last values do not go on as usual.`;
}

function things(count: number, unit: Unit): string {
  return `${grouped(count)} ${unit}${count === 1 ? '' : 's'}`;
}

/** Says that there was too little for alarms. */
export function explainCold(count: number, unit: Unit): string {
  const needed = things(WARM[unit], unit);
  return `Too little to tell what is unusual: that takes ${needed}, and here ${count === 1 ? 'is' : 'are'} ${grouped(count)}.`;
}

/** Says that there was no alarm. */
export function explainNothing(count: number, unit: Unit): string {
  return `Nothing stands out: none of the ${things(count, unit)} was odd enough for an alarm.`;
}

/**
 * surprise-report.ts - what `surprise` prints: a report for people, JSON for programs.
 * SPDX-License-Identifier: MIT
 */
import type { LineFinding, LineReading, LogDetector, OddPart } from 'bit-ttt';
import type { Curve } from '../../detect/digest.js';
import type { LogEvent } from '../../detect/events.js';
import { stampOf } from '../../detect/head.js';
import type { Paint, Palette } from '../screen/terminal.js';
import { compact, fit, grouped, safeJson, visible } from '../screen/terminal.js';
import type { Shown } from './surprise-found.js';
import { partsInOrder } from './surprise-found.js';
import { sparkline } from './surprise-sparkline.js';

/** All that is reported about one run. */
export interface SurpriseResult {
  shown: readonly Shown[];
  more: number;
  early: readonly Shown[];
  alarms: number;
  curve: Curve;
  lines: number;
  log: LogDetector;
  request: { files: string[]; above: number | undefined; load: string | null };
  seconds: number;
  saved: { path: string; bytes: number } | null;
}

const rounded = (x: number, digits = 4): number => Number(x.toFixed(digits));

function partFields(parts: readonly OddPart[], text: string): object[] {
  return parts.map(({ start, end, share }) => {
    return { start, end, share: rounded(share), text: text.slice(start, end) };
  });
}

function readingFields(reading: LineReading, text: string): object {
  const { score, alarm, surprise, warm, cause, because, like, level, session } = reading;
  return {
    score: rounded(score),
    alarm,
    surprise: rounded(surprise, 6),
    warm,
    cause,
    because: partFields(because, text),
    ...(like === undefined ? {} : { like }),
    ...(reading.time === undefined ? {} : { time: reading.time }),
    ...(level === undefined ? {} : { level }),
    ...(session === undefined ? {} : { session }),
  };
}

function fileField(file: string | undefined): object {
  return file === undefined ? {} : { file };
}

/** One line of `--all --json`. */
export function jsonLine(event: LogEvent, reading: LineReading, file: string | undefined): string {
  const { number: line, column, lines, text } = event;
  const fields = { line, ...(column > 1 ? { column } : {}), ...(lines > 1 ? { lines } : {}) };
  const object = { ...fileField(file), ...fields, ...readingFields(reading, text), text };
  return `${safeJson(object)}\n`;
}

function findingFields({ finding, file, more, last, before, after }: Shown): object {
  const own: object =
    finding.kind === 'line'
      ? {
          kind: 'line',
          line: finding.line,
          lines: finding.lines,
          ...readingFields(finding, finding.text),
          text: finding.text,
        }
      : finding;
  const alike = more > 0 ? { more, last } : {};
  const around = before.length + after.length > 0 ? { before, after } : {};
  return { ...fileField(file), ...own, ...alike, ...around };
}

/** One finding of `--follow --json`. */
export function jsonFinding(shown: Shown): string {
  return `${safeJson(findingFields(shown))}\n`;
}

/** The document of `--json`. */
export function jsonReport(result: SurpriseResult): string {
  const { request, curve, log, saved } = result;
  const document = {
    files: request.files,
    lines: result.lines,
    alarm_rate: log.alarmRate,
    alarms: result.alarms,
    findings: result.shown.map(findingFields),
    early: result.early.map(findingFields),
    sparkline: curve.means().map((mean) => rounded(mean)),
    memory: { loaded: request.load, saved: saved?.path ?? null, lines: log.lines },
  };
  return `${safeJson(document, 2)}\n`;
}

const CAUSES = {
  words: 'what it says',
  order: 'where it stands',
  number: 'a number far from all before it',
  time: 'its time goes back',
} as const;

/** The text of a line: its odd words in colour, and the head that all lines have dimmed. */
function paintedText(text: string, because: readonly OddPart[], palette: Palette): string {
  const mark: Paint = palette.enabled
    ? (word) => palette.bold(palette.red(word))
    : (word) => `[${word}]`;
  const ranges = stampOf(text)?.ranges;
  const head = ranges === undefined ? 0 : ranges[ranges.length - 1]![1];
  const plain = (from: number, to: number): string => {
    const middle = Math.min(Math.max(from, head), to);
    return palette.dim(visible(text.slice(from, middle))) + visible(text.slice(middle, to));
  };
  let painted = '';
  let from = 0;
  for (const { start, end } of partsInOrder(because)) {
    if (start < from || end > text.length) continue;
    painted += plain(from, start) + mark(visible(text.slice(start, end)));
    from = end;
  }
  return painted + plain(from, text.length);
}

/** The lines of an event, each painted. */
function paintedLines(
  { text, because }: Pick<LineFinding, 'text' | 'because'>,
  palette: Palette,
): string[] {
  let from = 0;
  return text.split('\n').map((line) => {
    const own = because
      .filter(({ start, end }) => start >= from && end <= from + line.length)
      .map(({ start, end, share }) => ({ start: start - from, end: end - from, share }));
    from += line.length + 1;
    return paintedText(line, own, palette);
  });
}

const two = (n: number): string => String(n).padStart(2, '0');

function clockOf(seconds: number): string {
  const date = new Date(1000 * seconds);
  const day = `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  const time = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
  return date.getUTCFullYear() === 2000 ? `${day.slice(5)} ${time}` : `${day} ${time}`;
}

const plural = (n: number, name: string): string => `${grouped(n)} ${name}${n === 1 ? '' : 's'}`;

/** What a finding that is no line says. */
function otherText(finding: Exclude<Shown['finding'], LineFinding>): string {
  if (finding.kind === 'session') {
    const { session, lines, score } = finding;
    return `session ${visible(session)}, ${plural(lines, 'line')}: score ${score.toFixed(1)}`;
  }
  const { kind, from, to, count, expected, like } = finding;
  const usual = `${grouped(expected[0])} to ${grouped(expected[1])}`;
  const when = `${clockOf(from)} to ${clockOf(to)}`;
  if (kind === 'spike') return `${when}: ${grouped(count)} lines in a minute, usual ${usual}`;
  if (kind === 'silence') return `${when}: no lines, usual ${usual} a minute`;
  const what = like === undefined ? 'a regular line' : visible(like);
  return `${when}: no "${what}" for ${grouped(count)} s, usual every ${usual} s`;
}

/** A finding for people, in a line or more. */
export function findingLine(shown: Shown, palette: Palette): string {
  const { finding, file, more, last } = shown;
  const place = file === undefined ? '' : `${visible(file)}:`;
  if (finding.kind !== 'line') return `${palette.yellow(place + otherText(finding))}\n`;
  const { line, score, cause, like } = finding;
  const rate = `score ${score.toFixed(1)}, ${CAUSES[cause]}`;
  const head = palette.cyan(`${place}${grouped(line)}`) + palette.dim(`  ${rate}`);
  const indent = (text: string): string => `    ${text}`;
  const context = (texts: readonly string[]): string[] =>
    texts.map((text) => palette.dim(indent(fit(visible(text), 200))));
  const lines = [head, ...context(shown.before)];
  lines.push(...paintedLines(finding, palette).map(indent), ...context(shown.after));
  if (like !== undefined && cause === 'words') {
    lines.push(palette.dim(indent(`like: ${fit(visible(like), 160)}`)));
  }
  if (more > 0) {
    lines.push(palette.dim(indent(`+${grouped(more)} alike, up to line ${grouped(last)}`)));
  }
  return `${lines.join('\n')}\n`;
}

function outcome({ shown, more, early, lines, alarms }: SurpriseResult): string {
  if (early.length > 0 || lines === 0) {
    const read = plural(lines, 'line');
    return `only ${read} so far: from 200 on, odd lines are told from usual ones`;
  }
  if (alarms === 0) return 'nothing stands out';
  const stand = alarms === 1 ? 'stands' : 'stand';
  const hidden = more > 0 ? `, ${grouped(shown.length)} of them below (--top)` : '';
  return `${grouped(alarms)} ${stand} out${hidden}; the rest is usual`;
}

/** The report for people. `columns` is the width to keep to. */
export function textReport(result: SurpriseResult, palette: Palette, columns: number): string {
  const { curve, shown, early, seconds, request, log, saved } = result;
  const { bold, dim } = palette;
  const [first] = request.files;
  const single = first === '-' ? 'standard input' : visible(first!);
  const name = request.files.length === 1 ? single : plural(request.files.length, 'file');
  const lines = [`${bold(name)}: ${plural(result.lines, 'line')}, ${outcome(result)}`];
  if (curve.count > 1) lines.push('', ...sparkline(result, palette, columns - 4));
  for (const one of shown.length > 0 ? shown : early) {
    lines.push('', findingLine(one, palette).trimEnd());
  }
  const parts = [`${plural(log.lines, 'line')} remembered`];
  if (request.load !== null) parts.push(`loaded from ${visible(request.load)}`);
  if (saved !== null) parts.push(`saved to ${visible(saved.path)} (${compact(saved.bytes)}B)`);
  const rate = `${compact(result.lines / Math.max(seconds, 1e-9))} lines/s`;
  lines.push('', dim(`${parts.join(', ')}; ${seconds.toFixed(2)} s, ${rate}`));
  return `${lines.join('\n')}\n`;
}

/** One line of `--all`: its score, and its text. */
export function textLine(event: LogEvent, reading: LineReading, palette: Palette): string {
  const score = reading.score.toFixed(2);
  const paint: Paint = reading.alarm ? (text) => palette.bold(palette.red(text)) : palette.dim;
  const because = reading.alarm ? reading.because : [];
  const lines = paintedLines({ text: event.text, because }, palette);
  return `${paint(`${score}${reading.alarm ? '!' : ' '}`)} ${lines.join('\n      ')}\n`;
}

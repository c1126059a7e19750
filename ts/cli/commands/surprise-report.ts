/**
 * surprise-report.ts - what `surprise` prints: a report for people, JSON for programs.
 * SPDX-License-Identifier: MIT
 */
import type { LineFinding, LineReading, LogDetector, OddPart, SessionReading } from 'bit-ttt';
import type { Curve } from '../../detect/digest.js';
import type { LogEvent } from '../../detect/events.js';
import { stampOf } from '../../detect/head.js';
import { explainRate } from '../../detect/sentences.js';
import type { Paint, Palette } from '../screen/terminal.js';
import { compact, fit, grouped, safeJson, visible } from '../screen/terminal.js';
import type { FoundResult, Shown } from './surprise-found.js';
import { partsInOrder } from './surprise-found.js';
import { sparkline } from './surprise-sparkline.js';

/** All that is reported about one run. */
export interface SurpriseResult extends FoundResult {
  curve: Curve;
  lines: number;
  events: number;
  log: LogDetector;
  request: { files: string[]; above: number | undefined; load: string | null };
  /** Backend and kernel. */
  engine: string;
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

/** A session of `--all --json`, when it has ended. */
export function jsonSession(reading: SessionReading, file: string | undefined): string {
  const { session, score, alarm, warm, lines } = reading;
  const fields = { session, lines, score: rounded(score), alarm, warm };
  return `${safeJson({ ...fileField(file), ...fields })}\n`;
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
    events: result.events,
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
  words: 'unusual words',
  order: 'unusual after the lines before it',
  number: 'a number far from all before it',
  time: 'an earlier time than the line before it',
} as const;

/* Of the columns that a tab goes on by. */
const TAB = '    ';
/* Lines that are shown of an event: the first ones, and what it ends with. */
const FIRST_LINES = 12;
const LAST_LINES = 4;

const shownText = (text: string): string => visible(text.replace(/\t/g, TAB));

/** Parts in their order, those joined that have but blanks between them. */
function joined(parts: readonly OddPart[], text: string): OddPart[] {
  const all: OddPart[] = [];
  for (const part of partsInOrder(parts)) {
    const last = all.at(-1);
    if (last !== undefined && text.slice(last.end, part.start).trim() === '') last.end = part.end;
    else all.push({ ...part });
  }
  return all;
}

/** The text of a line: its odd words in colour, and the head that all lines have dimmed. */
function paintedText(text: string, because: readonly OddPart[], palette: Palette): string {
  const mark: Paint = palette.enabled
    ? (word) => palette.bold(palette.red(word))
    : (word) => `\u00ab${word}\u00bb`;
  const ranges = stampOf(text)?.ranges;
  const head = ranges === undefined ? 0 : ranges[ranges.length - 1]![1];
  const plain = (from: number, to: number): string => {
    const middle = Math.min(Math.max(from, head), to);
    return palette.dim(shownText(text.slice(from, middle))) + shownText(text.slice(middle, to));
  };
  let painted = '';
  let from = 0;
  for (const { start, end } of joined(because, text)) {
    if (start < from || end > text.length) continue;
    painted += plain(from, start) + mark(shownText(text.slice(start, end)));
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

const plural = (n: number, name: string): string => `${grouped(n)} ${name}${n === 1 ? '' : 's'}`;

/** What a finding that is no line says. */
function otherText(finding: Exclude<Shown['finding'], LineFinding>): string {
  if (finding.kind === 'session') {
    const { session, lines, score } = finding;
    return `session ${visible(session)}, ${plural(lines, 'line')}: score ${score.toFixed(1)}`;
  }
  return visible(explainRate(finding, true));
}

/** The lines of an event, of a long one but its beginning and its end. */
function foldedLines(lines: readonly string[], palette: Palette): readonly string[] {
  const left = lines.length - FIRST_LINES - LAST_LINES;
  if (left <= 1) return lines;
  const fold = palette.dim(`... ${plural(left, 'line')} more`);
  return [...lines.slice(0, FIRST_LINES), fold, ...lines.slice(-LAST_LINES)];
}

/** A finding for people, in a line or more. Its own lines are whole, those around them cut to the width. */
export function findingLine(shown: Shown, palette: Palette, columns: number): string {
  const { finding, file, more, last } = shown;
  const place = file === undefined ? '' : `${visible(file)}:`;
  if (finding.kind !== 'line') return `${palette.yellow(place + otherText(finding))}\n`;
  const { line, score, cause, like } = finding;
  const rate = `score ${score.toFixed(1)}, ${CAUSES[cause]}`;
  const head = palette.cyan(`${place}${grouped(line)}`) + palette.dim(`  ${rate}`);
  const indent = (text: string): string => `    ${text}`;
  const dimmed = (text: string): string => palette.dim(indent(fit(shownText(text), columns - 4)));
  const context = (texts: readonly string[]): string[] =>
    texts.flatMap((text) => text.split('\n').map(dimmed));
  const own = foldedLines(paintedLines(finding, palette), palette).map(indent);
  const lines = [head, ...context(shown.before), ...own, ...context(shown.after)];
  if (like !== undefined && cause === 'words') lines.push(dimmed(`like: ${like}`));
  if (more > 0) {
    lines.push(palette.dim(indent(`+${grouped(more)} alike, up to line ${grouped(last)}`)));
  }
  return `${lines.join('\n')}\n`;
}

/** What the first line says, of which file or files, and how many lines. */
function outcome({ shown, early, warm, alarms, lines }: SurpriseResult, name: string): string {
  const read = plural(lines, 'line');
  if (!warm) {
    const odd = early.length > 0 ? '; the oddest of them are' : '';
    return `${name}: only ${read} so far, too few to tell what is odd${odd}`;
  }
  if (alarms === 0) return `${name}: ${read}, nothing stands out`;
  const stand = alarms === 1 ? 'stands' : 'stand';
  const hidden = alarms > shown.length ? ` (${grouped(shown.length)} shown)` : '';
  return `${name}: ${read}, ${grouped(alarms)} ${stand} out${hidden}; the rest is usual`;
}

/** The report for people. `columns` is the width to keep to. */
export function textReport(result: SurpriseResult, palette: Palette, columns: number): string {
  const { curve, shown, early, seconds, request, log, saved } = result;
  const { bold, dim } = palette;
  const [first] = request.files;
  const single = first === '-' ? 'standard input' : visible(first!);
  const name = request.files.length === 1 ? single : plural(request.files.length, 'file');
  const lines = [outcome(result, bold(name))];
  if (curve.count > 1) lines.push('', ...sparkline(result, palette, columns - 4));
  for (const one of shown.length > 0 ? shown : early) {
    lines.push('', findingLine(one, palette, columns).trimEnd());
  }
  const parts = [`${plural(log.lines, 'line')} remembered`];
  if (request.load !== null) parts.push(`loaded from ${visible(request.load)}`);
  if (saved !== null) parts.push(`saved to ${visible(saved.path)} (${compact(saved.bytes)}B)`);
  const rate = `${compact(result.lines / Math.max(seconds, 1e-9))} lines/s`;
  lines.push('', dim(`memory: ${parts.join(', ')}`));
  lines.push(dim(`${result.engine}, ${seconds.toFixed(2)} s, ${rate}`));
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

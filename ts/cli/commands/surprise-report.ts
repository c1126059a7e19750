/**
 * surprise-report.ts - what `surprise` prints: a report for people, JSON for programs.
 * SPDX-License-Identifier: MIT
 */
import type { ReadLine } from '../../detect/detector.js';
import type { Curve } from '../../detect/digest.js';
import type { MemorySettings } from '../files/memory-file.js';
import type { Paint, Palette } from '../screen/terminal.js';
import {
  compact,
  displayWidth,
  fit,
  grouped,
  heat,
  safeJson,
  visible,
} from '../screen/terminal.js';

/** All that is reported about one run. */
interface SurpriseResult {
  file: string;
  settings: MemorySettings;
  lastLine: number;
  top: readonly ReadLine[];
  curve: Curve;
  backend: string;
  kernel: string;
  seconds: number;
  loaded: string | null;
  saved: string | null;
  savedBytes: number;
  tokens: number;
}

/** Longest text kept of a line, in UTF-16 units. */
const MAX_TEXT = 1000;

function copy(text: string): string {
  return Buffer.from(text, 'utf16le').toString('utf16le');
}

/**
 * A copy of a line with at most MAX_TEXT of its text, around its word if it has one, and with the column of
 * the word. It does not keep the rest of the text in memory.
 */
export function excerpt(line: ReadLine): ReadLine {
  const { text, word } = line;
  const column = line.column + (word?.start ?? 0);
  if (text.length <= MAX_TEXT) return { ...line, column, text: copy(text), words: undefined };
  const from = word === undefined ? 0 : Math.max(0, word.start - MAX_TEXT / 2);
  const cut = text.slice(from, from + MAX_TEXT);
  const before = from > 0 ? '\u2026' : '';
  const after = from + MAX_TEXT < text.length ? '\u2026' : '';
  const shift = before.length - from;
  const moved = word && { ...word, start: word.start + shift, end: word.end + shift };
  return { ...line, column, text: copy(before + cut + after), word: moved, words: undefined };
}

const rounded = (x: number, digits = 6): number => Number(x.toFixed(digits));

function lineFields({ number, column, surprise, raw, word, text }: ReadLine): object {
  return {
    line: number,
    column,
    surprise: rounded(surprise),
    raw: rounded(raw),
    ...(word === undefined ? {} : { word: text.slice(word.start, word.end) }),
    text,
  };
}

/** One line of `--all --json`. */
export function jsonLine(line: ReadLine): string {
  return `${safeJson(lineFields(excerpt(line)))}\n`;
}

/** The document of `--json`. */
export function jsonReport(result: SurpriseResult): string {
  const { settings, curve } = result;
  const document = {
    file: result.file,
    by: settings.by,
    units: curve.count,
    lines: result.lastLine,
    hidden_dim: settings.hiddenDim,
    inner_lr: settings.innerLr,
    seed: String(settings.seed),
    mean: rounded(curve.mean),
    top: result.top.map(lineFields),
    sparkline: curve.means().map((mean) => rounded(mean, 4)),
    memory: { loaded: result.loaded, saved: result.saved, tokens: result.tokens },
  };
  return `${safeJson(document, 2)}\n`;
}

const BARS = '\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588';

/** Means of `columns` groups of neighbours; the values themselves if there are no more than that. */
function regroup(values: readonly number[], columns: number): number[] {
  if (values.length <= columns) return [...values];
  return Array.from({ length: columns }, (_, i) => {
    const from = Math.floor((i * values.length) / columns);
    const group = values.slice(from, Math.floor(((i + 1) * values.length) / columns));
    return group.reduce((a, b) => a + b, 0) / group.length;
  });
}

/** The curve as bars, from its lowest value to its highest; red where it holds a top unit. */
function sparkline({ curve, top }: SurpriseResult, palette: Palette, columns: number): string[] {
  const values = regroup(curve.means(), columns);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const range = Math.max(high - low, high / 10, 1e-9); // a flat curve should look flat
  const stretches = Math.ceil(curve.count / curve.width);
  const marked = new Set<number>();
  for (const { unit } of top) {
    const stretch = Math.floor(unit / curve.width);
    marked.add(Math.floor(((stretch + 0.5) * values.length) / stretches));
  }
  const bars = values.map((value, i) => {
    const height = Math.min(7, Math.floor(((value - low) / range) * 8));
    return (marked.has(i) ? palette.red : palette.cyan)(BARS[height]!);
  });
  const marks = palette.enabled && top.length > 0 ? '; red: where the lines below are' : '';
  const legend = `means from ${low.toFixed(2)} to ${high.toFixed(2)}${marks}`;
  return [bars.join(''), palette.dim(fit(legend, columns))];
}

const BAR_CELLS = 6;

/** A horizontal bar of up to BAR_CELLS cells. */
function bar(surprise: number): string {
  const eighths = Math.round(Math.min(1, surprise) * BAR_CELLS * 8);
  const part = eighths % 8;
  const full = '\u2588'.repeat(Math.floor(eighths / 8));
  const rest = part === 0 ? '' : String.fromCodePoint(0x2590 - part);
  return (full + rest).padEnd(BAR_CELLS);
}

/** A line's text in at most `columns`, its word shown by `mark` and never cut off. */
function excerptText({ text, word }: ReadLine, columns: number, mark: Paint): string {
  const safe = visible(text);
  if (word === undefined) return fit(safe.trim(), columns);
  const lead = safe.length - safe.trimStart().length;
  const room = columns - 2; // for the brackets that mark it where there is no colour
  const whole = displayWidth(safe.slice(lead)) <= room;
  const from = whole ? lead : Math.max(lead, word.start - Math.floor(columns / 3));
  const before = (from > lead ? '\u2026' : '') + safe.slice(from, word.start);
  const shown = fit(safe.slice(word.start, word.end), Math.max(8, room - displayWidth(before)));
  const left = Math.max(1, room - displayWidth(before) - displayWidth(shown));
  return before + mark(shown) + fit(safe.slice(word.end).trimEnd(), left);
}

/** How a word is shown in its line. */
function wordMark(palette: Palette, paint: Paint): Paint {
  return palette.enabled ? (word) => palette.bold(paint(word)) : (word) => `[${word}]`;
}

function topTable(top: readonly ReadLine[], palette: Palette, columns: number): string[] {
  const width = Math.max(4, ...top.map((line) => grouped(line.number).length));
  const rows = top.map((line) => {
    const paint = heat(palette, line.surprise);
    const figures = `${line.surprise.toFixed(2)} ${bar(line.surprise)}`;
    const room = Math.max(20, columns - width - figures.length - 6);
    const text = excerptText(line, room, wordMark(palette, paint));
    return `  ${grouped(line.number).padStart(width)}  ${paint(figures)}  ${text}`;
  });
  return [palette.dim(`  ${'line'.padStart(width)}  surprise`), ...rows];
}

/** `2,477 lines` or `26,437 words in 2,477 lines`. */
function amount({ settings, curve, lastLine }: SurpriseResult): string {
  const plural = (n: number, name: string): string => `${grouped(n)} ${name}${n === 1 ? '' : 's'}`;
  const lines = plural(lastLine, 'line');
  return settings.by === 'line' ? lines : `${plural(curve.count, 'word')} in ${lines}`;
}

function meanText(curve: Curve): string {
  const tenths = regroup(curve.means(), 10);
  const mean = `mean surprise ${curve.mean.toFixed(2)}`;
  if (tenths.length < 10) return mean;
  const [first, last] = [tenths[0]!, tenths[9]!];
  return `${mean} (first tenth ${first.toFixed(2)}, last tenth ${last.toFixed(2)})`;
}

function memoryText(result: SurpriseResult): string {
  const { loaded, saved, savedBytes, settings, tokens } = result;
  const parts = [`${grouped(tokens)} tokens of ${settings.hiddenDim} numbers read`];
  if (loaded !== null) parts.push(`loaded from ${visible(loaded)}`);
  if (saved !== null) parts.push(`saved to ${visible(saved)} (${compact(savedBytes)}B)`);
  return `memory: ${parts.join(', ')}`;
}

/** The report for people. `columns` is the width to keep to. */
export function textReport(result: SurpriseResult, palette: Palette, columns: number): string {
  const { curve, top, settings, seconds } = result;
  const { bold, dim } = palette;
  const name = result.file === '-' ? 'standard input' : visible(result.file);
  const rate = `${compact(curve.count / Math.max(seconds, 1e-9))} ${settings.by}s/s`;
  const lines = [`${bold(name)}: ${amount(result)}, ${meanText(curve)}`];
  if (curve.count > 1) {
    lines.push('', ...sparkline(result, palette, columns - 4).map((line) => `  ${line}`));
  }
  if (top.length > 0) lines.push('', ...topTable(top, palette, columns));
  lines.push('', dim(memoryText(result)));
  lines.push(dim(`${result.backend} ${result.kernel}, ${seconds.toFixed(2)} s, ${rate}`));
  return `${lines.join('\n')}\n`;
}

/** One line of `--all`: its surprise, and its text in the colour of it, word by word if known. */
export function textLine(line: ReadLine, palette: Palette): string {
  const paint = heat(palette, line.surprise);
  const text = visible(line.text);
  let painted = '';
  let from = 0;
  for (const { start, end, surprise } of line.words ?? []) {
    painted += text.slice(from, start) + heat(palette, surprise)(text.slice(start, end));
    from = end;
  }
  const shown = line.words === undefined ? paint(text) : painted + text.slice(from);
  return `${paint(`${line.surprise.toFixed(2)} ${bar(line.surprise)}`)} ${shown}\n`;
}

/**
 * terminal.ts - colours, widths, a line of progress, and foreign text made safe for a terminal.
 * SPDX-License-Identifier: MIT
 */
import type { Environment } from '../../common/environment.js';
import { variable } from '../../common/environment.js';

/** Wraps text in a colour, or leaves it as it is where colours are off. */
export type Paint = (text: string) => string;

/** The few styles that the reports use. */
export interface Palette {
  enabled: boolean;
  bold: Paint;
  dim: Paint;
  underline: Paint;
  red: Paint;
  yellow: Paint;
  green: Paint;
  magenta: Paint;
  cyan: Paint;
}

/** A stream that may be a terminal. */
interface Screen {
  isTTY?: boolean | undefined;
  columns?: number | undefined;
}

/**
 * Whether to use colour: --no-color and --color decide, then NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE
 * and CLICOLOR, then whether the stream is a terminal that can. An empty variable says nothing.
 */
export function wantsColor(screen: Screen, flags: ReadonlySet<string>, env: Environment): boolean {
  if (flags.has('no-color')) return false;
  if (flags.has('color')) return true;
  const said = (name: string): string | undefined => variable(name, env) || undefined;
  if (said('NO_COLOR') !== undefined) return false;
  const force = said('FORCE_COLOR');
  if (force !== undefined) return force !== '0' && force !== 'false';
  if ((said('CLICOLOR_FORCE') ?? '0') !== '0') return true;
  if (said('CLICOLOR') === '0') return false;
  return screen.isTTY === true && variable('TERM', env) !== 'dumb';
}

/** Styles that write escape sequences if `enabled`, and nothing otherwise. */
function makePalette(enabled: boolean): Palette {
  const style =
    (open: number, close: number): Paint =>
    (text) =>
      enabled && text !== '' ? `\x1b[${open}m${text}\x1b[${close}m` : text;
  return {
    enabled,
    bold: style(1, 22),
    dim: style(2, 22),
    underline: style(4, 24),
    red: style(31, 39),
    yellow: style(33, 39),
    green: style(32, 39),
    magenta: style(35, 39),
    cyan: style(36, 39),
  };
}

/** The styles of what goes to standard output; `flags` are those of the command line. */
export function outputPalette(flags: ReadonlySet<string>): Palette {
  return makePalette(wantsColor(process.stdout, flags, process.env));
}

/** A colour for a surprise: the more of it, the warmer. */
export function heat(palette: Palette, surprise: number): Paint {
  if (surprise >= 0.75) return palette.red;
  if (surprise >= 0.4) return palette.yellow;
  return palette.green;
}

const DEFAULT_COLUMNS = 100;

/** Columns to lay a report out for: the terminal's, COLUMNS, or 100. */
export function columnsOf(screen: Screen, env: Environment): number {
  const wanted = screen.isTTY === true ? screen.columns : Number(variable('COLUMNS', env));
  if (wanted === undefined || !(wanted >= 1)) return DEFAULT_COLUMNS;
  return Math.min(1000, Math.max(40, Math.floor(wanted)));
}

/** A visible character in place of one that could control a terminal. */
function visibleChar(code: number): string {
  if (code === 9) return ' ';
  if (code < 32) return String.fromCodePoint(0x2400 + code); // ESC as its picture, and so on
  if (code === 127) return '\u2421';
  return '\ufffd';
}

/* Controls (C0, DEL, C1), line and paragraph separators, bidirectional overrides, the BOM, and
 * halves of surrogate pairs. */
const UNSAFE =
  /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]|\p{Surrogate}/gu;

/** Foreign text made safe to print: no escape sequences, no cursor movement, one line. */
export function visible(text: string): string {
  return text.replace(UNSAFE, (char) => visibleChar(char.codePointAt(0)!));
}

/** Foreign text of several lines made safe to print; it keeps its line ends and tabs. */
export function visibleLines(text: string): string {
  return text.replace(UNSAFE, (char) => {
    return char === '\n' || char === '\t' ? char : visibleChar(char.codePointAt(0)!);
  });
}

/** A name as it can be pasted into a shell. */
export function shellWord(text: string): string {
  const safe = visible(text);
  return /^[\w./:@%+=-]+$/.test(safe) ? safe : `'${safe.replace(/'/g, `'\\''`)}'`;
}

/** JSON with nothing in it that a terminal could obey. */
export function safeJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, null, indent);
  return text.replace(/[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g, (char) => {
    return `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

const COMBINING = /\p{Mark}|[\u200b-\u200d\u2060]/u;

function charWidth(char: string): number {
  const code = char.codePointAt(0)!;
  if (code < 0x300) return 1;
  if (COMBINING.test(char)) return 0;
  const wide =
    (code >= 0x1100 && code <= 0x115f) || // Hangul initials
    (code >= 0x2e80 && code <= 0xa4cf) || // CJK, kana, Yi
    (code >= 0xac00 && code <= 0xd7a3) || // Hangul syllables
    (code >= 0xf900 && code <= 0xfaff) || // CJK compatibility
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) || // full-width forms
    (code >= 0x1f300 && code <= 0x1faff) || // pictographs
    (code >= 0x20000 && code <= 0x3fffd);
  return wide ? 2 : 1;
}

/** Terminal columns that `text` takes (an estimate for rare scripts). */
export function displayWidth(text: string): number {
  let width = 0;
  for (const char of text) width += charWidth(char);
  return width;
}

/** `text` cut to at most `columns`, with an ellipsis where something is missing. */
export function fit(text: string, columns: number): string {
  if (text.length <= columns && displayWidth(text) <= columns) return text;
  let width = 0;
  let out = '';
  for (const char of text) {
    const w = charWidth(char);
    if (width + w > columns - 1) break;
    out += char;
    width += w;
  }
  return columns >= 1 ? `${out}\u2026` : '';
}

/** An integer with thousands separators, the same on every machine. */
export function grouped(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** A large number in three digits and a unit: 5.42 M, 130 k, 46. */
export function compact(n: number): string {
  const units: [number, string][] = [
    [1e9, ' G'],
    [1e6, ' M'],
    [1e3, ' k'],
  ];
  for (const [size, name] of units) {
    if (n >= size * 0.9995) return `${Number((n / size).toPrecision(3))}${name}`;
  }
  return `${Number(n.toPrecision(3))}`;
}

/** A line on stderr that is rewritten in place; does nothing where stderr is not a terminal. */
export class Progress {
  private nextAt: number;
  private shown = false;

  /** Shows nothing before `delayMs`, then at most ten lines per second. */
  constructor(
    private readonly stream: NodeJS.WriteStream,
    private readonly enabled: boolean,
    delayMs: number,
  ) {
    this.nextAt = performance.now() + delayMs;
  }

  /** Shows `text()` if it is time to. */
  update(text: () => string): void {
    if (!this.enabled) return;
    const now = performance.now();
    if (now < this.nextAt) return;
    this.nextAt = now + 100;
    this.shown = true;
    this.stream.write(`\r\x1b[2K${fit(text(), (this.stream.columns || 80) - 1)}`);
  }

  /** Wipes the line; call it before anything else is printed. */
  clear(): void {
    if (this.shown) this.stream.write('\r\x1b[2K');
    this.shown = false;
  }
}

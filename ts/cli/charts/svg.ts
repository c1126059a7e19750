/**
 * svg.ts - the few pieces that the charts are drawn with.
 * SPDX-License-Identifier: MIT
 */

/** Colour of titles. */
export const INK = '#1f2933';
/** Colour of axes and everything else that is written. */
const FAINT = '#5d6b78';

/* Colours that stay apart for colour-blind readers (Okabe and Ito). */
export const COLOURS = ['#0072b2', '#009e73', '#56b4e9', '#cc79a7', '#e69f00'];

const FONT = 'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"';

/** A rectangle to draw into. */
interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** A value of an axis, at its place, with what is written there. */
export interface Tick {
  at: number;
  text: string;
}

/** How a line looks; `dash` is empty for an unbroken one. */
export interface Style {
  colour: string;
  dash: string;
}

/** A point of a line; without a `tip` it is not marked. */
export interface Point {
  x: number;
  y: number;
  tip?: string;
}

/** Says in a chart's file that this program has drawn it, which may thus draw it anew. */
export const CHART_MARK = '<!-- drawn by bit-ttt -->';

export function escapeXml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** A text element. */
export function label(x: number, y: number, text: string, more = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escapeXml(text)}</text>`;
}

/** Positions of values on an axis. */
export class Scale {
  private readonly low: number;
  private readonly span: number;

  constructor(
    min: number,
    max: number,
    private readonly from: number,
    private readonly to: number,
    private readonly measure: (value: number) => number = (value) => value,
  ) {
    this.low = measure(min);
    this.span = Math.max(measure(max) - this.low, 1e-9);
  }

  at(value: number): number {
    const share = (this.measure(value) - this.low) / this.span;
    return this.from + share * (this.to - this.from);
  }
}

/** The lines and labels of both axes. */
export function grid(box: Box, xs: readonly Tick[], ys: readonly Tick[]): string[] {
  const { left, top, width, height } = box;
  const lines: string[] = [];
  for (const { at, text } of ys) {
    lines.push(`<path d="M${left} ${at.toFixed(1)}h${width}" stroke="#d9dee3"/>`);
    lines.push(label(left - 8, at + 4, text, `text-anchor="end"`));
  }
  for (const { at, text } of xs) {
    lines.push(`<path d="M${at.toFixed(1)} ${top}v${height}" stroke="#eef1f4"/>`);
    lines.push(label(at, top + height + 18, text, `text-anchor="middle"`));
  }
  lines.push(`<path d="M${left} ${top}v${height}h${width}" fill="none" stroke="${FAINT}"/>`);
  return lines;
}

const dashed = (dash: string): string => (dash === '' ? '' : ` stroke-dasharray="${dash}"`);

/** A line through points, with a dot and a tool tip where there is a tip. */
export function curve(points: readonly Point[], { colour, dash }: Style): string[] {
  const places = points.map(({ x, y }) => [x.toFixed(1), y.toFixed(1)] as const);
  const path = places.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x} ${y}`).join('');
  const stroke = `stroke="${colour}" stroke-width="2.2"${dashed(dash)}`;
  const lines = [`<path d="${path}" fill="none" ${stroke}/>`];
  for (const [i, [x, y]] of places.entries()) {
    const { tip } = points[i]!;
    if (tip === undefined) continue;
    const title = `<title>${escapeXml(tip)}</title>`;
    lines.push(`<circle cx="${x}" cy="${y}" r="3.4" fill="${colour}">${title}</circle>`);
  }
  return lines;
}

/** Names of lines beside a piece of each, from `x` to the right. */
export function legend(x: number, entries: readonly (Style & { name: string })[]): string[] {
  const lines: string[] = [];
  let at = x;
  for (const { name, colour, dash } of entries) {
    lines.push(`<path d="M${at} 80h26" stroke="${colour}" stroke-width="2.6"${dashed(dash)}/>`);
    lines.push(`<circle cx="${at + 13}" cy="80" r="3.6" fill="${colour}"/>`);
    lines.push(label(at + 33, 84.5, name, `fill="${INK}" font-size="13"`));
    at += 62 + name.length * 7;
  }
  return lines;
}

/** The head of a chart: its title, and what was measured where. */
export function heading(x: number, title: string, subtitle: string): string[] {
  const big = `font-size="20" font-weight="600" fill="${INK}"`;
  return [label(x, 34, title, big), label(x, 56, subtitle)];
}

/** The file: `title` is for those who do not see it, and `style` are rules of CSS. */
export function svgDocument(
  title: string,
  width: number,
  height: number,
  body: readonly string[],
  style = '',
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" ` +
      `width="${width}" height="${height}" ${FONT} font-size="12" fill="${FAINT}" role="img">`,
    CHART_MARK,
    `<title>${escapeXml(title)}</title>`,
    ...(style === '' ? [] : [`<style>${style}</style>`]),
    `  <rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...body.map((line) => `  ${line}`),
    '</svg>',
    '',
  ].join('\n');
}

/**
 * chart.ts - draws measurements as an SVG file: tokens per second over hidden_dim, both on
 * logarithmic axes, one panel for each length of call.
 * SPDX-License-Identifier: MIT
 */
import type { Measurement } from './measure.js';
import { compact } from './terminal.js';

const WIDTH = 1040;
const HEIGHT = 540;
const PANEL = { width: 420, height: 330, top: 142, lefts: [80, 580] as const };
const FONT = 'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif"';
const INK = '#1f2933';
const FAINT = '#5d6b78';

/* Colours that stay apart for colour-blind readers (Okabe and Ito), and a dash for each target. */
const COLOURS = ['#0072b2', '#009e73', '#56b4e9', '#cc79a7', '#e69f00'];
const STYLE_OF: Record<string, { colour: string; dash: string }> = {
  wasm: { colour: '#d55e00', dash: '' },
  js: { colour: '#444444', dash: '5 4' },
};

/** A line of the chart: one engine. */
export interface Series {
  name: string;
  target: string;
  points: Measurement[];
}

/** Groups measurements by engine, in the order in which they come. */
export function seriesOf(measurements: readonly Measurement[]): Series[] {
  const series = new Map<string, Series>();
  for (const point of measurements) {
    const { target, kernel } = point;
    const name = target === 'js' ? 'plain JavaScript' : `${target} ${kernel}`;
    const one = series.get(name) ?? { name, target, points: [] };
    one.points.push(point);
    series.set(name, one);
  }
  return [...series.values()];
}

function escapeXml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}

/** A text element. */
function label(x: number, y: number, text: string, more = ''): string {
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" ${more}>${escapeXml(text)}</text>`;
}

/** Positions of values on a logarithmic axis. */
class LogScale {
  private readonly low: number;
  private readonly span: number;

  constructor(
    min: number,
    max: number,
    private readonly from: number,
    private readonly to: number,
  ) {
    this.low = Math.log(min);
    this.span = Math.max(Math.log(max) - this.low, 1e-9);
  }

  at(value: number): number {
    return this.from + ((Math.log(value) - this.low) / this.span) * (this.to - this.from);
  }
}

/** What both panels share. */
interface Axes {
  dims: number[];
  decades: number[];
}

function axesOf(measurements: readonly Measurement[]): Axes {
  const dims = [...new Set(measurements.map((m) => m.hidden_dim))].sort((a, b) => a - b);
  const speeds = measurements.map((m) => m.tokens_per_second);
  const first = Math.floor(Math.log10(Math.min(...speeds)));
  const last = Math.max(first + 1, Math.ceil(Math.log10(Math.max(...speeds))));
  const decades = Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
  return { dims, decades };
}

function styleOf(series: readonly Series[], one: Series): { colour: string; dash: string } {
  const fixed = STYLE_OF[one.target];
  if (fixed !== undefined) return fixed;
  const place = series.filter((s) => STYLE_OF[s.target] === undefined).indexOf(one);
  return { colour: COLOURS[place % COLOURS.length]!, dash: '' };
}

function grid({ dims, decades }: Axes, x: LogScale, y: LogScale, left: number): string[] {
  const { width, height, top } = PANEL;
  const lines: string[] = [];
  for (const decade of decades) {
    const at = y.at(decade).toFixed(1);
    lines.push(`<path d="M${left} ${at}h${width}" stroke="#d9dee3"/>`);
    lines.push(label(left - 8, y.at(decade) + 4, compact(decade), `text-anchor="end"`));
  }
  for (const dim of dims) {
    const at = x.at(dim).toFixed(1);
    lines.push(`<path d="M${at} ${top}v${height}" stroke="#eef1f4"/>`);
    lines.push(label(x.at(dim), top + height + 18, String(dim), `text-anchor="middle"`));
  }
  lines.push(`<path d="M${left} ${top}v${height}h${width}" fill="none" stroke="${FAINT}"/>`);
  return lines;
}

function panel(all: readonly Series[], axes: Axes, seqLen: number, left: number): string[] {
  const { width, height, top } = PANEL;
  const { dims, decades } = axes;
  const inset = 14;
  const x = new LogScale(dims[0]!, dims.at(-1)!, left + inset, left + width - inset);
  const y = new LogScale(decades[0]!, decades.at(-1)!, top + height, top);
  const title = seqLen === 1 ? 'one token per call' : `${seqLen} tokens per call`;
  const lines = [
    label(left, top - 14, title, `font-weight="600" fill="${INK}" font-size="14"`),
    ...grid(axes, x, y, left),
    label(left + width / 2, top + height + 40, 'hidden_dim', `text-anchor="middle"`),
  ];
  for (const one of all) {
    const points = one.points.filter((point) => point.seq_len === seqLen);
    if (points.length === 0) continue;
    const { colour, dash } = styleOf(all, one);
    const places = points.map(
      (p) => [x.at(p.hidden_dim).toFixed(1), y.at(p.tokens_per_second).toFixed(1)] as const,
    );
    const path = places.map(([px, py], i) => `${i === 0 ? 'M' : 'L'}${px} ${py}`).join('');
    const dashed = dash === '' ? '' : ` stroke-dasharray="${dash}"`;
    lines.push(`<path d="${path}" fill="none" stroke="${colour}" stroke-width="2.2"${dashed}/>`);
    for (const [i, [px, py]] of places.entries()) {
      const { hidden_dim: dim, tokens_per_second: speed } = points[i]!;
      const tip = escapeXml(`${one.name}, hidden_dim ${dim}: ${compact(speed)} tokens/s`);
      lines.push(
        `<circle cx="${px}" cy="${py}" r="3.4" fill="${colour}"><title>${tip}</title></circle>`,
      );
    }
  }
  return lines;
}

function legend(all: readonly Series[]): string[] {
  const lines: string[] = [];
  let x = PANEL.lefts[0];
  for (const one of all) {
    const { colour, dash } = styleOf(all, one);
    const dashed = dash === '' ? '' : ` stroke-dasharray="${dash}"`;
    lines.push(`<path d="M${x} 80h26" stroke="${colour}" stroke-width="2.6"${dashed}/>`);
    lines.push(`<circle cx="${x + 13}" cy="80" r="3.6" fill="${colour}"/>`);
    lines.push(label(x + 33, 84.5, one.name, `fill="${INK}" font-size="13"`));
    x += 62 + one.name.length * 7;
  }
  return lines;
}

/** The SVG text. `subtitle` says what was measured where. There must be a measurement. */
export function drawChart(measurements: readonly Measurement[], subtitle: string): string {
  const series = seriesOf(measurements);
  const axes = axesOf(measurements);
  const lens = [...new Set(measurements.map((m) => m.seq_len))].sort((a, b) => b - a);
  const body = [
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#ffffff"/>`,
    label(
      80,
      34,
      'Bit-TTT layer: tokens per second',
      `font-size="20" font-weight="600" fill="${INK}"`,
    ),
    label(80, 56, subtitle),
    ...legend(series),
    ...lens.slice(0, 2).flatMap((len, i) => panel(series, axes, len, PANEL.lefts[i as 0 | 1])),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" ` +
      `width="${WIDTH}" height="${HEIGHT}" ${FONT} font-size="12" fill="${FAINT}" role="img">`,
    '<title>Bit-TTT layer: tokens per second over hidden_dim</title>',
    ...body.map((line) => `  ${line}`),
    '</svg>',
    '',
  ].join('\n');
}

/**
 * speed-chart.ts - draws measurements as an SVG file: tokens per second over hidden_dim, both on
 * logarithmic axes, one panel for each length of call.
 * SPDX-License-Identifier: MIT
 */
import type { Measurement } from '../../bench/measure.js';
import { compact } from '../screen/terminal.js';
import type { Style } from './svg.js';
import { COLOURS, curve, grid, heading, INK, label, legend, Scale, svgDocument } from './svg.js';

const WIDTH = 1040;
const HEIGHT = 540;
const PANEL = { width: 420, height: 330, top: 142, lefts: [80, 580] as const };

/* A colour or a dash of its own for each target; kernels of the addon get the rest. */
const STYLE_OF: Record<string, Style> = {
  wasm: { colour: '#d55e00', dash: '' },
  js: { colour: '#444444', dash: '5 4' },
};

/** A line of the chart: one contestant. */
export interface Series {
  name: string;
  target: string;
  points: Measurement[];
}

/** Groups measurements by contestant, in the order in which they come. */
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

function styleOf(series: readonly Series[], one: Series): Style {
  const fixed = STYLE_OF[one.target];
  if (fixed !== undefined) return fixed;
  const place = series.filter((s) => STYLE_OF[s.target] === undefined).indexOf(one);
  return { colour: COLOURS[place % COLOURS.length]!, dash: '' };
}

function panel(all: readonly Series[], axes: Axes, seqLen: number, left: number): string[] {
  const { width, height, top } = PANEL;
  const { dims, decades } = axes;
  const inset = 14;
  const x = new Scale(dims[0]!, dims.at(-1)!, left + inset, left + width - inset, Math.log);
  const y = new Scale(decades[0]!, decades.at(-1)!, top + height, top, Math.log);
  const title = seqLen === 1 ? 'one token per call' : `${seqLen} tokens per call`;
  const lines = [
    label(left, top - 14, title, `font-weight="600" fill="${INK}" font-size="14"`),
    ...grid(
      { left, ...PANEL },
      dims.map((dim) => ({ at: x.at(dim), text: String(dim) })),
      decades.map((decade) => ({ at: y.at(decade), text: compact(decade) })),
    ),
    label(left + width / 2, top + height + 40, 'hidden_dim', `text-anchor="middle"`),
  ];
  for (const one of all) {
    const points = one.points.filter((point) => point.seq_len === seqLen);
    if (points.length === 0) continue;
    const places = points.map(({ hidden_dim: dim, tokens_per_second: speed }) => ({
      x: x.at(dim),
      y: y.at(speed),
      tip: `${one.name}, hidden_dim ${dim}: ${compact(speed)} tokens/s`,
    }));
    lines.push(...curve(places, styleOf(all, one)));
  }
  return lines;
}

/** The SVG text. `subtitle` says what was measured where. There must be a measurement. */
export function drawChart(measurements: readonly Measurement[], subtitle: string): string {
  const series = seriesOf(measurements);
  const axes = axesOf(measurements);
  const lens = [...new Set(measurements.map((m) => m.seq_len))].sort((a, b) => b - a);
  const names = series.map((one) => ({ name: one.name, ...styleOf(series, one) }));
  return svgDocument('Bit-TTT layer: tokens per second over hidden_dim', WIDTH, HEIGHT, [
    ...heading(80, 'Bit-TTT layer: tokens per second', subtitle),
    ...legend(PANEL.lefts[0], names),
    ...lens.slice(0, 2).flatMap((len, i) => panel(series, axes, len, PANEL.lefts[i as 0 | 1])),
  ]);
}

/**
 * plot.ts - line and bar charts with uPlot, in the page's colours, drawn anew when these change.
 * SPDX-License-Identifier: MIT
 */
import uPlot from 'uplot';

import 'uplot/dist/uPlot.min.css';

import { figure, find } from './dom.js';
import { colour, onPalette } from './palette.js';

export interface Line {
  label: string;
  /** Points without a line between them. */
  points?: boolean;
  /** The edge of a band: neither line nor points. */
  edge?: boolean;
}

export interface PlotOptions {
  /** Names of both axes. */
  x: string;
  y: string;
  lines: Line[];
  /** A logarithmic y axis. */
  log?: boolean;
  /** Bars beside each other, with these names under them. */
  bars?: string[];
  /** Two of the lines, counted from 0, between which a band is filled: the upper and the lower. */
  band?: [number, number];
  /** Called with the index of the point that was clicked on. */
  onClick?: (index: number) => void;
}

type Column = readonly (number | null)[] | Float32Array | Uint32Array;

/** The name of a line's colour. */
const SERIES = (line: number): string => `--series-${(line % 4) + 1}`;

/** Pixels to both sides of a click. */
const REACH = 8;
/** So few points are shown one by one: a line through one of them is none. */
const FEW = 64;
/** Distances of ticks for whole numbers. */
const WHOLE = Array.from({ length: 10 }, (_, power) =>
  [1, 2, 5].map((x) => x * 10 ** power),
).flat();

/** The power of ten below a number (-1), or above it (1). */
const decade = (value: number, way: 1 | -1): number =>
  10 ** (way * Math.ceil(way * Math.log10(value)));

/** A chart in an element of the page. */
export class Plot {
  readonly #place: HTMLElement;
  #plot: uPlot | undefined;
  #options: PlotOptions | undefined;
  #columns: Column[] = [];
  #chosen: number | undefined;

  constructor(panel: Element) {
    this.#place = find(panel, '.plot');
    new ResizeObserver(() => this.#fit()).observe(this.#place);
    onPalette(() => this.#draw());
  }

  /** Takes the chart away: what it showed is no longer so. Its place stays. */
  clear(): void {
    this.#plot?.destroy();
    this.#plot = undefined;
    this.#options = undefined;
    this.#chosen = undefined;
  }

  /** Shows columns of numbers: x, then one for each line. */
  show(options: PlotOptions, columns: Column[]): void {
    const same = this.#plot && options === this.#options;
    this.#options = options;
    this.#columns = columns;
    if (same) this.#plot!.setData(columns as uPlot.AlignedData);
    else this.#draw();
    this.#showLast();
    if (this.#place.getAttribute('role') !== 'group') this.#describe();
  }

  /** Marks a place on the x axis, or none. */
  choose(x: number | undefined): void {
    this.#chosen = x;
    this.#plot?.redraw(false);
  }

  /** Shows the last point in the legend, a frame later, as uPlot itself clears the legend before that. */
  #showLast(): void {
    requestAnimationFrame(() => this.#plot?.setLegend({ idx: this.#columns[0]!.length - 1 }));
  }

  #describe(): void {
    const lines = this.#options!.lines.map(({ label }, i) => {
      const known = [...this.#columns[i + 1]!].filter((y): y is number => typeof y === 'number');
      const last = known.at(-1);
      return last === undefined ? '' : `${label}: from ${figure(known[0]!)} to ${figure(last)}`;
    });
    const { x, y } = this.#options!;
    this.#place.setAttribute('role', 'img');
    this.#place.setAttribute('aria-label', `${y} over ${x}. ${lines.filter(Boolean).join('; ')}`);
  }

  #size(): { width: number; height: number } {
    const height = Number(this.#place.dataset['height'] ?? 240);
    return { width: Math.max(200, this.#place.clientWidth || 600), height };
  }

  #fit(): void {
    const size = this.#size();
    if (this.#plot && this.#place.clientWidth > 0 && size.width !== this.#plot.width) {
      this.#plot.setSize(size);
      this.#showLast();
    }
  }

  #draw(): void {
    if (!this.#options) return;
    this.#plot?.destroy();
    this.#plot = new uPlot(this.#settings(), this.#columns as uPlot.AlignedData, this.#place);
  }

  #axis(label: string): uPlot.Axis {
    const grid = { stroke: colour('--line'), width: 1 };
    return { label, stroke: colour('--ink'), grid, ticks: grid, labelSize: 24 };
  }

  #settings(): uPlot.Options {
    const { x, y, lines, log, bars } = this.#options!;
    const names = bars ?? [];
    const value = (_: uPlot, v: number | null): string => (v === null ? '' : figure(v));
    const first: uPlot.Series = { label: x };
    if (bars) first.value = (_, v) => names[v as number] ?? '';
    const horizontal: uPlot.Axis = { ...this.#axis(x), incrs: WHOLE };
    if (bars) {
      horizontal.splits = () => names.map((_, i) => i);
      horizontal.values = () => names;
    }
    const vertical = this.#axis(y);
    vertical.size = log ? 84 : 60;
    if (log)
      vertical.values = (_, all) =>
        all.map((v) => (v && /^1e/.test(v.toExponential()) ? figure(v) : ''));
    return {
      ...this.#size(),
      bands: this.#bands(),
      scales: {
        x: bars ? { time: false, range: [-0.6, names.length - 0.4] } : { time: false },
        y: log ? { distr: 3, range: (_, least, most) => [decade(least, -1), decade(most, 1)] } : {},
      },
      axes: [horizontal, vertical],
      series: [
        first,
        ...lines.map((line, i) => ({ ...this.#style(line, i, Boolean(bars)), value })),
      ],
      cursor: { drag: { x: false, y: false } },
      hooks: { ready: [(plot) => this.#listen(plot)], draw: [(plot) => this.#mark(plot)] },
    };
  }

  #bands(): uPlot.Band[] {
    const { band } = this.#options!;
    if (!band) return [];
    const series: [number, number] = [band[0] + 1, band[1] + 1];
    return [{ series, fill: `${colour(SERIES(band[0]))}40` }];
  }

  #style(line: Line, i: number, bars: boolean): uPlot.Series {
    const stroke = colour(SERIES(line.edge ? this.#options!.band![0] : i));
    const base: uPlot.Series = { label: line.label, stroke, width: 2, spanGaps: true };
    if (line.edge) return { ...base, width: 0, spanGaps: false, points: { show: false } };
    if (line.points) {
      const points = { show: true, size: 8, fill: stroke };
      return { ...base, width: 0, paths: () => null, points };
    }
    if (!bars) return { ...base, points: { show: (plot) => plot.data[0].length <= FEW } };
    const count = this.#options!.lines.length;
    const share = 0.8 / count;
    const gap = i - (count - 1) / 2;
    const paths = uPlot.paths.bars!({
      size: [share, 60],
      disp: {
        x0: { unit: 1, values: (u) => Array.from(u.data[0], (v) => v + (gap - 0.5) * share) },
        size: { unit: 1, values: (u) => Array.from(u.data[0], () => share) },
      },
    });
    return { ...base, fill: stroke, width: 0, points: { show: false }, paths };
  }

  #listen(plot: uPlot): void {
    plot.over.addEventListener('pointerleave', () => this.#showLast());
    plot.over.addEventListener('click', (event) => {
      const left = event.clientX - plot.over.getBoundingClientRect().left;
      this.#options?.onClick?.(this.#peakNear(plot, left));
    });
  }

  /** The index of the mark near a click or touch at this pixel, or else of the largest value. */
  #peakNear(plot: uPlot, left: number): number {
    const [from, to] = [plot.posToIdx(left - REACH), plot.posToIdx(left + REACH)];
    const values = plot.data[1]!;
    let best = plot.posToIdx(left);
    const marks = this.#options!.lines.findIndex(({ points }) => points);
    const marked = (i: number): boolean => marks >= 0 && plot.data[marks + 1]![i] != null;
    for (let i = 0; i <= to - from; i++)
      for (const near of [best - i, best + i])
        if (near >= from && near <= to && marked(near)) return near;
    for (let i = from; i <= to; i++)
      if ((values[i] ?? -Infinity) > (values[best] ?? -Infinity)) best = i;
    return best;
  }

  #mark(plot: uPlot): void {
    if (this.#chosen === undefined) return;
    const at = plot.valToPos(this.#chosen, 'x', true);
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.strokeStyle = colour('--ink');
    ctx.lineWidth = devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(at, bbox.top);
    ctx.lineTo(at, bbox.top + bbox.height);
    ctx.stroke();
    ctx.restore();
  }
}

/**
 * signal-chart.ts - draws a signal as an SVG file: its values, the range in which they were expected, and
 * what stands out. A panel for each series; light or dark as the reader's system is.
 * SPDX-License-Identifier: MIT
 */

import type { Stretch } from '../commands/signal-outline.js';
import { meanOf } from '../commands/signal-outline.js';
import type { SeriesSummary } from '../commands/signal-read.js';
import { figure, rangeText } from '../commands/signal-report.js';
import { visible } from '../screen/terminal.js';
import { roundTicks } from './loss-chart.js';
import type { Tick } from './svg.js';
import { escapeXml, grid, heading, INK, label, Scale, svgDocument } from './svg.js';

const WIDTH = 1000;
const LEFT = 88;
const PLOT_WIDTH = 880;
const TOP = 116;
const PANEL_HEIGHT = 250;
const GAP = 62;
/** Series that are drawn. */
const MOST_PANELS = 20;
/** Points of a series at most. */
const MOST_POINTS = 600;

/* The colours of a light page stand in the elements; these take their place on a dark one. */
const STYLE = [
  '.band{fill:#0072b2;fill-opacity:.16}.line{stroke:#0072b2}.odd{fill:#d55e00;stroke:#fff}',
  '@media(prefers-color-scheme:dark){svg{fill:#9fb0bf}[fill="#ffffff"]{fill:#12171c}',
  `[fill="${INK}"]{fill:#e8edf2}[stroke="#d9dee3"]{stroke:#323c46}[stroke="#eef1f4"]{stroke:#222a31}`,
  '.band{fill:#56b4e9;fill-opacity:.2}.line{stroke:#56b4e9}.odd{fill:#ff9248;stroke:#12171c}}',
].join('');

/** Where a stretch is on the axis of time, or of rows. */
type Place = (part: Stretch) => number;

const isIncreasing = (numbers: readonly (number | undefined)[]): boolean =>
  numbers.every((one, i) => one !== undefined && (i === 0 || one >= numbers[i - 1]!));

/** Whether the times of all series can be an axis: each has one, and none goes back. */
function hasTimes(series: readonly SeriesSummary[]): boolean {
  const all = series.map(({ outline }) => outline.stretches.map(({ time }) => time));
  return (
    all.every(isIncreasing) && all.some((times) => times.length > 1 && times.at(-1) !== times[0])
  );
}

const two = (n: number): string => String(n).padStart(2, '0');

/* Steps between times on the axis, in seconds: to days and weeks. */
const STEPS = [
  ...[1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 10800, 21600, 43200],
  ...[1, 2, 4, 7, 14].map((days) => days * 86400),
];
const MOST_TICKS = 9;
const MONTH = 30.4 * 86400;

function dateText(date: Date): string {
  return `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
}

/** The first days of every so many months. */
function monthTicks(first: number, last: number, x: Scale): Tick[] {
  const months = Math.max(1, Math.ceil((last - first) / MONTH / MOST_TICKS));
  const step = [1, 2, 3, 6, 12].find((one) => one >= months) ?? 12 * Math.ceil(months / 12);
  const date = new Date(1000 * first);
  let month = Math.floor((12 * date.getUTCFullYear() + date.getUTCMonth()) / step) * step;
  const ticks: Tick[] = [];
  for (let at = -Infinity; at <= last; month += step) {
    const start = new Date(0);
    start.setUTCFullYear(Math.floor(month / 12), month % 12, 1);
    at = start.getTime() / 1000;
    if (at >= first && at <= last) ticks.push({ at: x.at(at), text: dateText(start) });
  }
  return ticks;
}

/** Times at round places from `first` to `last`, in UTC. */
function timeTicks(first: number, last: number, x: Scale): Tick[] {
  const step = STEPS.find((one) => (last - first) / one <= MOST_TICKS);
  if (step === undefined) return monthTicks(first, last, x);
  const ticks: Tick[] = [];
  for (let at = Math.ceil(first / step) * step; at <= last; at += step) {
    const date = new Date(1000 * at);
    const clock = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
    const short = step < 60 ? `${clock}:${two(date.getUTCSeconds())}` : clock;
    ticks.push({ at: x.at(at), text: at % 86400 === 0 ? dateText(date) : short });
  }
  return ticks;
}

const path = (points: readonly (readonly [number, number])[]): string =>
  points.map(([x, y], i) => `${i === 0 ? 'M' : 'L'}${x.toFixed(1)} ${y.toFixed(1)}`).join('');

/** Pieces of a list without those that `isThere` refuses. */
function runs(parts: readonly Stretch[], isThere: (part: Stretch) => boolean): Stretch[][] {
  const found: Stretch[][] = [];
  let open: Stretch[] | undefined;
  for (const part of parts) {
    if (!isThere(part)) open = undefined;
    else if (open === undefined) found.push((open = [part]));
    else open.push(part);
  }
  return found;
}

/** Where the expected ranges were. */
function band(parts: readonly Stretch[], x: Place, y: Scale): string[] {
  return runs(parts, (part) => part.expectedLow <= part.expectedHigh).map((run) => {
    const upper = run.map((part) => [x(part), y.at(part.expectedHigh)] as const);
    const lower = run.map((part) => [x(part), y.at(part.expectedLow)] as const).reverse();
    return `<path class="band" d="${path([...upper, ...lower])}Z"/>`;
  });
}

/** The values: of a stretch of several from its lowest to its highest. */
function line(parts: readonly Stretch[], x: Place, y: Scale): string[] {
  return runs(parts, ({ count }) => count > 0).map((run) => {
    const points = run.flatMap((part): (readonly [number, number])[] => {
      const at = x(part);
      if (part.low === part.high) return [[at, y.at(part.low)]];
      return [
        [at, y.at(part.low)],
        [at, y.at(part.high)],
        [at, y.at(meanOf(part))],
      ];
    });
    const only = points.length === 1 ? 'h1' : '';
    return `<path class="line" d="${path(points)}${only}" fill="none" stroke-width="1.3" stroke-linejoin="round"/>`;
  });
}

function marks(parts: readonly Stretch[], x: Place, y: Scale): string[] {
  return parts.flatMap((part) => {
    const { odd } = part;
    if (odd === undefined) return [];
    const when = visible(odd.timeText ?? `row ${odd.row}`);
    const range = Number.isFinite(odd.expected[0]) ? `, expected ${rangeText(odd.expected)}` : '';
    const tip = escapeXml(`${when}: ${figure(odd.value)}${range} (score ${odd.score.toFixed(1)})`);
    const place = `cx="${x(part).toFixed(1)}" cy="${y.at(odd.value).toFixed(1)}"`;
    return [
      `<circle class="odd" ${place} r="4.5" stroke-width="1.2"><title>${tip}</title></circle>`,
    ];
  });
}

/** Lowest and highest of what is drawn, with some room. The ranges count where they are not far off. */
function limits(one: SeriesSummary): [low: number, high: number] {
  const span = one.high - one.low || Math.abs(one.high) * 0.1 || 1;
  let { low, high } = one;
  for (const { expectedLow, expectedHigh } of one.outline.stretches) {
    low = Math.min(low, Math.max(expectedLow, one.low - span / 4));
    high = Math.max(high, Math.min(expectedHigh, one.high + span / 4));
  }
  return low < high ? [low, high] : [low - span / 2, high + span / 2];
}

function panel(
  one: SeriesSummary,
  top: number,
  ends: readonly [number, number],
  timed: boolean,
): string[] {
  const box = { left: LEFT, top, width: PLOT_WIDTH, height: PANEL_HEIGHT };
  const x = new Scale(ends[0], ends[1], LEFT, LEFT + PLOT_WIDTH);
  const place: Place = ({ first, time }) => x.at(timed ? time! : first);
  // Of values that are huge or tiny the axis is of their ratios to the greatest.
  const [low, high] = limits(one);
  const unit = Math.max(Math.abs(low), Math.abs(high)) || 1;
  const y = new Scale(low / unit, high / unit, top + PANEL_HEIGHT - 8, top + 8);
  const scaled = {
    at: (value: number) => Math.max(top, Math.min(top + PANEL_HEIGHT, y.at(value / unit))),
  };
  const isPlain = unit > 1e-3 && unit < 1e12;
  const yTicks = isPlain
    ? roundTicks(low, high, 5).map((n) => ({ at: y.at(n / unit), text: figure(n) }))
    : [low, high].map((n) => ({ at: y.at(n / unit), text: figure(n) }));
  const rows = roundTicks(ends[0], ends[1], 8).map((n) => ({ at: x.at(n), text: figure(n) }));
  const parts = one.outline.grouped(MOST_POINTS);
  return [
    ...grid(box, timed ? timeTicks(ends[0], ends[1], x) : rows, yTicks),
    ...band(parts, place, scaled as Scale),
    ...line(parts, place, scaled as Scale),
    ...marks(parts, place, scaled as Scale),
  ];
}

/** The names of what is drawn, beside a piece of each. */
function key(y: number): string[] {
  const text = `fill="${INK}" font-size="13"`;
  return [
    `<path class="line" d="M${LEFT} ${y - 4}h26" stroke-width="2"/>`,
    label(LEFT + 34, y, 'value', text),
    `<rect class="band" x="${LEFT + 92}" y="${y - 11}" width="26" height="13"/>`,
    label(LEFT + 126, y, 'expected', text),
    `<circle class="odd" cx="${LEFT + 216}" cy="${y - 4}" r="4.5" stroke-width="1.2"/>`,
    label(LEFT + 228, y, 'stands out', text),
  ];
}

/** The SVG text. `subtitle` says what was read. There must be a series with a value. */
export function drawSignal(
  name: string,
  subtitle: string,
  series: readonly SeriesSummary[],
  isMany: boolean,
): string {
  const all = series.filter(({ values }) => values > 0);
  const drawn = all.slice(0, MOST_PANELS);
  const timed = hasTimes(drawn);
  const at = drawn.flatMap(({ outline }) =>
    outline.stretches.map((part) => (timed ? part.time! : part.first)),
  );
  const ends = at.reduce<[number, number]>(
    ([low, high], one) => [Math.min(low, one), Math.max(high, one)],
    [Infinity, -Infinity],
  );
  const first = isMany ? TOP + 18 : TOP;
  const body = drawn.flatMap((one, i) => {
    const top = first + i * (PANEL_HEIGHT + GAP);
    const title = `font-weight="600" fill="${INK}" font-size="13"`;
    return [
      ...(isMany ? [label(LEFT, top - 10, visible(one.name).slice(0, 80), title)] : []),
      ...panel(one, top, ends, timed),
    ];
  });
  const left = all.length - drawn.length;
  const more = left > 0 ? `; ${left} more series are not drawn` : '';
  const height = first + drawn.length * (PANEL_HEIGHT + GAP) - GAP + 50;
  return svgDocument(
    `Values of ${visible(name)} and what stands out`,
    WIDTH,
    height,
    [...heading(LEFT, visible(name), subtitle + more), ...key(84), ...body],
    STYLE,
  );
}

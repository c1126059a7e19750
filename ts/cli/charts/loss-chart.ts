/**
 * loss-chart.ts - draws a training as an SVG file: loss over tokens, of the training text and of
 * what was held out.
 * SPDX-License-Identifier: MIT
 */
import { compact } from '../screen/terminal.js';
import type { Point, Style } from './svg.js';
import { COLOURS, curve, grid, heading, label, legend, Scale, svgDocument } from './svg.js';

const WIDTH = 760;
const HEIGHT = 480;
const BOX = { left: 80, top: 110, width: 640, height: 300 };

const TRAINING: Style & { name: string } = { name: 'training', colour: COLOURS[2]!, dash: '' };
const HELD_OUT: Style & { name: string } = { name: 'held out', colour: COLOURS[0]!, dash: '' };

/** A point of the curve; `valid` only where it was measured. */
export interface LossPoint {
  tokens: number;
  loss: number;
  valid: number | null;
}

/** Round numbers from `low` to `high`, about `count` of them. */
export function roundTicks(low: number, high: number, count: number): number[] {
  const rough = Math.max(high - low, 1e-6) / count;
  const decade = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((n) => n * decade).find((n) => n >= rough) ?? rough;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => (first + i) * step);
}

/** The SVG text. There must be a point. */
export function drawLoss(points: readonly LossPoint[], subtitle: string): string {
  const losses = points.flatMap(({ loss, valid }) => (valid === null ? [loss] : [loss, valid]));
  const last = points.reduce((most, { tokens }) => Math.max(most, tokens), 1);
  const low = losses.reduce((a, b) => Math.min(a, b), Infinity);
  const high = losses.reduce((a, b) => Math.max(a, b), low + 0.1);
  const { left, top, width, height } = BOX;
  const x = new Scale(0, last, left, left + width);
  const y = new Scale(low, high, top + height - 10, top + 10);
  const place = (tokens: number, loss: number): Point => ({ x: x.at(tokens), y: y.at(loss) });
  const valid = points.flatMap(({ tokens, valid: value }) => {
    if (value === null) return [];
    const tip = `${compact(tokens)} tokens: ${value.toFixed(3)} nats/token`;
    return [{ ...place(tokens, value), tip }];
  });
  const xTicks = roundTicks(0, last, 6).map((n) => ({ at: x.at(n), text: compact(n) }));
  const yTicks = roundTicks(low, high, 6).map((n) => ({
    at: y.at(n),
    text: String(Number(n.toFixed(3))),
  }));
  const training = points.map(({ tokens, loss }) => place(tokens, loss));
  return svgDocument('Loss of a training over its tokens', WIDTH, HEIGHT, [
    ...heading(left, 'Loss, nats per token', subtitle),
    ...legend(left, valid.length > 0 ? [TRAINING, HELD_OUT] : [TRAINING]),
    ...grid(BOX, xTicks, yTicks),
    label(left + width / 2, top + height + 40, 'tokens trained on', `text-anchor="middle"`),
    ...curve(training, TRAINING),
    ...(valid.length > 0 ? curve(valid, HELD_OUT) : []),
  ]);
}

/**
 * surprise-sparkline.ts - the scores of a log as a row of bars.
 * SPDX-License-Identifier: MIT
 */
import type { Curve } from '../../detect/digest.js';
import type { Palette } from '../screen/terminal.js';
import { fit } from '../screen/terminal.js';

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

/** The mean scores as bars, from the lowest to the highest. */
export function sparkline(
  { curve }: { curve: Curve },
  palette: Palette,
  columns: number,
): string[] {
  const values = regroup(curve.means(), columns);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const range = Math.max(high - low, high / 10, 1e-9); // a flat curve should look flat
  const bars = values.map((value) => BARS[Math.min(7, Math.floor(((value - low) / range) * 8))]!);
  const legend = `mean scores from ${low.toFixed(2)} to ${high.toFixed(2)}`;
  return [`  ${palette.cyan(bars.join(''))}`, `  ${palette.dim(fit(legend, columns))}`];
}

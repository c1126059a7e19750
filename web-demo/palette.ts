/**
 * palette.ts - the colours of style/theme.css, for what is drawn: charts and heat maps.
 * SPDX-License-Identifier: MIT
 */

const dark = matchMedia('(prefers-color-scheme: dark)');

/** A colour of the theme by its name, such as `--accent`. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** Calls `draw` whenever the colours have changed. */
export function onPalette(draw: () => void): void {
  dark.addEventListener('change', draw);
}

/** Red, green and blue of a colour that the theme writes as #rrggbb. */
function rgbOf(name: string): [number, number, number] {
  const bits = Number.parseInt(colour(name).slice(1), 16);
  return [bits >> 16, (bits >> 8) & 255, bits & 255];
}

/** Three times the root mean square: numbers above it are painted alike. */
function scaleOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]! ** 2;
  return 3 * Math.sqrt(sum / values.length);
}

/** How numbers are painted: from where on, how large the largest is, and in which colours of the theme. */
interface Painting {
  at?: readonly [left: number, top: number];
  scale?: number;
  colours?: readonly [above: string, below: string];
}

/**
 * Paints size x size numbers, row by row, with their first at a place of a canvas: in one colour above zero, in
 * another below, nothing at zero. Numbers are full at `scale`, or else by their own root mean square. False if all
 * are zero.
 */
export function paintMatrix(
  context: CanvasRenderingContext2D,
  values: ArrayLike<number>,
  size: number,
  { at = [0, 0], scale = scaleOf(values), colours = ['--hot', '--cold'] }: Painting = {},
): boolean {
  const image = context.createImageData(size, size);
  const [above, below] = [rgbOf(colours[0]), rgbOf(colours[1])];
  if (scale > 0)
    for (let i = 0; i < size * size; i++) {
      const share = values[i]! / scale;
      const [red, green, blue] = share > 0 ? above : below;
      image.data[4 * i] = red;
      image.data[4 * i + 1] = green;
      image.data[4 * i + 2] = blue;
      image.data[4 * i + 3] = 255 * Math.min(1, Math.sqrt(Math.abs(share)));
    }
  context.putImageData(image, ...at);
  return scale > 0;
}

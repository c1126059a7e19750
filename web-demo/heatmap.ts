/**
 * heatmap.ts - the memory as a picture: a column for each layer, a square for each head.
 * SPDX-License-Identifier: MIT
 */
import type { HeadMap } from './protocol.js';

const GAP = 2;

/** Red above zero, blue below; the paper shows through where there is nothing. */
function paint(pixels: Uint8ClampedArray, at: number, share: number): void {
  const above = share > 0;
  pixels[at] = above ? 214 : 40;
  pixels[at + 1] = above ? 84 : 110;
  pixels[at + 2] = above ? 24 : 200;
  pixels[at + 3] = 255 * Math.min(1, Math.sqrt(Math.abs(share)));
}

/** Root of the mean square: what counts as a large number in this picture. */
function scaleOf(values: Float32Array): number {
  let sum = 0;
  for (const x of values) sum += x * x;
  return 3 * Math.sqrt(sum / values.length);
}

export class HeatMap {
  #heads: HeadMap[] = [];
  #before: HeadMap[] = [];

  constructor(readonly canvas: HTMLCanvasElement) {}

  /** What is in memory now; with `fresh` also what later changes are measured against. */
  update(heads: HeadMap[], fresh: boolean): void {
    this.#heads = heads;
    if (fresh || this.#before.length !== heads.length) this.#before = heads;
  }

  /** Draws, and returns what is to be seen in a few words. */
  draw(show: 'change' | 'values'): string {
    if (this.#heads.length === 0) return 'nothing was read yet';
    const size = Math.max(...this.#heads.map((map) => map.size)) + GAP;
    const columns = 1 + Math.max(...this.#heads.map((map) => map.layer));
    const rows = 1 + Math.max(...this.#heads.map((map) => map.head));
    this.canvas.width = columns * size;
    this.canvas.height = rows * size;
    const context = this.canvas.getContext('2d')!;
    let filled = 0;
    this.#heads.forEach((map, i) => {
      const start = this.#before[i]!.values;
      const values = show === 'values' ? map.values : map.values.map((x, j) => x - start[j]!);
      const scale = scaleOf(values);
      if (scale > 0) filled++;
      const image = context.createImageData(map.size, map.size);
      if (scale > 0) values.forEach((x, j) => paint(image.data, 4 * j, x / scale));
      context.putImageData(image, map.layer * size, map.head * size);
    });
    const nothing = show === 'values' ? 'it is empty' : 'nothing has changed';
    const what = show === 'values' ? 'what it holds' : 'what has changed';
    const label = filled === 0 ? nothing : `${what} in ${filled} of ${this.#heads.length} heads`;
    this.canvas.hidden = filled === 0; // an empty picture tells nothing
    this.canvas.setAttribute('aria-label', `The memory: ${label}`);
    return label;
  }
}

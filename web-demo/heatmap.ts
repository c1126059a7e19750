/**
 * heatmap.ts - the memory as a picture: a column for each layer, a square for each head.
 * SPDX-License-Identifier: MIT
 */
import type { Panel } from './dom.js';
import { find } from './dom.js';
import type { HeadMap } from './protocol.js';

const GAP = 2;

/** Paints a pixel: red above zero, blue below, transparent at zero. */
function paint(pixels: Uint8ClampedArray, at: number, share: number): void {
  const above = share > 0;
  pixels[at] = above ? 214 : 40;
  pixels[at + 1] = above ? 84 : 110;
  pixels[at + 2] = above ? 24 : 200;
  pixels[at + 3] = 255 * Math.min(1, Math.sqrt(Math.abs(share)));
}

/** Three times the root mean square: numbers above it are painted alike. */
function scaleOf(values: Float32Array): number {
  let sum = 0;
  for (const x of values) sum += x * x;
  return 3 * Math.sqrt(sum / values.length);
}

/** The figure of a tab: a canvas, a choice of what it shows, and the same in a few words. */
export class HeatMap {
  readonly #canvas: HTMLCanvasElement;
  readonly #choice: HTMLSelectElement;
  readonly #words: HTMLElement;
  #heads: HeadMap[] = [];
  #before: HeadMap[] = [];

  constructor(panel: Panel) {
    this.#canvas = find(panel.element, 'canvas');
    this.#choice = panel.field('show');
    this.#words = find(panel.element, '.seen');
    this.#choice.addEventListener('change', () => this.#draw());
  }

  /** Shows the memory as it is now; with `fresh` later changes are measured against it. */
  update(heads: HeadMap[], fresh: boolean): void {
    if (heads.length === 0) return;
    this.#heads = heads;
    if (fresh || this.#before.length !== heads.length) this.#before = heads;
    this.#draw();
  }

  /** Shows the numbers themselves, and not how they have changed. */
  chooseValues(): void {
    this.#choice.value = 'values';
    this.#draw();
  }

  #draw(): void {
    if (this.#heads.length === 0) return;
    const values = this.#choice.value === 'values';
    const filled = this.#paint(values);
    const nothing = values ? 'it is empty' : 'nothing has changed';
    const what = values ? 'what it holds' : 'what has changed';
    const label = filled === 0 ? nothing : `${what} in ${filled} of ${this.#heads.length} heads`;
    this.#canvas.hidden = filled === 0; // an empty picture shows nothing
    this.#canvas.setAttribute('aria-label', `The memory: ${label}`);
    this.#words.textContent = label;
  }

  /** Paints the values, or their changes; returns how many heads have any that are not 0. */
  #paint(values: boolean): number {
    const size = Math.max(...this.#heads.map((map) => map.size)) + GAP;
    this.#canvas.width = size * (1 + Math.max(...this.#heads.map((map) => map.layer)));
    this.#canvas.height = size * (1 + Math.max(...this.#heads.map((map) => map.head)));
    const context = this.#canvas.getContext('2d')!;
    let filled = 0;
    this.#heads.forEach((map, i) => {
      const start = this.#before[i]!.values;
      const shown = values ? map.values : map.values.map((x, j) => x - start[j]!);
      const scale = scaleOf(shown);
      if (scale > 0) filled++;
      const image = context.createImageData(map.size, map.size);
      if (scale > 0) shown.forEach((x, j) => paint(image.data, 4 * j, x / scale));
      context.putImageData(image, map.layer * size, map.head * size);
    });
    return filled;
  }
}

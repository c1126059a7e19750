/**
 * heatmap.ts - the memory as a picture: a column for each layer, a square for each head.
 * SPDX-License-Identifier: MIT
 */
import type { Panel } from './dom.js';
import { find } from './dom.js';
import { onPalette, paintMatrix } from './palette.js';
import type { HeadMap } from './protocol.js';

const GAP = 2;

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
    onPalette(() => this.#draw());
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
      const place = [map.layer * size, map.head * size] as const;
      if (paintMatrix(context, shown, map.size, { at: place })) filled++;
    });
    return filled;
  }
}

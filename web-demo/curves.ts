/**
 * curves.ts - how badly each part of a text was foreseen, the last readings of it over each other.
 * SPDX-License-Identifier: MIT
 */
import type { Source } from './decode.js';
import type { Panel } from './dom.js';
import type { PlotOptions } from './plot.js';
import { Plot } from './plot.js';

const MOST_READINGS = 4;

/** The curve of one reading: nats[i] is the mean loss from tokens[i - 1] to tokens[i]. */
export interface Reading {
  label: string;
  tokens: number[];
  nats: number[];
}

/** Columns for the plot: the places of the longest reading, then each reading's losses there. */
function columnsOf(readings: readonly Reading[]): (number | null)[][] {
  const longest = Math.max(...readings.map(({ tokens }) => tokens.length));
  const places = readings.find(({ tokens }) => tokens.length === longest)!.tokens;
  return [places, ...readings.map(({ nats }) => places.map((_, i) => nats[i] ?? null))];
}

/** The curves of a tab; those of another text than the last one would tell nothing beside it. */
export class Curves {
  readonly #plot: Plot;
  #text: Source | undefined;
  #readings: Reading[] = [];
  #options: PlotOptions = { x: 'tokens read', y: 'loss', lines: [] };
  #count = 0;

  constructor(panel: Panel) {
    this.#plot = new Plot(panel.element);
  }

  begin(text: Source, frozen: boolean): Reading {
    if (text !== this.#text) {
      this.#readings = [];
      this.#count = 0;
    }
    this.#text = text;
    const label = `Reading ${++this.#count}${frozen ? ', frozen' : ''}`;
    const reading: Reading = { label, tokens: [], nats: [] };
    this.#readings = [...this.#readings, reading].slice(-MOST_READINGS);
    this.#options = { ...this.#options, lines: this.#readings };
    return reading;
  }

  draw(): void {
    this.#plot.show(this.#options, columnsOf(this.#readings));
  }
}

/**
 * teach.ts - the tab where the model's memory reads a text of the person's.
 * SPDX-License-Identifier: MIT
 */
import alice from '../../examples/alice.txt?url';
import { download, figure, find, numberOf, Panel } from '../dom.js';
import { HeatMap } from '../heatmap.js';
import type { PlotOptions } from '../plot.js';
import { Plot } from '../plot.js';
import type { Calls, ModelInfo, WriteParams } from '../protocol.js';
import type { ShippedModel } from '../shipped.js';
import { Story } from '../story.js';
import { TextBox } from '../textbox.js';
import { writeStory } from './write.js';

/** Characters of the sample: a passage that the memory can hold. */
const SAMPLE_LENGTH = 640;
const MOST_READINGS = 4;
const GO_ON = { prompt: '', temperature: 0.7, maxTokens: 120 };

/** The curve of one reading: nats[i] is the mean loss from tokens[i - 1] to tokens[i]. */
interface Reading {
  label: string;
  tokens: number[];
  nats: number[];
}

/** Columns for the plot: the x values of all readings, merged, then each reading's losses there. */
function columnsOf(readings: readonly Reading[]): (number | null)[][] {
  const places = [...new Set(readings.flatMap(({ tokens }) => tokens))].sort((a, b) => a - b);
  const at = new Map(places.map((tokens, i) => [tokens, i]));
  const columns = readings.map(({ tokens, nats }) => {
    const column = new Array<number | null>(places.length).fill(null);
    tokens.forEach((place, i) => (column[at.get(place)!] = nats[i]!));
    return column;
  });
  return [places, ...columns];
}

/** The curves of the last readings, over each other. */
class Curves {
  readonly #plot: Plot;
  #readings: Reading[] = [];
  #options: PlotOptions = { x: 'tokens read', y: 'nats a token', lines: [] };
  #count = 0;

  constructor(panel: Panel) {
    this.#plot = new Plot(panel.element);
  }

  begin(frozen: boolean): Reading {
    const label = `reading ${++this.#count}${frozen ? ', frozen' : ''}`;
    const reading: Reading = { label, tokens: [], nats: [] };
    this.#readings = [...this.#readings, reading].slice(-MOST_READINGS);
    this.#options = { ...this.#options, lines: this.#readings };
    return reading;
  }

  draw(): void {
    this.#plot.show(this.#options, columnsOf(this.#readings));
  }
}

/** The parts of the tab. */
class Teach {
  readonly panel = new Panel('teach');
  readonly box = new TextBox(this.panel);
  readonly map = new HeatMap(this.panel);
  readonly curves = new Curves(this.panel);
  readonly story = new Story(this.panel.element);
  #seed = 1;

  constructor(readonly model: ShippedModel) {}

  async read(signal: AbortSignal): Promise<void> {
    const { panel, box, map, curves, model } = this;
    if (box.empty) throw new Error('There is no text to read yet.');
    await model.ready();
    const frozen = panel.field('frozen').checked;
    map.update(await model.worker.call('heads', {}), true);
    const reading = curves.begin(frozen);
    const event = ({ tokens, of, nats, heads }: Calls['read']['event']): void => {
      reading.tokens.push(tokens);
      reading.nats.push(nats);
      if (heads.length === 0) return; // the curves are drawn when the picture of the memory is
      curves.draw();
      map.update(heads, false);
      panel.status(`${figure(tokens)} of ${figure(of)} tokens read`);
    };
    const params = { text: box.source, frozen };
    const { tokens, nats, seconds } = await model.worker.call('read', params, { signal, event });
    await model.keepMemory();
    const speed = `${numberOf(tokens, 'token')}, ${figure(tokens / seconds)} a second`;
    panel.status(`${reading.label}: ${nats.toFixed(2)} nats a token, ${speed}.`);
  }

  async sample(): Promise<void> {
    const text = await (await fetch(alice)).text();
    this.box.text = text.slice(0, text.lastIndexOf('\n\n', SAMPLE_LENGTH)).trim();
    this.panel.status(
      'The beginning of Alice’s Adventures in Wonderland. Read it, then read it again.',
    );
  }

  async goOn(signal: AbortSignal): Promise<void> {
    await this.model.ready();
    const params: WriteParams = { ...GO_ON, with: 'taught', seed: this.#seed++ };
    await writeStory(this.model.worker, this.panel, this.story, params, signal);
  }

  async forget(): Promise<void> {
    await this.model.ready();
    this.map.update(await this.model.worker.call('forget', {}), true);
    await this.model.keepMemory();
    this.panel.status('The memory is empty.');
  }

  async save(): Promise<void> {
    await this.model.ready();
    download(await this.model.worker.call('save', {}), 'bit-llama.memory');
    this.panel.status('Saved. Load it here, in another tab, or in Node: session.restore(bytes).');
  }

  async load(file: File | undefined): Promise<void> {
    if (!file) return;
    await this.model.ready();
    const bytes = new Uint8Array(await file.arrayBuffer());
    this.map.update(await this.model.worker.call('restore', { bytes }), true);
    await this.model.keepMemory();
    this.map.chooseValues();
    this.panel.status(`The memory is now that of ${file.name}.`);
  }
}

export function setUpTeach(model: ShippedModel): void {
  const tab = new Teach(model);
  const { panel } = tab;
  panel.onSubmit((signal) => tab.read(signal));
  panel.onClick('sample', () => tab.sample());
  panel.onClick('goon', (signal) => tab.goOn(signal));
  panel.onClick('reset', () => tab.forget());
  panel.onClick('save', () => tab.save());
  panel.onFile('load', (file) => tab.load(file));
  const showSize = ({ stateSize }: ModelInfo): void => {
    find(panel.element, '.size').textContent = `${figure(stateSize / 1024)} KB`;
  };
  model.ready().then(showSize, () => {}); // main.ts reports a failure
}

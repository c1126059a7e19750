/**
 * teach.ts - the tab where the model's memory reads a text of the person's.
 * SPDX-License-Identifier: MIT
 */
import alice from '../../examples/alice.txt?url';

import { download, figure, find, numberOf, Panel } from '../dom.js';
import { HeatMap } from '../heatmap.js';
import { Plot } from '../plot.js';
import type { PlotOptions } from '../plot.js';
import type { HeadMap } from '../protocol.js';
import type { ShippedModel } from '../shipped.js';
import { Story } from '../story.js';
import { TextBox } from '../textbox.js';
import { tell } from './write.js';

/** Characters of the sample: a passage that the memory can hold. */
const SAMPLE_LENGTH = 640;
const MOST_READINGS = 4;
const GO_ON = { prompt: '', temperature: 0.7, maxTokens: 120 };

/** The losses of one reading, a point for every so many tokens. */
interface Reading {
  label: string;
  tokens: number[];
  nats: number[];
}

/** All readings beside each other, over every place where one of them has a point. */
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

export function setUpTeach(model: ShippedModel): void {
  const panel = new Panel('teach');
  const story = new Story(panel.element);
  const plot = new Plot(panel.element);
  const map = new HeatMap(find<HTMLCanvasElement>(panel.element, 'canvas'));
  const box = new TextBox(panel);
  const { engine } = model;
  const show = panel.field<HTMLSelectElement>('show');
  let readings: Reading[] = [];
  let options: PlotOptions | undefined;
  let count = 0;
  let seed = 1;

  const seen = find(panel.element, '.seen');
  const draw = (): void => {
    seen.textContent = map.draw(show.value as 'change' | 'values');
  };
  const see = (heads: HeadMap[], fresh: boolean): void => {
    if (heads.length === 0) return;
    map.update(heads, fresh);
    draw();
  };
  show.addEventListener('change', draw);
  model.ready().then(
    ({ stateSize }) => {
      find(panel.element, '.size').textContent = `${figure(stateSize / 1024)} KB`;
    },
    () => {},
  );

  const begin = (frozen: boolean): Reading => {
    const label = `reading ${++count}${frozen ? ', frozen' : ''}`;
    const reading: Reading = { label, tokens: [], nats: [] };
    readings = [...readings, reading].slice(-MOST_READINGS);
    options = {
      x: 'tokens read',
      y: 'nats a token',
      lines: readings.map((r) => ({ label: r.label })),
    };
    return reading;
  };

  panel.onSubmit(async (signal) => {
    if (box.empty) throw new Error('There is no text to read yet.');
    await model.ready();
    const frozen = panel.field('frozen').checked;
    see(await engine.call('heads', {}), true);
    const reading = begin(frozen);
    const result = await engine.call(
      'read',
      { text: box.source, frozen },
      {
        signal,
        event: ({ tokens, of, nats, heads }) => {
          reading.tokens.push(tokens);
          reading.nats.push(nats);
          if (heads.length === 0) return; // pictures keep the pace of the memory's
          plot.show(options!, columnsOf(readings));
          see(heads, false);
          panel.status(`${figure(tokens)} of ${figure(of)} tokens read`);
        },
      },
    );
    await model.keepMemory();
    const speed = figure(result.tokens / result.seconds);
    const loss = result.nats.toFixed(2);
    panel.status(
      `${reading.label}: ${loss} nats a token, ${numberOf(result.tokens, 'token')}, ${speed} a second.`,
    );
  });

  panel.onClick('sample', async () => {
    const text = await (await fetch(alice)).text();
    box.text = text.slice(0, text.lastIndexOf('\n\n', SAMPLE_LENGTH)).trim();
    panel.status('The beginning of Alice’s Adventures in Wonderland. Read it, then read it again.');
  });
  panel.onClick('goon', async (signal) => {
    await model.ready();
    await tell(engine, panel, story, { ...GO_ON, with: 'taught', seed: seed++ }, signal);
  });
  panel.onClick('reset', async () => {
    await model.ready();
    see(await engine.call('forget', {}), true);
    await model.keepMemory();
    panel.status('The memory is empty.');
  });
  panel.onClick('save', async () => {
    await model.ready();
    download(await engine.call('save', {}), 'bit-llama.memory');
    panel.status('Saved. Load it here, in another tab, or in Node: session.restore(bytes).');
  });
  const load = panel.field('load');
  load.addEventListener('change', () => {
    const file = load.files?.[0];
    void panel
      .run(async () => {
        if (!file) return;
        await model.ready();
        const bytes = new Uint8Array(await file.arrayBuffer());
        see(await engine.call('restore', { bytes }), true);
        await model.keepMemory();
        show.value = 'values';
        draw();
        panel.status(`The memory is now that of ${file.name}.`);
      })
      .then(() => (load.value = ''));
  });
}

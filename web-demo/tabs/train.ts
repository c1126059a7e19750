/**
 * train.ts - the tab that trains a small model on a text of the person's.
 * SPDX-License-Identifier: MIT
 */
import alice from '../../examples/alice.txt?url';
import { trainer } from '../client.js';
import { download, figure, find, numberOf, Panel } from '../dom.js';
import type { PlotOptions } from '../plot.js';
import { Plot } from '../plot.js';
import type { Calls, TrainEvent } from '../protocol.js';
import { TextBox } from '../textbox.js';

const SAMPLE_TOKENS = 120;

const CURVE: PlotOptions = {
  x: 'step',
  y: 'loss',
  lines: [{ label: 'trained on' }, { label: 'held out', points: true }],
};

/** The columns of the curve, as they grow. */
class Curve {
  readonly columns: [number[], (number | null)[], (number | null)[]] = [[], [], []];

  add({ step, loss, heldOut }: TrainEvent): void {
    this.columns[0].push(step);
    this.columns[1].push(loss ?? null);
    this.columns[2].push(heldOut ?? null);
  }
}

const SAMPLE = 'Three chapters of Alice’s Adventures in Wonderland.';
const sampleText = async (): Promise<string> => (await fetch(alice)).text();

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return `${Math.ceil(seconds / 60)} minutes`;
}

/** Sets the tab up; `prefill` puts the sample into its box, unless something else is there. */
export function setUpTrain(): { prefill: () => Promise<void> } {
  const panel = new Panel('train');
  const plot = new Plot(panel.element);
  const box = new TextBox(panel);
  const written = find(panel.element, '.story');
  let made: Calls['train']['result'] | undefined;
  let seed = 1;

  panel.disable('download', 'try');
  panel.onClick('sample', async () => {
    box.text = await sampleText();
    panel.status(SAMPLE);
  });
  panel.onSubmit(async (signal) => {
    const curve = new Curve();
    const number = (name: string): number => Number(panel.field<HTMLInputElement>(name).value);
    const params = {
      text: box.source,
      hiddenDim: number('dim'),
      numLayers: number('layers'),
      steps: number('steps'),
      seed: 1,
    };
    plot.clear();
    panel.status('Making a vocabulary …');
    made = await trainer.call('train', params, {
      signal,
      event: (event) => {
        if (event.phase === 'words') return;
        curve.add(event);
        plot.show(CURVE, curve.columns);
        const { step, steps, loss, tokensPerSecond, secondsLeft } = event;
        const speed = `${figure(tokensPerSecond ?? 0)} tokens a second`;
        const left = `${duration(secondsLeft ?? 0)} left`;
        const said = `Step ${step} of ${steps}: loss ${loss!.toFixed(2)}; ${speed}, ${left}`;
        panel.status(said, (100 * step) / steps);
      },
    });
    written.textContent = '';
    panel.enable('download', 'try');
    const size = figure(made.file.length / 1024);
    const parameters = figure(made.parameters);
    panel.status(
      `Done after ${numberOf(made.step, 'step')}: ${parameters} parameters, ${size} KB.`,
    );
  });
  panel.onClick('download', () => {
    if (made) download(made.file, 'model.bitt');
  });
  panel.onClick('try', async (signal) => {
    written.textContent = '';
    await trainer.call(
      'sample',
      { maxTokens: SAMPLE_TOKENS, seed: seed++ },
      {
        signal,
        event: (piece) => written.append(piece),
      },
    );
  });
  return {
    prefill: async () => {
      if (!box.empty) return;
      const text = await sampleText().catch(() => ''); // without a network the box stays empty
      if (text !== '' && box.empty && box.prefill(text)) panel.status(SAMPLE);
    },
  };
}

/**
 * write.ts - the tab that streams a text from one of the shipped models.
 * SPDX-License-Identifier: MIT
 */
import { figure, numberOf, Panel } from '../dom.js';
import type { Caller, WriteParams } from '../protocol.js';
import type { ShippedModel } from '../shipped.js';
import { Story } from '../story.js';

/** Lets the model write into a story, and shows how far it is; resolves to the number of tokens. */
export async function writeStory(
  worker: Caller,
  panel: Panel,
  story: Story,
  params: WriteParams,
  signal: AbortSignal,
): Promise<number> {
  story.begin(params.prompt);
  panel.status('Reading …');
  let tokens = 0;
  const { reason, tokensPerSecond } = await worker.call('write', params, {
    signal,
    event: (event) => {
      tokens += event.tokens.length;
      story.add(event.tokens);
      const speed = `${figure(event.tokensPerSecond)} a second`;
      panel.status(`${numberOf(tokens, 'token')}, ${speed}`, (100 * tokens) / params.maxTokens);
    },
  });
  const whole = reason === 'stop';
  if (!whole) story.cut();
  const end = whole ? 'the text has ended' : 'cut there, as it is the most that was allowed';
  const speed = `${figure(tokensPerSecond)} a second`;
  panel.status(
    tokens === 0 ? 'It ended at once.' : `${numberOf(tokens, 'token')}, ${speed}; ${end}.`,
  );
  return tokens;
}

export function setUpWrite(models: readonly ShippedModel[]): void {
  const panel = new Panel('write');
  const story = new Story(panel.element);
  const temperature = panel.field('temperature');
  const shown = panel.field<HTMLOutputElement>('shown');
  temperature.addEventListener('input', () => (shown.value = Number(temperature.value).toFixed(1)));

  const work = async (signal: AbortSignal): Promise<void> => {
    const chosen = panel.field<HTMLSelectElement>('model').value;
    const model = models.find(({ name }) => name === chosen)!;
    await model.ready((...said) => panel.status(...said));
    const params: WriteParams = {
      with: model.name,
      prompt: panel.field<HTMLTextAreaElement>('prompt').value,
      temperature: Number(temperature.value),
      maxTokens: Number(panel.field('length').value),
      seed: Number(panel.field('seed').value),
    };
    await writeStory(model.worker, panel, story, params, signal);
  };
  panel.onSubmit(work);
  panel.onClick('again', async (signal) => {
    const seed = panel.field('seed');
    if (!seed.form!.reportValidity()) return;
    seed.value = String(1 + Math.floor(Math.random() * 1e6));
    await work(signal);
  });
}

/**
 * tell.ts - the tab where a person tells the model something, and asks it before and after.
 * SPDX-License-Identifier: MIT
 */
import alice from '../../examples/alice.txt?url';
import { Answers } from '../answers.js';
import { Curves } from '../curves.js';
import type { Source } from '../decode.js';
import { download, figure, find, numberOf, Panel } from '../dom.js';
import { HeatMap } from '../heatmap.js';
import type { Report } from '../loading.js';
import { WorkerError } from '../problem.js';
import type { Calls, WriteParams } from '../protocol.js';
import type { ShippedModel } from '../shipped.js';
import { Story } from '../story.js';
import { Suggestions } from '../suggestions.js';
import { TextBox } from '../textbox.js';
import { ToldList } from '../told-list.js';
import { writeStory } from './write.js';

/** Characters of the sample: a passage. */
const SAMPLE_LENGTH = 640;
const SAMPLE_QUESTION = 'Alice was beginning';
/** By chance a text may end before it begins; then another seed is tried, so often at most. */
const MOST_TRIES = 8;
const GO_ON = { prompt: '', temperature: 0.7, maxTokens: 120 };

/** Tokens of a text that takes long enough for its speed to mean something. */
const TIMED = 1000;

/** The parts of the tab. */
class Tell {
  readonly panel = new Panel('tell');
  readonly box = new TextBox(this.panel);
  readonly #report: Report = (...said) => this.panel.status(...said);
  readonly map = new HeatMap(this.panel);
  readonly curves = new Curves(this.panel);
  readonly story = new Story(this.panel.element);
  readonly list = new ToldList(this.panel, (source) => {
    void this.panel.run((signal) => this.tell(source, signal));
  });
  readonly answers = new Answers(this.panel, this.list);
  readonly #question = this.panel.field('question');
  readonly suggestions = new Suggestions(this.panel, this.#question, async (before, typed) => {
    await this.model.ready(this.#report);
    return this.model.worker.call('suggest', { before, typed });
  });
  #seed = 1;

  constructor(readonly model: ShippedModel) {}

  /** Tells what is in the box, which is then free for something else; what is not learnt stays there. */
  async tellBox(signal: AbortSignal): Promise<void> {
    const { box } = this;
    if (box.empty) throw new Error('There is nothing to tell yet.');
    const frozen = this.panel.field('frozen').checked;
    await this.tell(box.source, signal);
    if (!frozen) box.text = '';
  }

  /** Lets the session read a text, and asks it anew. */
  async tell(source: Source, signal: AbortSignal): Promise<void> {
    const { panel, map, curves, list, model } = this;
    await model.ready(this.#report);
    const frozen = panel.field('frozen').checked;
    map.update(await model.worker.call('heads', {}), true);
    const reading = curves.begin(source, frozen);
    const event = ({ tokens, of, nats, heads }: Calls['tell']['event']): void => {
      reading.tokens.push(tokens);
      reading.nats.push(nats);
      if (heads.length === 0) return; // the curves are drawn when the picture of the memory is
      curves.draw();
      map.update(heads, false);
      panel.status(`${figure(tokens)} of ${figure(of)} tokens read`, (100 * tokens) / of);
    };
    const typed = typeof source === 'string';
    const name = typed ? '' : source.name;
    const params = { text: source, frozen };
    try {
      const told = await model.worker.call('tell', params, { signal, event });
      if (!frozen) list.add(source, name, told.end);
      const { tokens, nats, seconds } = told;
      const speed = tokens < TIMED ? '' : `, ${figure(tokens / seconds)} a second`;
      panel.status(
        `${reading.label}: ${numberOf(tokens, 'token')}${speed}, loss ${nats.toFixed(2)}.`,
      );
      this.#showSize(told.size);
    } catch (error) {
      if (signal.aborted && !frozen) list.add(source, name, typed ? source : '');
      throw error;
    }
    await model.keepMemory();
    void this.suggestions.update();
    if (this.#question.value.trim() !== '') await this.ask(signal);
  }

  async ask(signal: AbortSignal): Promise<void> {
    // A space at the end would be a token of its own, after which no word follows.
    const question = this.#question.value.trim();
    if (question === '') throw new Error('Ask by beginning a sentence, which it is to finish.');
    await this.model.ready(this.#report);
    this.answers.show(question, await this.model.worker.call('ask', { question }, { signal }));
  }

  async sample(): Promise<void> {
    const text = await (await fetch(alice)).text();
    this.box.text = text.slice(0, text.lastIndexOf('\n\n', SAMPLE_LENGTH)).trim();
    this.#question.value = SAMPLE_QUESTION;
    this.panel.status(
      'The beginning of Alice’s Adventures in Wonderland. Tell it, then tell it again.',
    );
  }

  async goOn(signal: AbortSignal): Promise<void> {
    await this.model.ready(this.#report);
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      const params: WriteParams = { ...GO_ON, with: 'told', seed: this.#seed++ };
      const { panel, story, model } = this;
      if ((await writeStory(model.worker, panel, story, params, signal)) > 0) return;
    }
  }

  async forget(): Promise<void> {
    await this.model.ready(this.#report);
    this.map.update(await this.model.worker.call('forget', {}), true);
    await this.model.keepMemory();
    this.list.clear();
    this.answers.clear();
    void this.suggestions.update();
    find(this.panel.element, '.size').textContent = '';
    this.panel.status('It has forgotten everything.');
  }

  async save(): Promise<void> {
    await this.model.ready(this.#report);
    const bytes = await this.model.worker.call('save', {});
    download(bytes, 'english.memory');
    this.#showSize(bytes.length);
    this.panel.status('Saved. Load it here, in another tab, or in Node: session.restore(bytes).');
  }

  async load(file: File | undefined): Promise<void> {
    if (!file) return;
    await this.model.ready(this.#report);
    const bytes = new Uint8Array(await file.arrayBuffer());
    const heads = await this.model.worker.call('restore', { bytes }).catch((error: unknown) => {
      throw inWords(error, file.name);
    });
    this.map.update(heads, true);
    await this.model.keepMemory();
    this.map.chooseValues();
    this.list.clear();
    this.answers.clear();
    this.list.add(undefined, '', `All that ${file.name} holds.`);
    this.#showSize(bytes.length);
    this.panel.status(`The memory is now that of ${file.name}.`);
  }

  #showSize(bytes: number): void {
    find(this.panel.element, '.size').textContent = `The memory has ${figure(bytes / 1024)} KB.`;
  }
}

/** Says of a memory that was saved elsewhere whose it has to be; other errors as they are. */
function inWords(error: unknown, file: string): unknown {
  if (!(error instanceof WorkerError) || error.code !== 'STATE_WEIGHTS') return error;
  const message = `${file} is the memory of another model; here it must be one of the English model.`;
  return new WorkerError({ code: error.code, message });
}

export function setUpTell(model: ShippedModel): void {
  const tab = new Tell(model);
  const { panel } = tab;
  panel.onSubmit((signal) => tab.tellBox(signal), '.tell');
  panel.onSubmit((signal) => tab.ask(signal), '.ask');
  panel.onClick('sample', () => tab.sample());
  panel.onClick('goon', (signal) => tab.goOn(signal));
  panel.onClick('reset', () => tab.forget());
  panel.onClick('save', () => tab.save());
  panel.onFile('load', (file) => tab.load(file));
}

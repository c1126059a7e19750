/**
 * arrival.ts - the story that writes itself when the page is opened: as fast as the device can, and shown at the pace
 * of reading.
 * SPDX-License-Identifier: MIT
 */
import { figure, find, showStatus } from './dom.js';
import { calm, pause } from './motion.js';
import type { WriteParams } from './protocol.js';
import type { ShippedModel } from './shipped.js';

/** Milliseconds for each token, and while there is none yet. */
const PACE_MS = 32;
const LIKE = { with: 'stories', temperature: 0.7, maxTokens: 260 } as const;

/** Later stories begin with these in turn; the first with what stands in the page, and a seed that gives a whole story. */
const BEGINNINGS = [
  'One day, a small cat found a big box',
  'Once upon a time, in a quiet forest, there lived an old owl',
  'Lily and Tom went to the sea',
];
const FIRST_SEED = 1;

export class Arrival {
  readonly #text: HTMLElement;
  readonly #status: HTMLElement;
  readonly #button: HTMLButtonElement;
  readonly #first: string;
  #count = 0;
  #writing = false;
  /** The rest is to be shown at once. */
  #hurry = false;

  /** `complain` shows in full why there is no story. */
  constructor(
    readonly model: ShippedModel,
    readonly complain: (error: unknown) => void,
  ) {
    const place = find(document, '.arriving');
    this.#text = find(place, '.text');
    this.#first = this.#text.textContent;
    this.#status = find(place, '.status');
    this.#button = find(place, 'button');
    this.#button.addEventListener('click', () => {
      if (this.#writing) this.#hurry = true;
      else void this.write();
    });
  }

  /** Writes a story; what goes wrong is said in its place. */
  async write(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    this.#hurry = calm();
    try {
      await this.model.ready((...said) => showStatus(this.#status, ...said));
      await this.#story();
      this.#offer('Another story');
    } catch (error) {
      this.fail(error);
    } finally {
      this.#writing = false;
    }
  }

  /** Says that there is no story, and why. */
  fail(error: unknown): void {
    this.complain(error);
    showStatus(this.#status, 'There is no story yet; the reason stands above.');
    this.#offer('Try again');
  }

  /** What the button does now. */
  #offer(text: string, writing = false): void {
    this.#text.classList.toggle('writing', writing);
    this.#button.textContent = text;
    this.#button.disabled = false;
  }

  async #story(): Promise<void> {
    const later = this.#count++;
    const prompt = later === 0 ? this.#first : BEGINNINGS[(later - 1) % BEGINNINGS.length]!;
    const seed = later === 0 ? FIRST_SEED : 1 + Math.floor(Math.random() * 1e6);
    const params: WriteParams = { ...LIKE, prompt, seed };
    showStatus(this.#status, 'Writing …');
    this.#text.textContent = prompt;
    this.#offer('Show all of it', true);
    const written: string[] = [];
    let over = false;
    const writing = this.model.worker
      .call('write', params, {
        event: ({ tokens }) => written.push(...tokens.map(({ text }) => text)),
      })
      .finally(() => (over = true));
    await Promise.all([writing, this.#show(written, () => over)]);
    const { tokens, tokensPerSecond } = await writing;
    const seconds = figure(tokens / Math.max(tokensPerSecond, 1e-9));
    const shown = this.#hurry ? '' : '; shown more slowly';
    showStatus(this.#status, `${tokens} tokens, written in ${seconds} s${shown}.`);
    this.#follow();
  }

  /** Keeps the end in sight, unless all is shown at once. */
  #follow(): void {
    if (!this.#hurry) this.#text.scrollTop = this.#text.scrollHeight;
  }

  /** Shows what is written, token by token, until it is over. */
  async #show(written: string[], over: () => boolean): Promise<void> {
    for (let at = 0; at < written.length || !over(); ) {
      const next = this.#hurry ? written.slice(at) : written.slice(at, at + 1);
      at += next.length;
      if (next.length > 0) {
        this.#text.append(next.join(''));
        this.#follow();
      }
      await pause(PACE_MS);
    }
  }
}

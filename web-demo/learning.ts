/**
 * learning.ts - the drawing of what test-time training is: weights that stay, beside a memory that changes with each
 * word that is typed.
 * SPDX-License-Identifier: MIT
 */
import { field, find, make, percent } from './dom.js';
import { calm, pause } from './motion.js';
import { onPalette, paintMatrix } from './palette.js';
import type { Caller, Calls } from './protocol.js';

/** Milliseconds between two words of a line. */
const PACE_MS = 260;
/** Words that stay in sight, and the tint in percent of one that is wholly new. */
const MOST_WORDS = 10;
const FULL_TINT = 60;
/** A number of the memory is painted full from here on. */
const FULL = 0.2;

const wordsOf = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

export class Learning {
  readonly #field: HTMLInputElement;
  readonly #list: HTMLElement;
  readonly #note: HTMLElement;
  readonly #canvases: [weights: HTMLCanvasElement, memory: HTMLCanvasElement];
  #last: Calls['learn']['result'] | undefined;
  /** Words of the field that have ended; each is read once as it does. */
  #ended: string[];
  #read = 0;
  /** One line or word is read after the other. */
  #reading: Promise<void> = Promise.resolve();

  constructor(readonly worker: Caller) {
    const place = find(document, '.learning');
    this.#field = field(place, 'words');
    this.#list = find(place, 'ol');
    this.#note = find(place, '.note');
    this.#canvases = [find(place, '.weights'), find(place, '.memory')];
    this.#ended = wordsOf(this.#field.value);
    this.#field.addEventListener('input', () => this.#typed());
    find(place, 'form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#queue(() => this.#line());
    });
    field(place, 'forget').addEventListener('click', () => this.#queue(() => this.#forget()));
    onPalette(() => this.#paint());
  }

  /** Reads the line that stands there twice, to show what the second reading is like. */
  async start(): Promise<void> {
    this.#queue(async () => void (await this.#learn([], true)));
    this.#queue(() => this.#line());
    this.#queue(() => this.#line());
    await this.#reading;
  }

  #queue(work: () => Promise<void>): void {
    this.#reading = this.#reading.then(work).catch((error: unknown) => {
      this.#note.textContent = error instanceof Error ? error.message : String(error);
    });
  }

  /** Reads words that have ended since the last key; what is changed before them is not read again. */
  #typed(): void {
    const { value } = this.#field;
    const words = wordsOf(value);
    const ended = /\s$/.test(value) ? words : words.slice(0, -1);
    const known = this.#ended;
    this.#ended = ended;
    if (ended.length <= known.length || !known.every((word, i) => word === ended[i])) return;
    const more = ended.slice(known.length);
    this.#queue(async () => void (await this.#words(more)));
  }

  async #line(): Promise<void> {
    const words = wordsOf(this.#field.value);
    this.#ended = words;
    if (words.length === 0) return;
    const news = await this.#words(words);
    const mean = news.reduce((sum, one) => sum + one, 0) / news.length;
    this.#note.textContent = `This reading was ${percent(mean, 2)} new to it.`;
  }

  async #words(words: readonly string[]): Promise<number[]> {
    const news: number[] = [];
    for (const word of words) {
      const [fresh] = await this.#learn([word]);
      news.push(fresh!);
      this.#show(word, fresh!);
      if (!calm()) await pause(PACE_MS);
    }
    return news;
  }

  async #learn(words: readonly string[], fresh = false): Promise<number[]> {
    this.#last = await this.worker.call('learn', { words, fresh });
    this.#read = fresh ? 0 : this.#read + words.length;
    this.#paint();
    return this.#last.news;
  }

  async #forget(): Promise<void> {
    await this.#learn([], true);
    this.#list.replaceChildren();
    this.#note.textContent = 'It is empty: every word is new again.';
  }

  #show(word: string, news: number): void {
    const item = make('li', `${word} ${percent(news, 2)}`);
    item.style.setProperty('--heat', (FULL_TINT * Math.min(1, news)).toFixed(0));
    this.#list.append(item);
    const list = this.#list;
    const full = (): boolean =>
      list.children.length > MOST_WORDS || list.scrollHeight > list.clientHeight;
    while (list.children.length > 1 && full()) list.firstElementChild!.remove();
  }

  #paint(): void {
    if (!this.#last) return;
    const { weights, memory, size } = this.#last;
    const [left, right] = this.#canvases.map((canvas) => canvas.getContext('2d')!);
    paintMatrix(left!, weights, size, { scale: 1, colours: ['--ink', '--edge'] });
    paintMatrix(right!, memory, size, { scale: FULL });
    const label = this.#read === 0 ? 'Memory: empty' : `Memory: changed by ${this.#read} words`;
    this.#canvases[1].setAttribute('aria-label', label);
  }
}

/**
 * suggestions.ts - words that may be meant, as buttons beside a field in which a person types.
 * SPDX-License-Identifier: MIT
 */
import { placeIn } from '../ts/common/typing.js';
import { find, make, type Panel } from './dom.js';

/** What a blank is missing after, before the next word. */
const WHOLE = /[\p{L}\p{M}\p{N}.,;:!?)\]”’»…%]$/u;

/** Gives words for the letters typed after a text, the likeliest first. */
type Suggest = (before: string, typed: string) => Promise<string[]>;

/** The suggestions of a tab. */
export class Suggestions {
  readonly #place: HTMLElement;
  /** What was asked last: an older answer is of no use. */
  #asked = 0;

  constructor(
    panel: Panel,
    readonly field: HTMLInputElement,
    readonly suggest: Suggest,
  ) {
    this.#place = find(panel.element, '.suggestions');
    for (const event of ['input', 'focus']) field.addEventListener(event, () => void this.update());
  }

  /** Asks for what is typed now. */
  async update(): Promise<void> {
    const asked = ++this.#asked;
    const text = this.field.value;
    let { before, typed } = placeIn(text);
    if (typed === '' && WHOLE.test(before)) before += ' ';
    let words = text === '' ? [] : await this.#words(before, typed);
    if (typed !== '' && words[0] === typed) {
      before = `${text} `; // the word is whole: what comes after it?
      words = await this.#words(before, '');
    }
    if (asked !== this.#asked) return;
    this.#place.replaceChildren(...words.map((word) => this.#button(before, word)));
  }

  /** Suggestions are a help: without them the field works all the same. */
  #words(before: string, typed: string): Promise<string[]> {
    return this.suggest(before, typed).catch(() => []);
  }

  #button(before: string, word: string): HTMLButtonElement {
    const button = make('button', word);
    button.type = 'button';
    button.addEventListener('click', () => {
      this.field.value = `${before}${word} `;
      this.field.focus();
      void this.update();
    });
    return button;
  }
}

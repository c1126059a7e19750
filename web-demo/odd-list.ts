/**
 * odd-list.ts - the list of what stands out in a log or signal: each with its line, coloured, and why.
 * SPDX-License-Identifier: MIT
 */
import { make } from './dom.js';
import type { Entry, Piece } from './protocol.js';

/** Strengths of a tint in percent: of a word with a small share, and with the largest. */
const [LEAST_TINT, MOST_TINT] = [20, 55];

/** A line with its odd words tinted, each by its share. */
export function tinted(pieces: readonly Piece[]): (string | HTMLElement)[] {
  const most = Math.max(...pieces.map(({ share }) => share));
  return pieces.map(({ text, share }) => {
    if (share <= 0) return text;
    const mark = make('mark', text);
    const heat = LEAST_TINT + (MOST_TINT - LEAST_TINT) * (share / most);
    mark.style.setProperty('--heat', heat.toFixed(0));
    return mark;
  });
}

/** The list; its buttons choose a line. */
export class OddList {
  #entries: readonly Entry[] = [];
  #items: HTMLElement[] = [];

  constructor(
    private readonly place: HTMLElement,
    private readonly onChoose: (entry: Entry) => void,
  ) {}

  show(entries: readonly Entry[]): void {
    this.#entries = entries;
    this.#items = entries.map((entry) => this.#item(entry));
    this.place.replaceChildren(...this.#items);
  }

  #item(entry: Entry): HTMLElement {
    const { number, pieces, why, more } = entry;
    const button = make('button');
    button.type = 'button';
    button.setAttribute('aria-expanded', 'false');
    const text = make('span', '', 'text code');
    text.append(...(pieces.length === 0 ? [why] : tinted(pieces)));
    button.append(make('span', `line ${number}`, 'where code'), text);
    button.addEventListener('click', () => this.onChoose(entry));
    const item = make('li');
    item.append(button);
    if (pieces.length > 0) {
      const reason = make('p', why, 'why');
      if (more > 0) reason.append(' ', make('span', `+${more} alike`, 'more'));
      item.append(reason);
    }
    return item;
  }

  /** Marks the entry of a line and returns its element, if it has one. */
  choose(index: number): HTMLElement | undefined {
    const at = this.#entries.findIndex((entry) => entry.index === index);
    for (const [i, item] of this.#items.entries()) {
      item.classList.toggle('chosen', i === at);
      item.querySelector('button')!.setAttribute('aria-expanded', String(i === at));
    }
    return this.#items[at];
  }

  /** The line of the next entry after a line, or of the one before it. */
  next(index: number, step: 1 | -1): number | undefined {
    const later = this.#entries.filter((entry) =>
      step > 0 ? entry.index > index : entry.index < index,
    );
    return later.at(step > 0 ? 0 : -1)?.index;
  }

  /** Gives the keyboard to the entry of a line, or else to the first. */
  focus(index: number): void {
    const at = this.#entries.findIndex((entry) => entry.index === index);
    this.#items[Math.max(0, at)]?.querySelector('button')?.focus();
  }
}

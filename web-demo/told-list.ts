/**
 * told-list.ts - what the model was told, with the passage in it that an answer came from.
 * SPDX-License-Identifier: MIT
 */
import type { Source } from './decode.js';
import { find, make, type Panel } from './dom.js';

/** From one character to another. */
type Range = readonly [from: number, to: number];

interface Told {
  /** What can be told again; a loaded memory cannot. */
  source: Source | undefined;
  name: string;
  /** What is known of its text, for passages. */
  text: string;
  times: number;
  passage: Range | undefined;
  row: HTMLElement;
}

/** Places of a word that are looked at, latest first. */
const MOST_PLACES = 1000;
/** Characters that are shown of a text without a passage, and on both sides of one. */
const SHOWN = 160;
const AROUND = 60;

const LETTER = /[\p{L}\p{N}]/u;

/** Whether a cut at this place goes through a word. */
const cuts = (text: string, at: number): boolean =>
  LETTER.test(text[at - 1] ?? ' ') && LETTER.test(text[at] ?? ' ');

/** How many characters at the end of `said` also stand in `text` before `at`, in whole words. */
function alike(text: string, at: number, said: string): number {
  let count = 0;
  while (count < said.length && text[at - 1 - count] === said[said.length - 1 - count]) count++;
  while (count > 0 && (cuts(text, at - count) || cuts(said, said.length - count))) count--;
  return count;
}

/** The passage that ends with a word, and begins as early as what was said before the word agrees. */
function passageOf(text: string, said: string, word: string): Range | undefined {
  let best: Range | undefined;
  let at = text.lastIndexOf(word);
  for (let places = 0; at >= 0 && places < MOST_PLACES; places++) {
    const before = alike(text, at, said);
    const length = best ? best[1] - best[0] : 0;
    const words = LETTER.test(said.slice(said.length - before)) && !cuts(text, at + word.length);
    if (words && before + word.length > length) best = [at - before, at + word.length];
    at = at === 0 ? -1 : text.lastIndexOf(word, at - 1);
  }
  return best;
}

/** The list of a tab. */
export class ToldList {
  readonly #place: HTMLElement;
  readonly #nothing: HTMLElement;
  #all: Told[] = [];

  /** `again` is called with what is to be told once more. */
  constructor(
    panel: Panel,
    readonly again: (source: Source) => void,
  ) {
    this.#place = find(panel.element, '.told');
    this.#nothing = find(panel.element, '.nothing');
  }

  get empty(): boolean {
    return this.#all.length === 0;
  }

  /** Notes that something was told, whose text is known as far as it is remembered. */
  add(source: Source | undefined, name: string, text: string): void {
    let told = this.#all.find((other) => source !== undefined && other.source === source);
    if (!told) {
      told = { source, name, text, times: 0, passage: undefined, row: make('li') };
      this.#all.push(told);
      this.#place.prepend(told.row);
    }
    told.times++;
    this.#draw(told);
    this.#nothing.hidden = true;
  }

  clear(): void {
    this.#all = [];
    this.#place.replaceChildren();
    this.#nothing.hidden = false;
  }

  /** No passage is marked any more. */
  unmark(): void {
    for (const told of this.#all) {
      if (!told.passage) continue;
      told.passage = undefined;
      this.#draw(told);
    }
  }

  /** Marks where a word was told after the same words as here; false if it was not. */
  mark(said: string, word: string): boolean {
    let longest = 0;
    let best: { told: Told; passage: Range } | undefined;
    for (const told of this.#all) {
      const passage = passageOf(told.text, said, word);
      if (!passage || passage[1] - passage[0] < longest) continue;
      longest = passage[1] - passage[0];
      best = { told, passage };
    }
    if (!best) return false;
    const { told, passage } = best;
    const shown = told.passage ? told.passage[1] - told.passage[0] : 0;
    if (longest >= shown) told.passage = passage;
    this.#draw(told);
    return true;
  }

  #draw(told: Told): void {
    const { source, name, times, row } = told;
    const words = make('span', '', 'words');
    words.append(...this.#partsOf(told));
    if (name !== '') words.prepend(make('b', `${name}: `));
    if (times > 1) words.append(make('small', ` told ${times} times`));
    row.replaceChildren(words);
    if (source === undefined) return;
    const button = make('button', 'Tell again');
    button.type = 'button';
    button.addEventListener('click', () => this.again(source));
    row.append(button);
  }

  #partsOf({ text, passage }: Told): (string | HTMLElement)[] {
    if (!passage) return [text.length > SHOWN ? `${text.slice(0, SHOWN)} …` : text];
    const [from, to] = passage;
    const first = Math.max(0, from - AROUND);
    const last = Math.min(text.length, to + AROUND);
    const before = `${first > 0 ? '… ' : ''}${text.slice(first, from)}`;
    const after = `${text.slice(to, last)}${last < text.length ? ' …' : ''}`;
    return [before, make('mark', text.slice(from, to)), after];
  }
}

/**
 * story.ts - a text as tokens, each tinted by how unlikely it was, with details of the chosen one.
 * SPDX-License-Identifier: MIT
 */
import { find, make, percent } from './dom.js';
import type { Token } from './protocol.js';

/** Nats at which the tint is full, and its strength there in percent. */
const FULL_NATS = 7;
const FULL_TINT = 75;
/** Pixels between the chosen token and its details. */
const MARGIN = 12;

function visible(text: string | null): string {
  if (text === null) return 'the end';
  return text === ''
    ? '(part of a character)'
    : `“${text.replaceAll('\n', '⏎').replaceAll(' ', '␣')}”`;
}

/** The story of a tab, and the line below it with details of a token. */
export class Story {
  readonly #place: HTMLElement;
  readonly #detail: HTMLElement;
  #tokens: Token[] = [];
  #spans: HTMLElement[] = [];
  #chosen = -1;

  constructor(panel: Element) {
    this.#place = find(panel, '.story');
    this.#detail = find(panel, '.detail');
    const choose = (event: Event): void => {
      const span = (event.target as Element).closest<HTMLElement>('[data-token]');
      if (span) this.#choose(Number(span.dataset['token']));
    };
    this.#place.addEventListener('pointerover', choose);
    this.#place.addEventListener('click', (event) => {
      choose(event);
      this.#uncover();
    });
    this.#place.addEventListener('keydown', (event) => this.#key(event));
  }

  /** Shows that the text was cut at the limit. */
  cut(): void {
    this.#place.classList.add('cut');
  }

  /** Begins anew with the text that was given. */
  begin(given: string): void {
    this.#place.classList.remove('cut');
    this.#tokens = [];
    this.#spans = [];
    this.#chosen = -1;
    this.#detail.replaceChildren();
    this.#place.replaceChildren(...(given === '' ? [] : [make('span', given, 'given')]));
  }

  add(tokens: readonly Token[]): void {
    for (const token of tokens) {
      const span = make('span', token.text);
      const nats = -Math.log(Math.max(token.probability, 1e-9));
      span.style.setProperty('--heat', (Math.min(1, nats / FULL_NATS) * FULL_TINT).toFixed(0));
      span.dataset['token'] = String(this.#tokens.length);
      this.#tokens.push(token);
      this.#spans.push(span);
      this.#place.append(span);
    }
  }

  #key(event: KeyboardEvent): void {
    const steps: Record<string, number> = {
      ArrowRight: 1,
      ArrowLeft: -1,
      ArrowDown: 10,
      ArrowUp: -10,
    };
    const step = steps[event.key];
    if (step === undefined || this.#tokens.length === 0) return;
    event.preventDefault();
    this.#choose(Math.min(this.#tokens.length - 1, Math.max(0, this.#chosen + step)));
    this.#uncover();
  }

  /** Brings the chosen token above its details, which stick to the lower edge of the window. */
  #uncover(): void {
    const span = this.#spans[this.#chosen];
    if (!span) return;
    // Beside the story they cover nothing; then this only leaves some space.
    span.style.scrollMarginBottom = `${this.#detail.offsetHeight + MARGIN}px`;
    span.scrollIntoView({ block: 'nearest' });
  }

  #choose(index: number): void {
    if (index === this.#chosen) return;
    this.#spans[this.#chosen]?.classList.remove('chosen');
    this.#spans[index]!.classList.add('chosen');
    this.#chosen = index;
    const { text, probability, alternatives } = this.#tokens[index]!;
    const list = make('ul');
    for (const other of alternatives) {
      list.append(make('li', `${visible(other.text)} ${percent(other.probability)}`));
    }
    const about = ` had ${percent(probability)}. Likeliest: `;
    this.#detail.replaceChildren(make('b', visible(text)), about, list);
  }
}

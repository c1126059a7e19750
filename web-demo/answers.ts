/**
 * answers.ts - two answers beside each other; in the second the words are marked that it was told.
 * SPDX-License-Identifier: MIT
 */
import { find, make, type Panel, percent } from './dom.js';
import type { AnswerToken, Calls } from './protocol.js';
import type { ToldList } from './told-list.js';

/** A word of an answer with the space before it, and how likely it was here and in the other session. */
type Word = AnswerToken;

/** How many times likelier a word must be than without what was told. */
const LIKELIER = 2;

/** Tokens put together to words: a space, or what is no letter, begins a new one. */
function wordsOf(tokens: readonly AnswerToken[]): Word[] {
  const words: Word[] = [];
  for (const token of tokens) {
    const last = words.at(-1);
    const goesOn = /^[\p{L}\p{N}'’]/u.test(token.text) || token.text === '';
    if (!last || !goesOn) words.push({ ...token });
    else {
      last.text += token.text;
      last.probability *= token.probability;
      last.elsewhere *= token.elsewhere;
    }
  }
  return words;
}

export class Answers {
  readonly #before: HTMLElement;
  readonly #after: HTMLElement;
  readonly #why: HTMLElement;

  constructor(
    panel: Panel,
    readonly list: ToldList,
  ) {
    this.#before = find(panel.element, '.before');
    this.#after = find(panel.element, '.after');
    this.#why = find(panel.element, '.why');
  }

  clear(): void {
    for (const place of [this.#before, this.#after, this.#why]) place.replaceChildren();
    this.list.unmark();
  }

  show(question: string, { before, after }: Calls['ask']['result']): void {
    this.list.unmark();
    const given = (): HTMLElement => make('span', question, 'given');
    this.#before.replaceChildren(given(), ...this.#textOf(before));
    let said = question;
    let first: Word | undefined;
    const parts = wordsOf(after).map((word) => {
      const likelier =
        word.probability >= LIKELIER * word.elsewhere && /[\p{L}\p{N}]/u.test(word.text);
      const space = /^\s*/.exec(word.text)![0];
      const bare = word.text.slice(space.length);
      const known = likelier && this.list.mark(said + space, bare);
      said += word.text;
      if (!known) return [word.text];
      first ??= { ...word, text: bare };
      return [space, make('mark', bare)];
    });
    this.#after.replaceChildren(given(), ...(after.length > 0 ? parts.flat() : this.#textOf([])));
    this.#explain(first);
  }

  #textOf(tokens: readonly AnswerToken[]): (string | HTMLElement)[] {
    if (tokens.length > 0) return [tokens.map(({ text }) => text).join('')];
    return [make('small', ' (and nothing more: a text ends here)')];
  }

  #explain(word: Word | undefined): void {
    if (this.list.empty) {
      this.#why.textContent = 'It was told nothing yet: both answers are the same.';
    } else if (!word) {
      this.#why.textContent = 'No word of this answer comes word for word from what it was told.';
    } else {
      const marked = make('mark', 'Marked');
      const odds = `“${word.text}” had ${percent(word.elsewhere)} before, and has ${percent(word.probability)} now.`;
      this.#why.replaceChildren(marked, ` is what it was told word for word. ${odds}`);
    }
  }
}

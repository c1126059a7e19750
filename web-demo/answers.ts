/**
 * answers.ts - two answers beside each other; in the second the words are marked that it was told.
 * SPDX-License-Identifier: MIT
 */
import { find, make, type Panel, percent } from './dom.js';
import type { AnswerToken, Calls } from './protocol.js';
import type { ToldList } from './told-list.js';

/** A word of an answer with the space before it, and how likely it was here and in the other session. */
type Word = AnswerToken;

const LETTER = /[\p{L}\p{N}]/u;
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

/** Words that were told, marked; neighbours share a mark. */
function markedParts(words: readonly Word[], told: readonly boolean[]): (string | HTMLElement)[] {
  const parts: (string | HTMLElement)[] = [];
  words.forEach(({ text }, i) => {
    const last = parts.at(-1);
    if (!told[i]) parts.push(text);
    else if (last instanceof HTMLElement) last.append(text);
    else parts.push(/^\s*/.exec(text)![0], make('mark', text.trimStart()));
  });
  return parts;
}

/** Shows a question, and what follows it. */
function showAnswer(
  place: HTMLElement,
  question: string,
  parts: readonly (string | HTMLElement)[],
): void {
  place.replaceChildren(make('span', question, 'given'), ...parts);
  if (place.textContent === question)
    place.append(make('small', ' (and nothing more: a text ends here)'));
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
    const words = wordsOf(after);
    const told = this.#toldOf(question, words);
    showAnswer(this.#before, question, [before.map(({ text }) => text).join('')]);
    showAnswer(this.#after, question, markedParts(words, told));
    this.#explain(words.filter((_, i) => told[i]));
    this.#after.scrollIntoView({ block: 'nearest' });
  }

  /** Of each word whether it came from what was told: it is likelier for that, or goes on with such a word. */
  #toldOf(question: string, words: readonly Word[]): boolean[] {
    let said = question;
    let goesOn = false;
    return words.map(({ text, probability, elsewhere }) => {
      const bare = text.trimStart();
      const before = said + text.slice(0, text.length - bare.length);
      said += text;
      if (!LETTER.test(bare)) return false;
      const likelier = probability >= LIKELIER * elsewhere;
      goesOn = (likelier || goesOn) && this.list.mark(before, bare);
      return goesOn;
    });
  }

  /** Says what the marks mean, by the word to which what was told did most. */
  #explain(words: readonly Word[]): void {
    const gain = (word: Word): number => word.probability / word.elsewhere;
    const [most] = [...words].sort((a, b) => gain(b) - gain(a));
    if (this.list.empty) {
      this.#why.textContent = 'It was told nothing yet: both answers are the same.';
    } else if (!most) {
      this.#why.textContent = 'No word of this answer comes word for word from what it was told.';
    } else {
      const marked = make('mark', 'Marked');
      const odds = `“${most.text.trim()}” had ${percent(most.elsewhere)} before, and has ${percent(most.probability)} now.`;
      this.#why.replaceChildren(marked, ` is what it was told word for word. ${odds}`);
    }
  }
}

/**
 * suggesting.mjs - how many words are among three suggestions as a text is written: the first 100,000
 * characters are read, then it goes on word by word, each learned once it was asked for.
 * SPDX-License-Identifier: MIT
 */

/** A word: letters, with single apostrophes between them. */
export const WORD = /\p{L}+(?:['’]\p{L}+)*/gu;
const COUNT = 3;

/** Letters that were typed when suggestions are asked for. */
export const LETTERS = [0, 1, 2];

/** Where the text is cut, in characters: beginnings of books are not the book's own words. */
export const CUT = { from: 20_000, known: 100_000, asked: 6000 };

/**
 * @param {{read: (text: string) => void, suggest: (typed: string, count: number) => string[]}} suggester
 * @param {string} text
 * @param {typeof CUT} [cut]
 * @returns {{shares: number[], words: number}} the share of words that were suggested, for each of
 *   LETTERS, and how many words were asked for: those after a space
 */
export function shareSuggested(suggester, text, cut = CUT) {
  const plain = text.replaceAll('\r', '');
  const begin = cut.from + cut.known;
  if (plain.length < begin + cut.asked)
    throw new Error(`the text must have ${begin + cut.asked} characters, not ${plain.length}`);
  suggester.read(plain.slice(cut.from, begin));
  return sharesOf([askEachWord(suggester, plain.slice(begin, begin + cut.asked))]);
}

/**
 * The same for texts that begin with nothing read before.
 * @param {() => {read: (text: string) => void, suggest: (typed: string, count: number) => string[],
 *   destroy?: () => void}} makeSuggester called for each text
 * @param {string[]} texts
 */
export function shareOfBeginnings(makeSuggester, texts) {
  const found = texts.map((text) => {
    const suggester = makeSuggester();
    const one = askEachWord(suggester, text.replaceAll('\r', ''));
    suggester.destroy?.();
    return one;
  });
  return sharesOf(found);
}

/** How often the words of a text were suggested; each is read once it was asked for. */
function askEachWord(suggester, text) {
  const hits = LETTERS.map(() => 0);
  let [words, at] = [0, 0];
  for (const { 0: word, index } of text.matchAll(WORD)) {
    const gap = text.slice(at, index);
    if (gap.endsWith(' ')) {
      if (gap.length > 1) suggester.read(gap.slice(0, -1));
      LETTERS.forEach((typed, i) => {
        if (suggester.suggest(word.slice(0, typed), COUNT).includes(word)) hits[i]++;
      });
      words++;
      suggester.read(` ${word}`);
    } else suggester.read(gap + word);
    at = index + word.length;
  }
  return { hits, words };
}

function sharesOf(counts) {
  const sum = (of) => counts.reduce((all, one) => all + of(one), 0);
  const words = sum((one) => one.words);
  return { shares: LETTERS.map((_, i) => sum(({ hits }) => hits[i]) / words), words };
}

/** A session of the language model as a suggester: it learns what it reads, from a new text on. */
export class SessionSuggester {
  #session;

  constructor(session) {
    this.#session = session;
    session.read([session.model.tokenizer.endOfText]);
  }

  read(text) {
    this.#session.read(this.#session.model.tokenizer.encode(text));
  }

  suggest(typed, count) {
    return this.#session.suggest(' ', typed, { count }).map(({ text }) => text);
  }

  destroy() {
    this.#session.destroy();
  }
}

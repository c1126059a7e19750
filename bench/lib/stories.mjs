/**
 * stories.mjs - what can be counted of a story's form: whether it ends, whether its sentences are
 * whole, whether it says a thing twice, and whether its words and their neighbours are known from a
 * text. None of it tells whether a story is good; each of it tells that one is not.
 * SPDX-License-Identifier: MIT
 */

const wordsOf = (text) =>
  text
    .toLowerCase()
    .replaceAll('’', "'")
    .match(/[a-z]+(?:'[a-z]+)*/g) ?? [];

const sentencesOf = (text) =>
  text
    .split(/(?<=[.!?]["”]?)\s+/)
    .map((sentence) => sentence.trim())
    .filter(Boolean);

/** The words of a sentence between marks of its borders. */
const framed = (sentence) => ['^', ...wordsOf(sentence), '$'];

const LONG_ENOUGH = 4; // words: "Thank you!" may be said twice

/**
 * @param {string} text
 * @returns {boolean} whether a sentence of at least four words comes twice
 */
function repeatsItself(text) {
  const seen = new Set();
  for (const sentence of sentencesOf(text)) {
    const words = wordsOf(sentence);
    const key = words.join(' ');
    if (words.length >= LONG_ENOUGH && seen.has(key)) return true;
    seen.add(key);
  }
  return false;
}

/** Whether whom the story names first is still there in its last third; null without a name. */
function keepsItsHero(text) {
  const named = /(?:named|called) ([A-Z][a-z]+)/.exec(text);
  return named && text.slice(Math.floor((text.length * 2) / 3)).includes(named[1]);
}

/**
 * @param {string} story
 * @param {boolean} ended by itself, not by a limit
 */
export function formOf(story, ended) {
  const text = story.trim();
  return {
    ended,
    whole: ended && /[.!?]["”]?$/.test(text),
    quotes: text.split('\n').every((line) => line.split('"').length % 2 === 1),
    repeats: repeatsItself(text),
    hero: keepsItsHero(text),
    words: wordsOf(text).length,
  };
}

/** The sentences of a text, their words, and which of these follow each other. */
export class KnownText {
  #words = new Set();
  #triples = new Set();
  #sentences = new Set();

  /** @param {readonly string[]} documents */
  constructor(documents) {
    for (const document of documents) {
      for (const sentence of sentencesOf(document)) {
        const words = framed(sentence);
        for (const word of words) this.#words.add(word);
        this.#sentences.add(words.join(' '));
        for (let i = 2; i < words.length; i++)
          this.#triples.add(words.slice(i - 2, i + 1).join(' '));
      }
    }
  }

  /** How many words and sequences of three the text does not know, and sentences it does. */
  compare(story) {
    const count = { words: 0, triples: 0, ofTriples: 0, sentences: 0, ofSentences: 0 };
    for (const sentence of sentencesOf(story)) {
      const words = framed(sentence);
      count.ofSentences++;
      if (this.#sentences.has(words.join(' '))) count.sentences++;
      count.words += words.filter((word) => !this.#words.has(word)).length;
      for (let i = 2; i < words.length; i++) {
        count.ofTriples++;
        if (!this.#triples.has(words.slice(i - 2, i + 1).join(' '))) count.triples++;
      }
    }
    return count;
  }
}

/**
 * @param {{text: string, ended: boolean}[]} stories
 * @param {KnownText} [known]
 * @returns shares of the stories (0 to 1), `words` a story, strange words per 1,000, the share of
 *   sequences of three words that are strange, and the share of sentences that the text has
 */
export function summarize(stories, known) {
  const forms = stories.map(({ text, ended }) => formOf(text, ended));
  const share = (test, list = forms) => list.filter(test).length / list.length;
  const words = forms.reduce((sum, form) => sum + form.words, 0);
  const summary = {
    stories: stories.length,
    words: words / stories.length,
    ended: share((form) => form.ended),
    whole: share((form) => form.whole && form.quotes),
    repeats: share((form) => form.repeats),
    hero: share(
      (form) => form.hero,
      forms.filter((form) => form.hero !== null),
    ),
  };
  if (!known) return summary;
  const compared = stories.map(({ text }) => known.compare(text));
  const sum = (name) => compared.reduce((total, one) => total + one[name], 0);
  return {
    ...summary,
    strangeWords: (1000 * sum('words')) / words,
    strangeTriples: sum('triples') / sum('ofTriples'),
    knownSentences: sum('sentences') / sum('ofSentences'),
  };
}

/**
 * Lets a session write stories from nothing, one a seed.
 * @param {import('bit-ttt').Session} session
 * @param {number} count
 * @param {object} options of `generate`
 */
export async function writeStories(session, count, options) {
  const stories = [];
  for (let seed = 1; seed <= count; seed++) {
    session.reset();
    let text = '';
    const pieces = session.generate('', { maxTokens: 500, seed, ...options });
    let next = await pieces.next();
    for (; !next.done; next = await pieces.next()) text += next.value;
    stories.push({ text, ended: next.value.reason === 'stop' });
  }
  return stories;
}

/**
 * planting.mjs - puts into a text what a reader would stumble over: wrong, misspelt and doubled words, and
 * sentences of other texts.
 * SPDX-License-Identifier: MIT
 */
import { below, pick } from './detection/random.mjs';
import { WORD } from './suggesting.mjs';

const wordsOf = (text) =>
  [...text.matchAll(WORD)].map(({ 0: word, index }) => ({ word, start: index }));

/** After these stands a noun or an adjective; after those a verb. */
const BEFORE_NOUNS = new Set('the a an of his her my your our their this'.split(' '));
const BEFORE_VERBS = new Set('to i we they he she you will would can could must'.split(' '));

/**
 * The words of a text by how often they come, in small letters, and what they mostly are.
 * @param {string} text
 */
export function lexiconOf(text) {
  const counts = new Map();
  let before = '';
  for (const { word } of wordsOf(text)) {
    const small = word.toLowerCase();
    const known = counts.get(small) ?? { word: small, count: 0, noun: 0, verb: 0 };
    counts.set(small, known);
    known.count++;
    if (BEFORE_NOUNS.has(before)) known.noun++;
    if (BEFORE_VERBS.has(before)) known.verb++;
    before = small;
  }
  const ordered = [...counts.values()].sort(
    (a, b) => b.count - a.count || (a.word < b.word ? -1 : 1),
  );
  ordered.forEach((one, rank) => {
    one.rank = rank;
  });
  return { counts, ordered };
}

/** A word as another is written: with a capital if that has one. */
function writtenAs(word, like) {
  return /^\p{Lu}/u.test(like) ? word[0].toUpperCase() + word.slice(1) : word;
}

/** A random word that is about as frequent as another, of those that are `fit`; undefined: none is. */
function similarWord({ counts, ordered }, word, random, suits = () => true) {
  const known = counts.get(word.toLowerCase());
  if (!known) return undefined;
  const from = Math.floor(known.rank / 2);
  const near = ordered.slice(from, 2 * known.rank + 6);
  const fitting = near.filter((one) => one !== known && one.count > 1 && suits(one));
  return fitting.length > 0 ? writtenAs(pick(random, fitting).word, word) : undefined;
}

const isNoun = ({ noun, verb }) => noun >= 2 && noun > 4 * verb;
const isVerb = ({ noun, verb }) => verb >= 2 && verb > 4 * noun;

/** Two letters inside a word change places, and give no word that is known. */
function swapLetters({ counts }, word, random) {
  const places = [];
  for (let i = 1; i + 1 < word.length; i++) {
    const swapped = word.slice(0, i) + word[i + 1] + word[i] + word.slice(i + 2);
    if (swapped !== word && /^\p{L}\p{L}$/u.test(word.slice(i, i + 2))) places.push(swapped);
  }
  const unknown = places.filter((one) => !counts.has(one.toLowerCase()));
  return word.length > 3 && unknown.length > 0 ? pick(random, unknown) : undefined;
}

/** How each kind changes one word of a text; undefined: not this one. */
const CHANGES = {
  'a wrong word of similar frequency': (lexicon, word, random) =>
    similarWord(lexicon, word, random),
  'a word of another part of speech'(lexicon, word, random) {
    const known = lexicon.counts.get(word.toLowerCase());
    if (!known || (!isNoun(known) && !isVerb(known))) return undefined;
    return similarWord(lexicon, word, random, isNoun(known) ? isVerb : isNoun);
  },
  'two letters swapped': swapLetters,
  'a doubled word': (_, word) => `${word} ${word.toLowerCase()}`,
};

const FOREIGN = 'a sentence of another text';

export const KINDS = [...Object.keys(CHANGES), FOREIGN];

/** One in so many words is changed, and at least one of a text. */
const WORDS_PER_CHANGE = 100;

/** A planted text is built from front to back. */
class Planted {
  text = '';
  planted = [];

  add(text) {
    this.text += text;
  }

  /** Adds a text that is planted from its place `from` on: each word of it. */
  plant(text, from = 0) {
    for (const { word, start } of wordsOf(text)) {
      if (start >= from) {
        const at = this.text.length + start;
        this.planted.push({ start: at, end: at + word.length });
      }
    }
    this.text += text;
  }
}

function changeWords(text, change, lexicon, random) {
  const words = wordsOf(text);
  const wanted = Math.max(1, Math.floor(words.length / WORDS_PER_CHANGE));
  const changes = new Map();
  for (let tries = 0; changes.size < wanted && tries < 20 * wanted; tries++) {
    const at = 1 + below(random, words.length - 2);
    if ([at - 1, at, at + 1].some((one) => changes.has(one))) continue;
    const changed = change(lexicon, words[at].word, random);
    if (changed !== undefined) changes.set(at, changed);
  }
  const made = new Planted();
  let end = 0;
  for (const [at, changed] of [...changes].sort(([a], [b]) => a - b)) {
    const { word, start } = words[at];
    made.add(text.slice(end, start));
    made.plant(changed, changed.includes(' ') ? word.length + 1 : 0);
    end = start + word.length;
  }
  made.add(text.slice(end));
  return made;
}

/** Where a sentence of a text ends and another one begins. */
const BETWEEN = /(?<=[\p{L}\p{N}][.!?]["”’']?) (?=["“‘']?\p{Lu})/gu;

/** Sentences of a text that may be put into another: of 6 to 25 words, without a line end. */
export function sentencesOf(text) {
  return text
    .split(/\n+/)
    .flatMap((line) => line.trim().split(BETWEEN))
    .filter((one) => /^\p{Lu}.*[.!?]$/u.test(one))
    .filter((one) => wordsOf(one).length >= 6 && wordsOf(one).length <= 25);
}

function putSentence(text, sentences, random) {
  const places = [...text.matchAll(BETWEEN)].map(({ index }) => index);
  const made = new Planted();
  if (places.length === 0) {
    made.add(text);
    return made;
  }
  const at = pick(random, places);
  made.add(text.slice(0, at));
  made.plant(` ${pick(random, sentences)}`);
  made.add(text.slice(at));
  return made;
}

/**
 * A text with what a reader would stumble over.
 * @param {string} text of at least three words
 * @param {string} kind one of KINDS
 * @param {{lexicon: ReturnType<typeof lexiconOf>, sentences: string[], random: () => number}} from
 * @returns {{text: string, planted: {start: number, end: number}[]}} the places of the planted words; none
 *   where the text has no word, or no end of a sentence, that fits
 */
export function plant(text, kind, { lexicon, sentences, random }) {
  const { text: made, planted } =
    kind === FOREIGN
      ? putSentence(text, sentences, random)
      : changeWords(text, CHANGES[kind], lexicon, random);
  return { text: made, planted };
}

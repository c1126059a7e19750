/**
 * word-spans.ts - the words of a text, and the tokens that they are made of.
 * SPDX-License-Identifier: MIT
 */

/** A word: letters and digits, with single apostrophes and hyphens between them. */
const WORD = /[\p{L}\p{N}]\p{M}*(?:[-'’]?[\p{L}\p{N}]\p{M}*)*/gu;

/** Behind these a sentence begins; also behind quotes and brackets. */
const OPENS = /(?:^|\n|[.!?:]["”’')\]]*\s+)["“‘'([]*$/u;
/** So many characters before a word are looked at. */
const OPENING = 8;
/** Sentences of fewer words say too little. */
const LEAST_WORDS = 4;

/** A word of a text. */
export interface WordSpan {
  text: string;
  /** Its place in the text, in UTF-16 units. */
  start: number;
  end: number;
  /** Its tokens: from the one that has its first letter up to that which has its last, without `to`. */
  from: number;
  to: number;
  /** It begins a sentence. */
  opens: boolean;
  /** It is the word before it once more, with white space alone between them. */
  repeats: boolean;
  /** How often the text has it, whatever its capitals. */
  count: number;
}

/** Where each token of a text begins, in UTF-16 units, and where the text ends. */
function startsOf(text: string, ids: Uint32Array, byteLengths: Uint32Array): Uint32Array {
  const starts = new Uint32Array(ids.length + 1);
  let [at, bytes, wanted] = [0, 0, 0];
  ids.forEach((id, i) => {
    while (bytes < wanted && at < text.length) {
      const code = text.codePointAt(at)!;
      bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
      at += code < 0x10000 ? 1 : 2;
    }
    starts[i] = at;
    wanted += byteLengths[id] ?? 0;
  });
  starts[ids.length] = text.length;
  return starts;
}

/** The words of a text that was encoded; of words that share a token the first one alone. */
export function wordsOf(text: string, ids: Uint32Array, byteLengths: Uint32Array): WordSpan[] {
  const starts = startsOf(text, ids, byteLengths);
  const counts = new Map<string, number>();
  const found: WordSpan[] = [];
  let at = 0;
  for (const { 0: word, index: start } of text.matchAll(WORD)) {
    const end = start + word.length;
    while (at < ids.length && starts[at + 1]! <= start) at++;
    let to = at;
    while (to < ids.length && starts[to]! < end) to++;
    const before = found.at(-1);
    const small = word.toLowerCase();
    counts.set(small, (counts.get(small) ?? 0) + 1);
    if (before !== undefined && before.to > at) continue;
    const gap = before === undefined ? '' : text.slice(before.end, start);
    found.push({
      text: word,
      start,
      end,
      from: at,
      to,
      opens: OPENS.test(text.slice(Math.max(0, start - OPENING), start)),
      repeats: /^\s+$/u.test(gap) && before!.text.toLowerCase() === small,
      count: 0,
    });
  }
  for (const one of found) one.count = counts.get(one.text.toLowerCase())!;
  return found;
}

/** A sentence of a text. */
export interface SentenceSpan {
  /** Its tokens, without `to`. */
  from: number;
  to: number;
  words: number;
  /** From its first letter to that of the next sentence, in UTF-16 units. */
  characters: number;
}

/** The sentences of a text of `length` that have LEAST_WORDS words, by the index of their first word. */
export function sentencesOf(words: readonly WordSpan[], length: number): Map<number, SentenceSpan> {
  const found = new Map<number, SentenceSpan>();
  let next = 0;
  for (let at = 0; at < words.length; at = next) {
    next = at + 1;
    while (next < words.length && !words[next]!.opens) next++;
    if (next - at < LEAST_WORDS) continue;
    const { from, start } = words[at]!;
    const end = words[next]?.start ?? length;
    const to = words[next]?.from ?? words[next - 1]!.to;
    found.set(at, { from, to, words: next - at, characters: end - start });
  }
  return found;
}

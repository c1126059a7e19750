/**
 * typing.ts - where the word at the end of a text begins, for what completes it.
 * SPDX-License-Identifier: MIT
 */

/** A place to complete: what stands before the word, and the letters of it. */
export interface Place {
  before: string;
  typed: string;
}

/** No word is longer (`MAX_TYPED_BYTES`), and so the time does not grow with the text. */
const LONGEST = 250;

/**
 * Letters and digits with their marks, and single apostrophes between them; one may follow them, as in
 * "don'". No part of it can match in two ways.
 */
const RUN = /(?:[\p{L}\p{N}]\p{M}*(?:['’]?[\p{L}\p{N}]\p{M}*)*['’]?)?$/u;

/**
 * Where the word at the end of a text begins. A quote before a word is none of its letters, and a run
 * with digits in it is no word: then nothing is typed.
 */
export function placeIn(text: string): Place {
  const [run] = RUN.exec(text.slice(-LONGEST))!;
  const typed = /\p{N}/u.test(run) ? '' : run;
  return { before: text.slice(0, text.length - typed.length), typed };
}

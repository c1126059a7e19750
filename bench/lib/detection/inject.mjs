/**
 * inject.mjs - puts anomalies of seven kinds into a log, at places that follow from a seed.
 * SPDX-License-Identifier: MIT
 */
import { below, makeRandom, pick } from './random.mjs';

/**
 * @typedef {object} Row a line of a log, in parts
 * @property {string} head what stands before the message: time, host, level
 * @property {string} text the message
 * @property {string | number} event the kind of line that it is
 */

const WORD = /^[A-Za-z]{3,}$/;
const NUMBER = /^\d+$|=\d+$|:\d+$/;
const MORE = 1000;

/** Where a test holds in a list. */
const placesOf = (list, test) => list.flatMap((one, i) => (test.test(one) ? [i] : []));

/** The text with one word for which `test` holds changed; undefined where there is none. */
function changeWord(text, test, random, change) {
  const words = text.split(' ');
  const places = placesOf(words, test);
  if (places.length === 0) return undefined;
  const at = pick(random, places);
  words[at] = change(words[at]);
  return words.join(' ');
}

/** A word of a line of another kind, among those so far. */
function knownWord(rows, at, random) {
  let row;
  for (let tries = 0; tries < 200; tries++) {
    row = rows[below(random, at)];
    if (row.event !== rows[at].event && /[A-Za-z]{3,}/.test(row.text)) break;
  }
  return () => pick(random, row.text.match(/\b[A-Za-z]{3,}\b/g) ?? ['error']);
}

/**
 * What each kind puts after a line; undefined where the line has nothing to change. `random` is asked in an order
 * that is part of the format: the same seed gives the same lines.
 */
const CHANGES = {
  'foreign line': (_, { random, foreign }) => pick(random, foreign),
  'unseen word': ({ text }, { random, words }) =>
    changeWord(text, WORD, random, () => pick(random, words)),
  'known word in a wrong place': ({ text }, { random, rows, at }) => {
    if (placesOf(text.split(' '), WORD).length === 0) return undefined;
    const changed = changeWord(text, WORD, random, knownWord(rows, at, random));
    return changed === text ? undefined : changed;
  },
  'number x1000': ({ text }, { random }) =>
    changeWord(text, NUMBER, random, (word) =>
      word.replace(/\d+$/, (digits) => String(Number(digits.slice(0, 12)) * MORE + 7)),
    ),
  truncated: ({ text }) =>
    text.length > 20 ? text.slice(0, Math.floor(text.length / 2)) : undefined,
  'repeated line': ({ text }) => text,
};

/** The one kind that adds no line: a line and the next one, of another kind, change places. */
const SWAPPED = 'swapped pair';

export const KINDS = [...Object.keys(CHANGES), SWAPPED];

/** Which kind goes where: `each` of every kind, no two beside each other. */
function choosePlaces(random, { count, from, each }) {
  const room = count - from - 20;
  if (room < KINDS.length * each * 6)
    throw new Error(`${count} lines are too few for ${each} anomalies of each kind`);
  const places = new Map();
  for (const kind of KINDS) {
    for (let left = each; left > 0; left--) {
      let at;
      do at = from + below(random, room);
      while ([at - 1, at, at + 1].some((place) => places.has(place)));
      places.set(at, kind);
    }
  }
  return places;
}

/**
 * Puts `each` anomalies of every kind into a log, as far as the lines that they fall on allow.
 * @param {Row[]} rows
 * @param {object} options
 * @param {string[]} options.foreign messages of other logs
 * @param {string[]} options.words words that no log has
 * @param {number} options.seed
 * @param {number} [options.from] how many lines are left as they are at the beginning
 * @param {number} [options.each]
 * @returns {{lines: string[], labels: (string | null)[]}} labels: which kind a line is, or null
 */
export function injectAnomalies(rows, { foreign, words, seed, from = 300, each = 12 }) {
  const random = makeRandom(seed);
  const places = choosePlaces(random, { count: rows.length, from, each });
  const lines = [];
  const labels = [];
  const put = (head, text, label) => {
    lines.push(head + text);
    labels.push(label);
  };
  for (let at = 0; at < rows.length; at++) {
    const [row, next] = [rows[at], rows[at + 1]];
    const kind = places.get(at);
    if (kind === SWAPPED && next && next.event !== row.event && !places.has(at + 1)) {
      put(next.head, next.text, kind);
      put(row.head, row.text, kind);
      at++;
      continue;
    }
    const changed = CHANGES[kind]?.(row, { random, foreign, words, rows, at });
    put(row.head, row.text, null);
    if (changed !== undefined) put(row.head, changed, kind);
  }
  return { lines, labels };
}

// tokenizer.mjs - the tokenizer under test, texts to feed it, and a slow trainer to compare it with.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';

import { ByteLevelPreTokenizer, Tokenizer as Library } from '@huggingface/tokenizers';
import { build } from 'esbuild';

/** The module as browsers get it: a bundle that may not import anything of Node's. */
async function loadBundle() {
  const { outputFiles } = await build({
    stdin: {
      contents:
        "export * from './ts/tokenizer/index.ts'; export { TTTError } from './ts/common/errors.ts';",
      resolveDir: fileURLToPath(new URL('../../..', import.meta.url)),
    },
    bundle: true,
    format: 'esm',
    platform: 'browser',
    write: false,
  });
  const code = Buffer.from(outputFiles[0].contents).toString('base64');
  return import(`data:text/javascript;base64,${code}`);
}

export const { Tokenizer, TTTError, trainBpe, trainBpeSteps } = await loadBundle();

/** The library as the package is meant to use it: nothing added, nothing tidied up. */
export class Reference {
  constructor(json) {
    this.library = new Library(json, { clean_up_tokenization_spaces: false });
  }
  encode(text) {
    return this.library.encode(text, { add_special_tokens: false }).ids;
  }
  decode(ids) {
    return ids.length > 0 ? this.library.decode([...ids]) : '';
  }
}

/** A generator of reproducible numbers: `next(n)` is an integer from 0 to n - 1. */
export function randomness(seed) {
  let state = seed >>> 0;
  const next = (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  return { next, pick: (list) => list[next(list.length)] };
}

const names = ['Lily', 'Tom', 'the dog', 'a small bird', 'Mum', 'Zoë'];
const deeds = [
  'saw',
  "didn't like",
  'ran to',
  'was looking for',
  'gave 12 apples to',
  "couldn't find",
];
const things = ['the big tree', 'a red ball', 'the café', 'her friend', 'the park', 'a naïve fox'];
const ends = ['.', '!', '?', '. "Oh no!" she said.', '...', '.\n', '.\r\n\r\n'];

/** Simple stories with some accents, numbers, quotes and line ends. */
export function stories(sentences, seed = 1) {
  const { pick } = randomness(seed);
  let text = '';
  for (let i = 0; i < sentences; i++) {
    text += `${pick(names)} ${pick(deeds)} ${pick(things)}${pick(ends)} `;
    if (i % 20 === 19) text += '\n<|endoftext|>\n';
  }
  return text;
}

const oddities = [
  ' ',
  '  ',
  '\n',
  '\r\n',
  '\t',
  '\u00a0',
  '\u2028',
  '\u3000',
  '\ufeff',
  '\u0085',
  '\u200b',
  '\u200d',
  '\u0000',
  '\u0001',
  '\u007f',
  '\u009f',
  "'",
  "''",
  "'s",
  "'ll",
  "'re",
  "'LL",
  '\u2019s',
  '.',
  ',',
  '!',
  '?',
  '"',
  '--',
  '<|',
  '|>',
  '<|endoftext|>',
  '<|endoftext',
  'endoftext|>',
  '<|padding|>',
  'a',
  'the',
  'The',
  'e\u0301',
  'é',
  'n\u0303\u0323',
  '\u0301',
  'ß',
  'ﬁ',
  'İ',
  'ǆ',
  '0',
  '12',
  '½',
  '²',
  '٣',
  'Ⅷ',
  '漢字',
  'かな',
  'שלום',
  'مرحبا',
  'हिन्दी',
  'ไทย',
  '한국어',
  '가',
  '😀',
  '👩‍👩‍👧‍👦',
  '🇫🇷',
  '👍🏽',
  '𝔘',
  '𐍈',
  '\u{1F3F4}\u{E0067}',
  '\u{10FFFF}',
  '\uFFFD',
  '\uFFFF',
  '\uE000',
  'Ġ',
  'Ċ',
  'Ń',
  '\\',
  '$&',
  '(',
  '[',
  '{',
];

/** A short text of odd characters, with paired surrogates. */
export function oddText({ next, pick }, length = 12) {
  let text = '';
  for (let count = next(length) + 1; count > 0; count--) {
    const any = next(0x110000);
    const isSurrogate = any >= 0xd800 && any <= 0xdfff;
    text += next(4) > 0 || isSurrogate ? pick(oddities) : String.fromCodePoint(any);
    while (next(3) === 0) text += pick(['a', ' ', 'é', '\n', "'", '1']);
  }
  return text;
}

/** What `split` gives when each part is cut into words by the library itself. */
function libraryWords(text, specials) {
  const preTokenizer = new ByteLevelPreTokenizer({ add_prefix_space: false, use_regex: true });
  let parts = [text];
  for (const special of specials) parts = parts.flatMap((part) => part.split(special));
  return parts.flatMap((part) => (part === '' ? [] : preTokenizer.pre_tokenize_text(part)));
}

function countPairs(words) {
  const pairs = new Map();
  for (const { ids, count } of words) {
    for (let i = 0; i + 1 < ids.length; i++) {
      const key = `${ids[i]} ${ids[i + 1]}`;
      pairs.set(key, (pairs.get(key) ?? 0) + count);
    }
  }
  return [...pairs].map(([key, count]) => ({ pair: key.split(' ').map(Number), count }));
}

function mergeIn(ids, [left, right], merged) {
  const result = [];
  for (let i = 0; i < ids.length; i++) {
    const isPair = ids[i] === left && ids[i + 1] === right;
    result.push(isPair ? merged : ids[i]);
    if (isPair) i++;
  }
  return result;
}

/** Byte-pair encoding by its definition: counts everything again for each merge. */
export function trainSlowly(text, { vocabSize, minFrequency, specials, alphabet }) {
  const counts = new Map();
  for (const word of libraryWords(text, specials)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const tokens = [...specials, ...alphabet];
  const words = [...counts].map(([word, count]) => ({
    ids: Array.from(word, (symbol) => tokens.indexOf(symbol)),
    count,
  }));
  const merges = [];
  while (tokens.length < vocabSize) {
    const order = (a, b) => b.count - a.count || a.pair[0] - b.pair[0] || a.pair[1] - b.pair[1];
    const [first] = countPairs(words).sort(order);
    if (!first || first.count < minFrequency) break;
    const parts = first.pair.map((id) => tokens[id]);
    if (!tokens.includes(parts.join(''))) tokens.push(parts.join(''));
    merges.push(parts);
    const merged = tokens.indexOf(parts.join(''));
    for (const word of words) word.ids = mergeIn(word.ids, first.pair, merged);
  }
  return { tokens, merges };
}

function checkError(error, code, pattern) {
  assert.ok(error instanceof TTTError, `not a TTTError: ${error?.stack ?? error}`);
  assert.equal(error.code, code, error.message);
  assert.match(error.message, pattern);
  return error;
}

/** The call must throw a TTTError with this code and message; returns it. */
export function fails(call, code, pattern) {
  let error;
  try {
    call();
  } catch (caught) {
    error = caught;
  }
  assert.ok(error, `nothing was thrown, expected ${code} ${pattern}`);
  return checkError(error, code, pattern);
}

/** The promise must be rejected with a TTTError of this code and message; returns it. */
export async function rejects(promise, code, pattern) {
  const error = await promise.then(
    () => undefined,
    (caught) => caught,
  );
  assert.ok(error, `the promise was fulfilled, expected ${code} ${pattern}`);
  return checkError(error, code, pattern);
}

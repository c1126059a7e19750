/**
 * learning.mjs - what the shipped model learns from what it has read: bits a byte over the size read,
 * beside compressors; passages read twice, facts told once, words suggested.
 * SPDX-License-Identifier: MIT
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BitLlama, splitDocuments } from '../../dist/index.mjs';
import { findCompressors } from '../lib/compressors.mjs';
import { countRight, FACTS, toldAlone, toldTogether } from '../lib/facts.mjs';
import { summarize } from '../lib/measure.mjs';
import { readDocument, readTwice, WAYS } from '../lib/reading.mjs';
import { CUT, LETTERS, SessionSuggester, shareSuggested } from '../lib/suggesting.mjs';
import { WordNgram } from '../lib/word-ngram.mjs';

export const title = 'Learning: what has been read is foretold better';

const MODEL = fileURLToPath(new URL('../../models/stories.bitt', import.meta.url));
const CHAPTERS = fileURLToPath(new URL('../../examples/alice.txt', import.meta.url));
/** Characters that measuring suggestions takes. */
const LEAST_TEXT = CUT.from + CUT.known + CUT.asked;
const RECALL = WAYS[1].name;

/** The beginning of the book, which is in the repository. */
const BEGINNING = { name: 'examples/alice.txt', curve: true };

/**
 * The texts: `curve` measures bits a byte over the size read, `stories` those of many documents, of which
 * `most` is the aim; `second` is the aim, in nats a token, for a second reading; `suggested`: words are.
 */
const TEXTS = [
  { name: 'alice.txt', curve: true, most: 1.97, second: 0.3, suggested: true },
  { name: 'tinyshakespeare.txt', bytes: 200_000, curve: true, most: 2.25 },
  { name: 'tinyshakespeare.txt', second: 0.3, suggested: true },
  // biome-ignore lint/suspicious/noApproximativeNumericConstant: an aim, by chance near ln 2
  { name: 'tinystories-valid.txt', stories: true, most: 0.693 },
  { name: 'book.txt', suggested: true },
];

/** Those of TEXTS that a folder has, with their `text`; a sentence for each file that it lacks. */
function findTexts(folder) {
  const read = (path, bytes) => new TextDecoder().decode(readFileSync(path).subarray(0, bytes));
  const texts = TEXTS.filter(({ name }) => existsSync(join(folder, name))).map((one) => ({
    ...one,
    label: one.bytes ? `${one.name}, first ${one.bytes / 1000} KB` : one.name,
    text: read(join(folder, one.name), one.bytes),
  }));
  if (!texts.some(({ name }) => name === 'alice.txt'))
    texts.unshift({ ...BEGINNING, label: BEGINNING.name, text: read(CHAPTERS) });
  const missing = new Set(TEXTS.map(({ name }) => name));
  for (const { name } of texts) missing.delete(name);
  return {
    texts,
    notes: [...missing].map(
      (name) => `Left out: ${name}, which the folder of --texts does not have.`,
    ),
  };
}

/** A row for one figure, which is the same however often it is measured. */
function rowOf(head, contestant, value) {
  return { suite: 'learning', ...head, contestant, ...summarize([value]), samples: [value] };
}

const unmeasured = (head, contestant, problem) => ({
  suite: 'learning',
  ...head,
  contestant,
  median: null,
  low: null,
  high: null,
  samples: [],
  problem,
});

/* ---- bits a byte over the size read ---- */

/** 1, 2, 5, 10 ... thousand bytes below `size`, and `size`. */
function sizesUpTo(size) {
  const all = [3, 4, 5, 6].flatMap((p) => [1, 2, 5].map((n) => n * 10 ** p));
  return [...all.filter((x) => x < size), size];
}

const curveHead = (name, x) => ({
  case: `${name}, bits a byte over ${x} bytes read`,
  chart: `${name}, bits a byte over bytes read`,
  unit: 'bits/byte',
  higherIsBetter: false,
  x,
});

async function readCurve(model, name, text, log) {
  const rows = [];
  for (const way of WAYS) {
    log(`${name}: ${way.name}`);
    const session = model.createSession(way.options);
    const read = await readDocument(session, text);
    session.destroy();
    for (const x of sizesUpTo(read.bytes))
      rows.push(rowOf(curveHead(name, x), way.name, read.at(x)));
  }
  return rows;
}

/** Sizes of compressed prefixes, without what the same compressor makes of an empty text. */
function compressCurve(compressors, name, text, log) {
  const bytes = new TextEncoder().encode(text);
  return compressors.flatMap((one) =>
    sizesUpTo(bytes.length).map((x) => {
      const head = curveHead(name, x);
      if (one.problem) return unmeasured(head, one.name, one.problem);
      log(`${name}: ${one.name}, ${x} bytes`);
      const bits = 8 * (one.size(bytes.subarray(0, x)) - one.frame);
      return rowOf(head, one.name, bits / x);
    }),
  );
}

/** Bits a byte of many documents, each read by an empty memory. */
async function readStories(model, name, text, log) {
  const head = {
    case: `${name}, memory empty at each story`,
    unit: 'bits/byte',
    higherIsBetter: false,
  };
  const rows = [];
  for (const way of WAYS) {
    log(`${name}: ${way.name}`);
    const session = model.createSession(way.options);
    let [bits, bytes] = [0, 0];
    for (const document of splitDocuments(text)) {
      const read = await readDocument(session, document);
      bits += read.bits;
      bytes += read.bytes;
    }
    session.destroy();
    rows.push(rowOf(head, way.name, bits / bytes));
  }
  return rows;
}

/** How many bits a byte a text takes; the aim is for the last row with recall, which is of the whole text. */
async function measureBits(model, compressors, { label, text, curve, most }, log) {
  const whole = text.trim();
  const ours = await (curve ? readCurve : readStories)(model, label, whole, log);
  const rows = [...ours, ...(curve ? compressCurve(compressors, label, whole, log) : [])];
  const { median } = ours.findLast((row) => row.contestant === RECALL);
  const aim = `${label}: bits a byte with recall`;
  return { rows, targets: most ? [atMost(aim, median, most)] : [] };
}

const atMost = (text, value, target) => ({
  text,
  value,
  target,
  met: value <= target,
  most: true,
});
const atLeast = (text, value, target) => ({ text, value, target, met: value >= target });

/* ---- read twice, told once ---- */

/** Passages of a text that are read twice. */
async function measureSecond(model, { label, text, second }, log) {
  const found = [];
  for (const way of WAYS) {
    log(`${label}: read twice, ${way.name}`);
    const session = model.createSession(way.options);
    found.push({ way, ...(await readTwice(session, text)) });
    session.destroy();
  }
  const head = { unit: 'nats/token', higherIsBetter: false };
  const rows = ['first', 'second'].flatMap((time) =>
    found.map((one) =>
      rowOf({ ...head, case: `${label}, 128 tokens, ${time} reading` }, one.way.name, one[time]),
    ),
  );
  const [alone, recall] = found;
  const targets = [
    atMost(`${label}: second reading, nats a token`, recall.second, second),
    atMost(`${label}: first reading, against the model alone`, recall.first, alone.first),
  ];
  return { rows, targets };
}

const FACT_CASES = [
  ['each told to a session of its own', toldAlone],
  ['all told to one session', toldTogether],
  [
    'all told to one session, which then read examples/alice.txt',
    (makeSession) => toldTogether(makeSession, readFileSync(CHAPTERS, 'utf8').trim()),
  ],
];

/** Facts that are told once; a note says which words came. */
async function measureFacts(model, log) {
  const rows = [];
  const notes = [];
  for (const [how, tell] of FACT_CASES) {
    for (const { name, options } of WAYS) {
      log(`facts, ${how}: ${name}`);
      const words = await tell(() => model.createSession(options));
      const head = { case: `${FACTS.length} facts, ${how}`, unit: 'right', higherIsBetter: true };
      rows.push(rowOf(head, name, countRight(words)));
      const asked = FACTS.map(([beginning], i) => `${beginning} *${words[i] ?? ''}*`);
      if (name === RECALL) notes.push(`Facts, ${how}, with recall: ${asked.join('; ')}.`);
    }
  }
  const { median } = rows.find((row) => row.contestant === RECALL);
  const aim = `facts right with recall, of ${FACTS.length}, ${FACT_CASES[0][0]}`;
  return { rows, targets: [atLeast(aim, median, 8)], notes };
}

/* ---- suggestions ---- */

const SUGGESTERS = [
  ['bit-ttt, suggest', (model) => new SessionSuggester(model.createSession())],
  ['word n-gram', () => new WordNgram()],
];

/** The shares of one suggester, or what is wrong with it. */
function sharesOf(make, model, text) {
  let suggester;
  try {
    suggester = make(model);
    return shareSuggested(suggester, text);
  } catch (error) {
    return { problem: error.message };
  } finally {
    suggester?.destroy?.();
  }
}

/** Shares of words among three suggestions, by the letters typed. */
function measureSuggestions(model, { label, text }, log) {
  const chart = `${label}, words among three suggestions`;
  const head = { chart, unit: 'share, by letters typed', higherIsBetter: true };
  const found = SUGGESTERS.map(([name, make]) => {
    log(`${label}: suggestions, ${name}`);
    return { name, ...sharesOf(make, model, text) };
  });
  const rows = found.flatMap(({ name, shares, problem }) =>
    LETTERS.map((x, i) => {
      const row = { ...head, case: `${chart}, ${x} letters`, x };
      return problem ? unmeasured(row, name, problem) : rowOf(row, name, shares[i]);
    }),
  );
  const [ours, ngram] = found.map(({ shares }) => shares);
  const targets = LETTERS.map((x, i) =>
    atLeast(`${chart}, ${x} letters typed`, ours?.[i], ngram?.[i]),
  );
  return { rows, targets: ours && ngram ? targets : [] };
}

/* ---- the suite ---- */

const NOTES = [
  'Bits a byte are those of `bit-ttt eval`: of all that was read so far, from an empty memory on, and for the whole text with its end. Nothing is trained here: every figure is of one reading, and the same on every machine.',
  'Of compressors it is the size of the compressed beginning, without what they make of an empty text (a header, of archives a name and a date); xz -9e, bzip2 -9, zstd --ultra -22, brotli -q 11, PPMd of order 8 and zpaq -m5. brotli has a dictionary of English words, ours a model of English stories.',
  'Suggestions: 100,000 characters of a text are read, then it goes on for 6,000, word by word, each learned after it was asked for. The n-gram counts words after one to three others (or marks between them), the longest context first.',
];

/** @param {import('../run.mjs').Context} context */
export async function run({ texts: folder, log, work }) {
  const { texts, notes } = findTexts(folder);
  const model = await BitLlama.load(new Uint8Array(readFileSync(MODEL)));
  log('compressors');
  const compressors = findCompressors(work);
  const parts = [];
  for (const text of texts.filter((one) => one.curve || one.stories))
    parts.push(await measureBits(model, compressors, text, log));
  for (const text of texts.filter((one) => one.second))
    parts.push(await measureSecond(model, text, log));
  parts.push(await measureFacts(model, log));
  for (const text of texts.filter((one) => one.suggested))
    parts.push(
      text.text.length < LEAST_TEXT
        ? { rows: [], targets: [], notes: [`${text.label} is too short for suggestions.`] }
        : measureSuggestions(model, text, log),
    );
  model.destroy();
  const whole = compressors.filter((one) => one.frame).map(({ name, frame }) => `${name} ${frame}`);
  return {
    rows: parts.flatMap(({ rows }) => rows),
    targets: parts.flatMap(({ targets }) => targets),
    notes: [
      ...NOTES,
      ...(whole.length ? [`Bytes for an empty text: ${whole.join(', ')}.`] : []),
      ...parts.flatMap((one) => one.notes ?? []),
      ...notes,
    ],
    drawn: [curveHead(texts[0].label).chart],
  };
}

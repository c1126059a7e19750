/**
 * prose.mjs - what a model of English does for people who write: words suggested, and words found that a
 * reader would stumble over.
 * SPDX-License-Identifier: MIT
 */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BitLlama, proofread, splitDocuments } from '../../dist/index.mjs';
import { makeRandom } from '../lib/detection/random.mjs';
import { summarize } from '../lib/measure.mjs';
import { KINDS, lexiconOf, plant } from '../lib/planting.mjs';
import { findProse } from '../lib/prose-texts.mjs';
import {
  CUT,
  LETTERS,
  SessionSuggester,
  shareOfBeginnings,
  shareSuggested,
} from '../lib/suggesting.mjs';
import { contextsOf, WordCounts, WordNgram } from '../lib/word-ngram.mjs';

export const title = 'Prose: suggestions, and words that a reader would stumble over';

const modelFile = (name) => fileURLToPath(new URL(`../../models/${name}`, import.meta.url));
const STORIES = 'bit-ttt, model of stories';
const ENGLISH = 'bit-ttt, model of English';
const READ = 'word n-gram that has read english-train';
const UNREAD = 'word n-gram';
const MARKED = 0.05;

/** The row of one figure in a table, which is the same however often it is measured. */
function cell(chart, column, contestant, value) {
  const head = { suite: 'prose', case: `${chart}: ${column}`, chart, column, contestant };
  return { ...head, unit: 'share', higherIsBetter: true, ...summarize([value]), samples: [value] };
}

/* ---- suggestions ---- */

/** A large text's counts of what followed the words of other texts. */
function countTraining(files, texts, log) {
  const counts = new WordCounts(contextsOf(texts));
  for (const file of files) {
    log(`counting ${file}`);
    for (const document of splitDocuments(readFileSync(file, 'utf8'))) counts.read(document);
  }
  return counts;
}

/** What is asked for suggestions, by name: functions that make one for a new text. */
function suggesters(models, { beginnings, book, training }, log) {
  const made = models.map(([name, model]) => [
    name,
    () => new SessionSuggester(model.createSession()),
  ]);
  made.push([UNREAD, () => new WordNgram()]);
  if (training.length > 0) {
    const texts = beginnings.flatMap((one) => one.texts);
    if (book) texts.push(book.slice(CUT.from, CUT.from + CUT.known + CUT.asked));
    const counts = countTraining(training, texts, log);
    made.push([READ, () => new WordNgram(3, counts)]);
  }
  return made;
}

function measureSuggestions(models, prose, log) {
  const makers = suggesters(models, prose, log);
  const rows = [];
  const add = (name, share) => {
    for (const [contestant, make] of makers) {
      log(`suggestions, ${name}: ${contestant}`);
      const { shares, words } = share(make);
      const chart = `words among three suggestions, ${name} (${words} words)`;
      LETTERS.forEach((typed, i) => {
        rows.push(cell(chart, `${typed} letters typed`, contestant, shares[i]));
      });
    }
  };
  for (const { name, texts } of prose.beginnings)
    add(name, (make) => shareOfBeginnings(make, texts));
  if (prose.book) {
    add('alice.txt after 100,000 characters', (make) => {
      const suggester = make();
      const found = shareSuggested(suggester, prose.book);
      suggester.destroy?.();
      return found;
    });
  }
  return rows;
}

/* ---- words that were planted ---- */

/** How many planted words of a text are marked. */
async function countMarked(model, { text, planted }) {
  const words = await proofread(model, text, { share: MARKED });
  const marked = new Set(words.filter((one) => one.marked).map(({ start }) => start));
  return planted.filter(({ start }) => marked.has(start)).length;
}

/** Shares of planted words that are marked, by kind; each text is planted with one kind at a time. */
async function measurePlanted(models, { planted: groups, sentences }, seeds, log) {
  const lexicon = lexiconOf(groups.flatMap(({ texts }) => texts).join('\n'));
  const rows = [];
  for (const { name, texts } of groups) {
    const made = KINDS.map((kind, k) => {
      const all = texts.flatMap((text, i) =>
        seeds.map((seed) => {
          const random = makeRandom(seed * 7919 + i * 13 + k);
          return plant(text, kind, { lexicon, sentences, random });
        }),
      );
      return { kind, texts: all.filter(({ planted }) => planted.length > 0) };
    });
    const chart = `planted words among the ${100 * MARKED} % that are marked, ${name}`;
    for (const [contestant, model] of models)
      for (const { kind, texts: changed } of made) {
        log(`planted, ${name}: ${kind}, ${contestant}`);
        let [found, sum, atLeastOne] = [0, 0, 0];
        for (const one of changed) {
          const marked = await countMarked(model, one);
          found += marked;
          sum += one.planted.length;
          if (marked > 0) atLeastOne++;
        }
        if (sum === 0) continue;
        rows.push({ ...cell(chart, kind, contestant, found / sum), found, sum });
        if (kind === KINDS.at(-1))
          rows.push(
            cell(chart, 'at least one word of it', contestant, atLeastOne / changed.length),
          );
      }
  }
  return rows;
}

/* ---- the suite ---- */

const atLeast = (text, value, target) => ({ text, value, target, met: value >= target });

/** Aims are for the model of English. */
function targetsOf(suggested, planted) {
  const of = (rows, name) => rows.filter(({ contestant }) => contestant === name);
  const suggestions = of(suggested, ENGLISH).flatMap((row) =>
    [READ, STORIES].flatMap((other) => {
      const beside = suggested.find((one) => one.case === row.case && one.contestant === other);
      return beside ? [atLeast(`${row.case}, beside ${other}`, row.median, beside.median)] : [];
    }),
  );
  const words = of(planted, ENGLISH).filter(({ sum }) => sum > 0);
  const share = (rows) =>
    rows.reduce((all, { found }) => all + found, 0) / rows.reduce((all, { sum }) => all + sum, 0);
  const single = words.filter(({ column }) => column !== KINDS.at(-1));
  if (words.length === 0) return suggestions;
  return [
    ...suggestions,
    atLeast('planted single words that are marked', share(single), 0.8),
    atLeast('all planted words that are marked, those of sentences too', share(words), 0.8),
  ];
}

const NOTES = [
  'Suggestions: each document begins with nothing read, and goes on word by word, each learned after it was asked for. The n-gram counts words after one to three others (or marks between them), the longest context first; the one that has read english-train counts on from there as it reads.',
  'Planted words: one in a hundred words of a document is replaced, misspelt or doubled, or one sentence of another text is put in, one kind at a time; a word counts as found if `proofread` has it among the 5 % of the words with the highest scores.',
];

/** @param {import('../run.mjs').Context} context */
export async function run({ data, full, log, model: given }) {
  const english = given ?? modelFile('english.bitt');
  const files = [
    [ENGLISH, english],
    [STORIES, modelFile('stories.bitt')],
  ].filter(([, path]) => existsSync(path));
  const prose = findProse(data, full);
  const models = [];
  for (const [name, path] of files)
    models.push([name, await BitLlama.load(new Uint8Array(readFileSync(path)))]);
  const suggested = measureSuggestions(models, prose, log);
  const planted = await measurePlanted(models, prose, full ? [1, 2, 3] : [1], log);
  for (const [, model] of models) model.destroy();
  const lacking =
    files.length < 2 ? ['Left out: the model of English; name one with --model.'] : [];
  return {
    rows: [...suggested, ...planted],
    targets: targetsOf(suggested, planted),
    notes: [...NOTES, ...prose.notes, ...lacking],
    drawn: [],
    unpublished: prose.notes.length > 0 || lacking.length > 0,
  };
}

// The suite learning of the benchmark: what it counts, on small texts.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { drawCharts } from '../../bench/lib/charts.mjs';
import { findCompressors } from '../../bench/lib/compressors.mjs';
import { countRight, FACTS, toldAlone } from '../../bench/lib/facts.mjs';
import { summarize } from '../../bench/lib/measure.mjs';
import { mergeResults } from '../../bench/lib/publish.mjs';
import { readDocument, readTwice, WAYS } from '../../bench/lib/reading.mjs';
import { suiteTables } from '../../bench/lib/report.mjs';
import { SessionSuggester, shareSuggested } from '../../bench/lib/suggesting.mjs';
import { WordNgram } from '../../bench/lib/word-ngram.mjs';
import { BitLlama, evaluateText } from '../../dist/index.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const alice = readFileSync(join(root, 'examples/alice.txt'), 'utf8');

describe('bench learning: suggestions', () => {
  it('the n-gram prefers what followed the longest context, then what is frequent', () => {
    const ngram = new WordNgram();
    ngram.read(
      'We send it with the green van. We paint it with the red brush. We like the red door.',
    );
    ngram.read(' We send it with the');
    assert.deepEqual(ngram.suggest('', 3), ['red', 'green', 'the']);
    ngram.read(' green van. They send it with the');
    assert.deepEqual(ngram.suggest('', 2), ['green', 'red']);
    assert.deepEqual(ngram.suggest('g', 3), ['green']);
    assert.deepEqual(ngram.suggest('x', 3), []);
  });

  it('each word is asked for before it is read, and only after a space', () => {
    const known = 'one two three. ';
    const rest = 'four, "five" six\nseven four';
    const asked = [];
    let read = '';
    const suggester = {
      read: (text) => (read += text),
      suggest(typed) {
        asked.push([read, typed]);
        return ['six', 'four'];
      },
    };
    const cut = { from: 0, known: known.length, asked: rest.length };
    const found = shareSuggested(suggester, known + rest, cut);
    assert.equal(read, `${known}four, "five" six\nseven four`);
    assert.deepEqual(asked, [
      [`${known}four, "five"`, ''],
      [`${known}four, "five"`, 's'],
      [`${known}four, "five"`, 'si'],
      [`${known}four, "five" six\nseven`, ''],
      [`${known}four, "five" six\nseven`, 'f'],
      [`${known}four, "five" six\nseven`, 'fo'],
    ]);
    assert.deepEqual(found, { shares: [1, 1, 1], words: 2 });
    assert.throws(() => shareSuggested(suggester, 'short'), /must have 126000 characters, not 5/);
  });
});

describe('bench learning: compressors', () => {
  it('one that is missing says which package brings it', () => {
    const { PATH } = process.env;
    process.env.PATH = '';
    try {
      const problems = findCompressors(tmpdir()).map(({ problem }) => problem);
      assert.equal(problems.length, 6);
      assert.match(problems[0], /^Missing: xz; install with: .* xz-utils$/);
    } finally {
      process.env.PATH = PATH;
    }
  });
});

describe('bench learning: readings', () => {
  let model;
  before(async () => (model = await BitLlama.load(join(root, 'models/stories.bitt'))));
  after(() => model.destroy());

  it('a document costs what `evaluateText` says, and each part what was read until then', async () => {
    const text = alice.slice(0, 3000).trim();
    const session = model.createSession();
    const read = await readDocument(session, text);
    const { bitsPerByte, bytes } = await evaluateText(model, text);
    assert.equal(read.bytes, bytes);
    assert.ok(Math.abs(read.bits / bytes - bitsPerByte) < 1e-5);
    assert.equal(read.at(bytes), read.bits / bytes);
    const half = await readDocument(session, text.slice(0, 1500));
    assert.ok(Math.abs(half.at(1000) - read.at(1000)) < 1e-9);
    assert.notEqual(read.at(1000), read.at(bytes));
    session.destroy();
  });

  it('with recall a second reading and facts told once are foreseen, by the model alone they are not', async () => {
    const found = [];
    for (const { options } of WAYS) {
      const session = model.createSession(options);
      const { first, second } = await readTwice(session, alice.slice(0, 6000), { count: 3 });
      session.destroy();
      const words = await toldAlone(() => model.createSession(options));
      found.push({ first, second, right: countRight(words) });
    }
    const [alone, recall] = found;
    assert.ok(alone.second > 3 && alone.right < 8, JSON.stringify(found));
    assert.ok(recall.second < 0.5 && recall.right >= 8, JSON.stringify(found));
    assert.ok(recall.first <= alone.first, JSON.stringify(found));
  });

  it('the words that were told are what counts as right', () => {
    assert.equal(countRight(FACTS.map(([, word]) => word)), 10);
    assert.equal(countRight(FACTS.map(() => undefined)), 0);
  });

  it('a session suggests what it has read', () => {
    const suggester = new SessionSuggester(model.createSession());
    suggester.read('Dear Mrs Tamsin, thank you for the walnut shelf. He made the walnut table.');
    assert.ok(suggester.suggest('wal', 3).includes('walnut'));
    suggester.destroy();
  });
});

describe('bench learning: reports', () => {
  const row = (contestant, x, value) => ({
    case: `text, ${x}`,
    chart: 'text',
    contestant,
    unit: 'bits/byte',
    higherIsBetter: false,
    x,
    ...summarize([value]),
    samples: [value],
  });
  const names = ['bit-ttt', 'xz', 'zpaq'];
  const suite = {
    name: 'learning',
    title: 'Learning',
    rows: names.flatMap((name) => [row(name, 1000, 3), row(name, 2000, 2)]),
    targets: [{ text: 'bits', value: 1.9, target: 2, met: true, most: true }],
    notes: [],
    drawn: ['text'],
  };

  it('lines of several contestants are one table and one panel, whose labels stand apart', () => {
    const text = suiteTables(suite);
    assert.match(text, /\| bits\/byte \| 1 k \| 2 k \|/);
    assert.match(text, /\| zpaq \| 3 \| 2 \|/);
    assert.match(text, /\| bits \| 1.9 \| at most 2 \| yes \|/);
    const other = { ...row('xz', 1, 1), chart: 'not drawn' };
    const charts = drawCharts({
      machine: {},
      suites: [{ ...suite, rows: [...suite.rows, other] }],
    });
    const svg = charts['learning.svg'];
    assert.doesNotMatch(svg, /not drawn/);
    const places = names.map((name) =>
      Number(new RegExp(` y="([\\d.]+)"[^>]*>${name}: `).exec(svg)[1]),
    );
    places.sort((a, b) => a - b);
    assert.ok(places[1] - places[0] >= 12 && places[2] - places[1] >= 12, `${places}`);
  });

  it('publishing some suites keeps the others, with where they were measured', () => {
    const run = (date, ...suites) => ({
      machine: { date },
      rounds: 3,
      suites: suites.map((name) => ({ name, rows: [date] })),
    });
    const merged = mergeResults(run('old', 'layer', 'learning'), run('new', 'learning', 'size'));
    assert.deepEqual(
      merged.suites.map(({ name, machine, rows }) => [name, machine.date, rows[0]]),
      [
        ['layer', 'old', 'old'],
        ['learning', 'new', 'new'],
        ['size', 'new', 'new'],
      ],
    );
    const again = mergeResults(merged, run('newest', 'size'));
    assert.deepEqual(
      again.suites.map(({ machine }) => machine.date),
      ['old', 'new', 'newest'],
    );
  });
});

describe('bench learning: the command', () => {
  it('measures what a folder has, and says what it has not', function () {
    this.timeout(300_000); // it may install compressors
    const folder = mkdtempSync(join(tmpdir(), 'bit-ttt-'));
    writeFileSync(join(folder, 'alice.txt'), alice.slice(0, 3000));
    const args = ['bench/run.mjs', '--only', 'learning', '--texts', folder, '--out', folder];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const [suite] = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')).suites;
    const last = suite.rows.filter(
      ({ chart, x }) => chart?.startsWith('alice.txt, bits') && x > 2000,
    );
    assert.equal(last.length, 8);
    for (const { contestant, median, problem } of last)
      assert.ok(problem ? /Missing/.test(problem) : median > 1 && median < 6, contestant);
    const notes = suite.notes.join('\n');
    assert.match(notes, /alice\.txt is too short for suggestions/);
    assert.match(notes, /Left out: tinyshakespeare\.txt/);
    assert.match(readFileSync(join(folder, 'learning.svg'), 'utf8'), /with recall/);
    rmSync(folder, { recursive: true });
  });
});

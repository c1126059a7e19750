// proofread: the words of a text that a reader would stumble over, by the model of stories that ships.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { join } from 'node:path';

import { makeRandom } from '../../bench/lib/detection/random.mjs';
import { KINDS, lexiconOf, plant, sentencesOf } from '../../bench/lib/planting.mjs';
import { shareOfBeginnings } from '../../bench/lib/suggesting.mjs';
import { contextsOf, WordCounts, WordNgram } from '../../bench/lib/word-ngram.mjs';
import { BitLlama, proofread } from '../../dist/index.mjs';
import { backends, root } from './support/backends.mjs';

const good = `Once upon a time, there was a little girl named Lily. She loved to play in the park with her friends. One day, she saw a big dog near the tree. The dog was sad because it had lost its ball. Lily wanted to help the dog. She looked under the bench and behind the tree. Then she found the ball in the tall grass. The dog was very happy and wagged its tail. Lily and the dog played together all day. When the sun went down, Lily had to go home. She said goodbye to the dog and promised to come back. Her mom was waiting for her with a warm dinner. Lily told her mom about the dog and the ball. Her mom smiled and gave her a big hug.`;
const bad = good
  .replace('a big dog near', 'a big big dog near')
  .replace('wanted to help', 'wnated to help')
  .replace('the tall grass', 'the tall because')
  .replace('with a warm dinner', 'with with a warm dinner')
  .replace('all day', 'all under');

describe('proofread', function () {
  this.timeout(120_000);
  let model;
  before(async () => (model = await BitLlama.load(join(root, 'models/stories.bitt'))));
  after(() => model.destroy());

  it('marks words that were misspelt, doubled or put in place of others', async () => {
    const words = await proofread(model, bad);
    const marked = words.filter((one) => one.marked).map(({ text }) => text);
    assert.equal(marked.length, Math.ceil(words.length * 0.05));
    for (const text of ['wnated', 'because', 'with', 'under', 'big'])
      assert.ok(marked.includes(text), `${text}: ${marked}`);
    const twice = bad.indexOf('with with');
    assert.ok(
      words.some(({ start, marked: is }) => is && (start === twice || start === twice + 5)),
    );
    const clean = await proofread(model, good);
    const worst = Math.max(...clean.map(({ score }) => score));
    assert.ok(words.filter(({ score }) => score > worst).length >= 4, `${worst}`);
  });

  it('marks the words of a sentence of another text', async () => {
    // Of words that are all usual: by themselves hardly a third of them would be marked.
    const foreign = 'He took the train to the office and wrote a long letter to the man.';
    const before = good.indexOf('She looked under');
    const text = `${good.slice(0, before)}${foreign} ${good.slice(before)}`;
    const words = await proofread(model, text, { share: 0.1 });
    const own = words.filter(({ start }) => start >= before && start < before + foreign.length);
    assert.equal(own.length, 15);
    const marked = own.filter((one) => one.marked).length;
    assert.ok(marked >= 12, `${marked} of 15`);
  });

  it('gives places, bits and marks of every word, document by document', async () => {
    const text = `  ${good}\r\n<|endoftext|>\r\n\u00c9t\u00e9 \u{1f600} don't re-read it's 42.\n`;
    const words = await proofread(model, text, { share: 0.1 });
    for (const { text: word, start, end, bits, score } of words) {
      assert.equal(text.slice(start, end), word);
      assert.ok(bits > 0 && Number.isFinite(score), word);
    }
    const last = words.slice(-5).map(({ text: word }) => word);
    assert.deepEqual(last, ['\u00c9t\u00e9', "don't", 're-read', "it's", '42']);
    assert.equal(words.filter((one) => one.marked).length, Math.ceil(words.length * 0.1));
    const alone = await proofread(model, good);
    assert.deepEqual(
      words.slice(0, alone.length).map(({ bits }) => bits),
      alone.map(({ bits }) => bits),
    );
    const session = model.createSession();
    const seen = await session.observe(good);
    session.destroy();
    let at = 0;
    const tokens = new Map();
    for (const { text: piece, logProbability } of seen.slice(1)) {
      tokens.set(
        `${at + piece.length - piece.trimStart().length} ${piece.trim()}`,
        -logProbability,
      );
      at += piece.length;
    }
    const single = alone.filter(({ start, text: word }) => tokens.has(`${start} ${word}`));
    assert.ok(single.length > 100, `${single.length}`);
    for (const { start, text: word, bits } of single)
      assert.ok(Math.abs(bits - tokens.get(`${start} ${word}`) / Math.LN2) < 1e-4, word);
  });

  it('has the same scores on every backend', async () => {
    const wanted = await proofread(model, bad);
    for (const backend of backends) {
      const other = await BitLlama.load(join(root, 'models/stories.bitt'), { backend });
      assert.deepEqual(await proofread(other, bad), wanted, backend);
      other.destroy();
    }
  });

  it('takes texts without words, one word, and any share; and the model alone', async () => {
    for (const text of ['', ' \n', '... !? \u2026'])
      assert.deepEqual(await proofread(model, text), []);
    const [one] = await proofread(model, 'Hello');
    assert.equal(one.marked, true);
    assert.ok((await proofread(model, good, { share: 0 })).every(({ marked }) => !marked));
    assert.ok((await proofread(model, good, { share: 1 })).every(({ marked }) => marked));
    const alone = await proofread(model, good, { recall: false });
    const recalled = await proofread(model, good);
    assert.notDeepEqual(alone, recalled);
  });

  it('refuses what is wrong, and ends when it is told to', async () => {
    const code = (wanted) => (error) => error.code === wanted;
    await assert.rejects(proofread({}, 'a'), code('INVALID_ARGUMENT'));
    await assert.rejects(proofread(model, 7), code('INVALID_ARGUMENT'));
    await assert.rejects(proofread(model, 'a', { share: 1.1 }), code('INVALID_OPTION'));
    await assert.rejects(proofread(model, 'a', { share: '1' }), code('INVALID_ARGUMENT'));
    await assert.rejects(proofread(model, '', { recall: 3 }), code('INVALID_OPTION'));
    await assert.rejects(proofread(model, 'a', { sharE: 1 }), /share/);
    const controller = new AbortController();
    const reading = proofread(model, good.repeat(20), { signal: controller.signal });
    setTimeout(() => controller.abort(), 20);
    await assert.rejects(reading, code('ABORTED'));
    assert.ok((await proofread(model, 'It works.')).length > 0);
  });
});

describe('bench prose: what is planted', () => {
  const lexicon = lexiconOf(good.repeat(2));
  const sentences = sentencesOf('The old king rode his tired horse over the wide river. No. Yes.');
  const make = (kind, seed) => plant(good, kind, { lexicon, sentences, random: makeRandom(seed) });

  it('stands where it is said to stand, the same for a seed, and nothing else changes', () => {
    assert.equal(sentences.length, 1);
    for (const kind of KINDS) {
      const { text, planted } = make(kind, 1);
      assert.deepEqual(make(kind, 1), { text, planted });
      assert.notEqual(text, good, kind);
      assert.ok(planted.length > 0, kind);
      const [{ start }] = planted;
      assert.equal(text.slice(0, start).trimEnd(), good.slice(0, start).trimEnd(), kind);
      for (const one of planted) assert.match(text.slice(one.start, one.end), /^\p{L}+$/u);
    }
  });

  it('doubled words are marked where they stand the second time; a sentence has all its words', () => {
    const doubled = make('a doubled word', 3);
    for (const { start, end } of doubled.planted) {
      const word = doubled.text.slice(start, end);
      assert.ok(doubled.text.slice(0, start).toLowerCase().endsWith(`${word} `), word);
    }
    assert.equal(make('a sentence of another text', 1).planted.length, 11);
  });

  it('a text where no word or no end fits has nothing planted', () => {
    const short = 'a b c d';
    const other = { lexicon, sentences, random: makeRandom(1) };
    assert.deepEqual(plant(short, 'two letters swapped', other), { text: short, planted: [] });
    assert.deepEqual(plant(short, KINDS.at(-1), other), { text: short, planted: [] });
  });
});

describe('bench prose: an n-gram that has read a large text', () => {
  const large = ['We send it with the green van. We like the red door.', 'It is the red door.'];
  const text = 'We like the green van. We send it';

  it('suggests what one that reads all of it itself suggests', () => {
    const counts = new WordCounts(contextsOf([text]));
    for (const one of large) counts.read(one);
    const begun = new WordNgram(3, counts);
    const whole = new WordNgram();
    whole.read(large.join('\n'));
    const asked = [...text.matchAll(/\p{L}+|\./gu)].map(([part]) => part);
    for (const [i, part] of asked.entries()) {
      const same = i >= 3 && part !== '.'; // before, the other one's context is the large text's end
      for (const typed of same ? ['', part[0]] : [])
        assert.deepEqual(begun.suggest(typed, 1), whole.suggest(typed, 1), `${part} ${typed}`);
      begun.read(` ${part}`);
      whole.read(` ${part}`);
    }
    assert.deepEqual(begun.suggest('w', 3), ['with']);
  });

  it('counts the words of texts that begin with nothing, each with a suggester of its own', () => {
    let made = 0;
    const make = () => ({
      read() {},
      suggest() {
        made++;
        return ['b'];
      },
    });
    const { shares, words } = shareOfBeginnings(make, ['a b', 'a c b']);
    assert.deepEqual([shares, words, made], [[2 / 3, 2 / 3, 2 / 3], 3, 9]);
  });
});

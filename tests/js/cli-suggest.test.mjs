// The command suggest: words are completed after what was read.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { BitLlama, encodeDocuments } from 'bit-ttt';

import { backends, root } from './support/backends.mjs';
import { bitTtt, importSource, json, output, refuses, temporaryFolder } from './support/cli.mjs';
import { objects } from './support/cli-llama.mjs';

const folder = temporaryFolder();
const letters = [
  'Dear Mrs Tamsin, we will send the walnut shelf on Monday with the green van.',
  'Dear Mr Okoro, we will send the oak table on Monday with the green van.',
];
const file = folder.write('letters.txt', letters.join('\n\n'));
const next = 'Dear Mr Abara, we will send it on';
const words = (found) => found.suggestions.map(({ text }) => text);

describe('suggest', () => {
  it('knows the words of what it has read, before and after the first letters', async () => {
    const ask = (...args) => json(['suggest', '--read', file, ...args]);
    assert.equal(words(await ask(`${next} M`))[0], 'Monday');
    assert.equal(words(await ask(`${next} Monday with the g`))[0], 'green');
    assert.ok(words(await ask(`${next} `)).includes('Monday'));
    assert.ok(words(await ask(`${next} Monday with the wal`)).includes('walnut'));
    const unread = await json(['suggest', `${next} Monday with the wal`]);
    assert.ok(!words(unread).includes('walnut'), JSON.stringify(unread));
  });

  it('gives what the library gives, on every backend', async () => {
    const model = await BitLlama.load(join(root, 'models/english.bitt'));
    const session = model.createSession();
    session.read(await encodeDocuments([letters.join('\n\n')], model.tokenizer));
    const wanted = {
      before: `${next} `,
      typed: 'M',
      suggestions: session.suggest(`${next} `, 'M', { count: 5, minProbability: 0.001 }),
    };
    const args = ['suggest', `${next} M`, '--read', file, '-n', '5', '--min-probability', '0.001'];
    for (const backend of backends) {
      const env = { BIT_TTT_BACKEND: backend };
      assert.deepEqual(await json(args, { env }), wanted, backend);
    }
    session.destroy();
    model.destroy();
  });

  it('takes the letters apart from the text, too', async () => {
    const [whole, parts] = [
      await json(['suggest', `${next} Mo`, '--read', file]),
      await json(['suggest', `${next} `, 'Mo', '--read', file]),
    ];
    assert.deepEqual(parts, whole);
    assert.deepEqual([whole.before, whole.typed], [`${next} `, 'Mo']);
  });

  it('prints a word a line, and no more than it is told to', async () => {
    const printed = await output(['suggest', `${next} M`, '--read', file, '-n', '2']);
    assert.match(printed, /^[01]\.\d{4} {2}Monday\n([01]\.\d{4} {2}\S+\n)?$/);
    const { suggestions } = await json(['suggest', 'The ', '-n', '32']);
    assert.ok(suggestions.length > 3 && suggestions.length <= 32);
    for (const [i, { probability }] of suggestions.entries()) {
      assert.ok(probability > 0 && probability <= (suggestions[i - 1]?.probability ?? 1));
    }
    const likely = await json(['suggest', 'The ', '-n', '32', '--min-probability', '0.05']);
    const enough = suggestions.filter(({ probability }) => probability >= Math.fround(0.05));
    assert.deepEqual(likely.suggestions, enough);
  });

  it('says so where it finds no word, but not to a program', async () => {
    const none = ['--min-probability', '1'];
    const human = await bitTtt(['suggest', 'The ', ...none]);
    assert.deepEqual([human.status, human.stdout], [0, '']);
    assert.match(human.stderr, /^bit-ttt: no word was found; [^\n]+\n$/);
    const data = await bitTtt(['suggest', 'The ', '--json', ...none]);
    assert.deepEqual([data.status, data.stderr], [0, '']);
    assert.deepEqual(JSON.parse(data.stdout).suggestions, []);
    const lines = await bitTtt(['suggest', '-', ...none], { input: 'The \nA \n' });
    assert.deepEqual([lines.status, lines.stdout, lines.stderr], [0, '\n\n', '']);
    assert.equal((await bitTtt(['suggest', 'The ', '-n', '1'])).stderr, '');
  });

  it('answers each line of standard input, and learns nothing from it', async () => {
    const lines = [`${next} M`, `${next} Monday with the g`, '', `${next} M`];
    const args = ['suggest', '-', '--read', file, '--json'];
    const found = objects(await output(args, { input: lines.join('\r\n') }));
    assert.equal(found.length, 4);
    assert.deepEqual(found[3], found[0]);
    assert.deepEqual(found[0], await json(['suggest', lines[0], '--read', file]));
    assert.equal(words(found[1])[0], 'green');
    const printed = await output(['suggest', '-', '--read', file], { input: `${lines[0]}\n` });
    assert.match(printed, /^0\.\d{4} {2}Monday\n[^]*\n\n$/);
  });

  it('reads several texts, and keeps them in a session', async () => {
    const [one, two] = letters.map((letter, i) => folder.write(`${i}.txt`, letter));
    const session = folder.path('letters.session');
    const read = ['suggest', '--read', one, '--read', two];
    assert.equal(await output([...read, '--save', session]), '');
    const { tokens, remembered } = await json(['info', session]);
    assert.ok(tokens > 30 && remembered === tokens, `${tokens} ${remembered}`);
    const ask = ['suggest', `${next} M`];
    const known = await json([...ask, '--load', session]);
    assert.equal(words(known)[0], 'Monday');
    assert.deepEqual(await json([...read, `${next} M`]), known);
    const bytes = readFileSync(session);
    await json([...ask, '--load', session, '--save', session]);
    assert.deepEqual(readFileSync(session), bytes);
  });

  it('works with a tokenizer that lies beside the model', async () => {
    const args = [`${next} M`, '--read', file];
    const apart = folder.path('apart');
    await output(['convert', join(root, 'models/english.bitt'), apart]);
    assert.deepEqual(
      await json(['suggest', ...args, '-m', apart]),
      await json(['suggest', ...args]),
    );
  });

  it('finds no word in letters without end', async () => {
    for (const typed of ['y'.repeat(201), 'é'.repeat(101)]) {
      assert.deepEqual((await json(['suggest', 'x', typed])).suggestions, []);
    }
    assert.equal(await output(['suggest', '-'], { input: `${'y'.repeat(5000)}\n` }), '\n');
  });

  it('shows hostile text as it is safe to', async () => {
    const { status, stdout } = await bitTtt(['suggest', '\u001b[2J\u202e\ud800 a', '--json']);
    assert.equal(status, 0);
    assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/u);
  });

  it('refuses what it cannot do', async () => {
    const usage = (args, pattern) => refuses(['suggest', ...args], 2, pattern);
    await usage([], /suggest needs a TEXT, or -/);
    await usage(['We', 'will', 'send'], /but "send" follows; quote the text/);
    await usage(['x', '-n', '0'], /--count must be an integer from 1 to 32/);
    await usage(['x', '-n', '33'], /--count must be/);
    await usage(
      ['x', '--min-probability', '1.5'],
      /--min-probability must be a number from 0 to 1/,
    );
    await usage(['x', '--min-probability', 'NaN'], /--min-probability must be/);
    await usage(['-', '--read', '-'], /standard input/);
    await usage(['x', '--reed', file], /unknown option --reed; did you mean --read\?/);
    await refuses(['sugest', 'x'], 2, /unknown command sugest; did you mean suggest\?/);
    await refuses(['suggest', 'x', '--read', folder.path('no.txt')], 1, /no\.txt: no such file/);
    await refuses(['suggest', 'x', '--read', folder.write('none', '')], 1, /none is empty/);
  });
});

describe('where the word at the end of a text begins', () => {
  let placeIn;
  before(async () => ({ placeIn } = await importSource('common/typing')));

  it('is found in any text', () => {
    for (const [text, typed] of [
      ['', ''],
      ['We will send it on M', 'M'],
      ['We will send it on ', ''],
      ['on (M', 'M'],
      ["I don'", "don'"],
      ['I don’t', 'don’t'],
      ["rock'n'ro", "rock'n'ro"],
      ["I don''", ''],
      ["I don''t", 't'],
      ["she said '", ''],
      ["she said 'he", 'he'],
      ['she said ‘he', 'he'],
      ["'twa", 'twa'],
      ['Żółć', 'Żółć'],
      ['a caf\u0065\u0301', 'caf\u0065\u0301'],
      ['le caf\u0065\u0301’', 'caf\u0065\u0301’'],
      ['a \u0301b', 'b'],
      ['𝒜𝒷', '𝒜𝒷'],
      ['line\nnext', 'next'],
      ['half \ud800', ''],
    ]) {
      assert.deepEqual(placeIn(text), { before: text.slice(0, text.length - typed.length), typed });
    }
  });

  it('is the end where digits are in the run there', () => {
    for (const text of ['In 18', 'room 10b', 'abc12', '12ab', "the 90's", 'a1b', 'x²']) {
      assert.deepEqual(placeIn(text), { before: text, typed: '' });
    }
  });

  it('is found as soon in a long text', () => {
    const long = 1 << 18;
    const begin = performance.now();
    for (const text of ['a'.repeat(long), "a'".repeat(long / 2), 'e\u0301'.repeat(long / 2)]) {
      assert.ok(Buffer.byteLength(placeIn(text).typed) > 200); // more than any word has
      assert.equal(placeIn(`${text} wal`).typed, 'wal');
      assert.equal(placeIn(`${text}.`).typed, '');
    }
    assert.ok(performance.now() - begin < 5000);
  });
});

// The command surprise with --model: the words of prose that a reader would stumble over.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { join } from 'node:path';

import { root } from './support/backends.mjs';
import { bitTtt, json, output, refuses, temporaryFolder } from './support/cli.mjs';

const folder = temporaryFolder();
const MODEL = ['--model', join(root, 'models/stories.bitt')];
const text = `Once upon a time, there was a little girl named Lily.\r
She loved to play in the park with with her friends. \u{1f600} One day, she saw a big dog near the tree.

The dog was sad because it had lost its ball. Lily wnated to help the dog.
`;
const story = folder.write('story.txt', text);

describe('surprise --model', function () {
  this.timeout(120_000);

  it('marks words in the text and says where they stand', async () => {
    const printed = await output(['surprise', story, ...MODEL, '--top', '5']);
    assert.match(printed, /Lily \[wnated\] to help/);
    assert.match(printed, /\[with\]/);
    assert.match(printed, /^4:52 +[\d.]+ +[-\d.]+ {2}wnated$/m);
    assert.match(
      printed,
      /3 of 48 words marked; [\d.]+ bits a word, with a recall of 32,768 tokens/,
    );
    assert.doesNotMatch(printed, /\r/);
    const coloured = await output(['surprise', story, ...MODEL, '--color']);
    assert.ok(coloured.includes('\u001b[31m\u001b[4mwnated\u001b[24m\u001b[39m'), coloured);
  });

  it('prints JSON, also of standard input, with columns in characters', async () => {
    const found = await json(['surprise', '-', ...MODEL, '--top', '100', '--no-recall'], {
      input: text,
    });
    assert.equal(found.words, 48);
    assert.equal(found.marked.length, 48);
    assert.equal(found.recall, null);
    const day = found.marked.find(({ word }) => word === 'day');
    assert.deepEqual([day.line, day.column], [2, 60]); // behind a character of two UTF-16 units
    const none = await json(['surprise', story, ...MODEL, '--top', '0']);
    assert.deepEqual(none.marked, []);
  });

  it('refuses options of logs with a model, and those of prose without one', async () => {
    const ofLogs = ['--follow', '--all', '--check', '--alarm=0.01', '--save=m.ttt', '--since=2h'];
    for (const option of ofLogs) {
      const [name] = option.split('=');
      await refuses(['surprise', story, ...MODEL, option], 2, new RegExp(`${name} is for logs`));
    }
    for (const option of ['--no-recall', '--recall=512', '--lossy', '--tokenizer=a.json'])
      await refuses(
        ['surprise', story, option],
        2,
        /is for prose; name a model, such as --model english/,
      );
    await refuses(['surprise', story, story, ...MODEL], 2, /takes one FILE/);
    await refuses(['surprise', ...MODEL], 2, /needs a FILE/);
    await refuses(['surprise', story, ...MODEL, '--top', '101'], 2, /from 0 to 100/);
  });

  it('says what is no prose, and refuses what has no words', async () => {
    const log = folder.write('a.log', 'at 12:00:01 [7] 0x1f2e -> 17 ms (200)\n'.repeat(20));
    const { stderr, status } = await bitTtt(['surprise', log, ...MODEL]);
    assert.equal(status, 0);
    assert.match(stderr, /a\.log is not like prose \(\d+ % of its characters are letters\)/);
    const quiet = await bitTtt(['surprise', story, ...MODEL]);
    assert.equal(quiet.stderr, '');
    const refused = [
      ['dots.txt', '... \u2026 !\n', /dots\.txt has no words/],
      ['empty.txt', '', /empty\.txt is empty/],
      ['no.txt', Buffer.from([65, 255, 66]), /not UTF-8/],
    ];
    for (const [name, content, pattern] of refused)
      await refuses(['surprise', folder.write(name, content), ...MODEL], 1, pattern);
    await refuses(['surprise', folder.path('none.txt'), ...MODEL], 1, /none\.txt/);
  });
});

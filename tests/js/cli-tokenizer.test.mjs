// The command that makes a tokenizer, and what commands say of a tokenizer.json of which parts have no
// effect, and of a large one.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { Tokenizer } from 'bit-ttt';

import { bitTtt, json, output, refuses, temporaryFolder } from './support/cli.mjs';
import { alice, small } from './support/cli-llama.mjs';

const folder = temporaryFolder();
const text = readFileSync(alice, 'utf8');

describe('tokenizer train', () => {
  it('makes a tokenizer that loads', async () => {
    const out = folder.path('tokenizer.json');
    const found = await json(['tokenizer', 'train', alice, '--vocab', '400', '--out', out]);
    assert.equal(found.vocab_size, 400);
    const tokenizer = Tokenizer.from(readFileSync(out));
    assert.equal(tokenizer.vocabSize, 400);
    assert.equal(tokenizer.decode(tokenizer.encode(text)), text);
    assert.equal((await json(['info', out])).kind, 'tokenizer');
    const more = ['--tokenizer', out, '--steps', '1'];
    const args = ['train', alice, '--out', folder.path('own.bitt'), ...small.slice(2), ...more];
    await output(args);
    assert.equal((await json(['info', folder.path('own.bitt')])).tokenizer, 400);
  });

  it('says what is wrong', async () => {
    await refuses(['tokenizer'], 2, /needs an action/);
    await refuses(['tokenizer', 'trian', alice], 2, /did you mean train\?/);
    await refuses(['tokenizer', 'train'], 2, /needs a FILE/);
    await refuses(['tokenizer', 'train', alice, '--vocab', '5'], 2, /--vocab must be/);
    await refuses(['tokenizer', 'train', folder.write('none', '')], 1, /none is empty/);
    await refuses(['info', folder.write('odd.json', '{"a": 1}')], 1, /odd\.json/);
  });
});

describe('a tokenizer.json of which parts have no effect', () => {
  let file;
  let plain;
  before(async () => {
    plain = folder.path('plain.json');
    await output(['tokenizer', 'train', alice, '--vocab', '300', '--out', plain]);
    const parts = { truncation: { max_length: 5 }, 'odd\x1b[31m': 1 };
    file = folder.write(
      'odd.json',
      JSON.stringify({ ...JSON.parse(readFileSync(plain, 'utf8')), ...parts }),
    );
  });

  it('is told by info', async () => {
    assert.deepEqual((await json(['info', file])).ignored, ['truncation', 'odd\x1b[31m']);
    const text = await output(['info', file]);
    assert.match(text, /ignored +truncation, odd/);
    assert.ok(!text.includes('\x1b[31m'));
    assert.equal((await json(['info', plain])).ignored, null);
  });

  it('and, once, by commands that use it', async () => {
    const train = (tokenizer) => {
      const shape = small.filter((_, i) => small[i] !== '--vocab' && small[i - 1] !== '--vocab');
      return [
        'train',
        alice,
        '--tokenizer',
        tokenizer,
        '--steps',
        '1',
        '--out',
        folder.path('m.bitt'),
        '--json',
        ...shape,
      ];
    };
    const { status, stderr } = await bitTtt(train(file));
    assert.equal(status, 0, stderr);
    assert.equal(stderr.split('is ignored').length, 2, stderr);
    assert.match(stderr, /^bit-ttt: \S+odd\.json: truncation, odd.* is ignored$/m);
    assert.match(
      (await json(['info', folder.path('m.bitt')])).tokenizer_ignored,
      /^truncation, odd/,
    );
    assert.doesNotMatch((await bitTtt(train(plain))).stderr, /ignored/);
  });

  it('info of one with 200,000 tokens', async () => {
    const content = JSON.parse(readFileSync(plain, 'utf8'));
    for (let i = 0; i < 200_000; i++)
      content.added_tokens.push({ id: 300 + i, content: `<added ${i}>` });
    const facts = await json(['info', folder.write('large.json', JSON.stringify(content))]);
    assert.equal(facts.vocab_size, 200_300);
    assert.equal(facts.longest_token_bytes, '<added 199999>'.length);
  });
});

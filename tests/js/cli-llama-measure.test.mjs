// The commands that measure a language model: eval and adapt.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { BitLlama } from 'bit-ttt';

import { backends } from './support/backends.mjs';
import { json, output, refuses, temporaryFolder } from './support/cli.mjs';
import { alice, trainSmall } from './support/cli-llama.mjs';

const folder = temporaryFolder();
const model = folder.path('tiny.bitt');
const text = readFileSync(alice, 'utf8');

before(() => trainSmall(model, ['--steps', '20']));

describe('eval', () => {
  it('counts as it says', async () => {
    const documents = ['Alice was beginning to get very tired.', 'Down, down, down.'];
    const file = folder.write('two.txt', `\n${documents[0]}\n<|endoftext|>\n${documents[1]}\n`);
    const found = await json(['eval', file, '--model', model]);
    const loaded = await BitLlama.load(readFileSync(model));
    const { endOfText } = loaded.tokenizer;
    let [tokens, bytes, nats] = [0, 0, 0];
    for (const document of documents) {
      const session = loaded.createSession();
      const ids = [endOfText, ...loaded.tokenizer.encode(document), endOfText];
      const { logProbabilities } = await session.read(Uint32Array.from(ids));
      for (const value of logProbabilities.subarray(1)) nats -= value;
      tokens += ids.length - 1;
      bytes += Buffer.byteLength(document);
      session.destroy();
    }
    loaded.destroy();
    assert.deepEqual([found.tokens, found.bytes, found.documents], [tokens, bytes, 2]);
    assert.ok(Math.abs(found.nats_per_token - nats / tokens) < 1e-9);
    assert.ok(Math.abs(found.bits_per_byte - nats / Math.LN2 / bytes) < 1e-9);
    const piped = await json(['eval', '-', '--model', model], { input: readFileSync(file) });
    assert.equal(piped.bits_per_byte, found.bits_per_byte);
  });

  it('finds the same on every backend, and prints it for people', async () => {
    const file = folder.write('some.txt', text.slice(0, 3000));
    const found = [];
    for (const backend of backends) {
      const env = { BIT_TTT_BACKEND: backend };
      const { seconds, ...rest } = await json(['eval', file, '--model', model], { env });
      found.push(rest);
    }
    for (const one of found) assert.deepEqual(one, found[0]);
    const printed = await output(['eval', file, '--model', model]);
    assert.match(printed, new RegExp(`${found[0].bits_per_byte.toFixed(4)} bits per byte`));
    await refuses(['eval', folder.write('nothing', ''), '--model', model], 1, /nothing is empty/);
    const bad = folder.write('bad.txt', Buffer.from([0x41, 0xff]));
    await refuses(['eval', bad, '--model', model], 1, /offset 1/);
    assert.equal((await json(['eval', bad, '--model', model, '--lossy'])).bytes, 4);
  });
});

describe('adapt', () => {
  const plan = ['--passage', '48', '--passages', '4', '--places', '2', '--before', '200'];
  const args = ['adapt', alice, '--model', model, ...plan, '--after', '64'];

  it('compares first and second readings', async () => {
    const { passages, rest } = await json(args);
    assert.deepEqual([passages.count, passages.tokens], [4, 48]);
    assert.equal(passages.second_fresh, passages.first);
    assert.equal(passages.second_restored, passages.second);
    assert.equal(passages.restored_same_bits, true);
    assert.ok(Math.abs(passages.gain - (passages.first - passages.second)) < 1e-12);
    assert.deepEqual([rest.count, rest.tokens, rest.before, rest.beginning], [2, 64, 200, 64]);
    for (const loss of [rest.fresh, rest.learned, rest.frozen, passages.second_frozen]) {
      assert.ok(loss > 0 && loss < 20, String(loss));
    }
    const printed = await output(args);
    assert.match(printed, /first reading( +\d\.\d{3}){2}\n/);
    assert.match(printed, /saved and restored .* the same bits/);
  });

  it('refuses a text that is too short', async () => {
    const file = folder.write('short.txt', 'Alice.');
    await refuses(['adapt', file, '--model', model], 1, /short\.txt has \d+ tokens/);
    await refuses(['adapt', alice, '--beginning', '9', '--before', '5'], 2, /--beginning must be/);
  });
});

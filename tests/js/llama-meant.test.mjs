// Calls of the language model as people first write them: the error says what to write instead.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { createServer } from 'node:http';

import { BitLlama } from 'bit-ttt';

import { fails, onEachBackend, rejects } from './support/backends.mjs';
import { temporaryFolder } from './support/cli.mjs';
import { loadSmall } from './support/small-llama.mjs';

const folder = temporaryFolder();

onEachBackend('what people write at first', (backend) => {
  const load = (source) => BitLlama.load(source, { backend });

  it('loads a model of the package by its name: the error says how', async () => {
    for (const [place, entry] of [
      ['bit-llama', 'stories'],
      ['stories', 'stories'],
      ['stories.bitt', 'stories'],
      ['english', 'english'],
      ['./models/english.bitt', 'english'],
      ['bit-ttt/models/english', 'english'],
      ['models\\English.bitt', 'english'],
      ['bit-ttt', 'english'],
    ]) {
      const says = `BitLlama.load(modelUrl), with the modelUrl of 'bit-ttt/models/${entry}'`;
      const { message } = await rejects(() => load(folder.path(place)), 'MODEL_UNAVAILABLE');
      assert.ok(message.endsWith(`; the package's own: ${says}`), message);
      const { modelUrl } = await import(`bit-ttt/models/${entry}`);
      assert.match(modelUrl, new RegExp(`/models/${entry}\\.bitt$`));
    }
  });

  it('other names that are not there get no such advice', async () => {
    for (const place of ['model.bitt', 'english.txt', 'constructor', 'englisch', '']) {
      const { message } = await rejects(() => load(folder.path(place)), 'MODEL_UNAVAILABLE');
      assert.doesNotMatch(message, /modelUrl/);
    }
  });

  it('loads an address for which the server sends its page', async () => {
    const page = '\n<!DOCTYPE html><html><body>Not found</body></html>';
    const server = createServer((_, response) => response.end(page)).listen(0, '127.0.0.1');
    try {
      await new Promise((resolve) => server.once('listening', resolve));
      const base = `http://127.0.0.1:${server.address().port}`;
      const says = /is an HTML page and no model; the package's own: BitLlama/;
      await rejects(() => load(`${base}/english`), 'MODEL_FORMAT', says);
      await rejects(() => load(`${base}/my.bitt`), 'MODEL_FORMAT', /is an HTML page and no model$/);
    } finally {
      server.close();
    }
  });

  it('loads what is no source at all', async () => {
    const says = /not an Object; the package's own: BitLlama\.load\(modelUrl\)/;
    await rejects(() => load({ modelUrl: 'x' }), 'INVALID_ARGUMENT', says);
  });

  it('gives options where the text belongs', async () => {
    const model = await loadSmall(backend);
    const session = model.createSession();
    const prompt =
      /string or an array of token ids \(options come after it: generate\('The cat', \{/;
    for (const given of [{ prompt: 'The cat' }, { maxTokens: 5 }, 5])
      await rejects(() => session.generate(given).next(), 'INVALID_ARGUMENT', prompt);
    await rejects(() => session.observe({ text: 'The cat' }), 'INVALID_ARGUMENT', prompt);
    const both =
      /^before must be a string \(as in suggest\('We will send it on', 'M'\)\), not an Object$/;
    fails(() => session.suggest({ before: 'a', typed: 'b' }), 'INVALID_ARGUMENT', both);
    await rejects(() => session.suggestAsync({ before: 'a' }), 'INVALID_ARGUMENT', both);
    const typed = /^typed must be a string \('' for the next word, as in suggest\(.*not undefined$/;
    fails(() => session.suggest('The cat'), 'INVALID_ARGUMENT', typed);
    assert.equal(session.tokensSeen, 0);
    model.destroy();
  });
});

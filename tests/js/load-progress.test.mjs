// What `onProgress` of BitLlama.load and convertModel is told: of files, folders with several, and downloads
// that say how long they are or do not, on each entry.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';

import { BitLlama, convertModel } from 'bit-ttt';

import { backends, rejects } from './support/backends.mjs';
import { temporaryFolder } from './support/cli.mjs';
import { smallModel, smallTrainer } from './support/small-llama.mjs';

const folder = temporaryFolder();
const backend = backends[0];
let packed;
before(async () => (packed = await smallModel()));

/** Loads, and gives what was told. */
async function toldOf(source, load = BitLlama.load) {
  const told = [];
  const model = await load(source, { backend, onProgress: (progress) => told.push(progress) });
  model.destroy?.();
  return told;
}

/** Bytes grow with each call to the whole file, whose size is known or never. */
function check(told, file, total) {
  assert.ok(told.length > 0);
  told.forEach((one, i) => {
    assert.deepEqual(Object.keys(one), ['file', 'bytes', 'total']);
    assert.deepEqual([one.file, one.total], [file, total]);
    assert.ok(one.bytes > (told[i - 1]?.bytes ?? 0));
  });
}

/** Serves the model as `answer` does while `body` runs with its address. */
async function serving(answer, body) {
  const server = createServer((_, response) => answer(response)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await body(`http://127.0.0.1:${server.address().port}/model.bitt`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe('the progress of loading', () => {
  it('is told of a file, in pieces, to its end', async () => {
    const path = folder.write('a.bitt', packed);
    const told = await toldOf(path);
    check(told, path, packed.length);
    assert.equal(told.at(-1).bytes, packed.length);
    const convert = (source, options) => convertModel(source, { ...options, to: 'bitt' });
    assert.deepEqual(await toldOf(path, convert), told);
    assert.deepEqual(await toldOf(packed), []); // bytes are there already
  });

  it('is told of a download, whose size is known only if the server says it', async () => {
    const half = packed.length >> 1;
    const whole = (response) => {
      response.writeHead(200, { 'content-length': packed.length });
      response.write(packed.subarray(0, half));
      setTimeout(() => response.end(packed.subarray(half)), 50);
    };
    const chunked = (response) => {
      response.write(packed.subarray(0, half));
      setTimeout(() => response.end(packed.subarray(half)), 50);
    };
    const gzip = gzipSync(packed);
    const compressed = (response) => {
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': gzip.length });
      response.end(gzip);
    };
    const browser = await import('../../dist/browser.mjs');
    const answers = [
      [whole, packed.length],
      [chunked, undefined],
      [compressed, undefined],
    ];
    for (const [answer, total] of answers)
      await serving(answer, async (url) => {
        const inBrowser = (source, { onProgress }) => browser.BitLlama.load(source, { onProgress });
        for (const told of [await toldOf(url), await toldOf(url, inBrowser)]) {
          check(told, url, total);
          assert.equal(told.at(-1).bytes, packed.length);
          if (answer !== compressed) assert.ok(told.length > 1, 'on the way');
        }
      });
  });

  it('is told of each file of a folder by its name', async () => {
    const trainer = await smallTrainer();
    mkdirSync(folder.path('parts'));
    const weights = folder.write('parts/model.safetensors', trainer.weights());
    trainer.destroy();
    const config = folder.write('parts/config.json', '{}');
    const told = [];
    const onProgress = ({ file }) => told.push(file);
    const run = BitLlama.load(folder.path('parts'), { backend, onProgress });
    await run.then(
      (model) => model.destroy(),
      () => undefined, // the configuration is none; all was read
    );
    assert.deepEqual([...new Set(told)], [weights, config]);
  });

  it('ends with what onProgress throws, and closes the source', async () => {
    const thrown = { any: 'value' };
    const path = folder.write('b.bitt', packed);
    const onProgress = () => {
      throw thrown;
    };
    await assert.rejects(BitLlama.load(path, { backend, onProgress }), (error) => error === thrown);
    const closed = [];
    const endless = (response) => {
      closed.push(once(response, 'close'));
      response.write(packed.subarray(0, 100));
    };
    await serving(endless, async (url) => {
      const run = BitLlama.load(url, { backend, onProgress });
      await assert.rejects(run, (error) => error === thrown);
      await closed[0];
    });
    for (const wrong of [1, 'f', {}, null])
      await rejects(
        () => BitLlama.load(path, { backend, onProgress: wrong }),
        'INVALID_ARGUMENT',
        /onProgress/,
      );
  });
});

// The browser bundle in headless Chromium, on a page and in a worker, under a strict content
// security policy: the same hash, outputs and saved memory as in Node.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import * as library from 'bit-ttt';

import { makeInput, readLog, readSignal, tellStory } from '../browser/input.mjs';
import { chromiumPath, launchChromium, newContext, serveFiles } from '../support/browser.mjs';

const { TTT, conformanceHash } = library;

const root = fileURLToPath(new URL('../..', import.meta.url));
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";

/** Serves tests/browser at / and dist at /dist/. */
const serve = () =>
  serveFiles(
    (path) => readFile(join(root, path.startsWith('/dist/') ? '' : 'tests/browser', path)),
    {
      'content-security-policy': policy,
    },
  );

async function resultOf(browser, address) {
  const page = await (await newContext(browser)).newPage();
  const problems = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(address);
  await page.waitForFunction(() => document.querySelector('#result').textContent !== 'running');
  const result = JSON.parse(await page.textContent('#result'));
  return { result, problems };
}

describe('browser bundle in Chromium', () => {
  let browser, server, result, problems;

  before(async function () {
    if (!chromiumPath) {
      console.log('      skipped: no Chromium on PATH (apt-get install chromium)');
      this.skip();
    }
    server = await serve();
    browser = await launchChromium();
    ({ result, problems } = await resultOf(browser, server.address));
  });

  after(async () => {
    await browser?.close();
    server?.close();
  });

  it('runs without an error or a policy violation', () => {
    assert.equal(result.error, undefined);
    assert.deepEqual(problems, []);
  });

  for (const where of ['page', 'worker'])
    it(`gives the same bits as Node (${where})`, async () => {
      const found = result[where];
      const layer = await TTT.create({ hiddenDim: 64, objective: 'predict' });
      const input = makeInput(64 * 100);
      const output = layer.forward(input);
      assert.equal(found.backend, 'wasm');
      assert.equal(found.code, 'NON_FINITE');
      assert.equal(found.hash, await conformanceHash());
      assert.deepEqual(found.output, [...output.subarray(0, 64)]);
      assert.deepEqual(found.memory, [...layer.saveState()]);
      assert.deepEqual(found.later, [...layer.forward(input).subarray(0, 64)]);
      layer.destroy();
    });

  for (const where of ['page', 'worker'])
    it(`finds the same in a log as Node (${where})`, async () => {
      assert.deepEqual(result[where].log, await readLog(library));
    });

  for (const where of ['page', 'worker'])
    it(`finds the same in a signal as Node (${where})`, async () => {
      assert.deepEqual(result[where].signal, await readSignal(library));
    });

  for (const where of ['page', 'worker'])
    it(`trains and writes the same as Node (${where})`, async () => {
      const { losses, packed, story, state } = await tellStory(library);
      const found = result[where].story;
      assert.ok(losses.at(-1) < losses[0] - 1);
      assert.deepEqual(found.losses, losses); // both on WebAssembly
      assert.deepEqual(found.packed, packed);
      assert.deepEqual([found.story, found.state], [story, state]); // here on the addon
    });
});

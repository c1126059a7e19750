// The browser bundle in headless Chromium, on a page and in a worker, under a strict content
// security policy: the same hash, outputs and saved memory as in Node.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { delimiter, extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

import * as library from 'bit-ttt';

import { makeInput, tellStory } from '../browser/input.mjs';

const { TTT, conformanceHash } = library;

const root = fileURLToPath(new URL('../..', import.meta.url));
const types = { '.html': 'text/html', '.mjs': 'text/javascript', '.wasm': 'application/wasm' };
const policy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";

const executablePath = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => ['chromium', 'chromium-browser', 'google-chrome'].map((n) => join(folder, n)))
  .find(existsSync);

/** Serves tests/browser at / and dist at /dist/. */
async function serve() {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    const file = path.startsWith('/dist/')
      ? join(root, path)
      : join(root, 'tests/browser', path === '/' ? 'index.html' : path);
    try {
      const body = await readFile(file);
      const type = types[extname(file)] ?? 'text/plain';
      response.writeHead(200, { 'content-type': type, 'content-security-policy': policy });
      response.end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function resultOf(browser, address) {
  const page = await browser.newPage();
  const problems = [];
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(String(error)));
  await page.goto(address);
  await page.waitForFunction(
    () => document.querySelector('#result').textContent !== 'running',
    undefined,
    { timeout: 100000 },
  );
  const result = JSON.parse(await page.textContent('#result'));
  return { result, problems: problems.filter((text) => !text.includes('favicon')) };
}

describe('browser bundle in Chromium', function () {
  let browser, server, result, problems;

  before(async function () {
    if (!executablePath) {
      console.log('      skipped: no Chromium on PATH (apt-get install chromium)');
      this.skip();
    }
    server = await serve();
    const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--no-first-run'];
    browser = await chromium.launch({ executablePath, args });
    const address = `http://127.0.0.1:${server.address().port}/`;
    ({ result, problems } = await resultOf(browser, address));
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
    it(`trains and writes the same as Node (${where})`, async () => {
      const { losses, packed, story, state } = await tellStory(library);
      const found = result[where].story;
      assert.ok(losses.at(-1) < losses[0] - 1);
      assert.deepEqual(found.losses, losses); // both on WebAssembly
      assert.deepEqual(found.packed, packed);
      assert.deepEqual([found.story, found.state], [story, state]); // here on the addon
    });
});

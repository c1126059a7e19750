// Runs documented pages and browser scripts in headless Chromium, served as by a bundler's server.
// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { delimiter, extname, join } from 'node:path';

import { build } from 'esbuild';
import { chromium } from 'playwright-core';

import { root } from './backends.mjs';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** Where a Chromium is, or undefined. */
export const chromiumPath = (process.env.PATH ?? '')
  .split(delimiter)
  .flatMap((folder) => names.map((name) => join(folder, name)))
  .find(existsSync);

const types = { '.html': 'text/html', '.js': 'text/javascript', '.mjs': 'text/javascript' };
const TIMEOUT = 60000;

/** What the documentation says a page needs; a block of headers replaces it. */
const strictest = {
  'content-security-policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'",
};

/** A script with all that it imports, as a bundler makes it for browsers. */
async function bundled(file) {
  const { outputFiles } = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    logLevel: 'silent',
  });
  return outputFiles[0].text;
}

/** Serves a folder: scripts bundled, `/models/` of the repository, everything with the headers. */
async function serve(folder, headers) {
  const server = createServer(async (request, response) => {
    const path = new URL(request.url, 'http://localhost').pathname;
    if (path === '/favicon.ico') return response.writeHead(204).end();
    const file = path.startsWith('/models/') ? join(root, path) : join(folder, path);
    const type = types[extname(file)];
    try {
      const body = type === 'text/javascript' ? await bundled(file) : await readFile(file);
      response.writeHead(200, { 'content-type': type ?? 'application/octet-stream', ...headers });
      response.end(body);
    } catch (error) {
      response.writeHead(404).end(String(error));
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** One Chromium for all pages. */
export class Pages {
  #browser;

  async #open() {
    const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--no-first-run'];
    this.#browser ??= chromium.launch({ executablePath: chromiumPath, args });
    return (await this.#browser).newPage();
  }

  async close() {
    await (await this.#browser)?.close();
  }

  /**
   * What a page of `folder` prints: its console until `done` is printed, or its first <output> once
   * that is filled. Throws for whatever the page or the policy complains about.
   */
  async run(folder, name, headers, done) {
    const server = await serve(folder, { ...strictest, ...headers });
    const page = await this.#open();
    const lines = [], problems = [];
    page.on('console', (message) => {
      (message.type() === 'error' ? problems : lines).push(message.text());
    });
    page.on('pageerror', (error) => problems.push(String(error)));
    const isOver = async () =>
      problems.length > 0 ||
      (done ? lines.includes(done) : (await page.innerText('output')) !== '');
    try {
      await page.goto(`http://127.0.0.1:${server.address().port}/${name}`);
      for (const end = Date.now() + TIMEOUT; !(await isOver()); ) {
        if (Date.now() > end) throw new Error(`${name} did not end: ${lines.join('\n')}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      if (problems.length > 0) throw new Error(problems.join('\n'));
      return done ? lines.slice(0, lines.indexOf(done)).join('\n') : await page.innerText('output');
    } finally {
      await page.close();
      server.close();
    }
  }
}

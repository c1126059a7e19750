// Runs documented pages and browser scripts in headless Chromium, served as by a bundler's server.
// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { build } from 'esbuild';

import { launchChromium, newContext, serveFiles, WAIT_MS } from '../../support/browser.mjs';
import { root } from './backends.mjs';

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
const serve = (folder, headers) =>
  serveFiles((path) => {
    const file = join(path.startsWith('/models/') ? root : folder, path);
    return /\.m?js$/.test(path) ? bundled(file) : readFile(file);
  }, headers);

/** One Chromium for all pages. */
export class Pages {
  #browser;

  async #open() {
    this.#browser ??= launchChromium();
    return (await newContext(await this.#browser)).newPage();
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
    const lines = [],
      problems = [];
    page.on('console', (message) => {
      (message.type() === 'error' ? problems : lines).push(message.text());
    });
    page.on('pageerror', (error) => problems.push(String(error)));
    const isOver = async () =>
      problems.length > 0 ||
      (done ? lines.includes(done) : (await page.innerText('output')) !== '');
    try {
      await page.goto(`${server.address}${name}`);
      for (const end = Date.now() + WAIT_MS; !(await isOver()); ) {
        if (Date.now() > end) throw new Error(`${name} did not end: ${lines.join('\n')}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      if (problems.length > 0) throw new Error(problems.join('\n'));
      return done ? lines.slice(0, lines.indexOf(done)).join('\n') : await page.innerText('output');
    } finally {
      await page.context().close();
      server.close();
    }
  }
}

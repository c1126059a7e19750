// chromium.mjs - a headless Chromium for all rows, and servers of folders for its pages.
// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { delimiter, extname, join, normalize } from 'node:path';

import { chromium } from 'playwright-core';

import { Skip } from './workspace.mjs';

const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
};
const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--no-first-run'];

let browser;

/** The browser, started on first use. */
async function launched() {
  const executablePath = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((at) => ['chromium', 'chromium-browser', 'google-chrome'].map((n) => join(at, n)))
    .find(existsSync);
  if (!executablePath) throw new Skip('Chromium is not installed');
  browser ??= await chromium.launch({ executablePath, args });
  return browser;
}

export async function closeBrowser() {
  await browser?.close();
}

/** Serves a folder with some headers; gives its address and how to end it. */
export async function serve(folder, headers = {}) {
  const server = createServer(async (request, response) => {
    const asked = normalize(new URL(request.url, 'http://localhost').pathname);
    const path = asked.endsWith('/') ? `${asked}index.html` : asked;
    try {
      const body = await readFile(join(folder, path));
      const type = types[extname(path)] ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type, ...headers }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections?.();
    server.close();
  };
  return { address: `http://127.0.0.1:${server.address().port}/`, close };
}

/**
 * Opens a page, waits for its first RESULT line and gives all that its console showed. An error of
 * the page, a violated policy among them, is a failure.
 */
export async function visit(address, { init, act } = {}) {
  const context = await (await launched()).newContext();
  const page = await context.newPage();
  let printed = '';
  const problems = [];
  try {
    const done = new Promise((resolve) => {
      page.on('console', (message) => {
        printed += `${message.text()}\n`;
        if (message.type() === 'error') problems.push(message.text());
        if (message.text().startsWith('RESULT ') || problems.length > 0) resolve();
      });
      page.on('pageerror', (error) => {
        problems.push(String(error?.stack ?? error));
        resolve();
      });
      setTimeout(resolve, 60000).unref();
    });
    if (init) await page.addInitScript(init);
    await page.goto(address);
    if (act) await act(page);
    else await done;
    if (problems.length > 0) throw new Error(`${problems.join('\n')}\nprinted:\n${printed}`);
    return printed;
  } finally {
    await context.close();
  }
}

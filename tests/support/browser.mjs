// browser.mjs - the one place where tests find and start Chromium, and serve pages to browsers.
// SPDX-License-Identifier: MIT
import { createServer } from 'node:http';
import { extname } from 'node:path';

import { chromium } from 'playwright-core';

import { programPath } from '../../scripts/toolchain.mjs';

/** Where a Chromium is, or undefined. */
export const chromiumPath = programPath('chromium', 'chromium-browser', 'google-chrome');

const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** How long a test waits for a page: a busy machine is slow, and only what hangs takes longer. */
export const WAIT_MS = 300_000;

export const launchChromium = (flags = []) =>
  chromium.launch({ executablePath: chromiumPath, args: [...FLAGS, ...flags], timeout: WAIT_MS });

/** A window of its own, with storage of its own, in which `WAIT_MS` holds. */
export async function newContext(browser, options) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(WAIT_MS);
  return context;
}

const types = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
  '.svg': 'image/svg+xml',
};

/**
 * Serves on this machine what `read(path)` gives, a folder's path completed by index.html; what it
 * throws is a 404. Resolves to the address and a function that ends it.
 */
export async function serveFiles(read, headers = {}) {
  const server = createServer(async (request, response) => {
    const asked = new URL(request.url, 'http://localhost').pathname;
    if (asked === '/favicon.ico') return response.writeHead(204).end();
    const path = asked.endsWith('/') ? `${asked}index.html` : asked;
    try {
      const body = await read(path);
      const type = types[extname(path)] ?? 'application/octet-stream';
      response.writeHead(200, { 'content-type': type, ...headers }).end(body);
    } catch (error) {
      response.writeHead(404).end(String(error));
    }
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = () => {
    server.closeAllConnections?.();
    server.close();
  };
  return { address: `http://127.0.0.1:${server.address().port}/`, close };
}

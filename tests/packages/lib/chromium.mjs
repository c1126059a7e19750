// chromium.mjs - a headless Chromium for all rows, and servers of folders for its pages.
// SPDX-License-Identifier: MIT
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import {
  chromiumPath,
  launchChromium,
  newContext,
  serveFiles,
  WAIT_MS,
} from '../../support/browser.mjs';
import { Skip } from './workspace.mjs';

let browser;

/** The browser, started on first use. */
async function launched() {
  if (!chromiumPath) throw new Skip('Chromium is not installed');
  browser ??= await launchChromium();
  return browser;
}

export async function closeBrowser() {
  await browser?.close();
}

/** Serves a folder with some headers; gives its address and how to end it. */
export const serve = (folder, headers) =>
  serveFiles((path) => readFile(join(folder, path)), headers);

/**
 * Opens a page, waits for its first RESULT line and gives all that its console showed. An error of
 * the page, a violated policy among them, is a failure.
 */
export async function visit(address, { init, act } = {}) {
  const context = await newContext(await launched());
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
      setTimeout(resolve, WAIT_MS).unref();
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

/**
 * page.mjs - a page in headless Chromium for contestants that run in a browser.
 * SPDX-License-Identifier: MIT
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromiumPath, launchChromium, serveFiles } from '../../tests/support/browser.mjs';

const EMPTY = '<!doctype html><meta charset="utf-8"><title>bench</title>';

/**
 * Opens an empty page that can fetch and import what `places` names.
 * @param {Record<string, string>} places by path in the page: a file, or a folder if it ends in `/`
 * @returns {Promise<{page: import('playwright-core').Page, version: string}>} ends with the process
 */
export async function openPage(places) {
  if (!chromiumPath) throw new Error('there is no Chromium on the PATH');
  const { address } = await serveFiles((path) => {
    if (path === '/index.html') return EMPTY;
    const leadsTo = (at) => at === path || (at.endsWith('/') && path.startsWith(at));
    const place = Object.keys(places).find(leadsTo);
    if (place === undefined) throw new Error(`nothing is at ${path}`);
    return readFile(place === path ? places[place] : join(places[place], path.slice(place.length)));
  });
  const browser = await launchChromium();
  const page = await browser.newPage();
  await page.goto(address);
  return { page, version: `Chromium ${browser.version()}` };
}

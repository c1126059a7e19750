/**
 * llama-page.mjs - a language model on a page in headless Chromium: `decode N SECONDS`,
 * `prefill N SECONDS` in tokens/s. Usage: node llama-page.mjs ours|wllama MODEL [PEERS_FOLDER]
 * SPDX-License-Identifier: MIT
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launchChromium, serveFiles } from '../../tests/support/browser.mjs';
import { serveJobs } from '../lib/contestant.mjs';

const [contestant, model, peers = ''] = process.argv.slice(2);
const root = fileURLToPath(new URL('../..', import.meta.url));

/** Files of the repository, of the peers' folder, and the model. */
function read(path) {
  if (path === '/model') return readFile(model);
  if (path.startsWith('/peers/')) return readFile(join(peers, 'node_modules', path.slice(7)));
  return readFile(join(root, path));
}

const { address, close } = await serveFiles(read);
const browser = await launchChromium();
const page = await browser.newPage();
const complaints = [];
page.on('pageerror', (error) => complaints.push(error.message));
const version = contestant === 'wllama'
  ? JSON.parse(await readFile(join(peers, 'node_modules/@wllama/wllama/package.json'))).version
  : '';
const query = new URLSearchParams({ contestant, model: '/model', version });
await page.goto(`${address}bench/contestants/page.html?${query}`);
await page
  .waitForFunction(() => window.measure, undefined, { timeout: 60_000 })
  .catch(() => {
    throw new Error(`the page did not start: ${complaints.join('; ')}`);
  });

await serveJobs(`${await page.evaluate(() => window.version)}, Chromium ${browser.version()}`, async (words) => {
  const figure = await page.evaluate((job) => window.measure(job), words);
  if (typeof figure !== 'number') throw new Error(figure?.problem ?? complaints.join('; '));
  return figure;
});
await browser.close();
close();

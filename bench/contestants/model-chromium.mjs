/**
 * model-chromium.mjs - a model of ours in a page in Chromium: `node model-chromium.mjs FILE`.
 * Jobs: see model-session.mjs.
 * SPDX-License-Identifier: MIT
 */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { serveJobs } from '../lib/contestant.mjs';
import { openPage } from '../lib/page.mjs';
import { rate } from '../lib/rate.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const { page, version } = await openPage({
  '/dist/': join(here, '..', '..', 'dist'),
  '/model-session.mjs': join(here, 'model-session.mjs'),
  '/model.bitt': process.argv[2],
});
await page.addScriptTag({ content: `window.rate = ${rate};` });
const info = await page.evaluate(async () => {
  const { BitLlama, getInfo } = await import('/dist/browser.mjs');
  const { sessionJobs } = await import('/model-session.mjs');
  window.answer = sessionJobs(await BitLlama.load('/model.bitt'), window.rate);
  return getInfo();
});
await serveJobs(`${info.version} ${info.kernel}, ${version}`, (words) =>
  page.evaluate((given) => window.answer(given), words),
);
process.exit(0); // Chromium ends with it

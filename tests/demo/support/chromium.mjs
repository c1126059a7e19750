// chromium.mjs - the demo in Chromium, a page of its own for each test.
// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { chromiumPath, launchChromium, newContext } from '../../support/browser.mjs';
import { serveDemo } from './page.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Waits until the model of the stories is there, and the sample log was read. */
export async function arrived(page) {
  await page.waitForSelector('#model:not(:empty)', { state: 'attached' });
  await page.waitForSelector('#watch[aria-busy=false]', { state: 'attached' });
}

/** To be called in a `describe`: serves the page and starts the browser before its tests. */
export function demoInChromium() {
  const demo = {
    browser: undefined,
    server: undefined,

    /** A page of its own, ready to use. */
    async open(address = demo.server.address, options = {}, ready = true, prepare = undefined) {
      const context = await newContext(demo.browser, options);
      const page = await context.newPage();
      await prepare?.(page);
      await page.goto(address);
      if (ready) await arrived(page);
      return page;
    },
  };

  before(async function () {
    if (!chromiumPath) {
      console.log('      skipped: no Chromium on PATH (apt-get install chromium)');
      this.skip();
    }
    demo.server = await serveDemo();
    demo.browser = await launchChromium();
  });

  after(async () => {
    await demo.browser?.close();
    demo.server?.close();
  });

  return demo;
}

export const idle = (page, tab) => page.waitForSelector(`#${tab}[aria-busy=false]`);

/** Faults that axe-core finds on the page as it is now, a line each. */
export async function axeFaults(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run());
  return violations.map(
    ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target).join(', ')}`,
  );
}

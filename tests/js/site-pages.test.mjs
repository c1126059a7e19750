// The documentation in a browser, below a path as on hosts of pages: search, contents, copying, the demo in its
// frame, without a script, on a phone, for everybody. In Chromium.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { chromiumPath, launchChromium, newContext, serveFiles } from '../support/browser.mjs';
import { root } from './support/backends.mjs';
import { builtSite, site } from './support/built-site.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const screenshots = join(root, 'build/screenshots');
const BELOW = 'some/where/';
const typescript = 'api/typescript/classes/LogDetector.html';

describe('documentation site in a browser', () => {
  let browser, server;

  before(async function () {
    const missing = chromiumPath
      ? builtSite().missing
      : 'no Chromium on PATH (apt-get install chromium)';
    if (missing) {
      console.log(`      skipped: ${missing}`);
      this.skip();
    }
    mkdirSync(screenshots, { recursive: true });
    server = await serveFiles((path) => {
      assert.ok(path.startsWith(`/${BELOW}`), `${path} is outside of the site`);
      return readFile(join(site, path.slice(BELOW.length)));
    });
    browser = await launchChromium();
  });

  after(async () => {
    await browser?.close();
    server?.close();
  });

  /** Opens a page in a window of its own; `problems` of the page are what it complains about. */
  async function open(name, options = {}) {
    const context = await newContext(browser, {
      viewport: { width: 1280, height: 900 },
      ...options,
    });
    const page = await context.newPage();
    page.problems = [];
    page.on(
      'console',
      (message) => message.type() === 'error' && page.problems.push(message.text()),
    );
    page.on('pageerror', (error) => page.problems.push(String(error)));
    page.on('response', (answer) => answer.ok() || page.problems.push(answer.url()));
    await page.goto(name.startsWith('file:') ? name : `${server.address}${BELOW}${name}`);
    if (options.javaScriptEnabled !== false)
      await page.waitForFunction(() => '__vue_app__' in document.querySelector('#app'));
    return page;
  }

  /** Ends a page, which must not have complained. */
  async function close(page) {
    assert.deepEqual(page.problems, []);
    await page.context().close();
  }

  const heading = (page, text) => page.waitForSelector(`h1:has-text("${text}")`);

  for (const [words, found, place] of [
    ['alarm rate', 'Stream a log', 'stream-a-log'],
    ['recall', 'How recall works', 'recall'],
    ['saveState', 'TTT', 'classes/TTT'],
  ])
    it(`finds '${words}'`, async () => {
      const page = await open('deploy.html');
      await page.click('.VPNavBarSearch button');
      await page.fill('#localsearch-input', words);
      const result = page.locator(`a.result[href*="${place}.html"]`).first();
      await result.waitFor();
      await result.click();
      await heading(page, found);
      await close(page);
    });

  it('shows the contents of guides and references, which lead to their sections', async () => {
    for (const name of ['stream-a-log.html', 'api/c.html', typescript]) {
      const page = await open(name);
      await page.locator('.VPDocAsideOutline .outline-link').nth(2).click();
      await page.waitForFunction(() => location.hash.length > 1 && scrollY > 0);
      await close(page);
    }
  });

  it('leads from the landing page through the guides to the references', async () => {
    const page = await open('');
    await page.click('.VPFeatures a[href*="stream-a-log"]');
    await heading(page, 'Stream a log');
    await page.click('.pager-link.next');
    await heading(page, 'From pino');
    await page.click('.VPNavBar a[href*="typescript"]');
    await heading(page, 'TypeScript reference');
    await page.click('main a:text-is("LogDetector")');
    await heading(page, 'LogDetector');
    await page.click('.VPSidebar a[href$="api/c.html"]');
    await heading(page, 'C reference');
    await page.click('ul.columns a[href$="#ttt_create"]');
    assert.match(page.url(), /some\/where\/api\/c\.html#ttt_create$/);
    await close(page);
  });

  it('shows the pictures of its pages', async () => {
    for (const name of ['readme.html', 'benchmarks.html']) {
      const page = await open(name);
      const loaded = await page.$$eval('main img', (all) =>
        Promise.all(all.map((one) => one.decode().then(() => one.naturalWidth > 0))),
      );
      assert.ok(loaded.length > 1 && loaded.every(Boolean), name);
      await close(page);
    }
  });

  it('copies a block of code', async () => {
    const page = await open('', { permissions: ['clipboard-read', 'clipboard-write'] });
    const block = page.locator('.language-js').first();
    await block.hover();
    await block.locator('button.copy').click();
    await block.locator('button.copied').waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    assert.match(copied, /^import \{ LogDetector \} from 'bit-ttt';\n/);
    await close(page);
  });

  it('has the demo in its guide, with the tab that it is about, once it is opened', async () => {
    const page = await open('stream-a-log.html');
    await page.waitForLoadState('networkidle');
    assert.ok(page.frames().every((frame) => !frame.url().includes('demo')));
    await page.click('details.demo summary');
    const tab = page.frameLocator('details.demo iframe').locator('#tab-watch');
    await tab
      .and(page.frameLocator('details.demo iframe').locator('[aria-selected=true]'))
      .waitFor();
    await close(page);
  });

  it('leads from the demo back to its landing page, also out of a frame', async () => {
    const back = '.bar a:text-is("Documentation")';
    const page = await open('stream-a-log.html');
    await page.click('details.demo summary');
    await page.frameLocator('details.demo iframe').locator(back).click();
    await page.waitForSelector('.VPHome');
    assert.equal(page.url(), `${server.address}${BELOW}index.html`);
    await page.context().close(); // what the frame was loading has been given up
  });

  it('says on its landing page how to install, and copies that', async () => {
    const page = await open('', { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.click('.install button');
    await page.waitForSelector('.install button:text-is("Copied")');
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), 'npm install bit-ttt');
    await page.click('.install a');
    await page.waitForFunction(() => location.hash === '#get-it' && scrollY > 0);
    await close(page);
  });

  it('is read without a script', async () => {
    const page = await open('stream-a-log.html', { javaScriptEnabled: false });
    assert.match(await page.innerText('main'), /learns\s+while it reads/);
    await page.click('.pager-link.next');
    await heading(page, 'From pino');
    await close(page);
  });

  it('is read from the file system', async () => {
    const address = pathToFileURL(join(site, 'index.html')).href;
    const page = await open(address, { javaScriptEnabled: false }); // browsers load no modules from there
    await page.click('.VPFeatures a[href*="stream-a-log"]');
    await heading(page, 'Stream a log');
    await page.context().close();
  });

  it('is no wider than the narrowest phones', async () => {
    for (const name of ['api/c.html', 'command-line.html', typescript]) {
      const page = await open(name, { viewport: { width: 320, height: 800 } });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= 320, `${name} is ${wide} wide`);
      await close(page);
    }
  });

  it('watches a signal in the guide that is about one', async () => {
    const page = await open('watch-a-signal.html');
    await page.click('details.demo summary');
    const demo = page.frameLocator('details.demo iframe');
    await demo.locator('#tab-watch').and(demo.locator('[aria-selected=true]')).waitFor();
    await demo.locator('#watch .status:has-text("values of celsius")').waitFor();
    await close(page);
  });

  for (const width of [375, 1280])
    for (const colorScheme of ['light', 'dark'])
      it(`has no accessibility fault that axe finds, and fits (${width} wide, ${colorScheme})`, async () => {
        for (const name of ['index.html', 'stream-a-log.html', typescript]) {
          const viewport = { width, height: 900 };
          const page = await open(name, { viewport, colorScheme, reducedMotion: 'reduce' });
          await page.evaluate(axe);
          const { violations } = await page.evaluate(() => globalThis.axe.run());
          const found = violations.map(
            ({ id, nodes }) => `${id}: ${nodes.map((n) => n.target).join(', ')}`,
          );
          assert.deepEqual(found, [], name);
          assert.ok(
            (await page.evaluate(() => document.documentElement.scrollWidth)) <= width,
            name,
          );
          const file = `docs-${name.replace(/\W+/g, '-')}-${width}-${colorScheme}.png`;
          await page.screenshot({ path: join(screenshots, file) });
          await close(page);
        }
      });
});

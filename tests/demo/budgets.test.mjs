// What the demo page may cost: bytes, the time to its first text and to where it can be used on a slow network, and how
// much may move while it comes up. In Chromium.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { demoInChromium } from './support/chromium.mjs';
import { BYTES_A_SECOND, LATENCY_MS, slowNetwork } from './support/network.mjs';
import { root } from './support/page.mjs';

const KB = 1024;
/** A busy machine takes as many times longer than a quiet one; what the network takes is computed besides. */
const PATIENCE = 8;

describe('demo page: budgets', () => {
  const demo = demoInChromium();
  const built = join(root, 'build/demo');

  it('has less than 200 KB of JavaScript, packed', () => {
    const scripts = readdirSync(join(built, 'assets')).filter((name) => name.endsWith('.js'));
    const sizes = scripts.map((name) => gzipSync(readFileSync(join(built, 'assets', name))).length);
    const sum = sizes.reduce((a, b) => a + b, 0);
    assert.equal(scripts.length, 2, String(scripts)); // the page's and the worker's
    assert.ok(sum < 200 * KB, `${sum} bytes`);
    for (const name of scripts)
      assert.doesNotMatch(readFileSync(join(built, 'assets', name), 'utf8'), /AGFzbQ/, name);
  });

  /** Opens the page on a slow network and returns what was fetched, in order, until a model is asked for. */
  async function visit() {
    const fetched = [];
    const page = await demo.open(
      demo.server.address,
      { serviceWorkers: 'block' },
      false,
      async (opened) => {
        await slowNetwork(opened);
        opened.on('requestfinished', async (request) => {
          const sizes = request.sizes();
          fetched.push({ path: new URL(request.url()).pathname, sizes });
        });
      },
    );
    await page.waitForFunction(() =>
      /% of/.test(document.querySelector('.arriving .status').textContent),
    );
    const all = await Promise.all(
      fetched.map(async ({ path, sizes }) => ({ path, bytes: (await sizes).responseBodySize })),
    );
    return { page, fetched: all };
  }

  it('shows text in a second and can be used in three, at 1.6 Mbit/s; the model comes after that', async () => {
    const { page, fetched } = await visit();
    const paths = fetched.map(({ path }) => path);
    assert.ok(!paths.some((path) => path.endsWith('.bitt')), String(paths));
    const bytesOf = (pattern) =>
      fetched.filter(({ path }) => pattern.test(path)).reduce((sum, { bytes }) => sum + bytes, 0);
    const seconds = (bytes, trips) => bytes / BYTES_A_SECOND + (trips * LATENCY_MS) / 1000;
    // Text needs the page and its style sheet, one after the other (connection, page, style sheet).
    const text = seconds(bytesOf(/\/$|\.css$/), 3);
    assert.ok(text < 1, `first text after ${text} s`);
    // The engine is there after script, worker and module, one after the other: now everything answers.
    const ready = seconds(bytesOf(/./), 5);
    assert.ok(ready < 3, `of use after ${ready} s`);
    assert.ok(paths.some((path) => path.endsWith('.wasm')));
    const paint = await page.evaluate(
      () => performance.getEntriesByName('first-contentful-paint')[0].startTime / 1000,
    );
    assert.ok(paint < PATIENCE * 1, `first text after ${paint} s`);
    const loaded = await page.evaluate(
      () => performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd / 1000,
    );
    assert.ok(loaded < PATIENCE * 3, `of use after ${loaded} s`);
    console.log(
      `      by its bytes: text ${text.toFixed(2)} s, of use ${ready.toFixed(2)} s; as measured: ` +
        `text ${paint.toFixed(2)} s, tabs ${loaded.toFixed(2)} s`,
    );
    await page.context().close();
  });

  for (const [width, height] of [
    [320, 640],
    [768, 1024],
    [1000, 800],
    [1280, 800],
    [1920, 1080],
  ])
    it(`moves nothing while it comes up (${width} wide)`, async () => {
      const page = await demo.open(
        demo.server.address,
        { viewport: { width, height } },
        true,
        (opened) =>
          opened.addInitScript(() => {
            globalThis.shifts = [];
            new PerformanceObserver((list) => {
              for (const { value, hadRecentInput, sources } of list.getEntries())
                if (!hadRecentInput)
                  globalThis.shifts.push([
                    value,
                    ...sources.map(({ node }) => node?.className ?? ''),
                  ]);
            }).observe({ type: 'layout-shift', buffered: true });
            // What stands below would move by less than the figure above counts.
            globalThis.heights = new Set();
            addEventListener('DOMContentLoaded', () =>
              new ResizeObserver(([{ contentRect }]) =>
                globalThis.heights.add(contentRect.height),
              ).observe(document.querySelector('.arrival')),
            );
          }),
      );
      await page.waitForFunction(() =>
        /tokens, written/.test(document.querySelector('.arriving .status').textContent),
      );
      await page.waitForFunction(() => document.querySelectorAll('.learning li').length === 10);
      const shifts = await page.evaluate(() => globalThis.shifts);
      const sum = shifts.reduce((all, [value]) => all + value, 0);
      const large = shifts.filter(([value]) => value > 0.001);
      assert.ok(sum < 0.02, `${sum}: ${JSON.stringify(large)}`);
      await page.waitForFunction(() => document.querySelector('.learning .note').textContent);
      await page.click('.learning [name=forget]');
      await page.waitForFunction(() =>
        document.querySelector('.learning .note').textContent.startsWith('It is empty'),
      );
      assert.equal((await page.evaluate(() => [...globalThis.heights])).length, 1);
      await page.context().close();
    });
});

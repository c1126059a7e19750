// Every tab of the demo page in each of its states: no fault that axe-core finds, nothing wider than the window from 320 to
// 1,920 pixels and at twice the size, light and dark. Screenshots of all lie in build/screenshots afterwards. In Chromium.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { axeFaults, demoInChromium, idle } from './support/chromium.mjs';
import { screenshots } from './support/page.mjs';

const WIDTHS = [320, 360, 640, 768, 1280, 1920]; // 640: 1280 at 200 %
/** Where axe looks, and what is kept as a picture. */
const LOOKS = [
  { width: 1280, colorScheme: 'light' },
  { width: 320, colorScheme: 'dark' },
];

const usual = Array.from(
  { length: 600 },
  (_, i) => `12:00:${10 + (i % 50)} GET /items/${i % 50} 200`,
);

/** The states of each tab, in the order in which they are gone through: how to get there from the one before. */
const STATES = {
  watch: {
    'sample-log': async (page) => {
      await page.click('#watch .odd li:first-child button');
      await page.waitForSelector('#watch .odd .around .chosen');
    },
    'sample-signal': (page) => page.click('#watch [name=signal]'),
    nothing: async (page) => {
      await page.fill('#watch textarea', usual.join('\n'));
      await page.click('#watch [type=submit]');
    },
    problem: (page) => page.selectOption('#watch [name=as]', 'signal'),
    file: async (page) => {
      const path = join(tmpdir(), 'a-rather-long-name-of-a-file.of-a-service.log');
      writeFileSync(path, Array(40).fill(usual.join('\n')).join('\n'));
      await page.setInputFiles('#watch [name=open]', path);
      await page.waitForSelector('#watch [name=close]');
    },
    program: (page) => page.click('#watch summary'),
  },
  tell: {
    untold: () => {},
    told: (page) => page.click('#tell .tell [type=submit]'),
    again: async (page) => {
      await page.click('#tell [name=sample]');
      await page.click('#tell .tell [type=submit]');
      await idle(page, 'tell');
      await page.click('#tell .told button');
      await idle(page, 'tell');
      await page.focus('#tell [name=question]');
      await page.waitForSelector('#tell .suggestions button');
    },
    'goes-on': (page) => page.click('#tell [name=goon]'),
    problem: (page) => page.click('#tell .tell [type=submit]'),
    forgotten: (page) => page.click('#tell [name=reset]'),
  },
  write: {
    empty: () => {},
    written: (page) => page.click('#write [type=submit]'),
    chosen: (page) => page.click('#write [data-token="12"]'),
    cut: async (page) => {
      await page.fill('#write [name=length]', '20');
      await page.click('#write [name=again]');
    },
    program: (page) => page.click('#write summary'),
  },
  train: {
    sample: (page) =>
      page.waitForFunction(() => document.querySelector('#train textarea').value !== ''),
    trained: async (page) => {
      await page.fill('#train [name=steps]', '12');
      await page.click('#train [type=submit]');
    },
    writes: (page) => page.click('#train [name=try]'),
    problem: async (page) => {
      await page.fill('#train textarea', 'Too short.');
      await page.click('#train [type=submit]');
    },
  },
  speed: {
    hashes: (page) =>
      page.waitForFunction(() => document.querySelector('#verdict').textContent !== ''),
    measured: (page) => page.click('#speed [type=submit]'),
  },
};

describe('demo page: every state of every tab', () => {
  const demo = demoInChromium();

  const scrollWidth = (page) => page.evaluate(() => document.documentElement.scrollWidth);

  async function fits(page, what) {
    for (const width of WIDTHS) {
      await page.setViewportSize({ width, height: 800 });
      const wide = await scrollWidth(page);
      assert.ok(wide <= width, `${what} is ${wide} wide in a window of ${width}`);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    // Text alone at 200 %.
    await page.evaluate(() => document.documentElement.style.setProperty('font-size', '200%'));
    const large = await scrollWidth(page);
    await page.evaluate(() => document.documentElement.style.removeProperty('font-size'));
    assert.ok(large <= 1280, `${what} is ${large} wide with large text`);
  }

  async function look(page, what) {
    for (const { width, colorScheme } of LOOKS) {
      await page.setViewportSize({ width, height: 800 });
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      assert.deepEqual(await axeFaults(page), [], `${what}, ${width}, ${colorScheme}`);
      const path = join(screenshots, `${what}-${width}-${colorScheme}.png`);
      await page.screenshot({ path, fullPage: true });
    }
  }

  for (const [tab, states] of Object.entries(STATES))
    it(`${tab}: ${Object.keys(states).join(', ')}`, async () => {
      const page = await demo.open(demo.server.address, { reducedMotion: 'reduce' });
      await page.click(`#tab-${tab}`);
      for (const [state, reach] of Object.entries(states)) {
        await page.evaluate((id) => (document.getElementById(id).ariaBusy = 'false'), tab);
        await reach(page);
        await idle(page, tab);
        await fits(page, `${tab}-${state}`);
        await look(page, `${tab}-${state}`);
      }
      await page.context().close();
    });

  it('while it loads, and where it cannot', async () => {
    const options = { serviceWorkers: 'block', reducedMotion: 'reduce' };
    const page = await demo.open(demo.server.address, options, false, (opened) =>
      opened.route('**/*.bitt', () => {}),
    );
    await page.waitForSelector('#watch .odd li');
    await fits(page, 'loading');
    await look(page, 'loading');
    await page.context().close();
    const broken = await demo.open(demo.server.address, options, false, (opened) =>
      opened.route('**/*.bitt', (route) => route.abort()),
    );
    await broken.waitForSelector('#trouble:not([hidden])');
    await fits(broken, 'trouble');
    await look(broken, 'trouble');
    await broken.context().close();
  });
});

// The demo page for everybody: keyboard, screen readers, small screens, and a story that can be stopped. In
// Chromium.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { demoInChromium, idle } from './support/chromium.mjs';
import { screenshots } from './support/page.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const tabs = ['write', 'tell', 'watch', 'train', 'speed'];

describe('demo page for everybody', () => {
  const demo = demoInChromium();

  it('keeps the focus for who works by keyboard', async () => {
    const page = await demo.open();
    await page.focus('#write button[type=submit]');
    await page.keyboard.press('Enter');
    await idle(page, 'write');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Write');
    await page.context().close();
  });

  it('stops a story at once, and stays alive while it writes', async () => {
    const page = await demo.open();
    await page.fill('#write [name=length]', '4096');
    await page.fill('#write [name=seed]', '3');
    // A story may take a tenth of a second: Stop is pressed as soon as the first words are there.
    await page.evaluate(() => {
      const story = document.querySelector('#write .story');
      new MutationObserver(() => {
        if (story.querySelector('[data-token]'))
          document.querySelector('#write [name=stop]').click();
      }).observe(story, { childList: true });
    });
    await page.click('#write button[type=submit]');
    await idle(page, 'write');
    assert.equal(await page.textContent('#write .status'), 'Stopped.');
    const tokens = await page.locator('#write [data-token]').count();
    assert.ok(tokens > 0 && tokens < 1000, `${tokens}`);
    await page.context().close();
  });

  it('can be used with the keyboard alone', async () => {
    const page = await demo.open();
    await page.focus('#tab-write');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'tab-watch');
    assert.ok(await page.isVisible('#watch'));
    assert.equal(new URL(page.url()).hash, '#watch');
    await page.focus('#watch [name=sample]');
    await page.keyboard.press('Enter');
    await idle(page, 'watch');
    await page.focus('#watch button[type=submit]');
    await page.keyboard.press('Enter');
    await idle(page, 'watch');
    assert.equal(await page.locator('#watch .odd li').count(), 6);
    const chosen = () => page.textContent('#watch .around .chosen');
    await page.focus('#watch .plot');
    await page.keyboard.press('ArrowDown');
    await page.waitForSelector('#watch .around .chosen');
    const before = await chosen();
    await page.keyboard.press('ArrowRight');
    const next = String(parseInt(before, 10) + 1);
    await page.waitForFunction(
      (n) => document.querySelector('#watch .around .chosen')?.textContent.startsWith(n),
      next,
    );
    await page.context().close();
  });

  it('is told and asked with the keyboard alone', async () => {
    const page = await demo.open(`${demo.server.address}#tell`);
    const focused = () =>
      page.evaluate(() => {
        const { name, type, textContent } = document.activeElement;
        return name || (type === 'submit' ? textContent : '');
      });
    await page.focus('#tell [name=text]');
    await page.keyboard.press('Tab');
    assert.equal(await focused(), 'Tell it');
    await page.keyboard.press('Enter');
    await idle(page, 'tell');
    assert.equal(await focused(), 'Tell it');
    while ((await focused()) !== 'question') await page.keyboard.press('Tab');
    await page.fill('#tell [name=question]', 'My cat is called');
    await page.keyboard.press('Enter');
    await idle(page, 'tell');
    assert.equal(await focused(), 'question');
    assert.match(await page.textContent('#tell .after'), /^My cat is called ./);
    await page.context().close();
  });

  for (const width of [360, 1000])
    it(`keeps what can be pressed in its place at the first answer (${width} wide)`, async () => {
      const viewport = { width, height: 800 };
      const page = await demo.open(`${demo.server.address}#tell`, { viewport });
      const places = () =>
        page.$$eval('#tell form *, #tell .answers *, #tell h2:has(+ .nothing)', (all) =>
          all
            .filter((e) => !e.matches('.answer *, .why *, .suggestions *'))
            .map((e) => Math.round(e.getBoundingClientRect().top + scrollY)),
        );
      const before = await places();
      await page.click('#tell .tell [type=submit]');
      await idle(page, 'tell');
      assert.notEqual(await page.textContent('#tell .after'), '');
      assert.deepEqual(await places(), before);
      await page.context().close();
    });

  for (const colorScheme of ['light', 'dark'])
    it(`has no accessibility fault that axe finds (${colorScheme})`, async () => {
      const page = await demo.open(demo.server.address, { colorScheme, reducedMotion: 'reduce' });
      await page.click('#write button[type=submit]');
      await idle(page, 'write');
      await page.click('#tab-tell');
      for (const button of ['.tell [type=submit]', '[name=sample]', '.tell [type=submit]']) {
        await page.click(`#tell ${button}`);
        await idle(page, 'tell');
      }
      await page.evaluate(axe);
      for (const tab of tabs) {
        await page.click(`#tab-${tab}`);
        const { violations } = await page.evaluate(() => globalThis.axe.run());
        const found = violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map((n) => n.target).join(', ')}`,
        );
        assert.deepEqual(found, [], tab);
      }
      await page.context().close();
    });

  it('fits a phone', async () => {
    const page = await demo.open(demo.server.address, { viewport: { width: 360, height: 740 } });
    for (const tab of tabs) {
      await page.click(`#tab-${tab}`);
      const sample = page.locator(`#${tab} [name=sample]`);
      if (await sample.count()) {
        await sample.click();
        await idle(page, tab);
      }
      if (tab === 'train') await page.fill('#train [name=steps]', '10');
      await page.click(`#${tab} button[type=submit]`);
      await idle(page, tab);
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(width <= 360, `${tab} is ${width} wide`);
      await page.screenshot({ path: join(screenshots, `phone-${tab}.png`), fullPage: true });
    }
    await page.context().close();
  });
});

// The demo page by the keyboard alone: the focus stays, is seen, and reaches everything; a story can be stopped. In
// Chromium.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { demoInChromium, idle } from './support/chromium.mjs';

describe('demo page for everybody', () => {
  const demo = demoInChromium();

  it('keeps the focus for who works by keyboard', async () => {
    const page = await demo.open(`${demo.server.address}#write`);
    await page.focus('#write button[type=submit]');
    await page.keyboard.press('Enter');
    await idle(page, 'write');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'Write');
    await page.context().close();
  });

  it('stops a story at once, and stays alive while it writes', async () => {
    const page = await demo.open(`${demo.server.address}#write`);
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
    await page.focus('#tab-watch');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'tab-speed');
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
        page.$$eval('#tell form *, #tell .answers *, #tell h3:has(+ .nothing)', (all) =>
          all
            .filter((e) => !e.matches('.answer *, .why *, .suggestions *'))
            .filter((e) => e.checkVisibility())
            .map((e) => Math.round(e.getBoundingClientRect().top + scrollY)),
        );
      const before = await places();
      await page.click('#tell .tell [type=submit]');
      await idle(page, 'tell');
      assert.notEqual(await page.textContent('#tell .after'), '');
      assert.deepEqual(await places(), before);
      await page.context().close();
    });

  it('shows where the keyboard is, everywhere, and leads through every tab to the end', async () => {
    const page = await demo.open(demo.server.address, { reducedMotion: 'reduce' });
    const focused = () =>
      page.evaluate(() => {
        const one = document.activeElement;
        const { left, right, width } = one.getBoundingClientRect();
        const shown = one.matches('input[type=file]') ? one.parentElement : one;
        const { outlineStyle, outlineWidth } = getComputedStyle(shown);
        return {
          name: one.id || one.name || one.textContent.trim().slice(0, 20) || one.className,
          seen: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2,
          within: width > 0 && left >= 0 && right <= innerWidth,
        };
      });
    for (const tab of ['watch', 'tell', 'write', 'train', 'speed']) {
      await page.focus(`#tab-${tab}`);
      await page.keyboard.press('Enter');
      const stops = [];
      while (stops.length < 60 && !/^Licences/.test(stops.at(-1)?.name ?? '')) {
        await page.keyboard.press('Tab');
        stops.push(await focused());
      }
      assert.ok(stops.length > 5 && stops.length < 60, `${tab}: ${stops.length} stops`);
      for (const { name, seen, within } of stops) {
        assert.ok(seen, `${tab}: ${name} has no outline`);
        assert.ok(within, `${tab}: ${name} is out of sight`);
      }
    }
    await page.context().close();
  });

  it('leads past the arrival to the tabs', async () => {
    const page = await demo.open();
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.textContent), 'To the tabs');
    await page.keyboard.press('Enter');
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.id), 'tab-watch');
    await page.context().close();
  });
});

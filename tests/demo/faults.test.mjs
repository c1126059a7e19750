// Faults that somebody saw on the demo page, each once: none comes back. In Chromium.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { demoInChromium, idle } from './support/chromium.mjs';

const TABS = ['watch', 'tell', 'write', 'train', 'speed'];

describe('demo page: faults that were mended', () => {
  const demo = demoInChromium();
  let page;
  before(async () => {
    page = await demo.open(demo.server.address, { reducedMotion: 'reduce' });
  });
  after(() => page?.context().close());

  const text = (selector) => page.textContent(selector);

  async function press(tab, selector) {
    await page.click(`#${tab} ${selector}`);
    await idle(page, tab);
  }

  it('the temperature has a name, and what it is at does not belong to it', async () => {
    await page.click('#tab-write');
    const session = await page.context().newCDPSession(page);
    const { root } = await session.send('DOM.getDocument');
    /** The name of each slider by the browser itself, which is what it tells a screen reader. */
    const names = async () => {
      const query = { nodeId: root.nodeId, role: 'slider' };
      const { nodes } = await session.send('Accessibility.queryAXTree', query);
      return nodes.filter(({ ignored }) => !ignored).map(({ name }) => name.value);
    };
    assert.deepEqual(await names(), ['Temperature']);
    await page.fill('#write [name=temperature]', '1.2');
    assert.equal(await text('#write output'), '1.2');
    assert.deepEqual(await names(), ['Temperature']);
    await session.detach();
  });

  it('tabs stay where they are when another one is chosen', async () => {
    const places = () =>
      page.$$eval('[role=tab]', (all) =>
        all.map((tab) => {
          const { x, y, width, height } = tab.getBoundingClientRect();
          return [x, y + scrollY, width, height];
        }),
      );
    await page.click('#tab-watch');
    const before = await places();
    for (const tab of TABS) {
      await page.click(`#tab-${tab}`);
      assert.deepEqual(await places(), before, tab);
    }
  });

  it('what is pressed and filled in stands in lines: of one height, and level', async () => {
    for (const tab of TABS) {
      await page.click(`#tab-${tab}`);
      const rows = await page.$$eval(`#${tab} form:not(.ask)`, (forms) =>
        forms.map((form) =>
          [
            ...form.querySelectorAll(
              'select, input:not([type=checkbox], [type=file]), button, .file',
            ),
          ]
            .filter((one) => one.checkVisibility())
            .map((one) => one.getBoundingClientRect())
            .map(({ top, height }) => ({ top, height })),
        ),
      );
      for (const { height } of rows.flat()) assert.equal(height, 40, tab);
      for (const row of rows)
        for (const { top } of row)
          for (const other of row)
            assert.ok(
              other.top === top || Math.abs(other.top - top) >= 40,
              `${tab}: ${top} beside ${other.top}`,
            );
    }
  });

  it('words that stand in a line from the start are seen whole', async () => {
    for (const width of [320, 360, 640, 768, 961, 1000, 1280, 1920]) {
      await page.setViewportSize({ width, height: 800 });
      for (const tab of TABS) {
        await page.click(`#tab-${tab}`);
        const cut = await page.$$eval('input:not([type]), [type=number]', (all) =>
          all
            .filter((one) => one.checkVisibility() && one.scrollWidth > one.clientWidth)
            .map(({ name, scrollWidth, clientWidth }) => [name, scrollWidth, clientWidth]),
        );
        assert.deepEqual(cut, [], `${tab}, ${width} wide`);
      }
    }
    await page.setViewportSize({ width: 1280, height: 720 });
  });

  it('of a token one figure is told, in percent', async () => {
    await page.click('#tab-write');
    await press('write', '[type=submit]');
    await page.click('#write [data-token="3"]');
    const detail = await text('#write .detail');
    assert.match(detail, /^“.+” had (under )?[\d.]+ %\. Likeliest: /);
    assert.doesNotMatch(detail, /surprise/);
  });

  it('on a phone the details of a word do not cover it', async () => {
    const phone = await demo.open(`${demo.server.address}#write`, {
      viewport: { width: 360, height: 640 },
      hasTouch: true,
      isMobile: true,
    });
    await phone.tap('#write [type=submit]');
    await idle(phone, 'write');
    const places = () =>
      phone.evaluate(() => {
        const { bottom, top } = document.querySelector('.story .chosen').getBoundingClientRect();
        const detail = document.querySelector('#write .detail').getBoundingClientRect();
        return { top, bottom, height: innerHeight, detail: detail.top };
      });
    for (const number of [5, 60, 100, 150]) {
      // The word is brought to the lower edge of the window, where it was covered.
      await phone.$eval(`#write [data-token="${number}"]`, (word) => {
        word.style.scrollMarginBottom = '0px';
        word.scrollIntoView({ block: 'end' });
      });
      await phone.evaluate(async (n) => {
        document.querySelector(`#write [data-token="${n}"]`).click();
      }, number);
      await phone.waitForFunction(
        (n) => document.querySelector('#write .chosen')?.dataset.token === String(n),
        number,
      );
      const { top, bottom, height, detail } = await places();
      assert.ok(top >= 0 && bottom <= height, `word ${number} is at ${top} of ${height}`);
      assert.ok(
        bottom <= detail,
        `word ${number} ends at ${bottom}, its details begin at ${detail}`,
      );
    }
    await phone.context().close();
  });

  it('an old chart is gone while a new text is read, and lines are counted as they are', async () => {
    await page.click('#tab-watch');
    await press('watch', '[name=sample]');
    assert.ok((await page.locator('#watch .plot canvas').count()) > 0);
    const seen = page.evaluate(
      () =>
        new Promise((resolve) => {
          const status = document.querySelector('#watch .status');
          new MutationObserver(() => {
            if (!/ of [\d,]+ lines/.test(status.textContent)) return;
            resolve({
              status: status.textContent,
              charts: document.querySelectorAll('#watch .plot canvas').length,
              entries: document.querySelectorAll('#watch .odd li').length,
            });
          }).observe(status, { childList: true });
        }),
    );
    const log = 'INFO  http: GET /items in 5 ms\n'.repeat(100_000);
    const file = { name: 'long.log', mimeType: 'text/plain', buffer: Buffer.from(log) };
    await page.setInputFiles('#watch [name=open]', file);
    await page.waitForSelector('#watch [name=close]');
    await press('watch', '[type=submit]');
    const { status, charts, entries } = await seen;
    assert.match(status, /^[\d,]+ of 100,000 lines$/);
    assert.equal(charts, 0);
    assert.equal(entries, 0);
    assert.match(await text('#watch .status'), /^100,000 lines in/);
    assert.ok((await page.locator('#watch .plot canvas').count()) > 0);
    await page.click('#watch [name=close]');
  });

  it('Control and Enter send what is typed', async () => {
    const send = async (tab, field) => {
      await page.click(`#tab-${tab}`);
      await page.focus(`#${tab} ${field}`);
      await page.keyboard.press('Control+Enter');
      await idle(page, tab);
    };
    await page.click('#tab-tell');
    await page.fill('#tell textarea', 'My goat is called Hildegard.');
    await send('tell', 'textarea');
    assert.match(await text('#tell .told'), /Hildegard/);
    assert.equal(await page.inputValue('#tell textarea'), '');
    await page.click('#tab-write');
    await page.fill('#write textarea', 'A goat');
    await send('write', 'textarea');
    assert.match(await text('#write .story'), /^A goat./);
    await page.click('#tab-watch');
    await page.fill('#watch textarea', 'one\ntwo\n');
    await send('watch', 'textarea');
    assert.match(await text('#watch .status'), /^2 lines in/);
    await page.click('#tab-train');
    await page.fill('#train textarea', 'short');
    await send('train', 'textarea');
    assert.match(await text('#train .problem'), /^This text has/);
  });

  it('a text that was cut says so', async () => {
    await page.click('#tab-write');
    await page.fill('#write [name=length]', '5');
    await press('write', '[type=submit]');
    assert.match(
      await text('#write .status'),
      /^5 tokens, .* a second; cut there, as it is the most that was allowed\.$/,
    );
    const end = await page.$eval(
      '#write .story',
      (one) => getComputedStyle(one, '::after').content,
    );
    assert.match(end, /…/);
    await page.fill('#write [name=length]', '300');
  });

  it('the same word names the same thing: loss, of a text and of a training', async () => {
    assert.doesNotMatch(await text('main'), /nats/);
    assert.match(await text('#tell .status'), /, loss [\d.]+\.$/);
    await page.click('#tab-train');
    await page.fill(
      '#train textarea',
      'The goat ate the hat, and the cat sat on the mat. '.repeat(60),
    );
    await page.fill('#train [name=steps]', '10');
    const said = page.waitForFunction(() =>
      /^Step \d+ of 10: loss [\d.]+; /.test(document.querySelector('#train .status').textContent),
    );
    await page.click('#train [type=submit]');
    await said;
    await idle(page, 'train');
    for (const tab of ['tell', 'train'])
      assert.match(await page.getAttribute(`#${tab} .plot`, 'aria-label'), /^loss over /);
  });

  it('the address of a tab shows it, and the first in the row is what most people need', async () => {
    const names = await page.$$eval('[role=tab]', (all) => all.map((one) => one.textContent));
    assert.deepEqual(names, ['Watch', 'Tell and ask', 'Write', 'Train', 'Speed']);
    assert.ok(!(await page.isVisible('#layer-hash')));
    await page.click('#tab-speed');
    await page.waitForSelector('#layer-hash');
  });
});

// What the demo page does by itself when it is opened: a story writes itself, a memory learns words, the sample log is
// read; and what it says while a model is downloaded on a slow network. In Chromium.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { join } from 'node:path';

import { BitLlama } from 'bit-ttt';

import { arrived, demoInChromium, idle } from './support/chromium.mjs';
import { slowNetwork } from './support/network.mjs';
import { root } from './support/page.mjs';

const FRESH = { serviceWorkers: 'block' };
const size = (name) => (statSync(join(root, `models/${name}.bitt`)).size / 1e6).toFixed(1);

/** Notes every text of an element, from before it is there. */
const noting = (selector) => (page) =>
  page.addInitScript((wanted) => {
    globalThis.noted = [];
    const note = () => {
      const text = document.querySelector(wanted)?.textContent;
      if (text !== undefined && text !== globalThis.noted.at(-1)) globalThis.noted.push(text);
    };
    const all = { subtree: true, childList: true, characterData: true };
    new MutationObserver(note).observe(document, all);
  }, selector);
const noted = (page) => page.evaluate(() => globalThis.noted);

describe('demo page on arrival', () => {
  const demo = demoInChromium();
  const over = (page) =>
    page.waitForFunction(() =>
      /tokens, written/.test(document.querySelector('.arriving .status').textContent),
    );
  const story = (page) => page.textContent('.arriving .text');

  it('writes a story by itself, which is what Node writes', async () => {
    const page = await demo.open(demo.server.address, {}, true, noting('.arriving .text'));
    await over(page);
    const text = await story(page);
    const model = await BitLlama.load(join(root, 'models/stories.bitt'));
    const prompt = 'Once upon a time, there was a little robot';
    let own = prompt;
    const options = { temperature: 0.7, maxTokens: 260, seed: 1 };
    for await (const piece of model.createSession().generate(prompt, options)) own += piece;
    model.destroy();
    assert.equal(text, own);
    const steps = await noted(page);
    assert.ok(steps.length > 50, `it was shown in ${steps.length} steps`);
    for (const step of steps) assert.ok(text.startsWith(step));
    assert.match(await page.textContent('.arriving .status'), /s; shown more slowly\.$/);
    await page.context().close();
  });

  it('shows all of a story when asked to, and then writes another one', async () => {
    const page = await demo.open();
    await page.waitForSelector('.arriving .text.writing');
    await page.click('.arriving button:text("Show all of it")');
    await over(page);
    assert.doesNotMatch(await page.textContent('.arriving .status'), /slowly/);
    const first = await story(page);
    assert.match(first, /lived happily ever after/);
    await page.click('.arriving button:text("Another story")');
    await page.waitForFunction(
      (old) => document.querySelector('.arriving .text').textContent !== old,
      first,
    );
    await over(page);
    assert.match(await story(page), /^One day, a small cat found a big box/);
    await page.context().close();
  });

  it('moves nothing for who wants that nothing moves', async () => {
    const options = { reducedMotion: 'reduce' };
    const page = await demo.open(demo.server.address, options, true, noting('.arriving .text'));
    await over(page);
    const steps = await noted(page);
    assert.ok(steps.length < 30, `it was shown in ${steps.length} steps`);
    const running = await page.evaluate(() => document.getAnimations().length);
    assert.equal(running, 0);
    await page.context().close();
  });

  it('says how far the model is downloaded on a slow network, and is of use meanwhile', async () => {
    const page = await demo.open(demo.server.address, FRESH, false, async (opened) => {
      await noting('.arriving .status')(opened);
      await slowNetwork(opened);
    });
    await page.waitForFunction(() =>
      /, [1-9]\d? % of/.test(document.querySelector('.arriving .status').textContent),
    );
    // The log was read, and a tab can be opened, while the model is on its way.
    const listed = () => document.querySelectorAll('#watch .odd li').length === 6;
    await page.waitForFunction(listed);
    assert.match(await page.textContent('.arriving .status'), /^Loading the model, \d+ %/);
    await page.click('#tab-write');
    await page.click('#write button[type=submit]');
    await page.waitForFunction(() =>
      /^Loading the model, \d+ % of 2\.6 MB$/.test(
        document.querySelector('#write .status').textContent,
      ),
    );
    await idle(page, 'write');
    assert.ok((await page.textContent('#write .story')).length > 100);
    await over(page);
    const said = await noted(page);
    const loading = said.filter((text) => /^Loading the model, /.test(text));
    assert.ok(loading.length > 10, `said ${loading.length} times`);
    const shares = loading.map((text) => {
      const [, share, of] = /^Loading the model, (\d+) % of ([\d.]+) MB$/.exec(text);
      assert.equal(of, size('stories'));
      return Number(share);
    });
    assert.deepEqual(
      shares,
      [...shares].sort((a, b) => a - b),
    );
    assert.equal(shares.at(-1), 100);
    assert.equal(said[0], 'Loading the model …');
    await page.context().close();
  });

  it('loads the English model when it is first needed, and says how far it is', async () => {
    const page = await demo.open(demo.server.address, FRESH, true, noting('#tell .status'));
    assert.doesNotMatch(await page.textContent('#model'), /english/);
    await slowNetwork(page);
    await page.click('#tab-tell');
    await page.click('#tell .tell [type=submit]');
    await idle(page, 'tell');
    const said = await noted(page);
    const loading = said.filter((text) => /^Loading the English model, \d+ % of/.test(text));
    assert.ok(loading.length > 5, String(said));
    assert.equal(loading.at(-1), `Loading the English model, 100 % of ${size('english')} MB`);
    assert.match(said.at(-1), /^Reading 1: \d+ tokens, loss [\d.]+\.$/);
    assert.match(await page.textContent('#model'), /Model stories .* Model english /);
    await page.context().close();
  });

  it('reads its sample log, unless something else was typed', async () => {
    const page = await demo.open();
    assert.equal(await page.locator('#watch .odd li').count(), 6);
    assert.match(await page.textContent('#watch .status'), /^2,9\d\d lines in/);
    await page.fill('#watch textarea', 'mine');
    await page.reload();
    await page.waitForSelector('#model:not(:empty)', { state: 'attached' });
    assert.equal(await page.inputValue('#watch textarea'), 'mine');
    assert.equal(await page.locator('#watch .odd li').count(), 0);
    await page.fill('#watch textarea', '');
    await page.reload();
    await arrived(page);
    assert.match(await page.inputValue('#watch textarea'), /^2026-03-01T02:00/);
    await page.context().close();
  });

  it('has something to try in every tab', async () => {
    const page = await demo.open();
    for (const [tab, field] of [
      ['watch', 'text'],
      ['tell', 'text'],
      ['tell', 'question'],
      ['write', 'prompt'],
      ['train', 'text'],
    ]) {
      await page.click(`#tab-${tab}`);
      const filled = ([id, name]) => document.querySelector(`#${id} [name=${name}]`).value !== '';
      await page.waitForFunction(filled, [tab, field]);
    }
    await page.context().close();
  });

  describe('the memory that learns words', () => {
    let page;
    before(async () => {
      page = await demo.open(demo.server.address, { reducedMotion: 'reduce' });
      await page.waitForFunction(() => document.querySelectorAll('.learning li').length === 10);
    });
    after(() => page?.context().close());

    const words = () =>
      page.$$eval('.learning li', (all) =>
        all.map(({ textContent }) => {
          const [, word, news] = /^(.+) ([\d.]+) %$/.exec(textContent);
          return { word, news: Number(news) };
        }),
      );
    const picture = (name) =>
      page.$eval(`.learning .${name}`, (canvas) =>
        [...canvas.getContext('2d').getImageData(0, 0, 32, 32).data].join(),
      );

    it('reads a line twice, and finds it less new the second time', async () => {
      const read = await words();
      const line = ['my', 'dog', 'is', 'called', 'Biscuit'];
      assert.deepEqual(
        read.map(({ word }) => word),
        [...line, ...line],
      );
      for (const [i, { news }] of read.slice(0, 5).entries()) {
        assert.ok(news > 80, `${news}`);
        assert.ok(read[i + 5].news < 40, `${read[i + 5].news}`);
      }
    });

    it('learns each word that is typed as it ends; the weights stay', async () => {
      const [weights, memory] = [await picture('weights'), await picture('memory')];
      assert.notEqual(weights, memory);
      await page.fill('.learning input', '');
      await page.type('.learning input', 'Winifred sings');
      await page.waitForFunction(() =>
        /^Winifred /.test(document.querySelector('.learning li:last-child').textContent),
      );
      assert.notEqual(await picture('memory'), memory);
      assert.equal(await picture('weights'), weights);
      await page.keyboard.press('Enter'); // all of it once more
      await page.waitForFunction(() =>
        /^sings /.test(document.querySelector('.learning li:last-child').textContent),
      );
      const [again, fresh] = (await words()).slice(-2);
      assert.ok(again.news < 40 && fresh.news > 60, `${again.news}, ${fresh.news}`);
      const label = await page.getAttribute('.learning .memory', 'aria-label');
      assert.equal(label, 'Memory: changed by 13 words');
    });

    it('forgets them', async () => {
      await page.click('.learning [name=forget]');
      await page.waitForFunction(() => document.querySelectorAll('.learning li').length === 0);
      assert.doesNotMatch(await picture('memory'), /[1-9]/);
      await page.click('.learning [type=submit]');
      await page.waitForFunction(() => document.querySelectorAll('.learning li').length === 2);
      for (const { news } of await words()) assert.ok(news > 80, `${news}`);
    });
  });
});

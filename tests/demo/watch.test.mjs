// The Watch tab: what stands out in logs and signals, how it is shown and walked through, and what is said where
// nothing does. In Chromium.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { join } from 'node:path';

import { axeFaults, demoInChromium, idle } from './support/chromium.mjs';
import { screenshots } from './support/page.mjs';

/** Usual lines, `count` of them, and some put in after the line of a number. */
function logWith(count, planted = {}) {
  const lines = [];
  for (let i = 1; i <= count; i++) {
    const time = new Date(Date.UTC(2026, 2, 1, 2) + 2000 * i).toISOString().slice(0, 19);
    lines.push(`${time}Z INFO  http: GET /items/${(i * 37) % 50} in ${1 + ((i * 7) % 40)} ms`);
    for (const line of planted[i] ?? []) lines.push(`${time}Z ${line}`);
  }
  return lines.join('\n');
}

const valueAt = (i) => 20 + 5 * Math.sin(i / 20) + ((i * 7919) % 100) / 100;

describe('demo page: watch', () => {
  const demo = demoInChromium();
  let page;
  let said;

  before(async () => {
    page = await demo.open(`${demo.server.address}#watch`);
    said = [];
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(String(error)));
  });
  after(() => page?.context().close());

  const status = () => page.textContent('#watch .status');
  const note = () => page.textContent('#watch .note');
  const entries = () =>
    page.$$eval('#watch .odd li', (all) =>
      all.map((item) => ({
        line: Number(/\d+/.exec(item.querySelector('.where').textContent)[0]),
        text: item.querySelector('.text').textContent,
        why: item.querySelector('.why')?.textContent ?? '',
        marks: [...item.querySelectorAll('.text mark')].map((mark) => ({
          text: mark.textContent,
          heat: Number(mark.style.getPropertyValue('--heat')),
        })),
      })),
    );

  /** Presses a button and waits until its work is done. */
  async function press(selector) {
    await page.evaluate(() => document.querySelector('#watch').removeAttribute('aria-busy'));
    await page.click(`#watch ${selector}`);
    await idle(page, 'watch');
  }

  /** Chooses in a select, on which all is read anew. */
  async function choose(name, value) {
    await page.evaluate(() => document.querySelector('#watch').removeAttribute('aria-busy'));
    await page.selectOption(`#watch [name=${name}]`, value);
    await idle(page, 'watch');
  }

  /** Types a text, but at once: browsers take seconds to insert a long one. */
  const type = (text) =>
    page.$eval(
      '#watch [name=text]',
      (area, value) => {
        area.value = value;
        area.dispatchEvent(new Event('input'));
      },
      text,
    );

  async function read(text) {
    await type(text);
    await press('[type=submit]');
    assert.equal(await page.textContent('#watch .problem'), '');
    return entries();
  }

  it('finds all that is planted in its sample log, and nothing else', async () => {
    await press('[name=sample]');
    const found = await entries();
    const wanted = [
      [/ERROR db: connection to 10\.0\.0\.7 lost/, /^Unexpected words: .*lost/],
      [/^02:4\d to 02:4\d: silence; usual (?:\d+|up) to \d+ lines a minute\.$/, /^$/],
      [/INFO {2}order: sent$/, /^Known line in an unusual place\.$/],
      [/rows in 1845000 ms$/, /^A number far outside its usual range: 1845000\.$/],
      [/wrong password for root/, /^Unexpected words: .* \+24 alike$/],
      [/FATAL worker 3 killed/, /^Unexpected words: .*killed/],
    ];
    assert.equal(found.length, wanted.length, JSON.stringify(found));
    for (const [i, [text, why]] of wanted.entries()) {
      assert.match(found[i].text, text);
      assert.match(found[i].why, why);
    }
    assert.deepEqual(
      found.map(({ line }) => line),
      found.map(({ line }) => line).sort((a, b) => a - b),
    );
    assert.match(await status(), /^2,9\d\d lines in /);
    assert.equal(await note(), '');
  });

  it('colours the odd words, each by its share', async () => {
    const found = await entries();
    const number = found.find(({ text }) => text.includes('1845000'));
    assert.deepEqual(number.marks, [{ text: '1845000', heat: 55 }]);
    const { marks } = found[0];
    assert.ok(marks.length > 2);
    const heats = marks.map(({ heat }) => heat);
    assert.equal(Math.max(...heats), 55);
    assert.ok(Math.min(...heats) >= 20 && new Set(heats).size > 1, String(heats));
    assert.equal(found.find(({ text }) => text.endsWith('order: sent')).marks.length, 0);
  });

  const chosen = () => page.textContent('#watch .around .chosen');
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  const until = (text) =>
    page.waitForFunction(
      (start) =>
        document.querySelector('#watch .around .chosen')?.textContent.startsWith(start) ?? false,
      text,
    );

  it('leads from a mark to its line and back by keyboard', async () => {
    const found = await entries();
    await page.focus('#watch .plot');
    for (const { line } of found) {
      await page.keyboard.press('ArrowDown');
      await until(`${line} `);
    }
    await page.keyboard.press('ArrowUp');
    await until(`${found.at(-2).line} `);
    assert.equal(await page.locator('#watch .odd li.chosen .around').count(), 1);
    await page.keyboard.press('Enter');
    assert.match(await focused(), new RegExp(`^line ${found.at(-2).line}`));
    assert.equal(await page.getAttribute('#watch .odd :focus', 'aria-expanded'), 'true');
    await page.keyboard.press('Escape');
    await page.keyboard.press('ArrowRight');
    await until(`${found.at(-2).line + 1} `);
    assert.equal(await page.locator('#watch .odd li.chosen').count(), 0);
    assert.equal(await page.locator('#watch .plot + .around').count(), 1);
    await page.click('#watch .odd li:first-child button');
    await until(`${found[0].line} `);
    assert.ok((await page.locator('#watch .around mark').count()) > 2);
  });

  it('leads from a mark to its line by a click', async () => {
    const found = await entries();
    const box = await page.locator('#watch .plot .u-over').boundingBox();
    const lines = Number((await status()).slice(0, 5).replace(',', ''));
    for (const { line } of [found[3], found[0]]) {
      const x = box.x + (box.width * (line - 1)) / (lines - 1);
      await page.mouse.click(x - 3, box.y + 20); // about where it is
      await until(`${line} `);
      assert.match(await page.textContent('#watch .odd li.chosen'), new RegExp(`^line ${line}`));
    }
  });

  it('says in one sentence that nothing stands out', async () => {
    assert.deepEqual(await read(logWith(600)), []);
    assert.match(await note(), /^Nothing stands out: none of the 600 lines was odd enough/);
    assert.match(await status(), /^600 lines in [\d.]+ s\. A score of 3 is one line in 1,000\.$/);
  });

  it('says how many lines it takes where there are too few', async () => {
    assert.deepEqual(await read('one line\n\nanother line\n'), []);
    assert.match(await note(), /that takes 200 lines, and here are 2\.$/);
  });

  it('joins the lines of a stack trace, and shows all of them', async () => {
    const trace = ['java.lang.IllegalStateException: gone', '\tat shop.Cart.pay(Cart.java:42)'];
    const planted = { 700: [`ERROR pay: failed\n${trace.join('\n')}`] };
    const found = await read(logWith(900, planted));
    assert.equal(found.length, 1, JSON.stringify(found));
    assert.equal(found[0].line, 701);
    assert.ok(found[0].text.endsWith(trace.join('\n')), found[0].text);
    assert.match(await status(), /^903 lines/);
    await page.click('#watch .odd li button');
    await until(`${found[0].line} `);
    assert.ok((await page.locator('#watch .around .chosen mark').count()) > 0);
  });

  it('lists a line without a time by its own number', async () => {
    const found = await read(
      logWith(900, { 700: ['INFO  http: GET /items/1 in 1 ms\nthe roof is on fire'] }),
    );
    assert.deepEqual(
      found.map(({ line }) => line),
      [702],
    );
    assert.equal(
      found[0].why,
      'Unexpected words: the roof is on fire. Most like “INFO http: GET /items/<n> in <n> ms”.',
    );
  });

  it('has more alarms at a higher rate, and reads anew when it is changed', async () => {
    await press('[name=sample]');
    const some = (await entries()).length;
    await choose('rate', '0.01');
    const many = (await entries()).length;
    await choose('rate', '0.001');
    const few = (await entries()).length;
    assert.ok(few < some && some < many, `${few}, ${some}, ${many}`);
    await choose('rate', '0.0033');
  });

  it('shows texts of the log as they are, whatever is in them', async () => {
    const evil = 'ERROR <img src=x onerror=alert(1)> </button> \u202e\u001b[31m &amp; \ufffd';
    const found = await read(logWith(900, { 700: [evil], 800: [`WARN ${'x1y '.repeat(30000)}`] }));
    assert.ok(found[0].text.endsWith(evil), found[0].text);
    assert.ok(found.every(({ text }) => text.length < 500));
    assert.equal(await page.locator('#watch .odd img, #watch .around img').count(), 0);
  });

  it('finds the odd values of its sample signal, and says what was expected', async () => {
    await press('[name=signal]');
    const found = await entries();
    assert.equal(found.length, 2, JSON.stringify(found));
    assert.match(found[0].text, /^2026-03-04 22:50 {2}2\d\.\d$/);
    assert.match(found[0].why, /^Too high: [\d.]+ to [\d.]+ was expected\.$/);
    assert.match(found[1].why, /^Too low: /);
    assert.match(await status(), /^1,440 values of celsius in /);
    assert.match(await page.textContent('#watch .u-legend'), /celsius.*alarm.*expected at most/s);
    await page.click('#watch .odd li:first-child button');
    await until(`${found[0].line} `);
    assert.match(await chosen(), /2026-03-04 22:50,2/);
  });

  it('reads tables of many kinds, a column of those that there are', async () => {
    const row = (i) => [
      i,
      valueAt(i).toFixed(2),
      i === 800 ? 99 : (valueAt(i + 9) - 10).toFixed(2),
    ];
    const rows = Array.from({ length: 1000 }, (_, i) => row(i));
    const iso = (i) => new Date(Date.UTC(2026, 0, 1) + 60000 * i).toISOString();
    const tables = {
      'time,a,b': rows.map(([i, a, b]) => `${iso(i)},${a},${b}`),
      '"time";"a";"b"': rows.map(([i, a, b]) => `"${iso(i)}";${`${a}`.replace('.', ',')};"${b}"`),
      'a\tb\ttimestamp': rows.map(([i, a, b]) => `${a}\t${b}\t${1780000000 + 60 * i}`),
    };
    for (const [header, lines] of Object.entries(tables)) {
      await read([header, ...lines].join('\n'));
      await choose('column', 'a');
      assert.match(await status(), /^1,000 values of a in/, header);
      await choose('column', 'b');
      const found = await entries();
      assert.equal(found.length, 1, header);
      assert.equal(found[0].line, 802);
      assert.match(found[0].text, /(^| {2})99$/);
    }
    for (const [columns, name] of [
      [2, 'column 2'],
      [1, 'value'],
    ]) {
      const text = rows.map(([i, , b]) => (columns === 2 ? `${iso(i)},${b}` : b)).join('\n');
      const found = await read(text);
      assert.match(await status(), new RegExp(`^1,000 values of (value|${name}) in`));
      assert.deepEqual(
        found.map(({ line }) => line),
        [801],
      );
      assert.ok(await page.isHidden('#watch .column'));
    }
  });

  it('takes a log with commas for a log', async () => {
    const rows = (make) => Array.from({ length: 300 }, (_, i) => make(i)).join('\n');
    for (const text of [
      `time,level,text,ms\n${rows((i) => `10:20:${10 + (i % 50)},INFO,done,${i % 9}`)}`,
      rows((i) => `2026-03-01 10:20:${10 + (i % 50)},${100 + i} INFO done`),
      rows((i) => `done ${i}, ${i % 9} left`),
    ]) {
      await read(text);
      assert.match(await status(), /^30[01] lines/);
    }
  });

  it('reads a signal with holes, and says how many values it takes', async () => {
    await read(
      ['value', ...Array.from({ length: 90 }, (_, i) => (i % 9 ? i % 5 : 'n/a'))].join('\n'),
    );
    assert.match(await note(), /that takes 150 values, and here are 90\.$/);
  });

  it('reads as what it is told to, or says in a sentence that it cannot', async () => {
    await press('[name=signal]');
    await choose('as', 'log');
    assert.match(await status(), /^1,441 lines/);
    await type(logWith(300));
    await choose('as', 'signal');
    assert.match(await page.textContent('#watch .problem'), /^This is no table of numbers/);
    await choose('as', 'looks');
    assert.match(await status(), /^300 lines/);
  });

  for (const colorScheme of ['light', 'dark'])
    for (const sample of ['sample', 'signal'])
      it(`has no fault that axe finds in what it found (${sample}, ${colorScheme})`, async () => {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await press(`[name=${sample}]`);
        await page.click('#watch .odd li:first-child button');
        await page.waitForSelector('#watch .odd .around .chosen');
        assert.deepEqual(await axeFaults(page), []);
        const path = join(screenshots, `watch-${sample}-${colorScheme}.png`);
        await page.screenshot({ path, fullPage: true });
      });

  it('has written nothing to the console', () => assert.deepEqual(said, []));
});

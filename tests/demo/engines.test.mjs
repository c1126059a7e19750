// Each tab of the demo, used as a person would, in three browser engines: what is written, read and
// learnt there is what Node's addon writes, reads and learns.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  BitLlama,
  conformanceHash,
  LogDetector,
  llamaConformanceHash,
  SignalDetector,
} from 'bit-ttt';

import { engines, until } from './support/drivers.mjs';
import {
  openDemo,
  openTab,
  press,
  root,
  screenshots,
  serveDemo,
  submit,
  textOf,
} from './support/page.mjs';

const PROMPT = 'One day, a cat named Tom';
const loss = (status) => Number(/loss ([\d.]+)\./.exec(status)[1]);

/** What Node writes with the same settings. */
async function write(session, prompt, options) {
  let text = '';
  for await (const piece of session.generate(prompt, options)) text += piece;
  return text;
}

/** What the page lets a session read for a text: as in training, the end-of-text token stands before it. */
const tokensOf = ({ tokenizer }, text) => [tokenizer.endOfText, ...tokenizer.encode(text)];

/** Heads of a model's memory. */
const headsOf = ({ config }) => (config.numLayers * config.innerDim) / config.headDim;

/** The question, and how Node finishes it: the likeliest tokens, to the first that ends a sentence. */
async function answer(session, question) {
  const options = { temperature: 0, maxTokens: 30, raw: true };
  let text = question;
  for await (const piece of session.generate(tokensOf(session.model, question), options)) {
    text += piece;
    if (/[.!?…]/.test(piece)) return text;
  }
  return `${text}…`;
}

for (const { name, here, hint, launch } of engines)
  describe(`demo in ${name}`, () => {
    let folder, demo, browser, model, stories;
    const shoot = (tab) =>
      browser.screenshot(join(screenshots, `${name.toLowerCase()}-${tab}.png`));

    const curves = () =>
      browser.evaluate(`document.querySelector('#tell .plot').getAttribute('aria-label')`);

    before(async function () {
      if (!here) {
        console.log(`      skipped: ${name} is not installed (apt-get install ${hint})`);
        this.skip();
      }
      folder = mkdtempSync(join(tmpdir(), 'bit-ttt-demo-'));
      model = await BitLlama.load(join(root, 'models/english.bitt'));
      stories = await BitLlama.load(join(root, 'models/stories.bitt'));
      demo = await serveDemo();
      browser = await launch();
      await openDemo(browser, demo.address);
    });

    after(async () => {
      await browser?.close();
      demo?.close();
      model?.destroy();
      stories?.destroy();
      if (folder) rmSync(folder, { recursive: true, force: true });
    });

    it("shows Node's conformance hashes", async () => {
      await openTab(browser, 'speed');
      await until(browser, `document.querySelector('#verdict').textContent !== ''`);
      assert.equal(await textOf(browser, '#layer-hash'), await conformanceHash());
      assert.equal(await textOf(browser, '#model-hash'), await llamaConformanceHash());
      assert.match(await textOf(browser, '#engine'), /the same bits as everywhere/);
    });

    it('writes what Node writes, with either model', async () => {
      await openTab(browser, 'write');
      await browser.type('#write [name=prompt]', PROMPT);
      await browser.type('#write [name=length]', '120');
      await browser.type('#write [name=seed]', '42');
      const choose = (name) =>
        browser.evaluate(`document.querySelector('#write [name=model]').value = '${name}'`);
      for (const [name, writer] of Object.entries({ english: model, stories })) {
        await choose(name);
        await submit(browser, 'write');
        const session = writer.createSession();
        const story = await write(session, PROMPT, { temperature: 0.7, maxTokens: 120, seed: 42 });
        assert.equal(await textOf(browser, '#write .story'), PROMPT + story, name);
        assert.match(await textOf(browser, '#write .status'), /^\d+ tokens, [\d,.]+ a second/);
        const print = writer.fingerprint.toString(16).padStart(16, '0');
        assert.ok((await textOf(browser, '#model')).includes(`Model ${name} ${print}: `));
      }
    });

    it('tells what else a token might have been', async () => {
      await browser.click('#write .story [data-token="3"]');
      const detail = await textOf(browser, '#write .detail');
      assert.match(detail, /had [\d.]+ %\. Likeliest: (“.+” [\d.]+ %){2}/);
      const heat = `getComputedStyle(document.querySelector('[data-token="3"]')).backgroundColor`;
      assert.match(await browser.evaluate(heat), /rgb/);
      await shoot('write');
    });

    it('was told nothing before and the example after, at the first press', async () => {
      await openTab(browser, 'tell');
      await submit(browser, 'tell');
      const [fresh, told] = [model.createSession(), model.createSession()];
      told.read(tokensOf(model, 'My dog is called Biscuit.'));
      const question = 'My dog is called';
      assert.equal(await textOf(browser, '#tell .before'), await answer(fresh, question));
      assert.equal(await textOf(browser, '#tell .after'), await answer(told, question));
      assert.equal(await textOf(browser, '#tell .after mark'), 'Biscuit');
      assert.match(
        await textOf(browser, '#tell .why'),
        /“Biscuit” had .+ % before, and has [\d.]+ % now/,
      );
      assert.equal(await textOf(browser, '#tell .told mark'), 'My dog is called Biscuit');
      assert.match(await curves(), /Reading 1: from [\d.]+ to [\d.]+$/); // of a single sentence, too
      await shoot('tell');
    });

    it('suggests the word that it was told, and completes the one that is typed', async () => {
      const suggested = (word) => `[...document.querySelectorAll('#tell .suggestions button')]
        .some((button) => button.textContent === '${word}')`;
      await browser.type('#tell [name=question]', 'My dog is ca');
      await until(browser, suggested('called'));
      await browser.evaluate(`document.querySelector('#tell .suggestions button').click()`);
      const typed = `document.querySelector('#tell [name=question]').value`;
      assert.equal(await browser.evaluate(typed), 'My dog is called ');
      await until(browser, suggested('Biscuit'));
      await browser.type('#tell [name=question]', 'My dog is called'); // a whole word, without a space
      await until(browser, suggested('Biscuit'));
      assert.equal(await browser.evaluate(`document.activeElement.name`), 'question');
    });

    it('keeps what it was told, whatever else it is told, until it is to forget', async () => {
      await browser.type('#tell [name=text]', 'The garden gate is painted green.');
      await submit(browser, 'tell');
      assert.equal(await textOf(browser, '#tell .after mark'), 'Biscuit');
      await browser.type('#tell [name=question]', 'The garden gate is painted');
      await press(browser, 'tell', '.ask [type=submit]');
      assert.equal(await textOf(browser, '#tell .after mark'), 'green');
      assert.equal(await textOf(browser, '#tell .told mark'), 'The garden gate is painted green');
      await press(browser, 'tell', '[name=reset]');
      assert.equal(await textOf(browser, '#tell .told'), '');
      await press(browser, 'tell', '.ask [type=submit]');
      const after = await textOf(browser, '#tell .after');
      assert.equal(after, await textOf(browser, '#tell .before'));
      assert.match(await textOf(browser, '#tell .why'), /told nothing yet/);
    });

    it('foresees a text that it is told again, and its fast weights are seen to change', async () => {
      await press(browser, 'tell', '[name=sample]');
      await submit(browser, 'tell');
      const first = loss(await textOf(browser, '#tell .status'));
      await press(browser, 'tell', '.told button');
      const second = loss(await textOf(browser, '#tell .status'));
      assert.ok(second < 0.5 && first > 3, `${first} and ${second}`);
      assert.match(await curves(), /Reading 1: .+; Reading 2: /);
      assert.match(await textOf(browser, '#tell .told li'), /told 2 times/);
      assert.match(await textOf(browser, '#tell .after'), /^Alice was beginning to get very tired/);
      const painted = `(() => { const c = document.querySelector('#tell canvas.heads');
        return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some((x) => x > 0); })()`;
      assert.equal(await browser.evaluate(painted), true);
      assert.match(
        await textOf(browser, '#tell .seen'),
        new RegExp(`what has changed in \\d+ of ${headsOf(model)} heads`),
      );
    });

    it('leaves a frozen memory as it is', async () => {
      await browser.click('#tell [name=frozen]');
      await browser.type('#tell [name=text]', 'My bird is called Winifred.');
      await browser.type('#tell [name=question]', 'My bird is called');
      await submit(browser, 'tell');
      assert.match(await textOf(browser, '#tell .seen'), /nothing has changed/);
      assert.doesNotMatch(await textOf(browser, '#tell .told'), /Winifred/);
      assert.doesNotMatch(await textOf(browser, '#tell .after'), /Winifred/);
      await browser.click('#tell [name=frozen]');
    });

    it('takes a memory that Node saved, and goes on as Node does', async () => {
      const session = model.createSession();
      await session.observe(readFileSync(join(root, 'examples/alice.txt'), 'utf8').slice(0, 3000));
      const file = join(folder, 'node.memory');
      writeFileSync(file, session.save());
      await browser.upload('#tell [name=load]', file);
      await until(
        browser,
        `/node\\.memory/.test(document.querySelector('#tell .status').textContent)`,
      );
      await press(browser, 'tell', '[name=goon]');
      const shown = await textOf(browser, '#tell .story');
      const settings = { temperature: 0.7, maxTokens: 120, seed: 1 };
      assert.equal(shown, await write(session, '', settings));
    });

    it("finds in a log what Node's addon finds, and leads to it", async () => {
      await openTab(browser, 'watch');
      await press(browser, 'watch', '[name=sample]');
      const found = await browser.evaluate(
        `[...document.querySelectorAll('#watch .odd li')].map((li) => ({
          line: Number(li.querySelector('.where').textContent.slice(5)),
          marks: [...li.querySelectorAll('mark')].map((mark) => mark.textContent),
          more: li.querySelector('.more') !== null,
        }))`,
      );
      const text = await browser.evaluate(`document.querySelector('#watch textarea').value`);
      const log = await LogDetector.create({ alarmRate: 0.0033 });
      const told = [];
      for await (const finding of log.watch(text)) told.push(finding);
      log.destroy();
      const own = told.filter(({ kind }) => kind === 'line');
      assert.equal(own.length, 5);
      assert.ok(told.some(({ kind }) => kind === 'silence'));
      const inOrder = ({ because }) => [...because].sort((a, b) => a.start - b.start);
      assert.deepEqual(
        found.filter(({ line }) => own.some((finding) => finding.line === line)),
        own.map((finding) => ({
          line: finding.line,
          marks: inOrder(finding).map(({ start, end }) => finding.text.slice(start, end)),
          more: finding.text.includes('wrong password'),
        })),
      );
      assert.equal(found.length, own.length + 1); // the silence
      const chosen = `(document.querySelector('#watch .around .chosen')?.textContent ?? '')`;
      await browser.click('#watch .odd li:nth-child(3) button');
      await until(browser, `${chosen}.startsWith('${found[2].line} ')`);
      await browser.click('#watch .plot .u-over');
      await until(browser, `/^1[45]\\d\\d /.test(${chosen})`); // the middle of 2960
      await shoot('watch');
    });

    it("finds in a signal what Node's addon finds", async () => {
      await press(browser, 'watch', '[name=signal]');
      const found = await browser.evaluate(
        `[...document.querySelectorAll('#watch .odd .where')].map((e) => Number(e.textContent.slice(5)))`,
      );
      const text = await browser.evaluate(`document.querySelector('#watch textarea').value`);
      const signal = await SignalDetector.create({ alarmRate: 0.0033 });
      const alarms = text.split('\n').flatMap((row, i) => {
        const [time, value] = row.split(',');
        if (i === 0 || row === '') return [];
        const { alarm, score } = signal.read(Number(value), Date.parse(`${time}Z`) / 1000);
        return alarm && score >= 2 ? [i + 1] : [];
      });
      assert.deepEqual(found, alarms);
      assert.equal(found.length, 2);
      await shoot('watch-signal');
    });

    it('trains a model, which writes', async () => {
      await openTab(browser, 'train');
      await press(browser, 'train', '[name=sample]');
      await browser.type('#train [name=steps]', '24');
      await submit(browser, 'train');
      assert.match(
        await textOf(browser, '#train .status'),
        /Done after 24 steps: [\d,]+ parameters/,
      );
      await press(browser, 'train', '[name=try]');
      assert.ok((await textOf(browser, '#train .story')).length > 40);
      await shoot('train');
    });

    it('measures this device', async () => {
      await openTab(browser, 'speed');
      await submit(browser, 'speed');
      const rows = await browser.evaluate(
        `[...document.querySelectorAll('#speed .figures tbody tr')].map((tr) => [...tr.children].map((td) => td.textContent))`,
      );
      const shared = await browser.evaluate(
        `crossOriginIsolated && typeof SharedArrayBuffer === 'function' && navigator.hardwareConcurrency > 1`,
      );
      assert.equal(rows.length, shared ? 3 : 2);
      const number = (text) => Number(text.replaceAll(',', ''));
      for (const row of rows)
        assert.ok(
          row.slice(1).every((text) => number(text) > 0),
          String(row),
        );
      assert.ok(number(rows[1][2]) > number(rows[0][2])); // SIMD against JavaScript
      await shoot('speed');
    });

    it('broke no policy and threw nothing', () => assert.deepEqual(browser.problems, []));
  });

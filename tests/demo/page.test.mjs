// The demo page where things are not as they should be: policies, sub-paths, no network, no SIMD, bad files,
// ended workers. In Chromium.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { BitLlama } from 'bit-ttt';

import { launchChromium, newContext } from '../support/browser.mjs';
import { arrived, demoInChromium, idle } from './support/chromium.mjs';
import { root, serveDemo } from './support/page.mjs';

describe('demo page', () => {
  const demo = demoInChromium();
  const folder = mkdtempSync(join(tmpdir(), 'bit-ttt-page-'));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const problem = (page, tab) => page.textContent(`#${tab} .problem`);

  async function fileOf(name, content) {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  }

  it('has the policy in the page and in the header', async () => {
    const response = await fetch(demo.server.address);
    const policy = response.headers.get('content-security-policy');
    assert.match(policy, /script-src 'self' 'wasm-unsafe-eval'(;|$)/);
    assert.ok(!/unsafe-(inline|eval)'/.test(policy.replace("'wasm-unsafe-eval'", '')));
    const html = (await response.text()).replaceAll('&#39;', "'");
    assert.ok(html.includes(`content="${policy}"`));
  });

  it('works under a sub-path, and without cross-origin isolation', async () => {
    const other = await serveDemo({ base: '/a/b/', isolated: false });
    const page = await demo.open(other.address);
    assert.match(await page.textContent('#engine'), /not cross-origin isolated/);
    await page.click('#tab-speed');
    await page.click('#speed button[type=submit]');
    await page.waitForSelector('#speed .figures:not([hidden])');
    assert.match(await page.textContent('#speed .status'), /Threads were not measured/);
    await page.context().close();
    other.close();
  });

  it('works without a network after the first visit', async () => {
    const page = await demo.open();
    await page.waitForFunction(() => document.querySelector('#offline')?.textContent !== '');
    await page.context().setOffline(true);
    await page.reload();
    await arrived(page);
    await page.click('#tab-write');
    await page.click('#write button[type=submit]');
    await idle(page, 'write');
    assert.ok((await page.textContent('#write .story')).length > 100);
    await page.context().close();
  });

  it('says in a sentence that SIMD is missing, and keeps what was typed', async () => {
    const flags = ['--js-flags=--no-enable-sse4-1 --no-enable-ssse3'];
    const old = await launchChromium(flags);
    const page = await old.newPage();
    await page.goto(`${demo.server.address}#write`);
    await page.fill('#write textarea', 'My own beginning');
    await page.waitForSelector('#trouble:not([hidden])');
    assert.match(await page.textContent('#trouble'), /SIMD/);
    await page.click('#write button[type=submit]');
    await page.waitForFunction(() => document.querySelector('#write .problem').textContent !== '');
    assert.match(await problem(page, 'write'), /SIMD/);
    assert.equal(await page.inputValue('#write textarea'), 'My own beginning');
    await old.close();
  });

  it('says in a sentence that a worker could not be run', async () => {
    const context = await newContext(demo.browser, { serviceWorkers: 'block' });
    await context.route('**/worker-*.js', (route) => route.abort());
    const page = await context.newPage();
    await page.goto(demo.server.address);
    await page.waitForSelector('#trouble:not([hidden])');
    assert.match(await page.textContent('#trouble'), /The worker has ended; perhaps .* memory/);
    await context.close();
  });

  it('refuses bad files in a sentence and loses nothing', async () => {
    const page = await demo.open();
    await page.click('#tab-tell');
    await page.fill('#tell textarea', 'Kept.');
    await page.setInputFiles('#tell [name=load]', await fileOf('bad.memory', 'no memory at all'));
    await page.waitForFunction(() => document.querySelector('#tell .problem').textContent !== '');
    assert.match(await problem(page, 'tell'), /^Not a saved state/);
    await page.setInputFiles('#tell [name=open]', await fileOf('a.bin', Buffer.alloc(5000)));
    await page.waitForFunction(() =>
      /is no text/.test(document.querySelector('#tell .problem').textContent),
    );
    await page.setInputFiles('#tell [name=open]', await fileOf('photo.txt', randomBytes(5000)));
    await page.waitForFunction(() =>
      /photo\.txt is no text/.test(document.querySelector('#tell .problem').textContent),
    );
    await page.setInputFiles('#tell [name=open]', await fileOf('empty.txt', ''));
    await page.waitForFunction(() =>
      /is empty/.test(document.querySelector('#tell .problem').textContent),
    );
    assert.equal(await page.inputValue('#tell textarea'), 'Kept.');
    await page.click('#tab-train');
    await page.waitForFunction(() => document.querySelector('#train textarea').value !== '');
    await page.fill('#train textarea', '');
    await page.click('#train button[type=submit]');
    await page.waitForFunction(() => document.querySelector('#train .problem').textContent !== '');
    assert.match(await problem(page, 'train'), /no text to train on/);
    await page.fill('#train textarea', 'Too short.');
    await page.click('#train button[type=submit]');
    await page.waitForFunction(() =>
      /^This/.test(document.querySelector('#train .problem').textContent),
    );
    assert.match(
      await problem(page, 'train'),
      /^This text has \d+ tokens, and training takes more than 128: a hundred words\. A few/,
    );
    await page.context().close();
  });

  it('saves a memory that Node restores to the same bits', async () => {
    const page = await demo.open();
    await page.click('#tab-tell');
    await page.fill('#tell textarea', 'The quick brown fox jumps over the lazy dog.');
    await page.click('#tell button[type=submit]');
    await idle(page, 'tell');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.click('#tell [name=save]'),
    ]);
    const bytes = readFileSync(await download.path());
    const model = await BitLlama.load(join(root, 'models/english.bitt'));
    const [restored, own] = [model.createSession(), model.createSession()];
    const { tokenizer } = model;
    const ids = tokenizer.encode('The quick brown fox jumps over the lazy dog.');
    own.read([tokenizer.endOfText, ...ids]);
    restored.restore(bytes);
    assert.deepEqual(restored.logits(), own.logits());
    assert.deepEqual(Buffer.from(own.save()), bytes);
    model.destroy();
    await page.context().close();
  });

  it('says that a memory of the other model is one, and keeps its own', async () => {
    const stories = await BitLlama.load(join(root, 'models/stories.bitt'));
    const session = stories.createSession();
    await session.observe('Once upon a time.');
    const file = await fileOf('stories.memory', session.save());
    stories.destroy();
    const page = await demo.open(`${demo.server.address}#tell`);
    await page.click('#tell .tell [type=submit]');
    await idle(page, 'tell');
    await page.setInputFiles('#tell [name=load]', file);
    await page.waitForFunction(() => document.querySelector('#tell .problem').textContent !== '');
    assert.match(
      await problem(page, 'tell'),
      /^Stories\.memory is the memory of another model; here/,
    );
    await page.click('#tell .ask [type=submit]');
    await idle(page, 'tell');
    assert.match(await page.textContent('#tell .after'), /Biscuit/);
    await page.context().close();
  });

  it('takes whatever is told and asked, or says in a sentence why not', async () => {
    const page = await demo.open(`${demo.server.address}#tell`);
    const send = async (form) => {
      await page.click(`#tell .${form} [type=submit]`);
      await idle(page, 'tell');
    };
    const nothing = [
      ['tell', '[name=text]', /^There is nothing to tell yet\.$/],
      ['ask', '[name=question]', /^Ask by beginning a sentence/],
    ];
    for (const [form, field, complaint] of nothing)
      for (const blank of ['', ' \t ']) {
        await page.fill(`#tell ${field}`, blank);
        await send(form);
        assert.match(await problem(page, 'tell'), complaint);
      }
    const odd = [
      '🦊🐕‍🦺 é 漢字 \u202e \ufffd \0 \ud800',
      '<img src=x onerror=alert(1)> $& \\ </textarea>',
      '?',
      'never '.repeat(3000),
    ];
    for (const text of odd) {
      await page.fill('#tell [name=text]', text);
      await page.fill('#tell [name=question]', text);
      await send('tell');
      assert.equal(await problem(page, 'tell'), '');
      const question = (await page.inputValue('#tell [name=question]')).trim();
      for (const side of ['before', 'after'])
        assert.ok((await page.textContent(`#tell .${side}`)).startsWith(question));
      assert.equal(await page.inputValue('#tell [name=text]'), '');
    }
    assert.equal(await page.locator('#tell .told li').count(), odd.length);
    assert.equal(await page.locator('#tell img').count(), 0);
    await page.context().close();
  });

  it('trains a model that Node loads', async () => {
    const page = await demo.open();
    await page.click('#tab-train');
    await page.click('#train [name=sample]');
    await page.waitForFunction(() => document.querySelector('#train textarea').value.length > 1000);
    await page.fill('#train [name=steps]', '100000');
    await page.click('#train button[type=submit]');
    await page.waitForFunction(() =>
      /^Step [5-9]/.test(document.querySelector('#train .status').textContent),
    );
    await page.click('#train [name=stop]'); // stops, and keeps what it has
    await idle(page, 'train');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.click('#train [name=download]'),
    ]);
    const model = await BitLlama.load(readFileSync(await download.path()));
    assert.equal(model.config.hiddenDim, 64);
    assert.ok(model.tokenizer.vocabSize >= 272);
    model.destroy();
    await page.context().close();
  });

  /** Notes the length, as JSON, of all that a page and its workers say to each other from now on. */
  const listen = (page) =>
    page.addInitScript(() => {
      globalThis.said = [];
      const note = (data) => globalThis.said.push(JSON.stringify(data).length);
      globalThis.Worker = class extends Worker {
        constructor(...args) {
          super(...args);
          this.addEventListener('message', ({ data }) => note(data));
        }

        postMessage(data, ...more) {
          note(data);
          super.postMessage(data, ...more);
        }
      };
    });

  // A page that holds such a text itself freezes for seconds: it is to get a part that does not grow with it.
  it('watches a log of many megabytes without holding it, and gives the text area back', async () => {
    const page = await demo.open(demo.server.address, {}, true, listen);
    await page.click('#tab-watch');
    await page.fill('#watch textarea', 'typed before');
    const lines = Array.from({ length: 150_000 }, (_, i) =>
      i === 90_000
        ? 'the roof is on fire and the cat has fled'
        : `12:00:${String(i % 60).padStart(2, '0')} GET /page/${i % 40} 200 in ${i % 9} ms`,
    );
    const file = await fileOf('long.log', lines.join('\n'));
    await page.setInputFiles('#watch [name=open]', file);
    await page.waitForFunction(() =>
      /all of it will be read/.test(document.querySelector('#watch .status').textContent),
    );
    await page.click('#watch button[type=submit]');
    await page.waitForFunction(() =>
      /^150,000 lines/.test(document.querySelector('#watch .status').textContent),
    );
    const said = await page.evaluate(() => globalThis.said);
    assert.ok(said.length > 3, 'progress is told on the way');
    assert.ok(Math.max(...said) < 400_000, `${Math.max(...said)} characters at once`);
    assert.ok((await page.locator('#watch *').count()) < 500);
    const odd = page.locator('#watch .odd li', { hasText: 'roof is on fire' });
    assert.match(await odd.textContent(), /line 90001.*Unexpected words: .*roof/s);
    await odd.locator('button').click();
    await page.waitForSelector('#watch .around .chosen');
    await page.waitForFunction(() =>
      /90001 .*roof/.test(document.querySelector('#watch .around .chosen').textContent),
    );
    assert.ok((await page.inputValue('#watch textarea')).length < 20_000);
    await page.click('#watch [name=close]');
    assert.equal(await page.inputValue('#watch textarea'), 'typed before');
    await page.reload();
    await page.click('#tab-watch');
    assert.equal(await page.inputValue('#watch textarea'), 'typed before');
    await page.context().close();
  });

  it('goes on after its worker has ended, with the memory as it was', async () => {
    const page = await demo.open();
    await page.click('#tab-tell');
    const read = async () => {
      await page.fill('#tell textarea', 'The quick brown fox jumps over the lazy dog. '.repeat(4));
      await page.click('#tell button[type=submit]');
      await idle(page, 'tell');
      return page.textContent('#tell .status');
    };
    const loss = (status) => Number(/loss ([\d.]+)\./.exec(status)[1]);
    const first = loss(await read());
    const [worker] = page.workers();
    const closed = new Promise((resolve) => worker.on('close', resolve));
    await worker.evaluate(
      () =>
        void setTimeout(() => {
          throw new Error('gone');
        }),
    );
    await closed;
    const second = loss(await read());
    assert.ok(second < first - 0.5, `${first} and ${second}`);
    await page.click('#tab-write');
    await page.click('#write button[type=submit]');
    await idle(page, 'write');
    assert.ok((await page.textContent('#write .story')).length > 100);
    await page.context().close();
  });

  it('fetches the model again after the network failed', async () => {
    const context = await newContext(demo.browser, { serviceWorkers: 'block' });
    await context.route('**/*.bitt', (route) => route.abort());
    const page = await context.newPage();
    await page.goto(demo.server.address);
    await page.waitForSelector('#trouble:not([hidden])');
    assert.match(await page.textContent('#trouble'), /could not be fetched/);
    await context.unroute('**/*.bitt');
    await page.click('#tab-write');
    await page.click('#write button[type=submit]');
    await page.waitForSelector('#model:not(:empty)', { state: 'attached' });
    await idle(page, 'write');
    assert.ok((await page.textContent('#write .story')).length > 100);
    assert.ok(await page.isHidden('#trouble'));
    await context.close();
  });
});

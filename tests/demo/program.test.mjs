// What the demo page tells about the package: its programs run, its command does, and its links lead somewhere.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { guides, knownLinks } from '../../web-demo/links.mjs';
import { root, serveDemo } from './support/page.mjs';

const PLANTED = '12:00:58 the roof is on fire and the cat has fled';
const usual = (i) => `12:00:${10 + (i % 50)} GET /page/${i % 40} 200 in ${i % 9} ms`;
const log = Array.from({ length: 2000 }, (_, i) => (i === 1499 ? PLANTED : usual(i)));

const plain = (html) =>
  html
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');

describe('demo page: programs and links', () => {
  // Below the repository, so that a program finds the package by its name.
  const folder = join(root, 'build/page-programs');
  let demo;
  let html;

  before(async () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    demo = await serveDemo();
    html = await (await fetch(demo.address)).text();
  });
  after(() => demo?.close());

  /** The program of a tab, as it is shown. */
  const programOf = (tab) => {
    const panel = html.slice(html.indexOf(`id="${tab}"`));
    return plain(/<details class="program">[^]*?<code>([^]*?)<\/code>/.exec(panel)[1]);
  };

  function run(command, args) {
    const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    return stdout;
  }

  function outputOf(tab) {
    writeFileSync(join(folder, `${tab}.mjs`), programOf(tab));
    return run(process.execPath, [`${tab}.mjs`]);
  }

  it('finds the odd line of a log', () => {
    writeFileSync(join(folder, 'service.log'), `${log.join('\n')}\n`);
    assert.match(outputOf('watch'), new RegExp(`^1500 ${PLANTED}$`, 'm'));
  });

  it('completes a word that was told', () => {
    assert.match(outputOf('tell'), /text: 'Biscuit'/);
  });

  it('writes a story', () => {
    assert.ok(outputOf('write').length > 200);
  });

  it('trains in a terminal', () => {
    const text = readFileSync(join(root, 'examples/alice.txt'), 'utf8');
    writeFileSync(join(folder, 'my-text.txt'), text);
    const [npx, name, ...args] = programOf('train').trim().split(' ');
    assert.deepEqual([npx, name], ['npx', 'bit-ttt']);
    const few = args.map((word) => (word === '300' ? '4' : word)); // of its 300 steps
    run(process.execPath, [join(root, 'dist/cli.mjs'), ...few]);
  });

  it('has every file that it links to, as text', async () => {
    const links = [...html.matchAll(/href="([^"#]+)"/g)].map(([, href]) => href);
    for (const name of Object.keys(guides)) assert.ok(links.includes(name), name);
    assert.ok(links.includes('licenses.txt'));
    for (const link of links) {
      const response = await fetch(new URL(link, demo.address));
      assert.equal(response.status, 200, link);
      if (!link.endsWith('.txt')) continue;
      assert.equal(response.headers.get('content-type'), 'text/plain; charset=utf-8');
      if (link === 'readme.txt')
        assert.equal(await response.text(), readFileSync(join(root, 'README.md'), 'utf8'));
    }
    assert.doesNotMatch(html, /<!--/);
  });

  it('says what to run where a part of it was not made', () => {
    const clone = join(folder, 'clone');
    cpSync(join(root, 'web-demo'), join(clone, 'web-demo'), { recursive: true });
    const serve = join(clone, 'web-demo/serve.mjs');
    const { status, stderr } = spawnSync(process.execPath, [serve], { encoding: 'utf8' });
    assert.equal(status, 1);
    assert.equal(
      stderr,
      'The demo could not be started: dist/browser.mjs is missing; "npm run build" makes it.\n',
    );
  });

  it('links to source and documentation where they are known', () => {
    assert.equal(knownLinks({}), '');
    assert.equal(knownLinks({ repository: { url: 'git@host:a/b.git' } }), '');
    const homepage = 'https://example.org/docs?a&b';
    const repository = { type: 'git', url: 'git+https://example.org/a/b.git' };
    assert.equal(
      knownLinks({ homepage, repository }),
      '<a href="https://example.org/docs?a&amp;b">Documentation</a> <a href="https://example.org/a/b">Source</a>',
    );
    assert.equal(
      knownLinks({ homepage }, '../index.html'),
      '<a href="../index.html" target="_top">Documentation</a>',
    );
    const known = knownLinks(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')));
    assert.ok(html.includes(known));
  });
});

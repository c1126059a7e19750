// The documentation as a site: it builds, no link is dead, and both references are complete.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { root } from './support/backends.mjs';
import { builtSite, site } from './support/built-site.mjs';

const read = (file) => readFileSync(join(root, file), 'utf8');
const headers = readdirSync(join(root, 'include/bit_ttt')).map((name) => `include/bit_ttt/${name}`);

function htmlIn(folder) {
  const names = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.html'));
  return names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]);
}

/** The site's own pages: not those of the demo, nor what is shown where a page is missing. */
const pages = () => htmlIn(site).filter(([file]) => !/^(?:demo|404)/.test(file));

describe('documentation site', () => {
  let said;

  before(function () {
    const built = builtSite();
    if (built.missing) {
      console.log(`      skipped: ${built.missing}`);
      this.skip();
    }
    said = built.said;
  });

  it('has no dead link, and says how many it has followed', () => {
    const [, pages, links, dead] = /(\d+) pages, (\d+) links, (\d+) dead/.exec(said).map(Number);
    assert.ok(pages > 60 && links > 1000);
    assert.equal(dead, 0);
  });

  it('has relative links alone, so that it works below any path', () => {
    for (const [file, html] of htmlIn(site)) {
      const absolute = [...html.matchAll(/\s(?:href|src|srcset)="(\/[^"]*)"/g)].map((m) => m[1]);
      assert.deepEqual(absolute, [], file);
    }
  });

  it('has a title, all pages in its navigation, and the way on, on every page', () => {
    for (const [file, html] of pages()) {
      assert.match(html, /<title>[^<]+<\/title>/, file);
      assert.match(html, /<h1[ >]/, file);
      if (file === 'index.html') continue;
      const ways = [...html.matchAll(/class="[^"]*pager-link (prev|next)"/g)].map((m) => m[1]);
      const expected = file === 'changelog.html' ? ['prev'] : ['prev', 'next'];
      assert.deepEqual(ways, expected, file);
      for (const name of ['stream-a-log', 'api/c', 'api/typescript/index', 'changelog'])
        assert.match(
          html,
          new RegExp(`href="[./]*${name}\\.html"`),
          `${file} has no link to ${name}`,
        );
    }
  });

  it('finds a dead link and a dead anchor', async () => {
    const { deadLinks } = await import('../../docs/site/links.mjs');
    const { dead } = deadLinks(join(root, 'tests/js/support/site'));
    assert.deepEqual(dead, ['page.html -> missing.html', 'page.html -> #nowhere']);
  });

  it('leads links and pictures into the site, shows the demo, and leaves code as it is', async () => {
    const { framed, relink } = await import('../../docs/site/markdown.mjs');
    const code = '```md\n[a](x.md)\n```';
    const resolve = (target) => ({ href: `../${target}`, inside: target.endsWith('.md') });
    for (const [text, expected] of [
      ['[a](x.md), [b [c]](d.c)', '[a](../x.md), [b [c]](../d.c){target="_blank"}'],
      ['![a](b.svg)', '![a](/b.svg)'],
      ['[![a](b.svg)](x.md)', '[![a](/b.svg)](../x.md)'],
      ['<source media="(m)" srcset="b.svg">', '<source media="(m)" srcset="/b.svg">'],
    ])
      assert.equal(relink(`${text}\n\n${code}\n`, resolve), `${expected}\n\n${code}\n`);
    const frame = framed('[Try](../demo.html#tab)\n\nor [Try](../demo.html#tab)', 'demo.html');
    assert.match(
      frame,
      /^<details.*<summary>Try<\/summary>\n<iframe [^>]*src="\.\.\/demo\.html#tab">/,
    );
    assert.match(frame, /\n\nor \[Try\]\(\.\.\/demo\.html#tab\)$/);
  });

  it('has every function of the library in its C reference', () => {
    const page = read('build/docs/api/c.html');
    const names = read('tests/c/exports.txt')
      .split('\n')
      .filter((line) => /^\w+$/.test(line));
    assert.ok(names.length > 50);
    for (const name of names) assert.ok(page.includes(`id="${name}"`), name);
  });

  it('has every type and constant of the headers in its C reference', () => {
    const page = read('build/docs/api/c.html');
    for (const file of headers) {
      const code = read(file).replace(/\/\*[^]*?\*\//g, '');
      const types = [...code.matchAll(/^typedef \w+ (\w+)/gm)].map((match) => match[1]);
      const constants = [...code.matchAll(/^(?:#define| +) ?((?:TTT|BITLLAMA)_[A-Z_]+)\b/gm)];
      for (const name of [...types, ...constants.map((match) => match[1])])
        assert.ok(page.includes(`id="${name}"`), name);
    }
  });

  it('has everything public, and nothing internal, in its TypeScript reference', () => {
    const index = read('build/docs/api/typescript/index.html');
    const lists = [...read('ts/public.ts').matchAll(/export (?:type )?\{([^}]*)\}/g)];
    const names = lists.flatMap((match) => match[1].split(',')).map((name) => name.trim());
    names.push('modelUrl', 'watchPino', 'PinoOptions'); // of bit-ttt/models/... and bit-ttt/pino
    for (const name of names.filter(Boolean)) assert.ok(index.includes(`>${name}</a>`), name);
    assert.doesNotMatch(index, /SPDX|part of no bundle|STATUS/);
    const folder = join(site, 'api/typescript');
    for (const [file, html] of htmlIn(folder)) {
      for (const word of ['@internal', 'LLAMA_KEY', 'Lifecycle', 'key: symbol', 'new Session('])
        assert.ok(!html.includes(word), `${file}: ${word}`);
    }
  });

  it('has nothing of another host', () => {
    const foreign = /(?:src|rel="(?:stylesheet|modulepreload)" href)="(?:[a-z]+:)?\/\//;
    for (const [file, html] of htmlIn(site)) assert.ok(!foreign.test(html), file);
  });

  it('has a landing page of its own, with lines of a log that were read when it was built', () => {
    const page = read('build/docs/index.html');
    assert.match(page, /<tr class="alarm">.*?sda: write error/);
    assert.equal(page.match(/class="alarm"/g).length, 1);
  });

  it('shows the demo in the guides where it teaches, and where it does not run a link', () => {
    const shown = pages().filter(([, html]) => html.includes('<details class="demo">'));
    assert.ok(shown.length >= 4);
    for (const [file, html] of shown) {
      const place = /<iframe [^>]*src="([^"#]*)#/.exec(html)[1];
      assert.ok(existsSync(join(site, dirname(file), place)), file);
    }
  });

  it('lists every error code with its number', () => {
    const codes = [...read('ts/common/errors.ts').matchAll(/^ {2}([A-Z_]+): (\d+),$/gm)];
    assert.ok(codes.length > 30);
    for (const [, code, status] of codes)
      assert.ok(read('docs/errors.md').includes(`| \`${code}\` | ${status} |`), code);
  });
});

// The documentation as a site: it builds, no link is dead, and both references are complete.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './support/backends.mjs';

const read = (file) => readFileSync(join(root, file), 'utf8');
const site = join(root, 'build/docs');
const headers = readdirSync(join(root, 'include/bit_ttt')).map((name) => `include/bit_ttt/${name}`);

function htmlIn(folder) {
  const names = readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.html'));
  return names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]);
}

describe('documentation site', () => {
  let said;

  before(function () {
    if (!existsSync(join(root, 'docs/node_modules/markdown-it'))) {
      console.log('      skipped: the packages of docs/ are not installed (npm run docs)');
      this.skip();
    }
    const run = spawnSync(process.execPath, ['docs/build.mjs'], { cwd: root, encoding: 'utf8' });
    assert.equal(run.status, 0, run.stdout + run.stderr);
    said = run.stdout;
  });

  it('has no dead link, and says how many it has followed', () => {
    const [, pages, links, dead] = /(\d+) pages, (\d+) links, (\d+) dead/.exec(said).map(Number);
    assert.ok(pages > 60 && links > 1000);
    assert.equal(dead, 0);
  });

  it('finds a dead link and a dead anchor', async () => {
    const { deadLinks } = await import('../../docs/site/links.mjs');
    const { dead } = deadLinks(join(root, 'tests/js/support/site'));
    assert.deepEqual(dead, ['page.html -> missing.html', 'page.html -> #nowhere']);
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
    const folder = join(site, 'api/typescript');
    for (const [file, html] of htmlIn(folder)) {
      for (const word of ['@internal', 'LLAMA_KEY', 'Lifecycle', 'key: symbol', 'new Session('])
        assert.ok(!html.includes(word), `${file}: ${word}`);
    }
  });

  it('is read without a script, and without anything of another host', () => {
    const foreign = /<script|(?:src|rel="stylesheet" href)="(?:[a-z]+:)?\/\//;
    for (const [file, html] of htmlIn(site)) {
      assert.ok(!foreign.test(html), file);
    }
  });

  it('lists every error code with its number', () => {
    const codes = [...read('ts/common/errors.ts').matchAll(/^ {2}([A-Z_]+): (\d+),$/gm)];
    assert.ok(codes.length > 30);
    for (const [, code, status] of codes)
      assert.ok(read('docs/errors.md').includes(`| \`${code}\` | ${status} |`), code);
  });
});

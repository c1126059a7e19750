// The two READMEs say the same, are short, and link to what the package has: on a package's page nothing else is there.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './support/backends.mjs';
import { cleanEnvironment, output } from './support/child.mjs';
import { blocksOf } from './support/snippets.mjs';

const MOST_WORDS = 1200;
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const english = readFileSync(join(root, 'README.md'), 'utf8');
const japanese = readFileSync(join(root, 'README.ja.md'), 'utf8');

const proseOf = (markdown) => markdown.replace(/^```[^]*?^```/gm, '');

/** Targets of links, and of pictures in HTML, in order. */
function targetsOf(markdown) {
  const found = proseOf(markdown).matchAll(/\]\(([^)\s]+)\)|\s(?:src|srcset)="([^"]+)"/g);
  return [...found].map(([, link, picture]) => link ?? picture);
}

/** What holds a page together: levels of headings, and the number of cells in each row of a table. */
function shapeOf(markdown) {
  const lines = proseOf(markdown).split('\n');
  return lines.flatMap((line) => {
    if (/^#+ /.test(line)) return [line.match(/^#+/)[0]];
    if (/^\|/.test(line)) return [line.split('|').length];
    return /^\d\. /.test(line) ? [line.slice(0, 2)] : [];
  });
}

describe('READMEs', () => {
  it('have the same blocks of code and of output', () => {
    const codeOf = (markdown) => blocksOf(markdown).map(({ line, lines, ...block }) => block);
    assert.deepEqual(codeOf(japanese), codeOf(english));
    assert.ok(codeOf(english).length > 10);
  });

  it('have the same headings, tables, links and pictures, and lead to each other', () => {
    assert.deepEqual(shapeOf(japanese), shapeOf(english));
    const [toEnglish, ...inJapanese] = targetsOf(japanese);
    const [toJapanese, ...inEnglish] = targetsOf(english);
    assert.deepEqual([toEnglish, toJapanese], ['README.md', 'README.ja.md']);
    assert.deepEqual(inJapanese.toSorted(), inEnglish.toSorted());
  });

  it('have the same figures in their tables', () => {
    const rows = (markdown) => proseOf(markdown).match(/^\|.*$/gm);
    const cells = (row) => row.split('|').slice(2).join('|');
    const figures = (markdown) => rows(markdown).map((row) => cells(row).match(/[\d.,]*\d/g) ?? []);
    assert.deepEqual(figures(japanese), figures(english));
    assert.ok(figures(english).flat().length > 5);
  });

  it(`are of at most ${MOST_WORDS} words`, () => {
    assert.ok(english.split(/\s+/).filter(Boolean).length <= MOST_WORDS);
  });

  it('link to files of the package alone', async () => {
    const packing = ['pack', '--dry-run', '--json', '--ignore-scripts'];
    const [{ files }] = JSON.parse(await output(npm, packing, { env: cleanEnvironment() }));
    const packed = new Set(files.map(({ path }) => path));
    for (const markdown of [english, japanese])
      for (const target of targetsOf(markdown)) {
        assert.doesNotMatch(target, /^(?:\w+:|\/)/);
        const [path] = target.split('#');
        assert.ok(packed.has(path), `${path} is not in the package`);
      }
  });
});

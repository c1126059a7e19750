// Every fenced block of the documentation runs, prints what the page says, and every link of its
// Markdown leads somewhere. The blocks of the examples' READMEs are run by tests/languages, but for
// those of the Electron app, which are npm's.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { slug } from '../../docs/site/anchors.mjs';
import { chromiumPath } from '../support/browser.mjs';
import { root } from './support/backends.mjs';
import { Pages } from './support/pages.mjs';
import { blocksOf, checkOutput, Workspace } from './support/snippets.mjs';

const listed = (folder) => readdirSync(join(root, folder)).map((name) => `${folder}/${name}`);
const exampleReadmes = [
  'examples/README.md',
  ...listed('examples').map((folder) => `${folder}/README.md`),
];
const files = [
  'README.md',
  'CONTRIBUTING.md',
  'models/README.md',
  'models/english.md',
  'models/stories.md',
  'models/ATTRIBUTION.md',
  'examples/electron/README.md',
  ...listed('docs').filter((name) => name.endsWith('.md')),
];
const linking = new Set([
  ...files,
  ...exampleReadmes.filter((name) => existsSync(join(root, name))),
  'README.ja.md', // its blocks are those of README.md: readme.test.mjs
  'ARCHITECTURE.md',
  'CHANGELOG.md',
]);
const textOf = new Map([...linking].map((file) => [file, readFileSync(join(root, file), 'utf8')]));

const DONE = '\u0001done';
const pages = new Pages();
const ran = {};
let skipped = 0;

/** How each kind of block is run; each gives what was printed. */
const handlers = {
  js: (space, block) => space.runScript(block),
  sh: (space, block) => space.runShell(block),
  c: (space, block) => space.runCompiled(block),
  cpp: (space, block) => space.runCompiled(block),
  python: (space, block) => space.runPython(block),
  json: (space, block) => JSON.stringify(JSON.parse(block.code)),
  http(space, block) {
    const lines = block.code.trim().split('\n');
    space.headers = Object.fromEntries(lines.map((line) => line.split(/:\s*(.*)/s).slice(0, 2)));
    assert.ok(Object.values(space.headers).every((value) => value));
  },
  async 'js browser'(space, block) {
    space.write(`page-${block.line}.js`, `${block.code}\nconsole.log(${JSON.stringify(DONE)});\n`);
    const script = `<script type="module" src="page-${block.line}.js"></script>`;
    space.write(`page-${block.line}.html`, `<!doctype html><meta charset="utf-8">${script}`);
    return pages.run(space.folder, `page-${block.line}.html`, space.headers, DONE);
  },
  html(space, block) {
    space.write(`page-${block.line}.html`, block.code);
    return pages.run(space.folder, `page-${block.line}.html`, space.headers);
  },
};

/** The kind of a block: its language, with the word that makes a page's script of it. */
function kindOf({ language, words }) {
  return words.includes('browser') ? `${language} browser` : language;
}

/** Puts a block into a file; whoever reads it follows. */
function isFileOnly({ language, file }) {
  return file !== undefined && ['text', 'js', 'json', 'html', 'http'].includes(language);
}

function lacks(kind) {
  if (['html', 'js browser'].includes(kind) && !chromiumPath) return 'Chromium';
  const library = join(root, 'build/native/libBit_TTT.so');
  if (['c', 'cpp', 'python'].includes(kind) && !existsSync(library)) return 'the shared library';
  return undefined;
}

for (const file of files)
  describe(`blocks of ${file}`, () => {
    const blocks = blocksOf(textOf.get(file));
    let space;
    before(() => (space = new Workspace()));
    after(() => space.remove());

    blocks.forEach((block, i) => {
      const kind = kindOf(block);
      if (block.file) {
        it(`line ${block.line}: ${kind} ${block.file} is used`, () => {
          space.write(block.file, block.code);
          const name = block.file.replace(/\.\w+$/, '');
          assert.ok(blocks.some((one, j) => j > i && one.code.includes(name)));
        });
        if (isFileOnly(block)) return;
      }
      if (kind === 'text') return; // what the block before it prints, or a picture
      it(`line ${block.line}: ${kind}`, async function () {
        assert.ok(Object.hasOwn(handlers, kind), `a block of '${kind}' cannot be run`);
        const missing = lacks(kind);
        if (missing) {
          console.log(`      skipped: no ${missing}`);
          skipped++;
          this.skip();
        }
        const printed = await handlers[kind](space, block);
        const next = blocks[i + 1];
        const promised = next?.language === 'text' && !next.file ? next : undefined;
        if (promised) checkOutput(printed, promised.code);
        ran[kind] = (ran[kind] ?? 0) + 1;
      });
    });
  });

after(() => pages.close());

describe('documentation', () => {
  after(() => {
    const counts = Object.entries(ran).map(([kind, count]) => `${count} ${kind}`);
    console.log(`      blocks that ran: ${counts.join(', ')}; skipped: ${skipped}`);
  });

  it('has blocks in every file that shows how something is used', () => {
    for (const [file, text] of textOf)
      if (file === 'README.md' || file.startsWith('docs/'))
        assert.ok(blocksOf(text).length > 0, file);
  });

  it('keeps the JavaScript of the README short: six lines, and nine of a whole page', () => {
    for (const { language, words, code } of blocksOf(textOf.get('README.md'))) {
      const most = words.includes('browser') ? 9 : 6;
      const lines = code.split('\n').filter((line) => line.trim()).length;
      if (language === 'js') assert.ok(lines <= most, code);
    }
  });

  it('has a word above every table', () => {
    for (const [file, text] of textOf)
      assert.doesNotMatch(text, /^\|[ |]*\|\n\|[-:|]+\|$/m, `${file}: a table without a header`);
  });

  it('links to files and headings that exist', () => {
    const anchors = (file) =>
      (file.endsWith('.html') ? idsOf : slugsOf)(readFileSync(join(root, file), 'utf8'));
    for (const [file, text] of textOf)
      for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
        if (/^[a-z]+:/.test(target)) continue;
        const [path, anchor] = target.split('#');
        const other = path === '' ? file : normalize(join(dirname(file), path));
        assert.ok(existsSync(join(root, other)), `${file}: ${target}`);
        if (anchor) assert.ok(anchors(other).has(anchor), `${file}: ${target}`);
      }
  });
});

/** The anchors of a Markdown file's headings. */
function slugsOf(markdown) {
  const prose = markdown.replace(/^```[^]*?^```/gm, '');
  return new Set([...prose.matchAll(/^#+ (.*)$/gm)].map((match) => slug(match[1])));
}

const idsOf = (html) => new Set([...html.matchAll(/\sid="([^"]*)"/g)].map((match) => match[1]));

// Builds the documentation into build/docs: static pages with relative links, which work under any
// path and from the file system. `node docs/build.mjs`; `npm run docs` installs its tools first.
// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { join as joinSlashes, normalize } from 'node:path/posix';

import { cReference } from './site/c-reference.mjs';
import { layout, wayTo } from './site/layout.mjs';
import { deadLinks } from './site/links.mjs';
import { renderMarkdown } from './site/markdown.mjs';
import { headers, pageGroups, root } from './site/pages.mjs';

const site = join(root, 'build/docs');
const pages = pageGroups().flatMap((group) => group.pages);

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

function write(out, content) {
  mkdirSync(dirname(join(site, out)), { recursive: true });
  writeFileSync(join(site, out), content);
}

/**
 * Puts a file of the repository into the site, so that links to it work; gives its place. A page's
 * source becomes text to read: the page itself would miss its other files here.
 */
function carry(file) {
  const out = `files/${file}${file.endsWith('.html') ? '.txt' : ''}`;
  mkdirSync(dirname(join(site, out)), { recursive: true });
  copyFileSync(join(root, file), join(site, out));
  return out;
}

/** Where a link of a Markdown file leads in the site. */
function resolve(page, target) {
  if (/^(?:[a-z]+:|#)/.test(target)) return target;
  const [path, anchor] = target.split('#');
  const file = normalize(joinSlashes(dirname(page.source), path));
  const hash = anchor ? `#${anchor}` : '';
  const other = pages.find((one) => one.source === file);
  if (other) return wayTo(page.out, other.out) + hash;
  if (headers.includes(file)) return wayTo(page.out, 'api/c.html') + `#${file.split('/').at(-1)}`;
  const full = join(root, file);
  if (existsSync(full) && statSync(full).isFile()) return wayTo(page.out, carry(file));
  return fail(`${page.source}: no file ${file}, which it links to`);
}

function writeMarkdownPages() {
  for (const page of pages) {
    const text = readFileSync(join(root, page.source), 'utf8');
    const content = renderMarkdown(text, { link: (target) => resolve(page, target) });
    const title = /^# (.*)$/m.exec(text)?.[1] ?? page.title;
    write(page.out, layout({ out: page.out, title, content }));
  }
}

/** TypeDoc writes Markdown, which gets the same frame as everything else. */
function writeTypeScript() {
  const require = createRequire(import.meta.url);
  const typedoc = join(dirname(require.resolve('typedoc')), '../bin/typedoc');
  const folder = mkdtempSync(join(tmpdir(), 'bit-ttt-docs-'));
  try {
    const args = [typedoc, '--options', join(root, 'docs/typedoc.json'), '--out', folder];
    const run = spawnSync(process.execPath, args, { cwd: join(root, 'docs'), encoding: 'utf8' });
    if (run.status !== 0) fail(`TypeDoc failed:\n${run.stdout}${run.stderr}`);
    for (const name of readdirSync(folder, { recursive: true })) {
      if (!name.endsWith('.md')) continue;
      const text = readFileSync(join(folder, name), 'utf8').replaceAll('&#124;', '|');
      const out = `api/typescript/${name.replaceAll('\\', '/').replace(/\.md$/, '.html')}`;
      const link = (target) => target.replace(/\.md(?=#|$)/, '.html');
      const title = /^# (.*)$/m.exec(text)[1].replace(/\\/g, '');
      write(out, layout({ out, title, content: renderMarkdown(text, { link, html: true }) }));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function writeC() {
  const sources = headers.map((path) => [path, readFileSync(join(root, path), 'utf8')]);
  const out = 'api/c.html';
  write(out, layout({ out, title: 'C reference', content: cReference(sources) }));
}

rmSync(site, { recursive: true, force: true });
mkdirSync(site, { recursive: true });
copyFileSync(join(root, 'docs/site/style.css'), join(site, 'style.css'));
writeMarkdownPages();
writeTypeScript();
writeC();
const { dead, pages: count, links } = deadLinks(site);
for (const one of dead) console.error(`dead link: ${one}`);
console.log(`build/docs/index.html: ${count} pages, ${links} links, ${dead.length} dead`);
process.exit(dead.length === 0 ? 0 : 1);

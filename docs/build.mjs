// Builds the documentation into build/docs: static pages with relative links, which work under any path;
// from the file system they can be read, without search and demo, as browsers load no modules from there. `node docs/build.mjs`; `npm run docs` installs its tools first.
// The pages are gathered as Markdown in build/docs-pages, of which VitePress makes the site.
// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { dirname as dirnameOf, join as joinSlashes, normalize } from 'node:path/posix';
import { build } from 'vitepress';

import { cReference, headerAnchor } from './site/c-reference.mjs';
import { foundLines } from './site/found.mjs';
import { deadLinks } from './site/links.mjs';
import { framed, relink, wayTo } from './site/markdown.mjs';
import { gathered, headers, pageGroups, root, site } from './site/pages.mjs';

const DEMO = 'web-demo/index.html',
  DEMO_PLACE = 'demo/index.html';
const pages = pageGroups().flatMap((group) => group.pages);

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

function write(out, content) {
  mkdirSync(dirname(join(gathered, out)), { recursive: true });
  writeFileSync(join(gathered, out), content);
}

/**
 * Puts a file of the repository into the site, so that links to it work; gives its place. A page's
 * source becomes text to read: the page itself would miss its other files here.
 */
function carry(file) {
  const out = `files/${file}${/\.(?:html|md)$/.test(file) ? '.txt' : ''}`;
  mkdirSync(dirname(join(gathered, 'public', out)), { recursive: true });
  copyFileSync(join(root, file), join(gathered, 'public', out));
  return out;
}

/** Where a link of a page leads in the site: { href, inside }, the latter true for pages of it and other sites. */
function resolve(page, target) {
  if (/^(?:[a-z]+:|#)/.test(target)) return { href: target, inside: true };
  const [path, anchor] = target.split('#');
  const file = normalize(joinSlashes(dirnameOf(page.source), path));
  const hash = anchor ? `#${anchor}` : '';
  const other = pages.find((one) => one.source === file);
  if (other) return { href: wayTo(page.out, other.out) + hash, inside: true };
  if (file === DEMO) return { href: wayTo(page.out, DEMO_PLACE) + hash, inside: false };
  if (headers.includes(file))
    return { href: `${wayTo(page.out, 'api/c.html')}#${headerAnchor(file)}`, inside: true };
  const full = join(root, file);
  if (!existsSync(full) || !statSync(full).isFile())
    fail(`${page.source}: no file ${file}, which it links to`);
  return { href: wayTo(page.out, carry(file)), inside: false };
}

function gatherPages() {
  for (const page of pages) {
    const source = readFileSync(join(root, page.source), 'utf8');
    const text = framed(source, DEMO);
    const linked = relink(text, (target) => resolve(page, target));
    write(page.out.replace(/html$/, 'md'), linked);
  }
}

function gatherTypeScript() {
  const require = createRequire(import.meta.url);
  const typedoc = join(dirname(require.resolve('typedoc')), '../bin/typedoc');
  const args = [typedoc, '--options', join(root, 'docs/typedoc.json')];
  const out = ['--out', join(gathered, 'api/typescript')];
  const run = spawnSync(process.execPath, [...args, ...out], { cwd: root, encoding: 'utf8' });
  if (run.status !== 0) fail(`TypeDoc failed:\n${run.stdout}${run.stderr}`);
}

function gatherC() {
  const sources = headers.map((path) => [path, readFileSync(join(root, path), 'utf8')]);
  write('api/c.md', cReference(sources));
}

/** The demo page, which guides show in frames; it leads back. It is built like the package, by tools of the repository. */
function gatherDemo() {
  const place = join(gathered, 'public/demo');
  const code = `import { buildDemo } from './web-demo/serve.mjs';
    await buildDemo(${JSON.stringify(place)}).catch(({ message }) => { console.error(message); process.exitCode = 1; });`;
  const args = ['--input-type=module', '--eval', code];
  const run = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  if (run.status !== 0) fail(`The demo could not be built: ${run.stderr.trim()}`);
}

rmSync(gathered, { recursive: true, force: true });
gatherPages();
gatherTypeScript();
gatherC();
gatherDemo();
write('found.json', JSON.stringify(await foundLines()));
await build(join(root, 'docs'));
const { dead, pages: count, links } = deadLinks(site);
for (const one of dead) console.error(`dead link: ${one}`);
console.log(`build/docs/index.html: ${count} pages, ${links} links, ${dead.length} dead`);
process.exit(dead.length === 0 ? 0 : 1);

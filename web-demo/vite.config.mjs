// vite.config.mjs - builds the page into build/demo: relative addresses, a strict content security
// policy, and a service worker that knows all files.
// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { defineConfig } from 'vite';

import { pageLicenses } from '../scripts/licenses.mjs';
import { policy } from './headers.mjs';
import { guideLinks, guides, knownLinks } from './links.mjs';

const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** The hashes of a golden file by name. */
function golden(file) {
  const text = readFileSync(at(`../tests/golden/${file}`), 'utf8');
  return JSON.stringify(/[0-9a-f]{16}/.exec(text)[0]);
}

/** The policy also stands in the page, for hosts that send no headers. */
const pagePolicy = {
  name: 'page-policy',
  apply: 'build',
  transformIndexHtml: () => [
    {
      tag: 'meta',
      attrs: { 'http-equiv': 'content-security-policy', content: policy },
      injectTo: 'head-prepend',
    },
  ],
};

const sourcesOf = (bundle) =>
  Object.values(bundle).flatMap(({ modules }) => Object.keys(modules ?? {}));

/**
 * Takes the WebAssembly module, as text, out of the package's bundle: worker/engine.ts has it as a file, which is
 * smaller and compiles while it is downloaded.
 */
const moduleAside = {
  name: 'module-aside',
  transform(code, id) {
    if (!id.endsWith('/dist/browser.mjs')) return undefined;
    const parts = code.split(/"AGFzbQ[\w+/=]+"/);
    if (parts.length !== 2) throw new Error(`dist/browser.mjs has ${parts.length - 1} modules`);
    return { code: parts.join('""'), map: null };
  },
};

/** Links in the page, and the guides that they lead to; see `knownLinks` for `site`. */
const links = (site) => ({
  name: 'links',
  transformIndexHtml(html) {
    const known = knownLinks(JSON.parse(readFileSync(at('../package.json'), 'utf8')), site);
    return html.replace('<!-- known links -->', known).replace('<!-- guides -->', guideLinks());
  },
  generateBundle() {
    for (const [fileName, [path]] of Object.entries(guides)) {
      const source = readFileSync(at(`../${path}`), 'utf8');
      this.emitFile({ type: 'asset', fileName, source });
    }
  },
});

/** Source files of the workers, which are bundles of their own, made before the page's. */
const ofWorkers = [];
const workerSources = {
  name: 'worker-sources',
  generateBundle: (_, bundle) => void ofWorkers.push(...sourcesOf(bundle)),
};

/** The terms of all code in the page, as a file that the page links to. */
const licenses = {
  name: 'licenses',
  apply: 'build',
  generateBundle(_, bundle) {
    const source = pageLicenses([...sourcesOf(bundle), ...ofWorkers]);
    this.emitFile({ type: 'asset', fileName: 'licenses.txt', source });
  },
};

/** Writes sw.js with the list of files; its version changes when a file does. */
const offline = {
  name: 'offline',
  apply: 'build',
  enforce: 'post',
  generateBundle(_, bundle) {
    const files = Object.keys(bundle).sort();
    const hash = createHash('sha256');
    for (const name of files) hash.update(name).update(bundle[name].code ?? bundle[name].source);
    const list = ['./', ...files.map((name) => `./${name}`)];
    const source = readFileSync(at('sw.js'), 'utf8')
      .replace('__FILES__', JSON.stringify(list))
      .replace('__VERSION__', JSON.stringify(hash.digest('hex').slice(0, 16)));
    this.emitFile({ type: 'asset', fileName: 'sw.js', source });
  },
};

/** The mode `site` makes the page a part of the documentation's site, in a folder of that. */
export default defineConfig(({ mode }) => ({
  root: at('.'),
  base: './',
  publicDir: false,
  logLevel: 'warn',
  define: { LAYER_HASH: golden('conformance.txt'), MODEL_HASH: golden('llama.txt') },
  assetsInclude: ['**/*.bitt'],
  worker: { format: 'es', plugins: () => [moduleAside, workerSources] },
  build: {
    outDir: at('../build/demo'),
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  plugins: [pagePolicy, links(mode === 'site' ? '../index.html' : undefined), licenses, offline],
}));

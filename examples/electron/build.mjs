// Makes app/: the demo's Write tab as the window, and the demo's engine for the main process.
// SPDX-License-Identifier: MIT
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { build } from 'esbuild';

const here = dirname(fileURLToPath(import.meta.url));
const demo = join(here, '../../web-demo');
const out = join(here, 'app');

/** The demo's worker gives the package a WebAssembly module of the page's; here it takes the addon. */
const takeNative = (builder) =>
  builder.onResolve({ filter: /^\.\/engine\.js$/ }, ({ resolveDir }) =>
    resolveDir === join(demo, 'worker') ? { path: join(here, 'src/native.ts') } : undefined,
  );

mkdirSync(out, { recursive: true });
const common = { absWorkingDir: here, bundle: true, outdir: 'app', logLevel: 'warning' };
await build({
  ...common,
  entryPoints: ['src/window.ts', 'src/window.css'],
  format: 'iife',
  target: 'chrome120',
});
await build({
  ...common,
  entryPoints: ['src/engine.ts'],
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external: ['bit-ttt', 'bit-ttt/models/*'], // from node_modules, with its addon
  plugins: [{ name: 'native', setup: takeNative }],
});
const [tab] = /<section role="tabpanel" id="write"[^]*?<\/section>/.exec(
  readFileSync(join(demo, 'index.html'), 'utf8'),
);
const section = tab.replace(
  'role="tabpanel" id="write" aria-labelledby="tab-write" hidden',
  'id="write" aria-label="Write"',
);
if (section === tab) throw new Error('web-demo/index.html: the tab Write begins in another way');
const page = readFileSync(join(here, 'src/page.html'), 'utf8');
writeFileSync(
  join(out, 'index.html'),
  page.replace("<!-- the demo's tab -->", () => section),
);
writeFileSync(join(out, 'engine.d.ts'), "export * from '../src/engine.js';\n");

// bundlers.mjs - rows of the matrix: bundles for a page, with and without a shipped model, run in
// Chromium.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { serve, visit } from './lib/chromium.mjs';
import * as programs from './lib/programs.mjs';
import { output, project, start, toolRow, write } from './lib/workspace.mjs';

/** Programs with a model. */
const telling = Object.keys(programs.ENTRIES);

/** Bundlers that take a `.bitt` import as an asset are given its path, the others the entries. */
const asAsset = (name) => {
  const file = { story: 'stories', english: 'english', older: 'bit-llama' }[name];
  return programs.storyModule(`import url from 'bit-ttt/models/${file}.bitt';`);
};

function makeProject(context, name, moduleOf = programs.entryModule, files = {}) {
  return project(context.workspace, name, {
    'main.mjs': programs.mainModule,
    ...Object.fromEntries(telling.map((one) => [`${one}.mjs`, moduleOf(one)])),
    'exercise.mjs': programs.exerciseModule(context.memory),
    ...files,
  });
}

const filesIn = (folder) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));

const bytesIn = (folder) => filesIn(folder).reduce((sum, file) => sum + statSync(file).size, 0);

async function resultsOf(folder) {
  const server = await serve(folder);
  try {
    return await visit(server.address);
  } finally {
    server.close();
  }
}

/** Each bundle runs, and carries the model that it imports and no other. */
async function checkBundles(context, cwd) {
  const plain = join(cwd, 'out-main');
  programs.checkResults(await resultsOf(plain), [context.expected('wasm')]);
  assert.ok(bytesIn(plain) < 1e6, `${bytesIn(plain)} bytes without a model`);
  for (const name of telling) {
    const folder = join(cwd, `out-${name}`);
    programs.checkResults(await resultsOf(folder), [programs.toldBy(context, name)]);
    const models = filesIn(folder).filter((file) => file.endsWith('.bitt'));
    assert.equal(models.length, 1, `${name}: ${models.join(', ')}`);
    assert.ok(statSync(models[0]).size > 2e6, models[0]);
    assert.ok(bytesIn(folder) < statSync(models[0]).size + 1e6, `${bytesIn(folder)} bytes`);
  }
}

/** Builds main.mjs and those with a model, each into a folder with a page, by the arguments given. */
async function buildAll(context, cwd, program, argsFor, script = (name) => `${name}.js`) {
  for (const name of ['main', ...telling]) {
    await output(program, argsFor(`${name}.mjs`, `out-${name}`), { cwd });
    write(cwd, { [`out-${name}/index.html`]: programs.page(script(name)) });
  }
  await checkBundles(context, cwd);
}

async function viteBuild(context) {
  const names = ['main', ...telling];
  const pages = names.map((name) => [`${name}/index.html`, programs.page(`../${name}.mjs`)]);
  const cwd = await makeProject(context, 'vite-build', undefined, Object.fromEntries(pages));
  for (const name of names) {
    const args = ['build', name, '--outDir', `../out-${name}`, '--base', './'];
    await output(context.tool('.bin/vite'), [...args, '--logLevel', 'warn'], { cwd });
  }
  await checkBundles(context, cwd);
}

/** The address that a development server prints, once it answers. */
async function addressOf(running) {
  for (let i = 0; i < 3000; i++) {
    const [address] = running.text().match(/http:\/\/127\.0\.0\.1:\d+\//) ?? [];
    if (address) return address;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`no address was printed:\n${running.text()}`);
}

async function viteDev(context) {
  const pages = telling.map((name) => [`${name}.html`, programs.page(`${name}.mjs`)]);
  const cwd = await makeProject(context, 'vite-dev', undefined, {
    'index.html': programs.page('main.mjs'),
    ...Object.fromEntries(pages),
  });
  const args = ['--host', '127.0.0.1', '--port', '0'];
  const running = start(context.tool('.bin/vite'), args, { cwd });
  try {
    const address = await addressOf(running);
    programs.checkResults(await visit(address), [context.expected('wasm')]);
    for (const name of telling) {
      const shown = await visit(`${address}${name}.html`);
      programs.checkResults(shown, [programs.toldBy(context, name)]);
    }
  } finally {
    running.child.kill();
    await running.ended;
  }
}

async function webpack(context) {
  const cwd = await makeProject(context, 'webpack');
  const args = ['--mode', 'production', '--performance-hints', 'false'];
  const argsFor = (entry, folder) => [...args, '--entry', `./${entry}`, '--output-path', folder];
  await buildAll(context, cwd, context.tool('.bin/webpack'), argsFor, () => 'main.js');
}

async function esbuild(context) {
  const cwd = await makeProject(context, 'esbuild', asAsset);
  const args = ['--bundle', '--format=esm', '--loader:.bitt=file', '--log-level=warning'];
  await buildAll(context, cwd, context.tool('.bin/esbuild'), (entry, folder) => [
    ...[entry, ...args, `--outdir=${folder}`],
  ]);
}

const rollupConfig = `import resolve from '@rollup/plugin-node-resolve';
import url from '@rollup/plugin-url';
export default {
  plugins: [resolve({ browser: true }), url({ include: '**/*.bitt', limit: 0 })],
};
`;

async function rollup(context) {
  const files = { 'rollup.config.mjs': rollupConfig };
  const cwd = await makeProject(context, 'rollup', asAsset, files);
  await buildAll(context, cwd, context.tool('.bin/rollup'), (entry, folder) => [
    ...['-c', '-i', entry, '--dir', folder, '--entryFileNames', '[name].js', '--failAfterWarnings'],
  ]);
}

export default [
  toolRow('Vite, development server', 'page; `bit-ttt/models/english`, `stories`', viteDev),
  toolRow('Vite, build', 'page; `bit-ttt/models/english`, `stories`', viteBuild),
  toolRow('webpack', 'page; `bit-ttt/models/english`, `stories`', webpack),
  toolRow(
    'esbuild',
    'page; `bit-ttt/models/english.bitt`, `stories.bitt` with `--loader:.bitt=file`',
    esbuild,
  ),
  toolRow('Rollup', 'page; `bit-ttt/models/english.bitt`, `stories.bitt` with plugin-url', rollup),
];

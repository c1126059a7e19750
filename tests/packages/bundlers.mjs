// bundlers.mjs - rows of the matrix: bundles for a page, with and without the shipped model, run in
// Chromium.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { serve, visit } from './lib/chromium.mjs';
import * as programs from './lib/programs.mjs';
import { output, project, start, toolRow, write } from './lib/workspace.mjs';

/** Bundlers that take a `.bitt` import as an asset are given its path; the others bit-ttt/model. */
const asAsset = "import url from 'bit-ttt/models/bit-llama.bitt';";

function makeProject(context, name, imported, files = {}) {
  return project(context.workspace, name, {
    'main.mjs': programs.mainModule,
    'story.mjs': programs.storyModule(imported),
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

/** Both bundles run; only the one that imports the model carries it. */
async function checkBundles(context, plain, withModel) {
  programs.checkResults(await resultsOf(plain), [context.expected('wasm')]);
  assert.ok(bytesIn(plain) < 1e6, `${bytesIn(plain)} bytes without the model`);
  programs.checkResults(await resultsOf(withModel), [context.story]);
  assert.ok(bytesIn(withModel) > 2e6, `${bytesIn(withModel)} bytes with the model`);
}

/** Builds main.mjs and story.mjs, each into a folder with a page, by the arguments given. */
async function buildBoth(context, cwd, program, argsFor, script = (name) => `${name}.js`) {
  for (const name of ['main', 'story']) {
    await output(program, argsFor(`${name}.mjs`, `out-${name}`), { cwd });
    write(cwd, { [`out-${name}/index.html`]: programs.page(script(name)) });
  }
  await checkBundles(context, join(cwd, 'out-main'), join(cwd, 'out-story'));
}

async function viteBuild(context) {
  const cwd = await makeProject(context, 'vite-build', undefined, {
    'main/index.html': programs.page('../main.mjs'),
    'story/index.html': programs.page('../story.mjs'),
  });
  for (const name of ['main', 'story']) {
    const args = ['build', name, '--outDir', `../out-${name}`, '--base', './'];
    await output(context.tool('.bin/vite'), [...args, '--logLevel', 'warn'], { cwd });
  }
  await checkBundles(context, join(cwd, 'out-main'), join(cwd, 'out-story'));
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
  const cwd = await makeProject(context, 'vite-dev', undefined, {
    'index.html': programs.page('main.mjs'),
    'story.html': programs.page('story.mjs'),
  });
  const args = ['--host', '127.0.0.1', '--port', '0'];
  const running = start(context.tool('.bin/vite'), args, { cwd });
  try {
    const address = await addressOf(running);
    programs.checkResults(await visit(address), [context.expected('wasm')]);
    programs.checkResults(await visit(`${address}story.html`), [context.story]);
  } finally {
    running.child.kill();
    await running.ended;
  }
}

async function webpack(context) {
  const cwd = await makeProject(context, 'webpack');
  const args = ['--mode', 'production', '--performance-hints', 'false'];
  const argsFor = (entry, folder) => [...args, '--entry', `./${entry}`, '--output-path', folder];
  await buildBoth(context, cwd, context.tool('.bin/webpack'), argsFor, () => 'main.js');
}

async function esbuild(context) {
  const cwd = await makeProject(context, 'esbuild', asAsset);
  const args = ['--bundle', '--format=esm', '--loader:.bitt=file', '--log-level=warning'];
  await buildBoth(context, cwd, context.tool('.bin/esbuild'), (entry, folder) => [
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
  await buildBoth(context, cwd, context.tool('.bin/rollup'), (entry, folder) => [
    ...['-c', '-i', entry, '--dir', folder, '--entryFileNames', '[name].js', '--failAfterWarnings'],
  ]);
}

export default [
  toolRow('Vite, development server', 'page; `bit-ttt/model`', viteDev),
  toolRow('Vite, build', 'page; `bit-ttt/model`', viteBuild),
  toolRow('webpack', 'page; `bit-ttt/model`', webpack),
  toolRow('esbuild', 'page; `bit-ttt/models/bit-llama.bitt` with `--loader:.bitt=file`', esbuild),
  toolRow('Rollup', 'page; `bit-ttt/models/bit-llama.bitt` with plugin-url', rollup),
];

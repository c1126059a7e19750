// electron.mjs - rows of the matrix: the example app, as far as it goes without Electron's program.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { demandsOf, host } from '../../scripts/addon.mjs';
import { visit } from './lib/chromium.mjs';
import { resultsIn } from './lib/programs.mjs';
import { output, project, root, toolRow } from './lib/workspace.mjs';

const text = (name) => readFileSync(join(root, 'tests/packages/electron', name), 'utf8');

let made;
/** The app with the packed package, built, in a copy of what it is made of. */
function app(context) {
  made ??= project(context.workspace, 'electron-app', {}, { type: 'module' }).then(
    async (folder) => {
      const filter = (path) => !/\/(node_modules|out|app)$|package-lock\.json$/.test(path);
      for (const name of ['examples/electron', 'web-demo', 'ts'])
        cpSync(join(root, name), join(folder, name), { recursive: true, filter });
      const cwd = join(folder, 'examples/electron');
      await output(process.execPath, ['build.mjs'], { cwd });
      return { cwd, modules: join(folder, 'node_modules') };
    },
  );
  return made;
}

async function types(context) {
  const { cwd } = await app(context);
  await output(process.execPath, [context.tool('typescript/bin/tsc'), '-p', cwd]);
}

/** The addon wants nothing but Node-API and makes no external buffers. */
async function symbols(context) {
  const { modules } = await app(context);
  const addon = join(modules, `bit-ttt/dist/native/${host}/bit_ttt.node`);
  const { nodeApi, wrong } = demandsOf(host, addon);
  assert.ok(nodeApi.length > 20);
  assert.deepEqual(wrong, []);
}

/** The settings' pattern takes every addon of the package out of the archive. */
async function archive(context) {
  const { cwd, modules } = await app(context);
  const settings = readFileSync(join(cwd, 'electron-builder.yml'), 'utf8');
  const [, pattern] = settings.match(/^asarUnpack:\n {2}- '(.+)'$/m);
  const files = readdirSync(join(modules, 'bit-ttt'), { recursive: true })
    .filter((name) => name.endsWith('.node'))
    .map((name) => `node_modules/bit-ttt/${name}`);
  assert.ok(files.length > 0);
  const code = `console.log(process.argv.slice(2).every((name) =>
    require('node:path').matchesGlob(name, process.argv[1])))`;
  const args = ['--no-warnings', '-e', code, pattern, ...files];
  assert.equal((await output(context.tool('node24/bin/node'), args)).trim(), 'true');
}

async function mainProcess(context) {
  const { cwd, modules } = await app(context);
  const standIn = join(modules, 'electron');
  cpSync(join(root, 'tests/packages/electron/electron.cjs'), join(standIn, 'index.js'));
  cpSync(join(root, 'tests/packages/electron/drive.mjs'), join(cwd, 'drive.mjs'));
  const printed = await output(process.execPath, ['drive.mjs'], { cwd });
  const [{ backend, story }] = resultsIn(printed);
  assert.equal(backend, 'native');
  assert.ok(story.startsWith(context.story.story), `${story}\nis not: ${context.story.story}`);
}

async function renderer(context) {
  const { cwd } = await app(context);
  const { href } = pathToFileURL(join(cwd, 'app/index.html'));
  await visit(href, {
    init: text('preload.js'),
    async act(page) {
      const shows = (selector, words) =>
        page.waitForFunction(
          ([at, part]) => document.querySelector(at).textContent.includes(part),
          [selector, words],
        );
      await shows('#engine', 'native addon, kernel avx2');
      await page.fill('[name=prompt]', 'A <b>cat</b>');
      await page.click('button[type=submit]');
      await shows('.story', 'A <b>cat</b> <i> sat'); // as text, not as markup
      await shows('.status', '2 tokens, 100 a second');
      assert.equal(await page.isDisabled('button[type=submit]'), true);
      await page.hover('[data-token="1"]');
      await shows('.detail', '“␣lay” 25 %');
      const tint = await page.evaluate(
        () => getComputedStyle(document.querySelector('[data-token]')).backgroundColor,
      );
      assert.match(tint, /^(rgba\(|color\(srgb .* \/ 0\.\d)/);
      await page.click('[name=stop]');
      await shows('.status', 'Stopped.');
      await page.fill('[name=prompt]', 'fail');
      await page.click('button[type=submit]');
      await shows('.problem', 'No.');
      assert.equal(await page.isDisabled('button[type=submit]'), false);
    },
  });
}

export default [
  toolRow('example app, types', "tsc with Electron's own types", types),
  toolRow('addon, imported symbols', 'Node-API only, no external buffers', symbols),
  toolRow('archive settings', 'the pattern that keeps addons outside', archive),
  toolRow('main process and preload', 'Node with a stand-in for `electron`', mainProcess),
  toolRow('window', 'Chromium with a stand-in for the preload', renderer),
];

// electron.mjs - rows of the matrix: the example app, as far as it goes without Electron's program.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { cpSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { demandsOf, host } from '../../node/addon.mjs';
import { visit } from './lib/chromium.mjs';
import { resultsIn } from './lib/programs.mjs';
import { output, project, root, toolRow } from './lib/workspace.mjs';

const example = join(root, 'examples/electron');
const text = (name) => readFileSync(join(root, 'tests/packages/electron', name), 'utf8');

let made;
/** The app with the packed package, in a folder of its own. */
function app(context) {
  made ??= project(context.workspace, 'electron-app', {}, { type: 'module' }).then((cwd) => {
    const filter = (path) => !/\/(node_modules|out)$|package(-lock)?\.json$/.test(path);
    cpSync(example, cwd, { recursive: true, filter });
    return cwd;
  });
  return made;
}

async function types(context) {
  const cwd = await app(context);
  await output(process.execPath, [context.tool('typescript/bin/tsc'), '-p', cwd]);
}

/** The addon wants nothing but Node-API and makes no external buffers. */
async function symbols(context) {
  const cwd = await app(context);
  const addon = join(cwd, `node_modules/bit-ttt/dist/native/${host}/bit_ttt.node`);
  const { nodeApi, wrong } = demandsOf(host, addon);
  assert.ok(nodeApi.length > 20);
  assert.deepEqual(wrong, []);
}

/** The settings' pattern takes every addon of the package out of the archive. */
async function archive(context) {
  const cwd = await app(context);
  const settings = readFileSync(join(cwd, 'electron-builder.yml'), 'utf8');
  const [, pattern] = settings.match(/^asarUnpack:\n {2}- '(.+)'$/m);
  const files = readdirSync(join(cwd, 'node_modules/bit-ttt'), { recursive: true })
    .filter((name) => name.endsWith('.node'))
    .map((name) => `node_modules/bit-ttt/${name}`);
  assert.ok(files.length > 0);
  const code = `console.log(process.argv.slice(2).every((name) =>
    require('node:path').matchesGlob(name, process.argv[1])))`;
  const args = ['--no-warnings', '-e', code, pattern, ...files];
  assert.equal((await output(context.tool('node24/bin/node'), args)).trim(), 'true');
}

async function mainProcess(context) {
  const cwd = await app(context);
  const standIn = join(cwd, 'node_modules/electron');
  cpSync(join(root, 'tests/packages/electron/electron.cjs'), join(standIn, 'index.js'));
  cpSync(join(root, 'tests/packages/electron/drive.mjs'), join(cwd, 'drive.mjs'));
  const printed = await output(process.execPath, ['drive.mjs'], { cwd });
  const [{ backend, story }] = resultsIn(printed);
  assert.equal(backend, 'native');
  assert.ok(story.startsWith(context.story.story), `${story}\nis not: ${context.story.story}`);
}

async function renderer(context) {
  const cwd = await app(context);
  const { href } = pathToFileURL(join(cwd, 'index.html'));
  await visit(href, {
    init: text('preload.js'),
    async act(page) {
      const shows = (id, end) =>
        page.waitForFunction(([at, tail]) => document.getElementById(at).textContent.endsWith(tail),
          [id, end]);
      await shows('engine', 'Native addon, avx2');
      await page.fill('#prompt', 'A <b>cat</b>');
      await page.click('#write');
      await shows('story', 'sat');
      assert.equal(await page.isDisabled('#write'), true);
      await page.click('#stop');
      await shows('status', 'Stopped.');
      assert.equal(await page.textContent('#story'), 'A <b>cat</b> sat'); // as text, not as markup
      await page.fill('#prompt', 'fail');
      await page.click('#write');
      await shows('status', 'No.');
      assert.equal(await page.isDisabled('#write'), false);
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

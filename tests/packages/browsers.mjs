// browsers.mjs - rows of the matrix: settings of a page in Chromium, from a strict content security
// policy to a service worker and a file opened from the disk.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { serve, visit } from './lib/chromium.mjs';
import * as programs from './lib/programs.mjs';
import { output, project } from './lib/workspace.mjs';

/** In a worker of any kind the result goes to the page, which prints it. */
const inWorker = `import { TTT } from 'bit-ttt';
import { exercise, memory } from './exercise.mjs';
onmessage = async ({ source }) => {
  const result = await exercise({ TTT }, memory);
  (source ?? self).postMessage(result);
};
`;
const workerPage = `const worker = new Worker('worker.js', { type: 'module' });
worker.onmessage = ({ data }) => console.log('RESULT ' + JSON.stringify(data));
worker.postMessage('go');
`;
const servicePage = `navigator.serviceWorker.onmessage = ({ data }) =>
  console.log('RESULT ' + JSON.stringify(data));
navigator.serviceWorker.register('worker.js').then(async () => {
  (await navigator.serviceWorker.ready).active.postMessage('go');
});
`;

let built;
/** One folder with the scripts that all rows use, bundled in both forms. */
function pages(context) {
  built ??= (async () => {
    const files = {
      'main.mjs': programs.mainModule,
      'worker.mjs': inWorker,
      'exercise.mjs': programs.exerciseModule(context.memory),
      'out/index.html': programs.page('main.js'),
      'out/classic.html': programs.page('classic.js', 'defer'),
      'out/worker.html': programs.page('worker-page.js'),
      'out/service.html': programs.page('service-page.js'),
      'out/worker-page.js': workerPage,
      'out/service-page.js': servicePage,
    };
    const cwd = await project(context.workspace, 'pages', files);
    const esbuild = (...args) =>
      output(context.tool('.bin/esbuild'), [...args, '--bundle', '--log-level=warning'], { cwd });
    await esbuild('main.mjs', 'worker.mjs', '--format=esm', '--outdir=out');
    await esbuild('main.mjs', '--format=iife', '--outfile=out/classic.js');
    return join(cwd, 'out');
  })();
  return built;
}

/** Visits a page of the folder; `isolated` says what the page must be. */
const row = (name, uses, { path = '', headers = {}, isolated = false }) => ({
  name,
  uses,
  needs: ['tools'],
  async run(context) {
    const server = await serve(await pages(context), headers);
    try {
      const init = "console.log('isolated: ' + crossOriginIsolated)";
      const printed = await visit(server.address + path, { init });
      assert.match(printed, new RegExp(`^isolated: ${isolated}$`, 'm'));
      programs.checkResults(printed, [context.expected('wasm')]);
    } finally {
      server.close();
    }
  },
});

const scripts = "script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'";
const policy = `default-src 'none'; ${scripts}; img-src data:`;
const strict = { 'content-security-policy': policy };
const isolation = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
};

/** Without the one word that it needs, a policy must lead to an error that says so. */
async function forbidden(context) {
  const headers = { 'content-security-policy': "default-src 'none'; script-src 'self'" };
  const server = await serve(await pages(context), headers);
  try {
    await assert.rejects(visit(server.address), /wasm-unsafe-eval|unsafe-eval|Content Security/);
  } finally {
    server.close();
  }
}

export default [
  row('without cross-origin isolation', 'page', {}),
  row('with cross-origin isolation', 'page', { headers: isolation, isolated: true }),
  row('strict content security policy', "page; `script-src 'self' 'wasm-unsafe-eval'`", {
    headers: strict,
  }),
  {
    name: "a policy without `'wasm-unsafe-eval'`",
    uses: 'page; an error that names it',
    needs: ['tools'],
    run: forbidden,
  },
  row('module worker', 'worker, the same strict policy', { path: 'worker.html', headers: strict }),
  row('service worker', 'worker, the same strict policy', {
    path: 'service.html',
    headers: strict,
  }),
  {
    name: '`file://`',
    uses: 'page with a classic script',
    needs: ['tools'],
    async run(context) {
      const { href } = pathToFileURL(join(await pages(context), 'classic.html'));
      programs.checkResults(await visit(href), [context.expected('wasm')]);
    },
  },
];

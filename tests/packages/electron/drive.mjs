// Runs the app's main process and preload in Node and uses them as the page would.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

import { BrowserWindow, evaluated, exposed } from 'electron';

await import('./main.js'); // would never end if it waited for Electron to be ready
evaluated();
await new Promise((resolve) => setTimeout(resolve, 10));
const [window] = BrowserWindow.getAllWindows();
const { preload, contextIsolation, nodeIntegration, sandbox } = window.options.webPreferences;
assert.deepEqual({ contextIsolation, nodeIntegration, sandbox }, {
  contextIsolation: true,
  nodeIntegration: false,
  sandbox: true,
});
assert.ok(existsSync(window.path), window.path);
createRequire(import.meta.url)(preload);
assert.deepEqual(Object.keys(exposed), ['bitTtt']);
const { bitTtt } = exposed;

const request = { prompt: 'Once', temperature: 0.8, seed: 7 };
const pieces = [];
const end = await bitTtt.write(request, (piece) => pieces.push(piece));
assert.deepEqual(end, { stopped: false, error: null });
assert.ok(pieces.length > 20, `${pieces.length} pieces`);

const again = [];
const interrupted = bitTtt.write(request, (piece) => again.push(piece) === 5 && bitTtt.stop());
const second = await bitTtt.write(request, () => assert.fail('two stories at once'));
assert.match(second.error, /being written/);
assert.deepEqual(await interrupted, { stopped: true, error: null });
assert.ok(again.length < pieces.length);
assert.equal(pieces.join('').startsWith(again.join('')), true);

for (const wrong of [undefined, null, 7, {}, { ...request, prompt: ' ' }, { ...request, seed: NaN },
  { ...request, temperature: -1 }, { ...request, prompt: 'a'.repeat(5000) }]) {
  const { error } = await bitTtt.write(wrong, () => assert.fail('a story of nothing'));
  assert.match(error, /^\S.{10,}/, JSON.stringify(wrong));
}
const { backend } = await bitTtt.info();
console.log(`RESULT ${JSON.stringify({ backend, story: pieces.join('') })}`);

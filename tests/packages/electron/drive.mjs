// Runs the app's main process and preload in Node and uses them as the page would.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';

import { BrowserWindow, evaluated, exposed } from 'electron';

await import('./main.js'); // would never end if it waited for Electron to be ready
evaluated();
while (BrowserWindow.getAllWindows().length === 0)
  await new Promise((resolve) => setTimeout(resolve, 10));
const [window] = BrowserWindow.getAllWindows();
const { preload, contextIsolation, nodeIntegration, sandbox } = window.options.webPreferences;
assert.deepEqual(
  { contextIsolation, nodeIntegration, sandbox },
  {
    contextIsolation: true,
    nodeIntegration: false,
    sandbox: true,
  },
);
assert.ok(existsSync(window.path), window.path);
createRequire(import.meta.url)(preload);
assert.deepEqual(Object.keys(exposed), ['bitTtt']);
const { bitTtt } = exposed;

let last = 0;
const call = (name, params, onEvent = () => {}) => bitTtt.call(++last, name, params, onEvent);
const request = { with: 'stories', prompt: 'Once', temperature: 0.8, maxTokens: 200, seed: 7 };
const { result: about } = await call('about', {});
for (const name of ['english', 'stories']) {
  const { result: model } = await call('open', { name });
  assert.ok(model.parameters > 1e6);
}
for (const wrong of [undefined, {}, { name: 'toString' }, { name: 7 }]) {
  const { problem } = await call('open', wrong);
  assert.equal(problem.message, 'There is no such model.');
}

const tokens = [];
const { result } = await call('write', request, (event) => tokens.push(...event.tokens));
assert.equal(result.tokens, tokens.length);
assert.ok(result.tokensPerSecond > 0);
assert.ok(
  tokens.every(({ alternatives, probability }) => alternatives.length === 5 && probability > 0),
);
const text = (all) => all.map((token) => token.text).join('');

/** Begins a long story, calls `end` at its first words, and checks that it stops there. */
async function interrupted(end) {
  const again = [];
  const long = { ...request, temperature: 1.5, maxTokens: 4096, seed: 3 };
  const ended = await call('write', long, (event) => {
    if (again.push(...event.tokens) === event.tokens.length) end(last);
  });
  assert.deepEqual(ended, { problem: { code: 'ABORTED', message: 'Stopped.' } });
}
await interrupted((id) => bitTtt.abort(id));
await interrupted(() => window.webContents.emit('did-start-navigation')); // a reload
await interrupted(() => window.webContents.emit('render-process-gone'));
await interrupted(() => window.emit('closed'));

for (const wrong of [
  undefined,
  null,
  7,
  {},
  { ...request, prompt: 7 },
  { ...request, with: 'told' },
  { ...request, seed: NaN },
  { ...request, seed: '1' },
  { ...request, temperature: -1 },
  { ...request, prompt: 'a'.repeat(50000) },
  { ...request, maxTokens: 1e9 },
]) {
  const { problem } = await call('write', wrong, () => assert.fail('a story of nothing'));
  assert.match(problem.message, /^\S.{10,}/, JSON.stringify(wrong));
}
for (const name of ['read', 'toString', '__proto__', 7, undefined])
  assert.match((await call(name, {})).problem.message, /no such call/);
console.log(`RESULT ${JSON.stringify({ backend: about.backend, story: text(tokens) })}`);

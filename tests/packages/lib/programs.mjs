// programs.mjs - the programs that are put into the projects, and the check of what they print.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

const source = readFileSync(new URL('../exercise.mjs', import.meta.url), 'utf8');

/** The exercise as an ES module that carries the memory to go on with. */
export const exerciseModule = (memory) => `${source}\nexport const memory = '${memory}';\n`;

/** The same as a CommonJS module. */
export function exerciseCommon(memory) {
  const plain = source.replace(/^export /gm, '');
  return `${plain}\nmodule.exports = { exercise, tell, memory: '${memory}' };\n`;
}

const print = (promise) => `${promise}.then((result) =>
  console.log('RESULT ' + JSON.stringify(result)));\n`;

export const mainModule = `import { TTT } from 'bit-ttt';
import { exercise, memory } from './exercise.mjs';
${print('exercise({ TTT }, memory)')}`;

export const mainCommon = `const { TTT } = require('bit-ttt');
const { exercise, memory } = require('./exercise.cjs');
${print('exercise({ TTT }, memory)')}`;

/** Entries of the shipped models, by the programs that tell with them; `older` is the older name of the stories'. */
export const ENTRIES = {
  story: 'bit-ttt/models/stories',
  english: 'bit-ttt/models/english',
  older: 'bit-ttt/model',
};

/** What the program of this name is to tell. */
export const toldBy = (context, name) => (name === 'english' ? context.english : context.story);

/** Tells a story with a shipped model, which the importing text brings under the name url. */
export const storyModule = (imported) => `
import { BitLlama } from 'bit-ttt';
${imported}
import { tell } from './exercise.mjs';
${print('tell({ BitLlama }, url)')}`;

/** The same with the entry of this name. */
export const entryModule = (name) =>
  storyModule(`import { modelUrl as url } from '${ENTRIES[name]}';`);

export const entryCommon = (name) => `const { BitLlama } = require('bit-ttt');
const { modelUrl } = require('${ENTRIES[name]}');
const { tell } = require('./exercise.cjs');
${print('tell({ BitLlama }, modelUrl)')}`;

/** A page that runs one script. */
export const page = (script, attributes = 'type="module"') => `<!doctype html>
<meta charset="utf-8" />
<link rel="icon" href="data:," />
<title>bit-ttt</title>
<script ${attributes} src="${script}"></script>
`;

/** The results among the lines that a program has printed. */
export function resultsIn(text) {
  return [...text.matchAll(/RESULT (\{.*\})/g)].map((match) => JSON.parse(match[1]));
}

/** Fails, with all that was printed, unless the results are those expected, in this order. */
export function checkResults(text, expected) {
  assert.deepEqual(resultsIn(text), expected, `printed:\n${text}`);
}

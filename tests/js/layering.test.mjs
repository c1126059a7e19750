// The rooms of the TypeScript sources: who may import whom (ARCHITECTURE.md), and that no files import
// each other in a circle. tests/tools/layering.sh is the same for C.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { circleOf, importGraph, importsOf } from './support/imports.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The package by its names, as its users import it. */
const PACKAGE = ['bit-ttt', 'bit-ttt/models/english', 'bit-ttt/models/stories'];

/** What the demo page shows, and draws with. */
const ASSETS = [
  'models/english.bitt?url',
  'models/stories.bitt?url',
  'examples/alice.txt?url',
  'bit-ttt/bit_ttt.wasm?url',
  'bit-ttt/bit_ttt_relaxed.wasm?url',
  'uplot',
  'uplot/dist/uPlot.min.css',
];

/**
 * For each room the rooms and packages that it may import, besides itself. A room is a folder with all
 * below it, but for what is a room of its own; `ts` are the files directly in ts/.
 */
const ROOMS = {
  'ts/common': [],
  'ts/files': ['ts/common'],
  'ts/engine': ['ts/common', 'ts/files'],
  'ts/engine/native': ['ts/common', 'ts/files', 'ts/engine'],
  'ts/engine/wasm': ['ts/common', 'ts/files', 'ts/engine', 'bit_ttt.wasm', 'relaxed_places.json'],
  'ts/tokenizer': ['ts/common', '@huggingface/tokenizers'],
  'ts/layer': ['ts/common', 'ts/engine'],
  'ts/llama': ['ts/common', 'ts/files', 'ts/engine', 'ts/tokenizer'],
  'ts/detect': ['ts/common', 'ts/engine', 'ts/layer'],
  ts: [
    'ts/common',
    'ts/files',
    'ts/engine',
    'ts/engine/native',
    'ts/engine/wasm',
    'ts/tokenizer',
    'ts/layer',
    'ts/llama',
    'ts/detect',
    'ts/pino',
    'models/english.bitt',
    'models/stories.bitt',
  ],
  // On top of the package: what the command and the demo page share, the transport for pino, and these two.
  'ts/corpus': ['ts/common', ...PACKAGE],
  'ts/bench': PACKAGE,
  'ts/pino': ['ts/common', 'ts/detect', ...PACKAGE],
  'ts/cli': ['ts/common', 'ts/files', 'ts/detect', 'ts/corpus', 'ts/bench', 'fzstd', ...PACKAGE],
  'web-demo': ['ts/common', 'ts/detect', 'ts/corpus', 'ts/bench', ...PACKAGE, ...ASSETS],
};

/** What builds and serves the page, and is no part of it. */
const TOOLS = /^web-demo\/[\w.]+\.mjs$/;

/** Rooms that import what only Node has. */
const ON_NODE = ['ts/files', 'ts/engine/native', 'ts/pino', 'ts/cli', 'ts/pino.ts'];

/** The room of a file: the longest name that its path begins with; of `ts` only what lies directly in it. */
function roomOf(file) {
  if (TOOLS.test(file)) return undefined;
  const rooms = Object.keys(ROOMS).filter((room) => file.startsWith(`${room}/`));
  const room = rooms.sort((a, b) => b.length - a.length)[0];
  return room === 'ts' && file.split('/').length > 2 ? undefined : room;
}

/** What the rules say against one import; undefined if nothing. */
function problem(file, imported) {
  const room = roomOf(file);
  if (room === undefined) return `no rule is about ${file}`;
  if (imported.startsWith('node:'))
    return ON_NODE.includes(room) || ON_NODE.includes(file) ? undefined : 'only Node has it';
  const target = roomOf(imported) ?? imported;
  if (target === room || ROOMS[room].includes(target)) return undefined;
  return `${room} may not import ${target}`;
}

/** Every import against the rules. */
function wrongArrows(graph) {
  return [...graph].flatMap(([file, imports]) =>
    imports
      .map((imported) => [imported, problem(file, imported)])
      .filter(([, wrong]) => wrong !== undefined)
      .map(([imported, wrong]) => `${file} imports ${imported}: ${wrong}`),
  );
}

describe('layering', () => {
  const all = importGraph(root, ['ts', 'web-demo']);
  const graph = new Map([...all].filter(([file]) => !TOOLS.test(file)));

  it('has no import against the arrows', () => {
    assert.ok(graph.size > 100, `only ${graph.size} files found`);
    assert.deepEqual(wrongArrows(graph), []);
  });

  it('has no circle of files', () => {
    assert.equal(circleOf(graph)?.join(' -> '), undefined);
  });

  it('tells a wrong arrow and a circle', () => {
    const bad = new Map([
      ['ts/common/args.ts', ['ts/layer/ttt.ts']],
      ['ts/layer/ttt.ts', ['node:fs', 'ts/common/args.ts', 'ts/engine/wasm/heap.ts']],
      ['web-demo/main.ts', ['ts/cli/main.ts', 'bit-ttt', 'web-demo/serve.mjs']],
      ['ts/elsewhere/file.ts', ['ts/common/args.ts']],
    ]);
    assert.equal(wrongArrows(bad).length, 6);
    assert.equal(circleOf(bad).join(' '), 'ts/common/args.ts ts/layer/ttt.ts ts/common/args.ts');
  });

  it('is not deceived by how an import is written', () => {
    const forms = [
      `import type { A } from '../x.js';`,
      `import {\n  A, // the layer's\n} from '../x.js';`,
      `export * from "../x.js";`,
      `import '../x.js';`,
      'const x = await import(`../x.js`);',
      `import x = require('../x.js');`,
      `const a = 1; import b from '../x.js';`,
      `const s = '/*'; import b from '../x.js'; // */`,
      `declare module '../x.js' {}`,
      `import.meta.glob('../x.js')`,
    ];
    for (const form of forms) assert.ok(importsOf(form).includes('../x.js'), form);
    assert.deepEqual(importsOf(`/** From the start, as "x" does. */ import b from 'c';`), ['c']);
  });

  it('has a room for every file, and every room has files', () => {
    for (const file of graph.keys()) {
      assert.ok(roomOf(file), file);
      assert.ok(file.endsWith('.ts') || file === 'web-demo/sw.js', `${file} is no .ts`);
    }
    assert.equal(roomOf('ts/elsewhere/file.ts'), undefined);
    const used = new Set([...graph.keys()].map(roomOf));
    assert.deepEqual([...used].sort(), Object.keys(ROOMS).sort());
  });

  it('has nothing in ts/ itself but entries', () => {
    const names = readdirSync(join(root, 'ts')).filter((name) => name.includes('.'));
    const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const text = JSON.stringify(exports);
    const others = names.filter(
      (name) => !text.includes(`/types/${name.replace(/\.ts$/, '.d.mts')}`),
    );
    assert.deepEqual(others.sort(), ['assets.d.ts', 'public.ts', 'reference.ts']);
  });

  it('has no script in node/', () => {
    assert.ok(existsSync(join(root, 'scripts/build.mjs')));
    assert.deepEqual(
      readdirSync(join(root, 'node')).filter((name) => /\.m?[jt]s$/.test(name)),
      [],
    );
  });
});

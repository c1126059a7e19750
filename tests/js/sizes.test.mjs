// Files fit into 350 lines, functions of C and C++ into 60: what is read at once. Biome holds functions of
// TypeScript to the same (biome.jsonc).
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const FOLDERS = ['src', 'include', 'node', 'wasm', 'ts', 'web-demo', 'scripts'];
const CODE = /\.(c|h|cc|hpp|inc|ts|mjs|js|css|html)$/;
const C = /\.(c|h|cc|hpp|inc)$/;
const MAX_FILE = 350;
const MAX_FUNCTION = 60;

/** Every file of code as [path, lines]. */
function codeOf(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return codeOf(path);
    if (!CODE.test(entry.name)) return [];
    return [[path, readFileSync(join(root, path), 'utf8').trimEnd().split('\n')]];
  });
}

/**
 * Functions of C and C++ as { line, length }, the signature's last line and both braces included. The
 * formatter puts the braces of functions, and of nothing else, on lines of their own.
 */
function functionsOf(lines) {
  const found = [];
  for (let at = 0; at < lines.length; at++) {
    const indent = /^( *)\{$/.exec(lines[at])?.[1];
    if (indent === undefined) continue;
    const end = lines.findIndex((line, i) => i > at && line.startsWith(`${indent}}`));
    found.push({ line: at, length: end - at + 2 });
  }
  return found;
}

describe('sizes', () => {
  const files = FOLDERS.flatMap(codeOf);

  it(`no file has more than ${MAX_FILE} lines`, () => {
    assert.ok(files.length > 200, `only ${files.length} files found`);
    const long = files.filter(([, lines]) => lines.length > MAX_FILE);
    assert.deepEqual(
      long.map(([path, lines]) => `${path}: ${lines.length}`),
      [],
    );
  });

  it(`no function of C or C++ has more than ${MAX_FUNCTION} lines`, () => {
    const all = files
      .filter(([path]) => C.test(path))
      .flatMap(([path, lines]) => functionsOf(lines).map((one) => ({ path, ...one })));
    assert.ok(all.length > 600, `only ${all.length} functions found`);
    const long = all.filter(({ length }) => length > MAX_FUNCTION);
    assert.deepEqual(
      long.map(({ path, line, length }) => `${path}:${line}: ${length}`),
      [],
    );
  });

  it('functions are found in methods and between others', () => {
    const text = [
      'int one(int a)',
      '{',
      '    if (a) {',
      '        return 1;',
      '    }',
      '    return 2;',
      '}',
      'class Two {',
      '    int three()',
      '    {',
      '        return 3;',
      '    }',
      '};',
    ];
    assert.deepEqual(functionsOf(text), [
      { line: 1, length: 7 },
      { line: 9, length: 4 },
    ]);
  });
});

// Every public class and function has an example in its docstring, which runs and prints what it says.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { root } from './support/backends.mjs';
import { blocksOf, checkOutput, Workspace } from './support/snippets.mjs';

const sourceOf = (file) => readFileSync(join(root, file), 'utf8');

/** Names that a file exports as values from others: [name, file that has it], through files that pass them on. */
function valuesOf(file) {
  const text = sourceOf(file);
  const lists = [...text.matchAll(/^export (?:\{([^}]*)\}|\*) from '([^']*)'/gm)];
  return lists.flatMap(([, names, from]) => {
    const other = join(dirname(file), from).replace(/\.js$/, '.ts');
    if (names === undefined) return valuesOf(other);
    const further = valuesOf(other);
    return names
      .split(',')
      .map((name) => name.trim())
      .filter(Boolean)
      .map((name) => further.find(([known]) => known === name) ?? [name, other]);
  });
}

/** What stands before the declaration of a class or function: its docstring, or ''; undefined for other values. */
function docstringOf(name, file) {
  const text = sourceOf(file);
  const declared = new RegExp(`^export (?:async )?(?:class|function\\*?) ${name}\\b`, 'm').exec(
    text,
  );
  if (!declared) return undefined;
  const before = text.slice(0, declared.index);
  if (!before.endsWith('*/\n')) return '';
  const comment = before.slice(before.lastIndexOf('/**'));
  return comment.replace(/^ \* ?/gm, '');
}

const documented = valuesOf('ts/reference.ts')
  .map(([name, file]) => ({ name, text: docstringOf(name, file) }))
  .filter(({ text }) => text !== undefined);

describe('examples of the reference', () => {
  let space;
  before(() => (space = new Workspace()));
  after(() => space.remove());

  it('are of all classes and functions', () => {
    const values = valuesOf('ts/reference.ts').map(([name]) => name);
    assert.deepEqual(
      values.filter((name) => documented.every((one) => one.name !== name)),
      ['modelUrl'],
    );
    assert.ok(documented.length > 20);
  });

  for (const { name, text } of documented)
    it(`${name}: short, and prints what it says`, () => {
      const example = text.split('@example\n')[1];
      assert.ok(example, 'no @example');
      const [code, printed, ...more] = blocksOf(example);
      assert.deepEqual([code.language, printed?.language, more.length], ['js', 'text', 0]);
      const lines = code.code.split('\n').filter((line) => line.trim());
      assert.ok(lines.length <= 9 && code.code.includes(name), code.code);
      checkOutput(space.runScript({ ...code, line: name }), printed.code);
    });
});

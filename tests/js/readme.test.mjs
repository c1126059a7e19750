// Runs every example of the README as a reader would.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const blocks = (language) =>
  [...readme.matchAll(new RegExp('```' + language + '\\n([\\s\\S]*?)```', 'g'))].map((m) => m[1]);

describe('README', () => {
  let folder;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'bit-ttt-readme-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const [node, llama, browser] = blocks('js');
  const run = (name, code) => {
    const file = join(root, 'build', `readme-${process.pid}-${name}.mjs`); // resolves 'bit-ttt'
    writeFileSync(file, code);
    try {
      return execFileSync(process.execPath, [file], { cwd: root, encoding: 'utf8' });
    } finally {
      rmSync(file);
    }
  };

  it('has a Node example that runs', () => {
    const output = run('node', `${node}\nconsole.log(output.length, surprise.length, memory.length);`);
    assert.equal(output.trim(), '6400 100 1216');
  });

  it('has an example of the language model that runs', () => {
    const story = run('llama', `${llama}\nconsole.log('\\n', tokens[0].text, memory.length > 1e5);`);
    assert.match(story, /^[^]{200,}\n +The true\n$/);
  });

  it('has a browser example that runs on the browser bundle', () => {
    const entry = JSON.stringify(join(root, 'dist/browser.mjs'));
    assert.equal(run('browser', browser.replace("'bit-ttt'", entry)).trim(), 'wasm 128');
  });

  it('keeps its JavaScript examples under ten lines', () => {
    for (const block of blocks('js'))
      assert.ok(block.split('\n').filter((line) => line.trim()).length < 10);
  });

  it('has a C example that builds and runs against the shared library', function () {
    const library = join(root, 'build/native/libBit_TTT.so');
    if (!existsSync(library)) this.skip();
    const source = join(folder, 'example.c'), program = join(folder, 'example');
    writeFileSync(source, blocks('c')[0]);
    const folderOf = join(root, 'build/native');
    const flags = [`-I${join(root, 'include')}`, `-L${folderOf}`, '-lBit_TTT', `-Wl,-rpath,${folderOf}`];
    execFileSync('cc', [source, '-o', program, ...flags]);
    const [, first, last] = /^ok: ([\d.]+) ([\d.]+)$/m.exec(execFileSync(program, { encoding: 'utf8' }));
    assert.ok(Number(first) > 0.99 && Number(last) < Number(first));
  });

  it('names only commands and options that exist', () => {
    const help = (...args) =>
      execFileSync(process.execPath, [join(root, 'dist/cli.mjs'), ...args, '--help'], { encoding: 'utf8' });
    for (const [, command, rest] of readme.matchAll(/npx bit-ttt (\w+)(.*)/g)) {
      const text = help(command);
      for (const [option] of rest.split('#')[0].matchAll(/--[a-z-]+/g))
        assert.ok(text.includes(option), `${command} ${option}`);
    }
  });

  it('links to files that exist', () => {
    for (const [, target] of readme.matchAll(/\]\(([^)#]+)\)/g))
      if (!target.startsWith('http')) assert.ok(existsSync(join(root, target)), target);
  });
});

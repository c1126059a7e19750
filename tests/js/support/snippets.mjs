// Finds the fenced blocks of Markdown files, and runs them as a reader would.
// SPDX-License-Identifier: MIT
//
// What the words behind a fence mean (all blocks of a file share one folder, and run in order):
//   js               runs in Node, on its own         js continue   goes on from the block before
//   js browser       bundled, runs on a page          html          a page that fills an <output>
//   http             headers for the pages after it   json          must parse
//   sh               runs in a shell (see shims.mjs)  sh fails      ends with a failure
//   c, cpp, python   compiled and run
//   text             what the block before prints; ... stands for anything
//   any file=NAME    is put into a file, for the blocks after it; text and scripts do not run then
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { root } from './backends.mjs';
import { cleanEnvironment } from './child.mjs';
import { installShims } from './shims.mjs';

const MARK = '\u0001part';

/** The blocks of a Markdown text: { language, words, file, code, line }. */
export function blocksOf(markdown) {
  const found = [];
  let open;
  markdown.split('\n').forEach((line, i) => {
    const fence = /^\s{0,3}```(.*)$/.exec(line);
    if (!open && fence) {
      const [language = '', ...words] = fence[1].trim().split(/\s+/);
      const file = words.find((word) => word.startsWith('file='))?.slice('file='.length);
      open = { language, words, file, lines: [], line: i + 1 };
    } else if (open && fence) {
      found.push({ ...open, code: `${open.lines.join('\n')}\n` });
      open = undefined;
    } else open?.lines.push(line);
  });
  assert.equal(open, undefined, `the block of line ${open?.line} has no end`);
  return found;
}

/** Fails unless `actual` is what a block of text promises: dots stand for the rest of a line, or for any lines. */
export function checkOutput(actual, expected) {
  const tidy = (text) =>
    text
      .split('\n')
      .map((line) => line.trimEnd())
      .join('\n')
      .trim();
  const escaped = tidy(expected).replace(/[\\^$*+?()[\]{}|.]/g, '\\$&');
  const dots = '\\.\\.\\.';
  const pattern = escaped
    .replaceAll(
      new RegExp(`\\n${dots.replaceAll('\\', '\\\\')}(?=\\n|$)`, 'g'),
      () => '(?:\\n[^]*?)?',
    )
    .replaceAll(new RegExp(`^${dots.replaceAll('\\', '\\\\')}$`, 'gm'), () => '[^]*?')
    .replaceAll(dots, '[^\\n]*?');
  if (new RegExp(`^${pattern}$`).test(tidy(actual))) return;
  assert.equal(tidy(actual), tidy(expected)); // for its message
}

/** Texts that blocks name without showing them: samples of the right kind, not too long. */
const samples = {
  'book.txt': (alice) => alice.slice(0, 20000),
  'app.log': () => logOf(1),
  'day1.log': () => logOf(1),
  'day2.log': () => logOf(2),
  'letter.txt': () => 'We will send the walnut shelf on Monday with with the green van.\n',
  'metrics.csv': () => Array.from({ length: 400 }, (_, i) => `${60 * i},${i % 20}\n`).join(''),
  'english.txt': (alice) => alice.slice(0, 25000),
  'english-valid.txt': (alice) => alice.slice(25000, 30000),
  'tinystories-train.txt': (alice) => alice.slice(0, 20000),
  'tinystories-extra-unsegmented.txt': (alice) => alice.slice(20000, 25000),
  'tinystories-valid.txt': (alice) => alice.slice(25000, 30000),
};

function logOf(day) {
  const lines = Array.from({ length: 400 }, (_, i) => `web[12]: GET /item/${i % 7} 200`);
  lines[250] = `disk[3]: day ${day}: write error on sector 12`;
  return `${lines.join('\n')}\n`;
}

/** A folder that is like a checkout with the package installed, for the blocks of one file. */
export class Workspace {
  folder = mkdtempSync(join(tmpdir(), 'bit-ttt-docs-'));
  headers = {};
  #parts = [];

  constructor() {
    for (const name of ['include', 'examples', 'models'])
      cpSync(join(root, name), join(this.folder, name), { recursive: true });
    const alice = readFileSync(join(root, 'examples/alice.txt'), 'utf8');
    for (const [name, make] of Object.entries(samples)) this.write(name, make(alice));
    this.write('package.json', '{ "private": true }\n');
    mkdirSync(join(this.folder, 'node_modules'));
    symlinkSync(root, join(this.folder, 'node_modules/bit-ttt'), 'dir');
    symlinkSync(join(root, 'node_modules/pino'), join(this.folder, 'node_modules/pino'), 'dir');
    installShims(join(this.folder, '.shims'));
  }

  write(name, content) {
    writeFileSync(join(this.folder, name), content);
    return join(this.folder, name);
  }

  remove() {
    rmSync(this.folder, { recursive: true });
  }

  /** What a program prints, both streams in order; fails if it fails, unless it should. */
  run(program, args, { env = {}, fails = false } = {}) {
    const path = [join(this.folder, '.shims'), process.env.PATH].join(delimiter);
    const words = [program, ...args].map((word) => `'${word}'`).join(' ');
    const result = spawnSync('sh', ['-c', `exec 2>&1; ${words}`], {
      cwd: this.folder,
      env: cleanEnvironment({ PATH: path, NO_COLOR: '1', COLUMNS: undefined, ...env }),
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    assert.equal(result.status !== 0, fails, `${program} gave ${result.status}:\n${result.stdout}`);
    return result.stdout;
  }

  /** Runs JavaScript, after the blocks that it goes on from; gives what the last one prints. */
  runScript({ code, words, line }) {
    if (!words.includes('continue')) this.#parts = [];
    this.#parts.push(code);
    const source = this.#parts.join(`\nconsole.log(${JSON.stringify(MARK)});\n`);
    const file = this.write(`snippet-${line}.mjs`, source);
    return this.run(process.execPath, [file]).split(`${MARK}\n`).at(-1);
  }

  /** Compiles C or C++ against the shared library, and runs it. */
  runCompiled({ code, language, file, line }) {
    const source = this.write(file ?? `snippet-${line}.${language}`, code);
    const library = join(root, 'build/native');
    const folders = ['-Iinclude', `-I${join(root, 'examples/cpp')}`, `-L${library}`];
    const flags = [...folders, '-lBit_TTT', '-lm'];
    const strict = ['-Wall', '-Wextra', '-Werror'];
    const program = join(this.folder, `program-${line}`);
    const compiler = language === 'c' ? ['cc'] : ['c++', '-std=c++17'];
    const rest = [source, '-o', program, ...flags, ...strict, `-Wl,-rpath,${library}`];
    this.run(compiler[0], [...compiler.slice(1), ...rest]);
    return this.run(program, []);
  }

  runPython({ code, line }) {
    const library = join(root, 'build/native/libBit_TTT.so'); // what a block of shell before it names
    const env = { PYTHONPATH: join(root, 'examples/python'), BIT_TTT_LIBRARY: library };
    return this.run('python3', [this.write(`snippet_${line}.py`, code)], { env });
  }

  runShell({ code, words }) {
    const fails = words.includes('fails');
    return this.run('sh', ['-e', this.write('commands.sh', code)], { fails });
  }
}

// `npm start`: what it says while it builds, and what it shows.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

import { addonPath, host } from '../../scripts/addon.mjs';
import { servicesLog } from '../../scripts/services-log.mjs';
import { programPath } from '../../scripts/toolchain.mjs';
import { backends, root } from './support/backends.mjs';
import { environment, output } from './support/cli.mjs';

/** Runs a program to its end: { status, text }, both streams in one. */
function runs(program, args, { cwd = root, env = {} } = {}) {
  const child = spawn(program, args, { cwd, env: environment(env), stdio: 'pipe' });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part) => (text += part));
  }
  child.stdin.end();
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status) => resolve({ status, text }));
  });
}

const start = (args = [], options) =>
  runs(process.execPath, ['scripts/setup.mjs', 'start', ...args], options);

/** What stands below a line that ends with this, up to the next empty line. */
const below = (text, end) => text.split(`${end}\n`)[1]?.split('\n\n')[0];

/** Checks what is shown once all is built. */
function checkTour(text) {
  for (const { text: line } of servicesLog().faults.filter((_, i) => i !== 1)) {
    const plain = text.replace(/[«»]/g, '');
    assert.ok(plain.includes(`\n    ${line}\n`), `${line} is not in:\n${text}`);
  }
  assert.match(text, /2,000 lines, 3 stand out/);
  assert.match(text, /“INFO database replica is <n> ms behind” stays away/);
  const begun = '"Kwabena has mended my acc"';
  assert.doesNotMatch(below(text, `suggest ${begun}`), /accordion/);
  assert.match(below(text, `suggest --read examples/note.txt ${begun}`), /^0\.\d+ {2}accordions\n/);
  assert.match(
    below(text, 'suggest --read examples/note.txt "Yesterday Kw"'),
    /^0\.\d+ {2}Kwabena(\n|$)/,
  );
  const story = below(text, '--max-tokens 75');
  assert.ok(story.length > 150, story);
}

describe('npm start', () => {
  let text;
  before(async () => {
    const shown = await start();
    assert.equal(shown.status, 0, shown.text);
    text = shown.text;
  });

  it('shows three things, in plain text where nobody watches', async () => {
    assert.doesNotMatch(text, /[\x1b\r]/);
    checkTour(text);
    const log = await output(['surprise', 'examples/services.log'], { cwd: root });
    const same = log.split('\nmemory:')[0]; // then comes how fast it was
    assert.ok(text.includes(same), text);
  });

  it('ends with commands that exist', async () => {
    const [, next] = text.split('\nTry next\n');
    const named = next.match(/^ {2}\S.*$/gm).map((line) => line.trim().split(' '));
    assert.equal(named.length, 4);
    for (const [program, what, name, ...words] of named) {
      if (program === 'npm') {
        const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
        assert.ok(Object.hasOwn(scripts, name), name);
        continue;
      }
      assert.deepEqual([program, what], ['npx', 'bit-ttt']);
      const help = await output([name, '--help']);
      for (const option of words.filter((word) => word.startsWith('--')))
        assert.match(help, new RegExp(`${option} `), `${name} ${option}`);
    }
  });

  it('reads the logs that it is given instead', async () => {
    const { status, text } = await start(['examples/alice.txt', 'examples/services.log']);
    assert.equal(status, 0, text);
    assert.match(text, /\n2 files: 2,653 lines, /);
    assert.doesNotMatch(text, /Try next/);
  });

  it('passes on that a file is not there', async () => {
    const { status, text } = await start(['no.log']);
    assert.equal(status, 1);
    assert.match(text, /\nbit-ttt: [^\n]*no\.log[^\n]*\n$/);
  });

  it('has bold headings on a terminal, and keeps its own lines short', async function () {
    if (!programPath('script')) {
      console.log('      skipped: no script on PATH (apt-get install bsdutils)');
      this.skip();
    }
    const command = `stty cols 60; '${process.execPath}' scripts/setup.mjs start`;
    const terminal = ['-qec', command, '/dev/null'];
    // CI, which Node's own hasColors asks, changes nothing.
    const coloured = await runs('script', terminal, { env: { TERM: 'xterm', CI: 'true' } });
    assert.equal(coloured.status, 0, coloured.text);
    assert.match(coloured.text, /\x1b\[1mTry next\x1b\[22m/);
    assert.match(coloured.text, /\x1b\[36m840\x1b\[39m/, 'the command is not in colour');
    const rows = coloured.text.replace(/\x1b\[\d*[mK]/g, '').split(/\r?\n/);
    const own = rows.slice(rows.indexOf('Try next'));
    assert.ok(own.length > 8);
    for (const row of own) assert.ok(row.length <= 60, row);
    const plain = await runs('script', terminal, { env: { TERM: 'xterm', NO_COLOR: '1' } });
    assert.match(plain.text, /\nTry next\r?\n/);
    assert.doesNotMatch(plain.text, /\x1b\[\d*m/);
  });
});

describe('npm start in a fresh clone', () => {
  const CLONE = 'a clone, with blanks';
  let folder;
  before(function () {
    if (!backends.includes('native') || process.platform === 'win32') this.skip();
    folder = mkdtempSync(join(tmpdir(), 'bit-ttt-start-'));
    const clone = join(folder, CLONE);
    const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
    const files = execFileSync('git', list, { cwd: root, encoding: 'utf8' }).split('\0');
    for (const name of files.filter((name) => name !== '' && existsSync(join(root, name)))) {
      cpSync(join(root, name), join(clone, name), { preserveTimestamps: true });
    }
    symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'), 'dir');
    // Instead of compiling it gives the addon that is there already.
    mkdirSync(join(folder, 'bin'));
    const cmake = join(folder, 'bin/cmake');
    const built = join(root, addonPath(host));
    const steps = `mkdir -p build/native\ncp '${built}' build/native/bit_ttt.node\n`;
    writeFileSync(cmake, `#!/bin/sh\n${steps}`);
    chmodSync(cmake, 0o755);
  });
  after(() => folder && rmSync(folder, { recursive: true }));

  const clone = (path = '') => join(folder, CLONE, path);

  it('says what is built and how long that takes, builds no more than it needs, and shows it', async () => {
    const PATH = [join(folder, 'bin'), process.env.PATH].join(delimiter);
    const { status, text } = await start([], { cwd: clone(), env: { PATH } });
    assert.equal(status, 0, text);
    const lines = [
      /^building the native addon: about half a minute$/,
      /^native addon: built in \d+\.\d s$/,
      /^building the JavaScript: about \d+ seconds$/,
      /^JavaScript: built in \d+\.\d s$/,
      /^bit-ttt \d+\.\d+\.\d+ is ready \(native\)$/,
      /^$/,
    ];
    const said = text.split('\n');
    lines.forEach((line, i) => assert.match(said[i], line));
    assert.ok(!existsSync(clone('dist/types')) && !existsSync(clone('dist/bit_ttt.wasm')));
    checkTour(text);
  });

  it('says in one sentence what it lacks', async () => {
    const bin = join(folder, 'empty');
    mkdirSync(bin);
    const { status, text } = await start([], { cwd: clone(), env: { PATH: bin } });
    assert.equal(status, 1);
    assert.match(
      text,
      /^Missing: a C compiler, .*; install with: sudo apt-get install [\w +.-]+\n$/,
    );
  });
});

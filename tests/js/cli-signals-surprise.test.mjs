// Signals to a surprise that follows a pipe: it stops reading, reports and saves; and its memory is saved on
// the way. Other commands: cli-signals.test.mjs.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readFileSync,
  statSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { backends } from './support/backends.mjs';
import { bitTtt, command, json, output, temporaryFolder } from './support/cli.mjs';
import { alice, objects } from './support/cli-llama.mjs';
import { CODES, fifo, later } from './support/cli-signals.mjs';

const folder = temporaryFolder();

before(function () {
  if (process.platform === 'win32') this.skip(); // no signals there
});

/** Waits until there is such a file. */
async function appears(path) {
  while (!existsSync(path)) await sleep(5);
}

describe('signals: surprise that follows a pipe', () => {
  const unread = [];
  after(() => unread.forEach((child) => child.kill('SIGKILL'))); // they wait for a reader

  for (const [signal, code] of Object.entries(CODES))
    for (const backend of backends)
      it(`${signal} (${backend}): it saves what it has read`, async () => {
        const memory = folder.path(`${signal}.${backend}`);
        const args = ['surprise', '-', '--all', '--json', '--save', memory];
        const { status, stdout, stderr } = await bitTtt(args, {
          env: { BIT_TTT_BACKEND: backend },
          input(child) {
            child.stdin.write('one line\nhalf of anoth');
            child.stdout.once('data', () => child.kill(signal));
          },
        });
        assert.deepEqual(
          [status, stderr],
          [code, 'bit-ttt: interrupted after line 1; the memory was saved\n'],
        );
        assert.deepEqual(
          objects(stdout).map((one) => one.text),
          ['one line'],
        );
        const again = ['surprise', '-', '--load', memory];
        assert.equal((await json(again, { input: 'x\n' })).memory.lines, 2);
      });

  it('reports, as text and as JSON', async () => {
    for (const more of [[], ['--json']]) {
      const memory = folder.path(`report${more.length}`);
      const args = ['surprise', '-', '--save', memory, '--save-every', '0.02', ...more];
      const { status, stdout } = await bitTtt(args, {
        async input(child) {
          child.stdin.write('one line\nand another\n');
          await appears(memory); // what was read has been saved
          child.kill('SIGTERM');
        },
      });
      assert.equal(status, 143);
      if (more.length === 0)
        assert.match(stdout, /standard input: only 2 lines so far.*saved to \S+report0/s);
      else assert.deepEqual([JSON.parse(stdout).lines, JSON.parse(stdout).memory.lines], [2, 2]);
    }
  });

  it('ends while a pipe gives nothing, and then has nothing to save', async () => {
    const path = fifo(folder.path('silent'));
    const memory = folder.path('silent.memory');
    let writer;
    const { status, stdout, stderr } = await bitTtt(['surprise', path, '--save', memory], {
      async input(child) {
        writer = await open(path, 'w'); // waits until the command has opened it
        child.kill('SIGTERM');
      },
    });
    await writer.close();
    const says = 'bit-ttt: interrupted before the first line; there is nothing to save\n';
    assert.deepEqual([status, stdout, stderr], [143, '', says]);
    assert.equal(existsSync(memory), false);
  });

  it('ends while a named pipe has no writer yet', async () => {
    const path = fifo(folder.path('unopened'));
    const { status } = await later('SIGHUP', 50, ['surprise', path]);
    assert.equal(status, 129);
  });

  it('stops within a large file, too', async () => {
    const large = folder.write(
      'large.log',
      'a line of a log that is long enough\n'.repeat(400_000),
    );
    const memory = folder.path('large.memory');
    const { status, stdout } = await later('SIGTERM', 30, [
      ...['surprise', large, '--json', '--save', memory],
    ]);
    assert.equal(status, 143);
    const { lines, memory: found } = JSON.parse(stdout);
    assert.ok(lines > 0 && lines < 400_000, String(lines));
    assert.deepEqual([found.saved, found.lines], [memory, lines]);
  });

  it('saves although nobody reads what it prints', async () => {
    const [memory, pipe] = [folder.path('unread.memory'), fifo(folder.path('unread'))];
    const full = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
    assert.throws(() => {
      for (;;) writeSync(full, Buffer.alloc(1 << 16));
    }, /EAGAIN/);
    const preload = `const timer = setInterval(() => {
      if (!process.stdout.writableNeedDrain) return;
      clearInterval(timer);
      process.kill(process.pid, 'SIGTERM');
    }, 5)`;
    const child = spawn(
      process.execPath,
      [
        ...['--import', `data:text/javascript,${encodeURIComponent(preload)}`, command],
        ...['surprise', alice, '--all', '--save', memory],
      ],
      { stdio: ['ignore', full, 'ignore'] },
    );
    unread.push(child);
    await appears(memory);
    closeSync(full);
    assert.equal((await json(['info', memory])).kind, 'memory');
  });

  it('a read that fails keeps what was saved before', async () => {
    const memory = folder.path('before.memory');
    await output(['surprise', '-', '--save', memory], { input: 'one\n' });
    const bytes = readFileSync(memory);
    const { status } = await later('SIGTERM', 30, [
      ...['surprise', fifo(folder.path('none')), '--load', memory, '--save', memory],
    ]);
    assert.equal(status, 143);
    assert.deepEqual(readFileSync(memory), bytes);
  });
});

describe('saving while following', () => {
  it('keeps what was read although the process is killed, and is idle when nothing is new', async () => {
    const memory = folder.path('followed.memory');
    const args = ['surprise', '-', '--save', memory, '--save-every', '0.02'];
    const again = () => json(['surprise', '-', '--load', memory], { input: 'x\n' });
    const [lines, reference] = ['one\ntwo\nthree\n', folder.path('reference.memory')];
    await output(['surprise', '-', '--save', reference], { input: lines });
    const whole = readFileSync(reference);
    let saves;
    const { signal } = await bitTtt(args, {
      async input(child) {
        child.stdin.write(`${lines}half`);
        while (!existsSync(memory) || !readFileSync(memory).equals(whole)) await sleep(5);
        const first = statSync(memory).ino;
        await sleep(300); // many times as long as it waits
        saves = [first, statSync(memory).ino];
        child.stdin.write(' a line\n');
        while (statSync(memory).ino === first) await sleep(5);
        child.kill('SIGKILL');
      },
    });
    assert.equal(signal, 'SIGKILL');
    assert.equal(saves[0], saves[1]);
    assert.equal((await again()).memory.lines, 4 + 1);
  });

  it('gives the same memory as reading without a break', async () => {
    const [often, once] = [folder.path('often.memory'), folder.path('once.memory')];
    const lines = Array.from({ length: 40 }, (_, i) => `line ${i * i} of a log\n`);
    await output(['surprise', '-', '--save', once], { input: lines.join('') });
    const args = ['surprise', '-', '--save', often, '--save-every', '0.01'];
    const { status } = await bitTtt(args, {
      async input(child) {
        for (const line of lines) {
          child.stdin.write(line);
          await sleep(3);
        }
        child.stdin.end();
      },
    });
    assert.equal(status, 0);
    assert.deepEqual(readFileSync(often), readFileSync(once));
  });

  it('goes on when it could not save on the way', async () => {
    const at = folder.path('gone');
    spawnSync('mkdir', [at]);
    const args = ['surprise', '-', '--save', join(at, 'm'), '--save-every', '0.02'];
    const { status, stderr } = await bitTtt(args, {
      input(child) {
        child.stdin.write('one\n');
        child.stderr.once('data', () => {
          spawnSync('mkdir', [at]);
          child.stdin.end('two\n');
        });
        appears(join(at, 'm')).then(() => {
          spawnSync('rm', ['-r', at]);
          child.stdin.write('more\n');
        });
      },
    });
    assert.equal(status, 0, stderr);
    assert.match(
      stderr,
      /^(bit-ttt: cannot save \S+m: no such file or directory; the reading goes on\n)+$/,
    );
    assert.ok(existsSync(join(at, 'm')));
  });

  it('--save-every needs --save', async () => {
    const { status, stderr } = await bitTtt(['surprise', '-', '--save-every', '5']);
    assert.deepEqual([status, stderr], [2, 'bit-ttt: --save-every needs --save FILE\n']);
  });
});

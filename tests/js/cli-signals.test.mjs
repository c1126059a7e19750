// Ctrl-C, SIGTERM and SIGHUP: a command stops reading, reports, saves, and ends with 128 and the
// signal's number; a second signal ends it at once. A memory that follows a pipe is saved on the way.
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
import { pathToFileURL } from 'node:url';

import { backends, root } from './support/backends.mjs';
import { bitTtt, command, importSource, json, output, temporaryFolder } from './support/cli.mjs';
import { alice, interruptTraining, objects, trainSmall } from './support/cli-llama.mjs';

const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };
const folder = temporaryFolder();
const model = folder.path('model.bitt');
const small = ['--dim', '4'];

before(async function () {
  if (process.platform === 'win32') this.skip(); // no signals there
  await trainSmall(model, ['--steps', '3']);
});

/** A named pipe. */
function fifo(name) {
  const path = folder.path(name);
  assert.equal(spawnSync('mkfifo', [path]).status, 0);
  return path;
}

/** Waits until there is such a file. */
async function appears(path) {
  while (!existsSync(path)) await sleep(5);
}

/** Runs a command that gets a signal when it has been at work for some turns. */
function later(signal, turns, args, options) {
  const preload = pathToFileURL(join(root, 'tests/js/support/signal-later.mjs')).href;
  const env = { SIGNAL_LATER: JSON.stringify({ signal, turns }), ...options?.env };
  return bitTtt(args, { ...options, node: ['--import', preload], env });
}

describe('signals: surprise that follows a pipe', () => {
  const unread = [];
  after(() => unread.forEach((child) => child.kill('SIGKILL'))); // they wait for a reader

  for (const [signal, code] of Object.entries(CODES))
    for (const backend of backends)
      it(`${signal} (${backend}): it saves what it has read`, async () => {
        const memory = folder.path(`${signal}.${backend}`);
        const args = ['surprise', '-', ...small, '--all', '--json', '--save', memory];
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
        assert.equal((await json(again, { input: 'x\n' })).memory.tokens, 4);
      });

  it('reports, as text and as JSON', async () => {
    for (const more of [[], ['--json']]) {
      const memory = folder.path(`report${more.length}`);
      const args = ['surprise', '-', ...small, '--save', memory, '--save-every', '0.02', ...more];
      const { status, stdout } = await bitTtt(args, {
        async input(child) {
          child.stdin.write('one line\nand another\n');
          await appears(memory); // what was read has been saved
          child.kill('SIGTERM');
        },
      });
      assert.equal(status, 143);
      if (more.length === 0)
        assert.match(stdout, /standard input: 2 lines, .*saved to \S+report0/s);
      else assert.deepEqual([JSON.parse(stdout).lines, JSON.parse(stdout).top.length], [2, 2]);
    }
  });

  it('ends while a pipe gives nothing, and then has nothing to save', async () => {
    const path = fifo('silent');
    const memory = folder.path('silent.memory');
    let writer;
    const { status, stdout, stderr } = await bitTtt(
      ['surprise', path, ...small, '--save', memory],
      {
        async input(child) {
          writer = await open(path, 'w'); // waits until the command has opened it
          child.kill('SIGTERM');
        },
      },
    );
    await writer.close();
    const says = 'bit-ttt: interrupted before the first line; there is nothing to save\n';
    assert.deepEqual([status, stdout, stderr], [143, '', says]);
    assert.equal(existsSync(memory), false);
  });

  it('ends while a named pipe has no writer yet', async () => {
    const path = fifo('unopened');
    const { status } = await later('SIGHUP', 50, ['surprise', path, ...small]);
    assert.equal(status, 129);
  });

  it('stops within a large file, too', async () => {
    const large = folder.write(
      'large.log',
      'a line of a log that is long enough\n'.repeat(400_000),
    );
    const memory = folder.path('large.memory');
    const { status, stdout } = await later('SIGTERM', 30, [
      ...['surprise', large, '--dim', '64', '--json', '--save', memory],
    ]);
    assert.equal(status, 143);
    const { lines, memory: found } = JSON.parse(stdout);
    assert.ok(lines > 0 && lines < 400_000, String(lines));
    assert.deepEqual([found.saved, found.tokens], [memory, 2 * lines]);
  });

  it('saves although nobody reads what it prints', async () => {
    const [memory, pipe] = [folder.path('unread.memory'), fifo('unread')];
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
        ...['surprise', alice, ...small, '--all', '--save', memory],
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
    await output(['surprise', '-', ...small, '--save', memory], { input: 'one\n' });
    const bytes = readFileSync(memory);
    const { status } = await later('SIGTERM', 30, [
      ...['surprise', fifo('none'), '--load', memory, '--save', memory],
    ]);
    assert.equal(status, 143);
    assert.deepEqual(readFileSync(memory), bytes);
  });
});

describe('saving while following', () => {
  it('keeps what was read although the process is killed, and is idle when nothing is new', async () => {
    const memory = folder.path('followed.memory');
    const args = ['surprise', '-', ...small, '--save', memory, '--save-every', '0.02'];
    const tokens = () => json(['surprise', '-', '--load', memory], { input: 'x\n' });
    const [lines, reference] = ['one\ntwo\nthree\n', folder.path('reference.memory')];
    await output(['surprise', '-', ...small, '--save', reference], { input: lines });
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
    assert.equal((await tokens()).memory.tokens, 2 * 4 + 2);
  });

  it('gives the same memory as reading without a break', async () => {
    const [often, once] = [folder.path('often.memory'), folder.path('once.memory')];
    const lines = Array.from({ length: 40 }, (_, i) => `line ${i * i} of a log\n`);
    await output(['surprise', '-', '--dim', '64', '--save', once], { input: lines.join('') });
    const args = ['surprise', '-', '--dim', '64', '--save', often, '--save-every', '0.01'];
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
    const args = ['surprise', '-', ...small, '--save', join(at, 'm'), '--save-every', '0.02'];
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

describe('signals: what writes', () => {
  const endless = ['-m', model, '--temperature', '0', '--max-tokens', '1000000'];
  const generate = ['generate', 'Alice', ...endless];

  for (const [signal, code] of Object.entries(CODES)) {
    it(`generate, ${signal}: the text ends, the session is saved`, async () => {
      const session = folder.path(`generate.${signal}`);
      const { status, stdout, stderr } = await bitTtt([...generate, '--save', session], {
        input(child) {
          child.stdin.end();
          child.stdout.once('data', () => child.kill(signal));
        },
      });
      assert.deepEqual([status, stderr], [code, '']);
      assert.match(stdout, /^Alice.*\n$/s);
      assert.ok((await json(['info', session])).tokens > 1);
    });

    it(`chat, ${signal}: the answer ends, and what is left is saved`, async () => {
      const session = folder.path(`chat.${signal}`);
      const { status, stdout } = await bitTtt(['chat', ...endless, '--save', session], {
        input(child) {
          child.stdin.write('Alice\n');
          child.stdout.once('data', () => {
            child.kill(signal);
            if (signal !== 'SIGINT') return;
            child.stdin.write('/help\n'); // Ctrl-C only stops the answer; two more leave
            child.stdout.on('data', (data) => {
              if (/quit {2}|leaves/.test(data)) child.kill(signal);
            });
          });
        },
      });
      assert.equal(status, code, stdout.slice(-200));
      assert.ok((await json(['info', session])).tokens > 1);
    });

    it(`train, ${signal}: a checkpoint is kept`, async () => {
      const out = folder.path(`${signal}.bitt`);
      const { status, stdout, stderr } = await interruptTraining(out, ['--steps', '5000'], signal);
      assert.equal(status, code, stderr);
      assert.match(
        stderr,
        /^bit-ttt: interrupted after step \d+ of 5000; to go on: .* --resume .*\n$/,
      );
      const steps = objects(stdout);
      const { step } = await json(['info', folder.path(`${signal}.checkpoint`)]);
      assert.ok(step >= steps.at(-1).step && !existsSync(out));
    });
  }

  it('generate --json is still one document', async () => {
    const { status, stdout } = await later('SIGTERM', 60, [...generate, '--json']);
    assert.equal(status, 143);
    const { reason, tokens } = JSON.parse(stdout);
    assert.equal(reason, 'interrupted');
    assert.ok(tokens.length > 0);
  });

  it('chat --json gives the answer as far as it came, and is saved while it waits', async () => {
    const session = folder.path('waiting.session');
    const args = ['chat', '-m', model, '--max-tokens', '3', '--json', '--save', session];
    const { status, stdout } = await bitTtt(args, {
      input(child) {
        child.stdin.write('Alice\n');
        child.stdout.once('data', () => child.kill('SIGHUP'));
      },
    });
    assert.equal(status, 129);
    assert.equal(objects(stdout).length, 1);
    assert.equal((await json(['info', session])).kind, 'session');
  });
});

describe('signals: a terminal that hangs up', () => {
  /** Runs the command in a terminal, types a line, waits for a text so many times, and hangs up. */
  const hangUp = `
import os, pty, sys
command, line, text, times = sys.argv[1].split('\\n'), sys.argv[2], sys.argv[3].encode(), int(sys.argv[4])
pid, terminal = pty.fork()
if pid == 0:
    os.execv(command[0], command)
os.write(terminal, (line + '\\n').encode())
seen = b''
while seen.count(text) < times:
    seen += os.read(terminal, 4096)
os.close(terminal)
status = os.waitpid(pid, 0)[1]
print(os.WTERMSIG(status) if os.WIFSIGNALED(status) else 128 - os.WEXITSTATUS(status))`;
  const python = spawnSync('python3', ['--version']).status === 0;

  for (const [name, args, line, text, times] of [
    ['surprise', ['surprise', '-', ...small, '--all'], 'one line of text', 'one line of text', 2],
    ['chat', ['chat', '-m', model, '-n', '3'], 'Alice', '> ', 2],
  ])
    it(`${name} saves, and ends by the signal`, async function () {
      if (!python) this.skip();
      const saved = folder.path(`${name}.hung-up`);
      const words = [process.execPath, command, ...args, '--save', saved].join('\n');
      const script = folder.write('hang-up.py', hangUp);
      const { status, stdout, stderr } = spawnSync('python3', [
        script,
        words,
        line,
        text,
        String(times),
      ]);
      assert.deepEqual([status, String(stdout), String(stderr)], [0, '1\n', '']);
      assert.match((await json(['info', saved])).kind, /memory|session/);
    });
});

describe('signals: what measures', () => {
  const text = readFileSync(alice, 'utf8');

  it('eval reports what it has read', async () => {
    const documents = Array.from({ length: 60_000 }, (_, i) => `Alice was number ${i}.`);
    const file = folder.write('documents.txt', documents.join('\n<|endoftext|>\n'));
    const { status, stdout, stderr } = await later('SIGTERM', 30, [
      'eval',
      file,
      '-m',
      model,
      '--json',
    ]);
    assert.equal(status, 143, stderr);
    const { documents: read, bits_per_byte: bits } = JSON.parse(stdout);
    assert.ok(read > 0 && read < documents.length, String(read));
    assert.ok(bits > 0);
    assert.match(stderr, /^bit-ttt: interrupted after [\d,]+ of 60,000 documents\n$/);
  });

  it('eval of one document that is not read to its end says so', async () => {
    const file = folder.write('whole.txt', text.repeat(60));
    const { status, stdout, stderr } = await later('SIGTERM', 60, ['eval', file, '-m', model]);
    const says = 'bit-ttt: interrupted before a document was read\n';
    assert.deepEqual([status, stdout, stderr], [143, '', says]);
  });

  it('adapt reports the passages that it has read', async () => {
    const file = folder.write('long.txt', text.repeat(10));
    const args = ['adapt', file, '-m', model, '--passages', '700', '--json'];
    const { status, stdout, stderr } = await later('SIGHUP', 150, args);
    assert.equal(status, 129, stderr);
    const { passages } = JSON.parse(stdout);
    assert.ok(passages.count > 0 && passages.count < 700, String(passages.count));
    assert.equal(passages.restored_same_bits, true);
    assert.match(stderr, /^bit-ttt: interrupted after \d+ passages and 0 places\n$/);
  });
});

describe('signals: before there is anything to keep', () => {
  for (const [args, says] of [
    [['train'], 'interrupted before the first step; nothing was changed'],
    [['eval', '-m', model], 'interrupted'],
    [['adapt', '-m', model], 'interrupted'],
    [['tokenizer', 'train'], 'interrupted; nothing was saved'],
  ])
    it(`${args[0]} ends at once, also where it waits for a pipe`, async () => {
      for (const [signal, code] of Object.entries(CODES)) {
        const pipe = fifo(`${args[0]}.${signal}`);
        for (const file of [pipe, '-']) {
          const { status, stdout, stderr } = await later(signal, 20, [...args, file], {
            input: () => undefined, // never ends
          });
          assert.deepEqual([status, stdout, stderr], [code, '', `bit-ttt: ${says}\n`]);
        }
      }
    });

  it('a second signal ends a command at once, whatever it is at', async () => {
    const { Interrupt } = await importSource('cli/screen/interrupt');
    const exits = [];
    const real = { exit: process.exit, write: process.stderr.write };
    const said = [];
    const interrupt = new Interrupt(() => said.push('cleared '), 'early');
    try {
      process.exit = (code) => void exits.push(code);
      process.stderr.write = (text) => said.push(text);
      interrupt.begin('nothing is saved');
      process.emit('SIGTERM', 'SIGTERM');
      assert.deepEqual([exits, interrupt.signal.aborted, interrupt.caught], [[], true, 'SIGTERM']);
      process.emit('SIGINT', 'SIGINT');
    } finally {
      Object.assign(process, { exit: real.exit });
      process.stderr.write = real.write;
      interrupt.end();
    }
    assert.deepEqual([exits, said.join('')], [[130], 'cleared bit-ttt: nothing is saved\n']);
    assert.throws(() => interrupt.check(() => 'stopped'), { exitCode: 143, message: 'stopped' });
    for (const signal of Object.keys(CODES)) assert.equal(process.listenerCount(signal), 0, signal);
  });
});

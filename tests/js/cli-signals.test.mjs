// Ctrl-C, SIGTERM and SIGHUP: a command stops, reports, saves, and ends with 128 and the signal's number; a
// second signal ends it at once. What follows a pipe: cli-signals-surprise.test.mjs.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

import { bitTtt, command, importSource, json, temporaryFolder } from './support/cli.mjs';
import { alice, interruptTraining, objects, trainSmall } from './support/cli-llama.mjs';
import { CODES, fifo, later } from './support/cli-signals.mjs';

const folder = temporaryFolder();
const model = folder.path('model.bitt');

before(async function () {
  if (process.platform === 'win32') this.skip(); // no signals there
  await trainSmall(model, ['--steps', '3']);
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
    ['surprise', ['surprise', '-', '--all'], 'one line of text', 'one line of text', 2],
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
    [['suggest', 'x', '-m', model, '--read'], 'interrupted'],
    [['tokenizer', 'train'], 'interrupted; nothing was saved'],
  ])
    it(`${args[0]} ends at once, also where it waits for a pipe`, async () => {
      for (const [signal, code] of Object.entries(CODES)) {
        const pipe = fifo(folder.path(`${args[0]}.${signal}`));
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

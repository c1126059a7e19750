// Inputs that never end, that nobody writes to, that can be read only once, or that are too large: devices, pipes,
// process substitution, standard input.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, readdirSync, readFileSync, readlinkSync, truncateSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

import { root } from './support/backends.mjs';
import { cleanEnvironment } from './support/child.mjs';
import { bitTtt, command, json, output, refuses, temporaryFolder } from './support/cli.mjs';
import { alice } from './support/cli-llama.mjs';
import { smallModel, smallTokenizer, smallTrainer } from './support/small-llama.mjs';

const folder = temporaryFolder();
const fifo = folder.path('fifo');
let model;
let tokenizer;
let fingerprint;

before(async function () {
  if (process.platform === 'win32') this.skip(); // no pipes with names, no devices
  model = folder.write('model.bitt', await smallModel());
  tokenizer = folder.write('tokenizer.json', JSON.stringify((await smallTokenizer()).toJSON()));
  execFileSync('mkfifo', [fifo]);
  ({ fingerprint } = await json(['info', model]));
});

/** Commands that read a file of each kind. */
const readers = (file) => [
  ['info', file],
  ['generate', '-m', file],
  ['generate', '-m', model, '--tokenizer', file],
  ['generate', '-m', model, '--load', file],
  ['chat', '-m', model, '--load', file],
  ['suggest', 'x', '-m', model, '--read', file],
  ['suggest', 'x', '-m', model, '--load', file],
  ['eval', file, '-m', model],
  ['eval', alice, '-m', file],
  ['adapt', file, '-m', model],
  ['convert', file, folder.path('converted.bitt')],
  ['tokenizer', 'train', file, '-o', folder.path('words.json')],
  ['train', file, '-o', folder.path('trained.bitt')],
  ['train', alice, '--valid', file, '-o', folder.path('trained.bitt')],
  ['surprise', file],
  ['surprise', alice, '--load', file],
];

describe('endless input', () => {
  it('is refused after its beginning, by every command', async () => {
    for (const args of readers('/dev/zero')) {
      const { stderr } = await refuses(args, 1, /zero/);
      assert.doesNotMatch(stderr, /too large/, args.join(' '));
    }
  });

  it('after a whole model is not read to its end', async () => {
    const trainer = await smallTrainer();
    const weights = folder.write('weights.safetensors', trainer.weights());
    trainer.destroy();
    for (const [file, why] of [
      [model, /checksum does not match/],
      [weights, /belong to no tensor/],
    ]) {
      const input = (child) => {
        const zeros = createReadStream('/dev/zero');
        child.stdin.on('close', () => zeros.destroy());
        createReadStream(file)
          .on('end', () => zeros.pipe(child.stdin))
          .pipe(child.stdin, { end: false });
      };
      await refuses(['info', '-'], 1, why, { input });
    }
  });

  it('is refused where its header says that it is too large', async () => {
    const head = Buffer.alloc(2048, '{');
    head.write('BITT');
    head.writeBigUInt64LE(5n << 30n, 4);
    const input = (child) => {
      child.stdin.write(head); // and it stays open
    };
    await refuses(['info', '-'], 1, /standard input is too large: it has more than 4 GiB/, {
      input,
    });
  });

  it('is refused where the file is too large', async () => {
    const large = folder.write('large.bitt', 'BITT');
    truncateSync(large, 2 ** 32 + 1);
    await refuses(['info', large], 1, /large\.bitt is too large: it has more than 4 GiB/);
    const words = folder.write('large.json', '{');
    truncateSync(words, 2 ** 26 + 1);
    await refuses(
      ['generate', '-m', model, '--tokenizer', words],
      1,
      /large\.json is too large: .* 64 MiB/,
    );
  });
});

describe('a pipe', () => {
  it('of process substitution is a file like any other', async () => {
    const run = (args) => {
      const options = { encoding: 'utf8', env: cleanEnvironment() };
      return execFileSync(
        'bash',
        ['-c', `exec '${process.execPath}' '${command}' ${args}`],
        options,
      );
    };
    const found = JSON.parse(run(`info <(cat '${model}') --json`));
    const expected = await json(['info', model]);
    assert.deepEqual({ ...found, file: '' }, { ...expected, file: '' });
    const [pipe, file] = [`<(cat '${model}')`, `'${model}'`].map((source) =>
      run(`generate -m ${source} --max-tokens 8 --seed 7 --json x`),
    );
    assert.equal(pipe, file);
  });

  it('with a name is read once, when its writer comes', async () => {
    for (const bytes of [readFileSync(model), readFileSync(tokenizer)]) {
      const child = bitTtt(['info', fifo, '--json']);
      const writer = spawn('bash', ['-c', `cat > '${fifo}'`]);
      writer.stdin.end(bytes);
      const { status, stdout, stderr } = await child;
      assert.equal(status, 0, stderr);
      assert.equal(JSON.parse(stdout).file_bytes, bytes.length);
    }
  });

  it('that nobody writes to is left with Ctrl-C, in every command', async function () {
    if (process.platform !== 'linux') this.skip(); // /proc says that it was opened
    for (const args of readers(fifo)) {
      let end;
      const ended = new Promise((resolve) => (end = resolve));
      const input = async (child) => {
        child.on('exit', end);
        const opened = () => {
          const fds = `/proc/${child.pid}/fd`;
          try {
            return readdirSync(fds).some((fd) => readlinkSync(`${fds}/${fd}`) === fifo);
          } catch {
            return false; // a file of it was closed meanwhile
          }
        };
        while (child.exitCode === null && !opened()) await pause(10);
        // It waits from now on, with or without a handler of its own. chat wants a second one.
        for (; child.exitCode === null && child.signalCode === null; await pause(100))
          child.kill('SIGINT');
      };
      const { status, signal, stdout } = await bitTtt(args, { input });
      await ended;
      assert.ok(status === 130 || signal === 'SIGINT', `${args.join(' ')}: ${status} ${signal}`);
      assert.doesNotMatch(stdout, /fingerprint/);
    }
  });
});

describe('standard input for -', () => {
  const from = (file) => ({ input: (child) => createReadStream(file).pipe(child.stdin) });

  it('is a model, a tokenizer, a session, a memory or a text, for every command', async () => {
    const facts = await json(['info', '-'], from(model));
    assert.deepEqual([facts.file, facts.kind, facts.fingerprint], ['-', 'model', fingerprint]);
    assert.equal((await json(['info', '-'], from(tokenizer))).kind, 'tokenizer');

    const session = folder.path('one.session');
    await output(['generate', '-m', model, 'x', '--max-tokens', '4', '--save', session]);
    const go = ['generate', '-m', model, '--max-tokens', '4', '--seed', '7', 'y'];
    const expected = await output([...go, '--load', session]);
    assert.equal(await output([...go, '--load', '-'], from(session)), expected);
    assert.equal((await json(['info', '-'], from(session))).kind, 'session');
    const memory = folder.path('one.memory');
    await output(['surprise', alice, '--save', memory]);
    const read = ['surprise', alice, '--json'];
    const { sparkline } = JSON.parse(await output([...read, '--load', memory]));
    const piped = JSON.parse(await output([...read, '--load', '-'], from(memory)));
    assert.deepEqual(piped.sparkline, sparkline);

    const write = ['generate', '--max-tokens', '8', '--seed', '7', '--json', 'x'];
    const written = await output([...write, '-m', model]);
    assert.equal(await output([...write, '-m', '-'], from(model)), written);
    assert.equal(
      await output([...write, '-m', model, '--tokenizer', '-'], from(tokenizer)),
      written,
    );
    const measured = await json(['eval', alice, '-m', model]);
    const again = await json(['eval', alice, '-m', '-'], from(model));
    assert.equal(again.nats_per_token, measured.nats_per_token);
    const converted = folder.path('from-input.bitt');
    const report = await json(['convert', '-', converted], from(model));
    assert.deepEqual([report.same, report.fingerprint], [true, fingerprint]);
    assert.deepEqual(readFileSync(converted), readFileSync(model));
  });

  it('can be read once', async () => {
    for (const args of [
      ['eval', '-', '-m', '-'],
      ['generate', '-', '-m', '-'],
      ['generate', '-p', '-', '--load', '-'],
      ['surprise', '-', '--load', '-'],
      ['train', '-', '--valid', '-'],
      ['convert', '-', folder.path('x.bitt'), '--tokenizer', '-'],
    ]) {
      await refuses(args, 2, /standard input cannot be both \S+ and \S+/);
    }
    for (const option of ['-m', '--load', '--tokenizer']) {
      await refuses(['chat', option, '-'], 2, /standard input cannot be both .*the lines to read/);
    }
    const { stdout } = await bitTtt(['chat', '-m', model], { input: '/load -\n' });
    assert.match(stdout, /\/load needs a FILE/);
  });

  it('that is a folder, or empty, is said to be', async () => {
    const run = async (redirection) => {
      const args = ['-c', `exec '${process.execPath}' '${command}' info - ${redirection}`];
      const child = spawn('bash', args, { env: cleanEnvironment(), cwd: root });
      let text = '';
      child.stderr.on('data', (chunk) => (text += chunk));
      const [status] = await once(child, 'close');
      return `${status} ${text}`;
    };
    assert.match(await run('< tests'), /^1 bit-ttt: cannot read standard input: is a directory/);
    assert.match(
      await run('< /dev/null'),
      /^1 bit-ttt: standard input is no file that bit-ttt knows/,
    );
  });
});

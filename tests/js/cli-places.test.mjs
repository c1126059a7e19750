// No command writes two results, or a result and something that it reads, to one file, however the
// file is spelt: for every pair of files of every command.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';

import { command, json, output, refuses, temporaryFolder } from './support/cli.mjs';
import { alice, small } from './support/cli-llama.mjs';

const folder = temporaryFolder();
const text = readFileSync(alice, 'utf8').slice(0, 4000);

/** Other names of a file in `at` that is there. */
const spellings = {
  'the same name': (at, name) => join(at, name),
  './': (at, name) => `${at}/./${name}`,
  '../': (at, name) => `${at}/../${basename(at)}/${name}`,
  'a relative path': (at, name) => name,
  'a link': (at, name) => {
    symlinkSync(name, join(at, 'link'));
    return join(at, 'link');
  },
  'a link to a link': (at, name) => {
    symlinkSync(join(at, name), join(at, 'first'));
    symlinkSync('first', join(at, 'second'));
    return join(at, 'second');
  },
  'a linked folder': (at, name) => {
    symlinkSync('.', join(at, 'linked'));
    return join(at, 'linked', name);
  },
  'a hard link': (at, name) => {
    linkSync(join(at, name), join(at, 'hard'));
    return join(at, 'hard');
  },
};

/** Names of a file that is not there yet. */
const { 'a hard link': _none, ...newSpellings } = spellings;

/** Commands with two of their files, of which the first is read. */
const inputs = {
  'surprise FILE, --save': (a, b) => ['surprise', a, '--save', b],
  'signal FILE, --save': (a, b) => ['signal', a, '--save', b],
  'signal FILE, --plot': (a, b) => ['signal', a, '--plot', b],
  'generate --model, --save': (a, b) => ['generate', '-m', a, '--save', b],
  'generate --tokenizer, --save': (a, b) => ['generate', '--tokenizer', a, '--save', b],
  'chat --model, --save': (a, b) => ['chat', '-m', a, '--save', b],
  'chat --tokenizer, --save': (a, b) => ['chat', '--tokenizer', a, '--save', b],
  'tokenizer train FILE, --out': (a, b) => ['tokenizer', 'train', a, '--out', b],
};
for (const [name, given] of Object.entries({
  FILE: (a) => [a],
  '--valid': (a) => [alice, '--valid', a],
  '--tokenizer': (a) => [alice, '--tokenizer', a],
})) {
  inputs[`train ${name}, --out`] = (a, b) => ['train', ...given(a), '--out', b];
  inputs[`train ${name}, --checkpoint`] = (a, b) => ['train', ...given(a), '--checkpoint', b];
}

/** The same with inputs of a name of which the result's is made. */
const derived = {
  'train FILE, its chart': [(a) => ['train', a, '--out', 'm.bitt'], 'm.svg'],
  'train --valid, its weights': [
    (a) => ['train', alice, '--valid', a, '--out', 'm.bitt', '--weights'],
    'm.safetensors',
  ],
  'train FILE, its checkpoint': [(a) => ['train', a, '--out', 'm.bitt'], 'm.checkpoint'],
  'convert IN, OUT.bitt': [(a) => ['convert', a, 'm.bitt'], 'm.bitt'],
  'convert IN, OUT.safetensors': [(a) => ['convert', a, 'm.safetensors'], 'm.safetensors'],
  'convert --tokenizer, a folder': [
    (a) => ['convert', 'x.bitt', '.', '--tokenizer', a],
    'tokenizer.json',
  ],
};

/** Commands with two results. */
const results = {
  'signal --save, --plot': [(a) => ['signal', alice, '--save', a, '--plot', 'm.svg'], 'm.svg'],
  'train --out, --checkpoint': [
    (a) => ['train', alice, '--out', 'm.bitt', '--checkpoint', a],
    'm.bitt',
  ],
  'train --checkpoint, its chart': [
    (a) => ['train', alice, '--out', 'm.bitt', '--checkpoint', a],
    'm.svg',
  ],
  'train --checkpoint, its weights': [
    (a) => ['train', alice, '--out', 'm.bitt', '--weights', '--checkpoint', a],
    'm.safetensors',
  ],
  'train --resume --checkpoint, --out': [
    (a) => ['train', alice, '--out', 'm.bitt', '--resume', '--checkpoint', a],
    'm.bitt',
  ],
};

let turn = 0;
/** The same name and two other ones, each time others: the commands have one check in common. */
function some(all) {
  const [same, ...others] = Object.values(all);
  return [same, ...[turn++, turn++].map((i) => others[i % others.length])];
}

let count = 0;
function freshFolder() {
  const at = folder.path(`at${count++}`);
  mkdirSync(at);
  return at;
}

async function isRefused(args, at, pattern) {
  const before = readdirSync(at).sort();
  await refuses([...args, '--force'], 2, pattern, { cwd: at });
  assert.deepEqual(readdirSync(at).sort(), before, args.join(' '));
}

describe('a result is not something that is read', () => {
  for (const [name, args] of Object.entries(inputs))
    it(name, async () => {
      for (const spell of some(spellings)) {
        const at = freshFolder();
        writeFileSync(join(at, 'a'), text);
        const [given, other] = [join(at, 'a'), spell(at, 'a')];
        await isRefused(
          args(given, other),
          at,
          /cannot save \S+: it is the file to be read \((FILE|--)/,
        );
        assert.equal(readFileSync(given, 'utf8'), text);
      }
    });

  for (const [name, [args, file]] of Object.entries(derived))
    it(name, async () => {
      for (const spell of some(spellings)) {
        const at = freshFolder();
        writeFileSync(join(at, file), text);
        await isRefused(args(spell(at, file)), at, /it is the file to be read/);
        assert.equal(readFileSync(join(at, file), 'utf8'), text);
      }
    });

  it('standard input, too, if that is a file', () => {
    const at = freshFolder();
    for (const args of [
      ['surprise', '-', '--save'],
      ['generate', '-', '--save'],
      ['chat', '--save'],
      ['train', '-', '--out'],
      ['train', '-', '--checkpoint'],
      ['tokenizer', 'train', '-', '--out'],
    ]) {
      writeFileSync(join(at, 'a'), text);
      const words = [process.execPath, command, ...args, 'a'].map((word) => `'${word}'`).join(' ');
      const { status, stderr } = spawnSync('sh', ['-c', `${words} --force < a`], { cwd: at });
      assert.match(String(stderr), /it is the file to be read/);
      assert.equal(status, 2);
      assert.deepEqual(readdirSync(at), ['a']);
      assert.equal(readFileSync(join(at, 'a'), 'utf8'), text);
    }
  });

  it('in a model folder and beside weights nothing of the model is replaced', async () => {
    const at = freshFolder();
    mkdirSync(join(at, 'model'));
    const files = ['config.json', 'tokenizer.json', 'model.safetensors'];
    for (const file of files) writeFileSync(join(at, 'model', file), '{}');
    for (const [model, file] of [
      ...files.map((name) => ['model', name]),
      ['model/model.safetensors', 'config.json'],
      ['model/model.safetensors', 'tokenizer.json'],
    ])
      for (const name of ['generate', 'chat'])
        await isRefused(
          [name, '-m', model, '--save', `./model/${file}`],
          at,
          /to be read \(--model\)/,
        );
    await isRefused(['convert', 'model', 'model/.'], at, /to be read/);
    await isRefused(['convert', 'model', 'model/model.safetensors'], at, /to be read/);
  });
});

describe('two results are two files', () => {
  const oneFile =
    /cannot save \S+: (.* and .* are one file|it is the file to be read \(--resume\))\n$/;
  for (const [name, [args, file]] of Object.entries(results))
    it(name, async () => {
      for (const spell of some(newSpellings)) {
        const at = freshFolder();
        await isRefused(args(spell(at, file)), at, oneFile);
      }
      for (const spell of some(spellings)) {
        const at = freshFolder();
        writeFileSync(join(at, file), '');
        await isRefused(args(spell(at, file)), at, oneFile);
      }
    });

  it('also those that links make one', async () => {
    const at = freshFolder();
    symlinkSync('m.bitt', join(at, 'm.svg'));
    await isRefused(['train', alice, '--out', 'm.bitt'], at, /are one file/);
    const other = freshFolder();
    symlinkSync('elsewhere', join(other, 'm.svg'));
    symlinkSync('elsewhere', join(other, 'm.bitt'));
    await isRefused(['train', alice, '--out', 'm.bitt'], other, /are one file/);
  });

  it('and neither is what the shell makes of the output', () => {
    const at = freshFolder();
    writeFileSync(join(at, 'text'), text);
    const run = (args) => {
      const words = [process.execPath, command].map((word) => `'${word}'`).join(' ');
      return spawnSync('sh', ['-c', `${words} ${args}`], { cwd: at });
    };
    for (const [args, says] of [
      ['surprise text --save m > m', /cannot save m: standard output and --save are one file/],
      ['surprise text --save m 2> m', undefined],
      ['bench --chart m --force > m', /standard output and --chart are one file/],
      ['surprise text --all >> text', /standard output is the file to be read \(FILE\)/],
      ['eval text >> text', /standard output is the file to be read/],
      ['adapt text >> text', /standard output is the file to be read/],
      ['tokenizer train text >> text', /standard output is the file to be read/],
    ]) {
      const { status, stderr } = run(args);
      assert.equal(status, 2, args);
      if (says !== undefined) assert.match(String(stderr), says);
      assert.equal(readFileSync(join(at, 'text'), 'utf8'), text);
    }
    assert.match(readFileSync(join(at, 'm'), 'utf8'), /^$|error stream/);
    assert.equal(run('surprise text --top 1 > both 2>&1').status, 0);
  });

  it('standard input is not two things', async () => {
    await refuses(
      ['train', '-', '--valid', '-'],
      2,
      /standard input cannot be both FILE and --valid/,
    );
  });
});

describe('a result that is meant to go on from what is read', () => {
  it('replaces it', async () => {
    const at = freshFolder();
    const options = { cwd: at, input: 'one\ntwo\n' };
    await output(['surprise', '-', '--save', 'm'], options);
    const again = ['surprise', '-', '--load', 'm', '--save', './m'];
    assert.equal((await json(again, options)).memory.lines, 4);
    const recipe = [...small, '--steps', '2', '--checkpoint', 'c', '--out', 'x.bitt'];
    await output(['train', alice, ...recipe], { cwd: at });
    const resumed = ['--resume', '--steps', '3', '--checkpoint', './c', '--out', 'x.bitt'];
    await output(['train', alice, ...resumed], { cwd: at });
    assert.equal((await json(['info', 'c'], { cwd: at })).step, 3);
    const short = ['-m', 'x.bitt', '--max-tokens', '2', '--seed', '1'];
    await output(['generate', 'Alice', ...short, '--save', 's'], { cwd: at });
    const { tokens } = await json(['info', 's'], { cwd: at });
    await output(['generate', 'Alice', ...short, '--load', 's', '--save', './s'], { cwd: at });
    const more = (await json(['info', 's'], { cwd: at })).tokens;
    assert.ok(more > tokens);
    const lines = 'Alice\n/save s\n/load s\n/save ./s\n';
    await output(['chat', ...short, '--load', 's', '--save', 's'], { cwd: at, input: lines });
    assert.ok((await json(['info', 's'], { cwd: at })).tokens > more);
    const before = readFileSync(join(at, 'x.bitt'));
    const said = await output(['chat', ...short, '--force'], {
      cwd: at,
      input: '/save ./x.bitt\n',
    });
    assert.match(said, /it is the file to be read \(--model\)/);
    assert.deepEqual(readFileSync(join(at, 'x.bitt')), before);
    writeFileSync(join(at, 'lines'), 'Alice\n/save lines\n');
    const chat = spawnSync(process.execPath, [command, 'chat', ...short, '--force'], {
      cwd: at,
      stdio: [openSync(join(at, 'lines'), 'r'), 'pipe', 'pipe'],
    });
    assert.match(String(chat.stdout), /it is the file to be read \(the lines to read\)/);
    assert.equal(readFileSync(join(at, 'lines'), 'utf8'), 'Alice\n/save lines\n');
  });

  it('is refused where no file can be, before any work', async function () {
    const at = freshFolder();
    const [args, input] = [['surprise', '-', '--force'], 'one\n'];
    const words = [process.execPath, command, ...args].map((word) => `'${word}'`).join(' ');
    const none = async (path, status, pattern) => {
      const { stdout } = await refuses([...args, '--save', path], status, pattern, {
        cwd: at,
        input,
      });
      assert.equal(stdout, '');
      assert.deepEqual(readdirSync(at), []);
    };
    await none('-', 2, /--save needs a file; for one of this name write \.\/-/);
    await none('new/', 1, /cannot save new\/: is a directory/);
    if (process.platform !== 'linux') return this.skip();
    await none('/dev/null', 1, /no regular file/);
    for (const [shell, says] of [
      [`exec 7> gone; rm gone; ${words} --save /dev/fd/7`, /it is an open file that has no name/],
      [`${words} --save /dev/fd/7 7>&1 | cat`, /it is there already and is no regular file/],
    ]) {
      const { stdout, stderr } = spawnSync('sh', ['-c', shell], { cwd: at, input });
      assert.match(String(stderr), says);
      assert.equal(String(stdout), '');
      assert.deepEqual(readdirSync(at), []);
    }
  });

  it('a path goes where the system says, also through a linked folder', async () => {
    const at = freshFolder();
    mkdirSync(join(at, 'far/away'), { recursive: true });
    symlinkSync('far/away', join(at, 'here'));
    await output(['surprise', '-', '--save', 'here/../m'], {
      cwd: at,
      input: 'one\n',
    });
    assert.deepEqual(readdirSync(join(at, 'far')).sort(), ['away', 'm']);
    assert.deepEqual(readdirSync(at).sort(), ['far', 'here']);
  });
});

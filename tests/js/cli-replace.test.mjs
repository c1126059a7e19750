// What the command replaces, and what it leaves alone: only what it has written itself, told by the
// content, and with the mode and the owner that the file had. What holds a text that was read is
// nobody else's to see.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';

import { Tokenizer } from 'bit-ttt';

import { bitTtt, importSource, json, output, refuses, temporaryFolder } from './support/cli.mjs';
import { alice, originalModel, small, trainSmall } from './support/cli-llama.mjs';

const folder = temporaryFolder();
const model = folder.path('model.bitt');
const input = 'one line\nand another\n';
const numbers = folder.write('numbers.csv', '1\n2\n3\n');
const windows = process.platform === 'win32';
const modeOf = (path) => statSync(path).mode & 0o777;

/** Every way to save something: the kind, and the command that saves it as `to`. */
const savers = {
  'surprise --save': ['memory', (to) => ['surprise', '-', '--dim', '4', '--save', to]],
  'signal --save': ['signal', (to) => ['signal', numbers, '--save', to]],
  'signal --plot': ['chart', (to) => ['signal', numbers, '--plot', to]],
  'generate --save': ['session', (to) => ['generate', '-', '-m', model, '-n', '2', '--save', to]],
  'chat --save': ['session', (to) => ['chat', '-m', model, '-n', '2', '--save', to]],
  'train --checkpoint': [
    'checkpoint',
    (to) => ['train', alice, ...tiny, '--out', folder.path('x.bitt'), '--checkpoint', to],
  ],
  'train --out': ['model', (to) => ['train', alice, ...tiny, '--out', to]],
  'the chart of train': ['chart', (to) => ['train', alice, ...tiny, '--out', bare(to)], '.svg'],
  'train --weights': [
    'weights',
    (to) => ['train', alice, ...tiny, '--weights', '--out', bare(to)],
    '.safetensors',
  ],
  'tokenizer train': [
    'tokenizer',
    (to) => ['tokenizer', 'train', alice, '--vocab', '270', '-o', to],
  ],
  'convert to .bitt': ['model', (to) => ['convert', model, to], '.bitt'],
  'convert to .bitt --f32': ['model', (to) => ['convert', model, to, '--f32'], '.bitt'],
  'convert to .safetensors': ['weights', (to) => ['convert', model, to], '.safetensors'],
  'bench --chart': ['chart', (to) => ['bench', '--seconds', '0.001', '--dims', '8', '--chart', to]],
};
const tiny = [...small, '--steps', '1', '--warmup', '0'];
const bare = (path) => path.replace(/\.(svg|safetensors)$/, '.bitt');
const PRIVATE = ['memory', 'session', 'checkpoint', 'signal'];

const save = (args) => output(args, { input });
const pathFor = (name, ending = '') => folder.path(`${name.replace(/\W+/g, '-')}${ending}`);

before(async () => {
  await trainSmall(model, ['--steps', '1']);
});

describe('a file that is saved', () => {
  for (const [name, [kind, args, ending]] of Object.entries(savers))
    it(`${name}: replaces its own, with the mode it had, and nobody else's without --force`, async () => {
      const path = pathFor(name, ending);
      const umask = process.umask(0o002);
      try {
        await save(args(path));
      } finally {
        process.umask(umask);
      }
      if (!windows) assert.equal(modeOf(path), PRIVATE.includes(kind) ? 0o600 : 0o664);
      chmodSync(path, 0o640);
      await save(args(path));
      if (!windows) assert.equal(modeOf(path), 0o640);

      const foreign = {
        memory: 'bit-ttt session 12345678 {}\n',
        session: 'bit-ttt memory 12345678 {}\n',
        checkpoint: 'a text that nobody has twice\n',
        signal: 'time,value\n',
        chart: '<svg xmlns="http://www.w3.org/2000/svg"><title>my logo</title></svg>\n',
        weights: originalModel('F32', 32)[1],
        tokenizer: '{"version":"1.0","truncation":null,"added_tokens":[],"model":{}}\n',
        model: Buffer.from('BITT\x02\0\0\0\0\0\0\0{}\x02\0\0\0\0\0\0\0{}', 'latin1'),
      }[kind];
      writeFileSync(path, foreign);
      const { stdout } = await refuses(
        args(path),
        1,
        new RegExp(
          `cannot save \\S+: it is there already and is no ${kind} file of bit-ttt; --force`,
        ),
        { input },
      );
      assert.equal(stdout, '', 'before any work');
      assert.deepEqual(readFileSync(path), Buffer.from(foreign));
      await save([...args(path), '--force']);
      assert.notDeepEqual(readFileSync(path), Buffer.from(foreign));
      writeFileSync(path, '');
      await save(args(path)); // an empty file holds nothing to lose
      await save(args(path));
    });

  it('a text that begins as a file of bit-ttt does is none', async () => {
    const path = folder.path('notes.txt');
    await save(savers['surprise --save'][1](path));
    const own = readFileSync(path);
    own[own.indexOf('"hiddenDim"') + 1] ^= 1;
    for (const foreign of ['bit-ttt memory leak: what I know of it\n', own, own.subarray(0, 60)]) {
      writeFileSync(path, foreign);
      await refuses(savers['surprise --save'][1](path), 1, /is no memory file of bit-ttt/, {
        input,
      });
      assert.deepEqual(readFileSync(path), Buffer.from(foreign));
    }
  });

  it('/save in a chat asks the same', async () => {
    const chat = (text, ...more) =>
      output(['chat', '-m', model, '-n', '2', ...more], { input: text });
    const path = folder.write('precious.txt', 'precious');
    const said = await chat(`Alice\n/save ${path}\n`);
    assert.match(said, /is no session file of bit-ttt; --force/);
    assert.equal(readFileSync(path, 'utf8'), 'precious');
    await chat(`Alice\n/save ${path}\n`, '--force');
    assert.equal((await json(['info', path])).kind, 'session');
    assert.match(await chat(`Alice\n/save ${path}\n`), /saved \d+ tokens/);
  });
});

describe('a folder that convert writes', () => {
  const files = ['config.json', 'tokenizer.json', 'model.safetensors'];

  it('replaces what it has written, and nothing else', async () => {
    const at = folder.path('folder');
    mkdirSync(at);
    for (const file of files) {
      writeFileSync(`${at}/${file}`, '{"name": "my project"}\n');
      const says = new RegExp(`${file.replace('.', '\\.')}: it is there already`);
      await refuses(['convert', model, at], 1, says);
      assert.equal(readFileSync(`${at}/${file}`, 'utf8'), '{"name": "my project"}\n');
      writeFileSync(`${at}/${file}`, '');
    }
    await output(['convert', model, at]);
    await output(['convert', model, at]);
    const other = folder.path('other.bitt');
    await trainSmall(other, ['--steps', '1', '--seed', '5', '--inner', '16', '--vocab', '400']);
    await output(['convert', other, at]);
    assert.equal((await json(['info', at])).vocab_size, 400);
    for (const file of files.slice(0, 2)) {
      const copy = folder.path(`edited-${file}`);
      cpSync(at, copy, { recursive: true });
      writeFileSync(`${copy}/${file}`, `${readFileSync(`${copy}/${file}`, 'utf8')} `);
      await refuses(['convert', model, copy], 1, /it is there already/);
      await output(['convert', model, copy, '--force']);
    }
  });

  it("knows its own of the original's models, too", async () => {
    const at = folder.path('original');
    mkdirSync(at);
    const tokenizer = folder.path('original.json');
    await output(['tokenizer', 'train', alice, '--vocab', '272', '-o', tokenizer]);
    const [config, weights] = originalModel('F32', 272);
    writeFileSync(`${at}/config.json`, config);
    writeFileSync(`${at}/tokenizer.json`, readFileSync(tokenizer));
    writeFileSync(`${at}/model.safetensors`, weights);
    for (const [name, ...more] of [
      ['o.bitt'],
      ['f.bitt', '--f32'],
      ['o.safetensors'],
      ['o-folder'],
    ]) {
      const first = await json(['convert', at, folder.path(name), ...more]);
      assert.deepEqual(await json(['convert', at, folder.path(name), ...more]), first);
      assert.equal((await json(['info', folder.path(name)])).fingerprint, first.fingerprint);
    }
    await refuses(['convert', model, at], 1, /config\.json: it is there already/);
  });
});

describe('a tokenizer.json of tokenizer train', () => {
  it('is known by its form, which is JSON like any other', async () => {
    const path = folder.path('form.json');
    const args = ['tokenizer', 'train', alice, '--vocab', '280', '-o', path];
    await output(args);
    const text = readFileSync(path, 'utf8');
    const parsed = JSON.parse(text);
    assert.equal(Tokenizer.from(text).vocabSize, 280);
    const { isWritten } = await importSource('cli/files/written');
    assert.equal(isWritten(path, 'tokenizer'), true);
    for (const other of [
      JSON.stringify(parsed),
      `${JSON.stringify(parsed)}\n`,
      JSON.stringify(parsed, null, 2),
      text.slice(0, -1),
      text.replace('"padding":null', '"padding": null'),
      text.slice(0, text.length / 2),
    ])
      assert.equal(isWritten(folder.write('other.json', other), 'tokenizer'), false);
  });
});

describe('the owner of what is replaced', () => {
  before(function () {
    if (windows) this.skip();
  });

  it('stays, and so does the group', async function () {
    if (process.getuid() !== 0) this.skip(); // only root gives files away
    const path = folder.path('owned.memory');
    const args = ['surprise', '-', '--dim', '4', '--save', path];
    await save(args);
    chownSync(path, 1234, 2345);
    chmodSync(path, 0o660);
    await save(args);
    const { uid, gid } = statSync(path);
    assert.deepEqual([uid, gid, modeOf(path)], [1234, 2345, 0o660]);
  });

  it('is not changed in silence where it cannot be kept', async () => {
    const { checkFiles } = await importSource('cli/files/save');
    const path = folder.path('foreign.memory');
    await save(['surprise', '-', '--dim', '4', '--save', path]);
    const { uid, gid } = statSync(path);
    const result = { path, name: '--save', kind: 'memory', force: false };
    const real = {
      geteuid: process.geteuid,
      getegid: process.getegid,
      getgroups: process.getgroups,
    };
    const asUser = (user, group, groups, work) => {
      Object.assign(process, {
        geteuid: () => user,
        getegid: () => group,
        getgroups: () => groups,
      });
      try {
        return work();
      } finally {
        Object.assign(process, real);
      }
    };
    const check = () => checkFiles([], [result]);
    const says = new RegExp(
      `cannot save \\S+: it belongs to others \\(user ${uid}, group ${gid}\\)`,
    );
    asUser(uid + 7, gid, [gid], () => assert.throws(check, says));
    if (uid !== 0) asUser(uid, gid + 7, [], () => assert.throws(check, says));
    if (uid !== 0) asUser(uid, gid + 7, [gid], check);
    asUser(0, 0, [], check);
  });

  it('that cannot be given is told before any work', async function () {
    if (process.getuid() !== 0) this.skip();
    const path = folder.path('nobody.memory');
    await save(['surprise', '-', '--dim', '4', '--save', path]);
    chmodSync(folder.path('.'), 0o777);
    const bytes = readFileSync(path);
    const preload = folder.write(
      'nobody.cjs',
      'process.setgid(65534); process.setgroups([]); process.setuid(65534);',
    );
    const node = ['--require', preload];
    const { status } = await bitTtt(['--version'], { node });
    if (status !== 0) this.skip(); // nobody may not read this checkout
    const args = ['surprise', '-', '--dim', '4', '--save', path];
    await refuses(args, 1, /it belongs to others \(user 0, group 0\)/, { input, node });
    await refuses([...args, '--force'], 1, /it belongs to others/, { input, node });
    assert.deepEqual(readFileSync(path), bytes);
    assert.ok(existsSync(path));
  });
});

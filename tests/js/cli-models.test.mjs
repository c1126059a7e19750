// The models of the package by their names: which file each stands for, which a command takes by itself, and
// what is said of wrong names and of sessions of the other model.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { BitLlama } from 'bit-ttt';

import { root } from './support/backends.mjs';
import { bitTtt, json, output, refuses, temporaryFolder } from './support/cli.mjs';

const NAMES = ['english', 'stories'];
const folder = temporaryFolder();
const fileOf = (name) => join(root, 'models', `${name}.bitt`);

/** Fingerprints as the command prints them. */
const prints = {};
before(async () => {
  for (const name of NAMES) {
    const model = await BitLlama.load(fileOf(name));
    prints[name] = model.fingerprint.toString(16).padStart(16, '0');
    model.destroy();
  }
  assert.notEqual(prints.english, prints.stories);
});

const text = folder.write('text.txt', 'The garden gate is painted green. '.repeat(12));
const short = ['--max-tokens', '4', '--seed', '1'];
const session = (name) => folder.path(`${name}.session`);

describe('models of the package', () => {
  it('have an entry each, and the older names are those of the stories', async () => {
    const require = createRequire(import.meta.url);
    for (const name of NAMES) {
      const entry = `bit-ttt/models/${name}`;
      const { modelUrl } = await import(entry);
      assert.equal(fileURLToPath(modelUrl), fileOf(name));
      assert.equal(require(entry).modelUrl, modelUrl);
      assert.equal(require.resolve(`${entry}.bitt`), fileOf(name));
    }
    const { modelUrl } = await import('bit-ttt/models/stories');
    assert.equal((await import('bit-ttt/model')).modelUrl, modelUrl);
    assert.equal(require('bit-ttt/model').modelUrl, modelUrl);
    assert.equal(require.resolve('bit-ttt/models/bit-llama.bitt'), fileOf('stories'));
  });

  it('are of the size and shape that was promised', async () => {
    for (const name of NAMES) {
      const { file_bytes: bytes, parameters } = await json(['info', name]);
      assert.ok(bytes <= 5e6, `${name}: ${bytes} bytes`);
      assert.ok(parameters <= 9e6, `${name}: ${parameters} parameters`);
    }
  });

  it('are found by name wherever a model is named', async () => {
    for (const name of NAMES) {
      const facts = await json(['info', name]);
      assert.equal(facts.file, fileOf(name));
      assert.equal(facts.fingerprint, prints[name]);
      const out = folder.path(`${name}-copy.bitt`);
      const made = await json(['convert', name, out, '--force']);
      assert.deepEqual([made.fingerprint, made.same], [prints[name], true]);
      for (const measure of ['eval', 'adapt']) {
        const args = [
          measure,
          text,
          '-m',
          name,
          ...(measure === 'adapt' ? ['--passage', '8'] : []),
        ];
        assert.equal((await json(args)).model, prints[name], measure);
      }
      const save = ['--save', session(name), '--force'];
      await json(['generate', 'The', '-m', name, ...short, ...save]);
      assert.equal((await json(['info', session(name)])).model, prints[name]);
      for (const args of [['chat'], ['suggest', 'The ']])
        await output([...args, '-m', name, '--load', session(name)], { input: '' });
    }
  });

  it('are taken without being named: English, and by generate the stories', async () => {
    const taken = { eval: 'english', adapt: 'english' };
    for (const [measure, name] of Object.entries(taken)) {
      const args = [measure, text, ...(measure === 'adapt' ? ['--passage', '8'] : [])];
      assert.equal((await json(args)).model, prints[name], measure);
    }
    const saved = {
      chat: [['chat', '--save'], 'english'],
      suggest: [['suggest', '--read', text, '--save'], 'english'],
      generate: [['generate', 'The', ...short, '--save'], 'stories'],
    };
    for (const [command, [args, name]] of Object.entries(saved)) {
      const file = folder.path(`by-${command}`);
      await output([...args, file], { input: 'Hello.\n' });
      assert.equal((await json(['info', file])).model, prints[name], command);
      const help = await output([command, '--help']);
      assert.match(help, new RegExp(`\\(default: ${name}\\)`), command);
    }
  });

  it('generate says which one writes, unless somebody has chosen or wants JSON', async () => {
    const note = /^bit-ttt: the stories' model writes; -m english takes the other\n$/;
    const plain = await bitTtt(['generate', 'The', ...short]);
    assert.match(plain.stderr, note);
    assert.equal(plain.status, 0);
    for (const more of [['-m', 'stories'], ['--json'], ['-m', 'english']]) {
      const { stderr, stdout } = await bitTtt(['generate', 'The', ...short, ...more]);
      assert.equal(stderr, '', more.join(' '));
      if (more.includes('stories')) assert.equal(stdout, plain.stdout);
    }
    await refuses(['generate', 'The', '--load', folder.path('none')], 1, /none: no such file/);
  });

  it('give way to a file of that name only if it is written as a path', async () => {
    const cwd = folder.path('here');
    mkdirSync(cwd);
    copyFileSync(fileOf('stories'), join(cwd, 'english'));
    const model = async (...args) => (await json(['eval', text, ...args], { cwd })).model;
    assert.equal(await model('-m', 'english'), prints.english);
    assert.equal(await model('-m', './english'), prints.stories);
    assert.equal(await model('-m', join(cwd, 'english')), prints.stories);
    assert.equal((await json(['info', './english'], { cwd })).fingerprint, prints.stories);
    assert.equal((await json(['info', 'english'], { cwd })).fingerprint, prints.english);
    writeFileSync(join(cwd, 'stores'), readFileSync(fileOf('stories')));
    assert.equal(await model('-m', 'stores'), prints.stories); // a file, whatever it sounds like
    await refuses(['eval', text, '-m', './stories'], 1, /stories: no such file/, { cwd });
  });

  it('are suggested for a misspelt name, and for nothing else', async () => {
    const near = [
      ['englsh', 'english'],
      ['English', 'english'],
      ['storys', 'stories'],
      ['STORIES', 'stories'],
    ];
    for (const [wrong, name] of near) {
      const says = new RegExp(`no file and no model called ${wrong}; did you mean ${name}\\?`);
      for (const args of [['chat'], ['suggest', 'x'], ['eval', text], ['generate', 'x']])
        await refuses([...args, '-m', wrong], 1, says);
      await refuses(['info', wrong], 1, says);
      await refuses(['convert', wrong, folder.path('out.bitt')], 1, says);
    }
    for (const far of ['no-such-model', './englsh', 'stories.bit', '__proto__', 'toString'])
      await refuses(['chat', '-m', far], 1, /cannot load \S+: no such file/);
    await refuses(['chat', '-m', ''], 2, /-m needs a value/);
  });

  it('say whose a session is that belongs to the other one', async () => {
    const other = { english: 'stories', stories: 'english' };
    const called = { english: 'the English model', stories: "the stories' model" };
    for (const name of NAMES) {
      const file = session(name);
      const bytes = readFileSync(file);
      const bare = folder.write('bare', bytes.subarray(bytes.indexOf(10) + 1));
      for (const path of [file, bare]) {
        const says = new RegExp(`belongs to ${called[name]}: .*; -m ${name} takes that`);
        for (const args of [['generate', 'x'], ['chat'], ['suggest', 'x']])
          await refuses([...args, '-m', other[name], '--load', path], 1, says);
        await output(['suggest', 'x ', '-m', name, '--load', path]);
      }
      const damaged = Buffer.from(bytes.subarray(bytes.indexOf(10) + 1));
      damaged[30] ^= 1; // of the fingerprint
      const broken = folder.write('broken', damaged);
      const wrong = ['chat', '-m', other[name], '--load', broken];
      const { stderr } = await refuses(wrong, 1, /broken/);
      assert.doesNotMatch(stderr, /belongs to/);
    }
    await refuses(['chat', '--load', session('stories')], 1, /-m stories takes that/);
    await refuses(['generate', '--load', session('english')], 1, /-m english takes that/);
    const lines = `/load ${session('stories')}\n`;
    assert.match(await output(['chat'], { input: lines }), /belongs to the stories' model/);
  });

  it('are missed and checked where somebody has touched the package', async () => {
    const [dist, models] = ['dist', 'models'].map((name) => folder.path(`package/${name}`));
    for (const at of [dist, models]) mkdirSync(at, { recursive: true });
    for (const name of readdirSync(join(root, 'dist')))
      if (/\.[cm]js$/.test(name)) copyFileSync(join(root, 'dist', name), join(dist, name));
    const options = { program: join(dist, 'cli.mjs') };
    const gone = /the English model, which comes with the package, is not there \(.*--model FILE/;
    await refuses(['chat'], 1, gone, options);
    await refuses(['info', 'english'], 1, gone, options);
    for (const name of NAMES) copyFileSync(fileOf(name), join(models, `${name}.bitt`));
    const shown = await json(['doctor'], options);
    assert.deepEqual(
      shown.models.map(({ name, fingerprint, problem }) => [name, fingerprint, problem]),
      NAMES.map((name) => [name, prints[name], null]),
    );
    const page = await output(['doctor'], options);
    for (const name of NAMES) assert.ok(page.includes(`${name}  ${prints[name]}`), page);
    rmSync(join(models, 'english.bitt')); // a person may save the space
    const [english] = (await json(['doctor'], options)).models;
    assert.deepEqual([english.found, english.fingerprint], [false, null]);
    const bytes = readFileSync(fileOf('stories'));
    bytes[bytes.length >> 1] ^= 1;
    writeFileSync(join(models, 'stories.bitt'), bytes);
    await refuses(['doctor'], 1, /stories\.bitt: .*checksum/, options);
  });

  it('are not written over', async () => {
    for (const name of NAMES) {
      const link = folder.path(`link-${name}`);
      symlinkSync(fileOf(name), link);
      await refuses(
        ['chat', '-m', name, '--save', link, '--force'],
        2,
        /it is the file to be read/,
      );
    }
  });
});

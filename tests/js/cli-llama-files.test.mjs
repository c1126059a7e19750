// Files of other kinds given to the commands of the language model, and disks that are full.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './support/backends.mjs';
import { json, output, refuses, temporaryFolder } from './support/cli.mjs';
import { alice, small, trainSmall } from './support/cli-llama.mjs';
import { cutIntoShards } from './support/shards.mjs';

const folder = temporaryFolder();
const model = folder.path('small.bitt');
const cli = join(root, 'dist/cli.mjs');

before(async () => {
  await trainSmall(model, ['--steps', '5', '--checkpoint', folder.path('small.state')]);
});

describe('files of other kinds', () => {
  it('are named for what they are', async () => {
    const session = folder.path('session');
    await output(['generate', '-m', model, '--max-tokens', '2', '--save', session, 'x']);
    await refuses(
      ['generate', '-m', session],
      1,
      /session is a session file of bit-ttt, not a model/,
    );
    const state = folder.path('small.state');
    await refuses(
      ['eval', alice, '-m', state],
      1,
      /small\.state is a checkpoint file .*, not a model/,
    );
    await refuses(['generate', '-m', alice], 1, /alice\.txt is no model: neither/);
    const empty = folder.write('empty', '');
    await refuses(['generate', '-m', empty], 1, /cannot load \S+empty: /);
    await refuses(
      ['generate', '-m', model, '--tokenizer', empty],
      1,
      /cannot load \S+empty: .*is empty\n$/,
    );
    const control = folder.write('control', '\x01\x02'.repeat(2000));
    await refuses(['eval', control, '-m', model], 1, /strings FILE \| bit-ttt eval -/);
  });

  it('a tokenizer of another size is refused, also where it would be packed in', async () => {
    const tokenizer = folder.path('other.json');
    await output(['tokenizer', 'train', alice, '--vocab', '300', '--out', tokenizer]);
    const foreign = ['--tokenizer', tokenizer];
    const says =
      /other\.json is the tokenizer of another model: it has 300 tokens, the model's own 384/;
    await refuses(['generate', '-m', model, ...foreign], 1, says);
    await refuses(['convert', model, folder.path('x.bitt'), ...foreign], 1, says);
    assert.equal(existsSync(folder.path('x.bitt')), false);
  });
});

describe('a model in several files', () => {
  it('is read from its folder and from its index, by every command', async () => {
    const weights = folder.path('weights.safetensors');
    await output(['convert', model, weights]);
    const { index, shards, config } = cutIntoShards(readFileSync(weights), 3);
    const place = folder.path('sharded');
    mkdirSync(place);
    for (const { name, bytes } of shards) writeFileSync(join(place, name), bytes);
    const path = join(place, 'model.safetensors.index.json');
    writeFileSync(path, index);
    writeFileSync(join(place, 'config.json'), config);
    const { file_bytes: _size, file: _file, ...whole } = await json(['info', weights]);
    const write = [
      'generate',
      '--temperature',
      '0',
      '--max-tokens',
      '8',
      '--json',
      '--seed',
      '1',
      'x',
      '-m',
    ];
    const written = await output([...write, weights]);
    for (const source of [place, path]) {
      const { file_bytes: size, file, ...facts } = await json(['info', source]);
      assert.deepEqual([facts, size, file], [whole, null, source]);
      assert.equal(await output([...write, source]), written);
      const again = folder.path('again.bitt');
      assert.equal((await json(['convert', source, again])).fingerprint, whole.fingerprint);
      assert.equal((await json(['convert', source, folder.path('one.safetensors')])).same, true);
    }
    await refuses(['convert', path, join(place, shards[1].name)], 2, /it is the file to be read/);
    writeFileSync(path, JSON.stringify({ weight_map: { x: '../weights.safetensors' } }));
    await refuses(
      ['info', place],
      1,
      /index\.json: the index names "\.\.\/weights\.safetensors", which is no/,
    );
    writeFileSync(path, JSON.stringify({ weight_map: { x: 'gone.safetensors' } }));
    await refuses(
      ['eval', alice, '-m', place],
      1,
      /cannot load \S+gone\.safetensors: no such file/,
    );
    rmSync(path);
    await refuses(['info', place], 1, /sharded is a folder without a model\.safetensors/);
  });
});

describe('a full disk', () => {
  before(function () {
    if (process.platform !== 'linux') this.skip(); // /dev/full and ulimit
  });

  it('under the report does not end a training', async () => {
    const out = folder.path('kept.bitt');
    const args = [cli, 'train', alice, '--out', out, '--json', ...small, '--steps', '8'];
    const full = openSync('/dev/full', 'w');
    const { status, stderr } = spawnSync(process.execPath, args, {
      stdio: ['ignore', full, 'pipe'],
    });
    assert.equal(status, 1);
    assert.match(String(stderr), /^bit-ttt: cannot write: ENOSPC/);
    assert.equal((await json(['info', out])).kind, 'model');
  });

  it('that has no room for a checkpoint still gets the model', async () => {
    const out = folder.path('room.bitt');
    const args = [
      cli,
      'train',
      alice,
      '--out',
      out,
      ...small,
      '--steps',
      '9',
      '--checkpoint-every',
      '4',
    ];
    const quoted = [process.execPath, ...args].map((word) => `'${word}'`).join(' ');
    const command = `ulimit -f 160; trap '' XFSZ; exec ${quoted}`; // blocks of 512 or 1024 bytes
    const { status, stderr } = spawnSync('bash', ['-c', command]);
    assert.equal(status, 0, String(stderr));
    assert.match(String(stderr), /cannot save \S+room\.checkpoint: .*; the training goes on\n/);
    assert.equal((await json(['info', out])).kind, 'model');
  });
});

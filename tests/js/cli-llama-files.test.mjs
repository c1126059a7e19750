// Files of other kinds given to the commands of the language model, and disks that are full.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, openSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './support/backends.mjs';
import { json, output, refuses, temporaryFolder } from './support/cli.mjs';
import { alice, small, trainSmall } from './support/cli-llama.mjs';

const folder = temporaryFolder();
const model = folder.path('small.bitt');
const cli = join(root, 'dist/cli.mjs');

before(async function () {
  this.timeout(120000);
  await trainSmall(model, ['--steps', '5', '--checkpoint', folder.path('small.state')]);
});

describe('files of other kinds', () => {
  it('are named for what they are', async () => {
    const session = folder.path('session');
    await output(['generate', '-m', model, '--max-tokens', '2', '--save', session, 'x']);
    await refuses(['generate', '-m', session], 1, /session is a session file of bit-ttt, not a model/);
    const state = folder.path('small.state');
    await refuses(['eval', alice, '-m', state], 1, /small\.state is a checkpoint file .*, not a model/);
    await refuses(['generate', '-m', alice], 1, /alice\.txt is no model: neither/);
    const empty = folder.write('empty', '');
    await refuses(['generate', '-m', empty], 1, /cannot load \S+empty: /);
    await refuses(['generate', '-m', model, '--tokenizer', empty], 1, /cannot load \S+empty: .*is empty\n$/);
    const control = folder.write('control', '\x01\x02'.repeat(2000));
    await refuses(['eval', control, '-m', model], 1, /strings FILE \| bit-ttt eval -/);
  });

  it('a tokenizer of another size is refused, also where it would be packed in', async () => {
    const tokenizer = folder.path('other.json');
    await output(['tokenizer', 'train', alice, '--vocab', '300', '--out', tokenizer]);
    const foreign = ['--tokenizer', tokenizer];
    const says = /other\.json is the tokenizer of another model: it has 300 tokens, the model's own 384/;
    await refuses(['generate', '-m', model, ...foreign], 1, says);
    await refuses(['convert', model, folder.path('x.bitt'), ...foreign], 1, says);
    assert.equal(existsSync(folder.path('x.bitt')), false);
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
    const { status, stderr } = spawnSync(process.execPath, args, { stdio: ['ignore', full, 'pipe'] });
    assert.equal(status, 1);
    assert.match(String(stderr), /^bit-ttt: cannot write: ENOSPC/);
    assert.equal((await json(['info', out])).kind, 'model');
  });

  it('that has no room for a checkpoint still gets the model', async () => {
    const out = folder.path('room.bitt');
    const args = [cli, 'train', alice, '--out', out, ...small, '--steps', '9', '--checkpoint-every', '4'];
    const quoted = [process.execPath, ...args].map((word) => `'${word}'`).join(' ');
    const command = `ulimit -f 160; trap '' XFSZ; exec ${quoted}`; // blocks of 512 or 1024 bytes
    const { status, stderr } = spawnSync('bash', ['-c', command]);
    assert.equal(status, 0, String(stderr));
    assert.match(String(stderr), /cannot save \S+room\.checkpoint: .*; the training goes on\n/);
    assert.equal((await json(['info', out])).kind, 'model');
  });
});

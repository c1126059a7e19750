// train --from: fine-tuning by the command.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';

import { json, output, refuses, temporaryFolder } from './support/cli.mjs';
import {
  alice,
  interruptTraining,
  objects,
  originalModel,
  trainSmall,
} from './support/cli-llama.mjs';

const folder = temporaryFolder();
const text = readFileSync(alice, 'utf8');
const base = folder.path('base.bitt');
const mine = folder.write('mine.txt', text.slice(20_000, 32_000));
const batch = ['--context', '64', '--batch', '4', '--threads', '1'];

before(() => trainSmall(base, ['--steps', '30']));

async function tuned(out, ...more) {
  const args = ['train', mine, '--from', base, '--json', ...batch, '--out', out, ...more];
  return objects(await output(args));
}

describe('train --from', () => {
  it('begins with the weights of the model, and does better on the text', async () => {
    const out = folder.path('tuned.bitt');
    const valid = folder.write('valid.txt', text.slice(32_000, 34_000));
    const lines = await tuned(out, '--steps', '30', '--lr', '0.002', '--valid', valid);
    const start = lines.find(({ step }) => step === 0);
    const own = await json(['eval', valid, '--model', base, '--no-recall']);
    assert.ok(Math.abs(start.valid_bits_per_byte - own.bits_per_byte) < 1e-5);
    assert.ok(lines.at(-1).valid_bits_per_byte < own.bits_per_byte - 0.02);
    const [a, b] = [await json(['info', base]), await json(['info', out])];
    for (const key of ['parameters', 'config']) assert.deepEqual(b[key], a[key], key);
    assert.notEqual(b.fingerprint, a.fingerprint);
  });

  it('keeps the weights that it began with where no others are better', async () => {
    const out = folder.path('spoilt.bitt');
    const lines = await tuned(out, '--steps', '8', '--lr', '1', '--warmup', '0');
    assert.equal(lines.at(-1).best_step, 0);
    assert.equal(lines.at(-1).fingerprint, (await json(['info', base])).fingerprint);
    const args = ['train', mine, '--from', base, ...batch, '--steps', '3', '--lr', '1'];
    const page = await output([...args, '--warmup', '0', '--out', out]);
    assert.match(page, /begins with the [\d,]+ weights of .*base\.bitt\n/);
    assert.match(page, /\n {7}0 +- +\d/);
    assert.match(page, /these are the weights it began with/);
  });

  it('interrupted, it goes on without the model', async function () {
    if (process.platform === 'win32') this.skip(); // no signals there
    const [whole, broken] = [folder.path('whole.bitt'), folder.path('broken.bitt')];
    const more = ['--from', base, '--steps', '120'];
    await output(['train', alice, ...more, ...batch, '--out', whole]);
    const shapeless = ['--out', broken, ...more, ...batch];
    const { status } = await interruptTraining(broken, shapeless, 'SIGINT', []);
    assert.equal(status, 130);
    await output(['train', alice, '--resume', '--out', broken]);
    assert.deepEqual(readFileSync(broken), readFileSync(whole));
    await refuses(
      ['train', alice, '--resume', '--from', base],
      2,
      /--from and --resume exclude each other: the checkpoint holds it; leave --from out/,
    );
  });

  it('refuses what is not as in the model, with both values', async () => {
    const refused = (more, status, pattern, from = base) =>
      refuses(
        ['train', mine, '--from', from, '--out', folder.path('no.bitt'), ...more],
        status,
        pattern,
      );
    await refused(['--dim', '64'], 2, /--dim is 64, but .*base\.bitt has 32; with --from/);
    await refused(['--layers', '3'], 2, /--layers is 3, but .* has 2/);
    await refused(['--mlp', '128'], 2, /--mlp is 128, but .* has 64/);
    await refused(['--vocab', '512'], 2, /--vocab is 512, but .* has 384 tokens/);
    await refused(
      ['--mixer', 'predict', '--dim', '64'],
      2,
      /--dim is 64, but .* has 32|--mixer is predict/,
    );
    const tokenizer = folder.path('other.json');
    await output(['tokenizer', 'train', mine, '--vocab', '300', '--out', tokenizer]);
    await refused(['--tokenizer', tokenizer], 2, /other tokens than .* \(300, the model 384\)/);
    await refused([], 1, /is no model/, alice);
    await refused([], 1, /no such file/, folder.path('gone.bitt'));
    const [config, weights] = originalModel('F32', 384);
    folder.write('config.json', config);
    const original = folder.write('model.safetensors', weights);
    await refused([], 2, /has no tokenizer/, original);
    const own = folder.path('tokenizer.json');
    await output(['tokenizer', 'train', alice, '--vocab', '384', '--out', own]);
    await refused([], 1, /original's convention cannot be trained further/, original);
    assert.equal(existsSync(folder.path('no.bitt')), false);
    await refuses(['train', mine, '--from', base, '--out', base], 2, /it is the file to be read/);
  });

  it('agrees with what is as in the model', async () => {
    const out = folder.path('same.bitt');
    const same = ['--dim', '32', '--layers', '2', '--vocab', '384', '--mixer', 'induction'];
    const lines = await tuned(out, '--steps', '2', ...same);
    assert.equal(lines.at(-1).step, 2);
  });

  it('takes the model that comes with the package by its name', async () => {
    const lines = objects(
      await output([
        ...['train', mine, '--from', 'stories', '--json', '--out', folder.path('s.bitt')],
        ...['--context', '16', '--batch', '1', '--steps', '1', '--threads', '1'],
      ]),
    );
    assert.equal(lines.at(-1).parameters, 4_844_896);
  });
});

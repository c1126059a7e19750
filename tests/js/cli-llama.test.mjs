// The commands of the language model, end to end: a small model is trained on a text, and then
// converted and looked at. What writes with it: cli-llama-write.test.mjs; what measures it:
// cli-llama-measure.test.mjs.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { BitLlama, Tokenizer } from 'bit-ttt';

import { bitTtt, json, output, refuses, temporaryFolder } from './support/cli.mjs';
import {
  alice,
  interruptTraining,
  objects,
  originalModel,
  small,
  stepsOf,
  trainSmall,
} from './support/cli-llama.mjs';

const folder = temporaryFolder();
const model = folder.path('tiny.bitt');
const text = readFileSync(alice, 'utf8');
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/u;

let trained;
before(async () => {
  trained = await trainSmall(model, ['--steps', '60', '--weights']);
});

describe('train', () => {
  it('lowers the loss, of the text and of what was held out', () => {
    const lines = trained.slice(0, -1);
    assert.equal(lines.at(-1).step, 60);
    assert.ok(lines.at(-1).loss < lines[0].loss - 0.5, JSON.stringify(lines));
    const measured = lines.filter((line) => line.valid_loss !== null);
    assert.ok(measured.length >= 5);
    assert.ok(trained.at(-1).valid_loss < measured[0].valid_loss);
    assert.equal(trained.at(-1).valid_loss, lines.at(-1).valid_loss);
    for (const line of lines) {
      assert.equal(line.steps, 60);
      assert.equal(line.tokens, line.step * 4 * 64);
      assert.ok(line.tokens_per_second > 0 && line.seconds_left >= 0, JSON.stringify(line));
      assert.ok(line.learning_rate > 0 && line.gradient_norm > 0);
    }
  });

  it('learns something of real text in two minutes that holds for a chapter it has not seen', async () => {
    const [seen, unseen] = text.split('CHAPTER III.');
    const valid = folder.write('chapter3.txt', unseen);
    const out = folder.path('minutes.bitt');
    const train = async (...length) => {
      const args = [
        'train',
        folder.write('chapters12.txt', seen),
        '--valid',
        valid,
        '--dropout',
        '0.2',
      ];
      return stepsOf(await output([...args, '--out', out, '--weights', '--json', ...length]));
    };
    const untrained = (await train('--steps', '1', '--warmup', '0')).at(-1);
    const began = Date.now();
    const lines = await train('--minutes', '2');
    const minutes = (Date.now() - began) / 60000;
    const done = lines.at(-1);
    const measured = lines.slice(0, -1).filter((line) => line.valid_loss !== null);
    const best = measured.reduce((a, b) => (b.valid_loss < a.valid_loss ? b : a));
    assert.ok(minutes > 0.2, `${minutes} minutes`); // other programs may have ended meanwhile
    assert.ok(done.valid_loss < 0.9 * untrained.valid_loss, JSON.stringify([untrained, done]));
    assert.equal(done.best_step, best.step);
    const score = await json(['eval', valid, '--model', out, '--no-recall']);
    assert.ok(
      Math.abs(score.bits_per_byte - done.valid_bits_per_byte) < 1e-5,
      JSON.stringify(score),
    );
    for (const file of [out, folder.path('minutes.safetensors')]) {
      const loaded = await BitLlama.load(readFileSync(file));
      assert.equal(loaded.fingerprint, BigInt(`0x${done.fingerprint}`), file);
      loaded.destroy();
    }
  });

  it('writes the model, its weights and its curve, and leaves nothing else', async () => {
    const done = trained.at(-1);
    assert.equal(done.done, true);
    const files = ['bitt', 'safetensors', 'svg'].map((ending) => folder.path(`tiny.${ending}`));
    assert.deepEqual(done.files, files);
    assert.equal(existsSync(folder.path('tiny.checkpoint')), false);
    const bytes = readFileSync(model);
    assert.equal(done.bytes, bytes.length);
    for (const file of files.slice(0, 2)) {
      const loaded = await BitLlama.load(readFileSync(file));
      assert.equal(loaded.fingerprint, BigInt(`0x${done.fingerprint}`), file);
      loaded.destroy();
    }
    const svg = readFileSync(files[2], 'utf8');
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^>]*>\n/);
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
    assert.match(svg, /held out/);
  });

  it('prints a table for people', async () => {
    const out = folder.path('people.bitt');
    const args = ['train', alice, '--out', out, ...small, '--steps', '10', '--hold-out', '0'];
    const printed = await output(args);
    assert.match(printed, /10 steps of 256 tokens/);
    assert.match(printed, /step +loss +held out/);
    assert.match(printed, /try: bit-ttt generate --model/);
    assert.doesNotMatch(printed, control);
  });

  it('interrupted and resumed, it gives the same weights as without a break', async function () {
    if (process.platform === 'win32') this.skip(); // no signals there
    const mixed = ['--mixer', 'induction,predict', '--dim', '64'];
    const recipe = ['--steps', '200', '--seed', '7', ...mixed];
    const [whole, broken] = [folder.path('whole.bitt'), folder.path('broken.bitt')];
    await trainSmall(whole, recipe);
    const { status, stderr } = await interruptTraining(broken, recipe);
    assert.equal(status, 130, stderr);
    assert.match(
      stderr,
      /^bit-ttt: interrupted after step \d+ of 200; to go on: bit-ttt train .*\n$/,
    );
    assert.match(stderr, /--resume/);
    assert.equal(existsSync(broken), false);
    const { kind, step, mixers } = await json(['info', folder.path('broken.checkpoint')]);
    assert.deepEqual([kind, mixers], ['checkpoint', ['induction', 'predict']]);
    assert.ok(step >= 1 && step < 200, String(step));
    const resumed = await output(['train', alice, '--out', broken, '--resume', '--json']);
    const [first] = stepsOf(resumed);
    assert.ok(first.step > step);
    assert.deepEqual(readFileSync(broken), readFileSync(whole));
    assert.equal(existsSync(folder.path('broken.checkpoint')), false);
    const killed = folder.path('killed.bitt');
    const kill = [...recipe, '--checkpoint-every', '3'];
    const { signal } = await interruptTraining(killed, kill, 'SIGKILL');
    assert.equal(signal, 'SIGKILL');
    await output(['train', alice, '--out', killed, '--resume']);
    assert.deepEqual(readFileSync(killed), readFileSync(whole));
  });

  it('writes the model that did best on what was held out, also one of before a break', async () => {
    const short = folder.write('short.txt', text.slice(2000, 4800));
    const [checkpoint, first, second] = ['best.state', 'a.bitt', 'b.bitt'].map((name) =>
      folder.path(name),
    );
    const valid = (name, from) => ['--valid', folder.write(name, text.slice(from, from + 1200))];
    const heldOut = valid('held-out.txt', 4800);
    const train = async (out, ...more) => {
      const args = ['train', short, '--json', '--checkpoint', checkpoint, '--out', out, ...more];
      return objects(await output(args)).at(-1);
    };
    const shape = [
      '--vocab',
      '272',
      '--dim',
      '64',
      '--layers',
      '2',
      '--mlp',
      '256',
      '--head',
      '32',
    ];
    const recipe = ['--context', '64', '--batch', '8', '--steps', '150', '--lr', '0.01'];
    const done = await train(first, ...shape, ...recipe, ...heldOut);
    assert.ok(done.best_step < done.step, JSON.stringify(done));
    const resumed = await train(second, ...heldOut, '--resume', '--steps', '160');
    assert.deepEqual([resumed.step, resumed.best_step], [160, done.best_step]);
    assert.deepEqual(readFileSync(second), readFileSync(first));
    const again = ['--checkpoint', checkpoint, '--out', second, '--resume', ...heldOut];
    const page = await output(['train', short, ...again]);
    assert.match(page, new RegExp(`weights of step ${done.best_step} of 160, which did best`));
    await refuses(['train', short, ...again, '--steps', '9'], 2, /--steps must be above the 160/);
    const other = await train(second, ...valid('other.txt', 9000), '--resume', '--steps', '161');
    assert.equal(other.best_step, 161); // what did best on another text is forgotten
  });

  it('keeps a checkpoint that was named, every so many steps', async () => {
    const checkpoint = folder.path('named.state');
    const more = ['--steps', '9', '--checkpoint', checkpoint, '--checkpoint-every', '2'];
    await trainSmall(folder.path('kept.bitt'), more);
    const { step, steps } = await json(['info', checkpoint]);
    assert.deepEqual([step, steps], [9, 9]);
    const longer = ['--resume', '--checkpoint', checkpoint, '--steps', '12', '--json'];
    const out = ['--out', folder.path('longer.bitt')];
    const lines = objects(await output(['train', alice, ...out, ...longer]));
    assert.equal(lines.at(-1).step, 12);
  });

  it('refuses to resume what does not fit', async () => {
    const checkpoint = folder.path('fits.state');
    const out = ['--out', folder.path('fits.bitt')];
    await trainSmall(folder.path('fits.bitt'), ['--steps', '2', '--checkpoint', checkpoint]);
    const resume = [...out, '--resume', '--checkpoint', checkpoint];
    const other = folder.write('other.txt', `${text}\nAnd that was that.\n`);
    await refuses(['train', other, ...resume], 1, /fits\.state.* other tokens/);
    await refuses(['train', alice, ...resume, '--dim', '64'], 2, /--dim and --resume exclude/);
    const bytes = readFileSync(checkpoint);
    for (const at of [30, bytes.indexOf(10) + 20, bytes.length - 9]) {
      const changed = Buffer.from(bytes);
      changed[at] ^= 1;
      const damaged = ['--checkpoint', folder.write('damaged.state', changed)];
      await refuses(['train', alice, ...out, '--resume', ...damaged], 1, /damaged\.state/);
    }
    for (const length of [0, bytes.length - 1]) {
      const cut = ['--checkpoint', folder.write('cut.state', bytes.subarray(0, length))];
      await refuses(['train', alice, ...out, '--resume', ...cut], 1, /cut\.state/);
    }
    await refuses(['train', alice, ...out, '--resume'], 1, /fits\.checkpoint: no such file/);
  });

  it('says where a text is no UTF-8', async () => {
    const file = folder.write('latin.txt', Buffer.from([...Buffer.from('caf'), 0xe9, 0x0a]));
    await refuses(['train', file], 1, /latin\.txt is not UTF-8.* offset 3 \(0xe9\).*--lossy/);
    await refuses(['train', file, '--lossy', ...small], 1, /too short/);
  });

  it('refuses what cannot come to anything before it begins', async () => {
    await refuses(['train'], 2, /train needs a FILE/);
    await refuses(['train', alice, '--step', '5'], 2, /--step; did you mean --steps\?/);
    await refuses(['train', alice, '--steps', '5', '--warmup', '6'], 2, /at most the 5 steps/);
    await refuses(['train', alice, '--out', folder.path('no/x.bitt')], 1, /cannot save .*no such/);
    await refuses(['train', folder.path('missing')], 1, /missing: no such file/);
    await refuses(['train', folder.write('blank.txt', ' \n\n')], 1, /blank\.txt is blank/);
  });

  it('a full disk is an error that leaves the old model and no litter', async () => {
    if (existsSync('/dev/full')) {
      await refuses(['train', alice, '--out', '/dev/full'], 1, /cannot save \/dev\/full/);
    }
    const full = `
      const fs = require('node:fs');
      fs.writeSync = () => { throw Object.assign(new Error('full'), { code: 'ENOSPC' }); };
      require('node:module').syncBuiltinESMExports();`;
    const out = folder.path('full/model.bitt');
    mkdirSync(dirname(out));
    copyFileSync(model, out);
    const node = ['--require', folder.write('full.cjs', full)];
    const args = ['train', alice, '--out', out, ...small, '--steps', '2', '--json'];
    const { status, stderr } = await bitTtt(args, { node });
    assert.deepEqual([status, /no space left on the device\n$/.test(stderr)], [1, true], stderr);
    assert.deepEqual(readFileSync(out), readFileSync(model));
    assert.deepEqual(readdirSync(dirname(out)), ['model.bitt']);
  });
});

describe('convert', () => {
  const say = async (path) => {
    const args = ['generate', 'Alice', '--model', path, '--seed', '4', '--max-tokens', '30'];
    return (await json(args)).tokens;
  };

  it('there and back, a model writes the same', async () => {
    const wanted = await say(model);
    let from = model;
    for (const name of ['a.safetensors', 'folder', 'b.bitt', 'again', 'c.bitt']) {
      const to = folder.path(name);
      const f32 = name === 'b.bitt' ? ['--f32'] : [];
      const { same, fingerprint } = await json(['convert', from, to, ...f32]);
      assert.deepEqual([same, fingerprint], [true, trained.at(-1).fingerprint], name);
      assert.deepEqual(await say(to), wanted, name);
      from = to;
    }
    assert.deepEqual(readFileSync(folder.path('c.bitt')), readFileSync(model));
    const names = ['config.json', 'model.safetensors', 'tokenizer.json'];
    assert.deepEqual(readdirSync(folder.path('folder')).sort(), names);
  });

  it("reads the original's folders in f32, f16 and bf16", async () => {
    const tokenizer = JSON.stringify((await BitLlama.load(readFileSync(model))).tokenizer);
    const prints = new Set();
    for (const dtype of ['F32', 'F16', 'BF16']) {
      const path = folder.path(`original-${dtype}`);
      mkdirSync(path);
      const [config, weights] = originalModel(dtype, Tokenizer.from(tokenizer).vocabSize);
      folder.write(`original-${dtype}/config.json`, config);
      folder.write(`original-${dtype}/tokenizer.json`, tokenizer);
      folder.write(`original-${dtype}/model.safetensors`, weights);
      const packed = folder.path(`${dtype}.bitt`);
      prints.add((await json(['convert', path, packed])).fingerprint);
      const back = await json(['convert', packed, folder.path(`${dtype}.safetensors`)]);
      assert.equal(back.same, true);
      if (dtype === 'F32') continue;
      assert.equal((await json(['convert', path, folder.path(`wide-${dtype}`)])).same, true);
    }
    assert.equal(prints.size, 1);
    const { mixers, rescale, weights } = await json(['info', folder.path('original-F16')]);
    assert.deepEqual([mixers, rescale, weights], [['reconstruct', 'reconstruct'], false, 'f16']);
    assert.equal((await say(folder.path('F32.bitt'))).length, 30);
  });

  it('reads what training wrote, in f32', async () => {
    const out = folder.path('packed.bitt');
    await json(['convert', folder.path('tiny.safetensors'), out]);
    assert.deepEqual(readFileSync(out), readFileSync(model));
  });

  it('says what is wrong', async () => {
    await refuses(['convert', model], 2, /needs IN and OUT/);
    await refuses(['convert', alice, folder.path('x.bitt')], 1, /alice\.txt/);
    await refuses(['convert', model, alice], 1, /is a file/);
    const same = /folder.*: it is the file to be read/;
    const [whole, weights] = [folder.path('folder'), folder.path('folder/model.safetensors')];
    for (const [from, to] of [
      [whole, folder.path('folder/.')],
      [weights, whole],
      [whole, weights],
    ])
      await refuses(['convert', from, to], 2, same);
    await refuses(['convert', model, folder.path('no/x.bitt')], 1, /no such file/);
  });
});

describe('info', () => {
  it('says what a model is', async () => {
    const found = await json(['info', model]);
    assert.equal(found.kind, 'model');
    assert.equal(found.weights, 'int8, ternary in 2 bits');
    assert.equal(found.file_bytes, readFileSync(model).length);
    assert.equal(found.fingerprint, trained.at(-1).fingerprint);
    assert.equal(found.parameters, trained.at(-1).parameters);
    assert.deepEqual(found.mixers, ['induction', 'induction']);
    assert.equal(found.tokenizer, 384);
    const printed = await output(['info', model]);
    assert.match(printed, /induction in all 2 layers/);
    await refuses(['info', alice], 1, /no file that bit-ttt knows/);
    const named = folder.write('named', 'toString() begins as a property of every object');
    await refuses(['info', named], 1, /no file that bit-ttt knows/);
    await refuses(['info', folder.path('missing')], 1, /no such file/);
  });
});

describe('language model: help', () => {
  it('every command has it', async () => {
    const all = await output(['--help']);
    for (const name of [
      ...['generate', 'chat', 'suggest', 'train', 'eval', 'adapt', 'convert', 'info'],
    ]) {
      assert.match(all, new RegExp(`bit-ttt ${name}`));
      const own = await output([name, '--help']);
      assert.match(own, new RegExp(`^Usage: bit-ttt ${name}`));
      assert.match(own, /--json/);
      for (const line of own.split('\n')) assert.ok(line.length <= 100, line);
    }
    assert.match(await output(['tokenizer', '--help']), /^Usage: bit-ttt tokenizer train/);
  });
});

// The text of `train`: several files, pipes and compressed files, read by pieces as it was read whole; what is
// shown meanwhile and said in advance; samples.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

import { encodeDocuments, splitDocuments, Tokenizer } from 'bit-ttt';

import { noise } from './support/backends.mjs';
import { importSource, output, refuses, temporaryFolder } from './support/cli.mjs';
import { alice, objects, small, stepsOf } from './support/cli-llama.mjs';
import { zstd } from './support/zstd.mjs';

const folder = temporaryFolder();
const text = readFileSync(alice, 'utf8').slice(0, 30_000);
const SEPARATOR = '\n<|endoftext|>\n';
const short = [...small, '--steps', '4'];

/** Trains for a moment; gives all objects. */
async function trained(files, more = [], options = undefined) {
  const args = ['train', ...files, '--out', folder.path('m.bitt'), '--json', ...short, ...more];
  return objects(await output(args, options));
}

const fingerprintOf = (lines) => lines.at(-1).fingerprint;

describe('the text of train', () => {
  const parts = [text.slice(0, 9000), text.slice(9000, 20_000), text.slice(20_000)];
  let files;
  let fingerprint;
  before(async () => {
    files = parts.map((part, i) => folder.write(`part ${i}.txt`, part));
    fingerprint = fingerprintOf(await trained([folder.write('all.txt', parts.join(SEPARATOR))]));
  });

  it('may be in several files, each of which is documents of its own', async () => {
    const lines = await trained(files);
    assert.equal(fingerprintOf(lines), fingerprint);
    const [read] = lines;
    assert.deepEqual([read.phase, read.files, read.documents], ['read', 3, 3]);
    const other = await trained([files[1], files[0], files[2]]);
    assert.notEqual(fingerprintOf(other), fingerprint);
  });

  it('may come from standard input, once', async () => {
    const piped = await trained([files[0], '-', files[2]], [], { input: parts[1] });
    assert.equal(fingerprintOf(piped), fingerprint);
    await refuses(['train', '-', '-'], 2, /- can be given once/);
  });

  it('may be compressed by gzip or zstd, whatever the names, also what is held out', async () => {
    const [first, second, third] = parts.map((part) => Buffer.from(part));
    const packed = [
      folder.write('part.gz', gzipSync(first)),
      '-',
      folder.write('part.zst', zstd(third, 1000)),
    ];
    for (const bytes of [gzipSync(second), zstd(second)]) {
      const input = (child) => child.stdin.end(bytes);
      const lines = await trained(packed, [], { input });
      assert.equal(fingerprintOf(lines), fingerprint);
      const [read] = lines;
      assert.ok(read.file_bytes < text.length && read.documents === 3, JSON.stringify(read));
    }
    const swapped = [gzipSync(second), zstd(second)].map((bytes, i) =>
      folder.write(['named.zst', 'named.gz'][i], bytes),
    );
    for (const file of swapped)
      assert.equal(fingerprintOf(await trained([files[0], file, files[2]])), fingerprint);
    const lossOn = async (valid) =>
      (await trained([files[0]], ['--valid', valid])).at(-1).valid_loss;
    const loss = await lossOn(files[2]);
    assert.ok(loss > 0);
    const wide = folder.write('wide.zst', zstd(third, 100_000, 27));
    assert.equal(await lossOn(wide), loss);
    assert.equal(await lossOn(packed[2]), loss);
  });

  it('names the file that is at fault', async () => {
    const train = (...more) => ['train', files[0], ...more, '--out', folder.path('no.bitt')];
    await refuses(train(folder.write('blank.txt', ' \n\n')), 1, /blank\.txt is blank/);
    await refuses(train(folder.write('empty.txt', '')), 1, /empty\.txt is empty/);
    await refuses(train(folder.path('gone.txt')), 1, /gone\.txt: no such file/);
    await refuses(train(folder.path('.')), 1, /is a directory/);
    const cut = folder.write('cut.gz', gzipSync(parts[1]).subarray(0, 2000));
    await refuses(train(cut), 1, /cut\.gz: its gzip data is damaged or cut short/);
    const half = folder.write('half.zst', zstd(Buffer.from(parts[1])).subarray(0, 2000));
    await refuses(train(half), 1, /half\.zst: its zstd data is damaged or cut short/);
    const none = folder.write('none.zst', zstd(Buffer.alloc(0)));
    await refuses(train(none), 1, /none\.zst is empty/);
    const wide = (log) => folder.write(`${log}.zst`, zstd(Buffer.from(parts[1]), 1000, log));
    for (const log of [28, 31])
      await refuses(
        train(wide(log)),
        1,
        /\d\d\.zst: its zstd window is larger than 128 MiB; zstdcat/,
      );
    const twice = folder.write('twice.zst', zstd(gzipSync(parts[1])));
    await refuses(train(twice), 1, /twice\.zst is (compressed|not text)/);
    // Beyond the first chunks, where a character of three bytes lies across their border.
    const far = Buffer.concat([Buffer.from('€'.repeat(300_000)), Buffer.from([0xe2, 0x82, 0x41])]);
    await refuses(train(folder.write('far.txt', far)), 1, /far\.txt .* offset 900000 \(0xe2\)/);
    const end = folder.write('end.txt', Buffer.concat([Buffer.from('ab'), Buffer.from([0xe2])]));
    await refuses(train(end), 1, /end\.txt is not UTF-8: the byte at offset 2 \(0xe2\)/);
    await refuses(train('--valid', folder.write('b.txt', '\n')), 1, /b\.txt is blank/);
  });

  it('shows its phases, says how long it will take, and writes samples', async () => {
    const lines = await trained(files);
    assert.deepEqual(
      lines.filter(({ phase }) => phase).map(({ phase }) => phase),
      ['read', 'count', 'merge', 'tokenise'],
    );
    const plan = lines.find((line) => line.plan);
    assert.deepEqual([plan.steps, plan.steps_left, plan.threads], [4, 4, 1]);
    assert.ok(plan.seconds > 0);
    assert.ok(lines.indexOf(plan) < lines.findIndex(({ step }) => step === 1));
    const steps = lines.filter(({ step, done }) => step !== undefined && !done);
    assert.ok(steps[0].valid_loss !== null);
    for (const { step, valid_loss: valid, sample } of steps) {
      assert.equal(sample !== undefined, valid !== null && step > 1); // at first it has learnt nothing
      if (sample === undefined) continue;
      assert.ok(sample.text.length > 0 && text.includes(sample.prompt), JSON.stringify(sample));
    }
    const again = (await trained(files)).filter(({ sample }) => sample).map(({ sample }) => sample);
    assert.deepEqual(
      again,
      steps.filter(({ sample }) => sample).map(({ sample }) => sample),
    );
    const none = await trained(files, ['--no-sample']);
    assert.ok(none.every(({ sample }) => sample === undefined));
    assert.equal(fingerprintOf(none), fingerprint);
  });

  it('tells people the same', async () => {
    const args = ['train', ...files, '--out', folder.path('m.bitt'), ...short];
    const page = await output(args);
    for (const said of [
      /^read 30 kB of 3 files, 3 documents in \d+ s\ncounted [\d,]+ words in \d+ s\n/,
      /\nmade a tokenizer of 384 tokens in \d+ s\nmade [\d,]+ tokens in \d+ s\n/,
      /\nabout \d+ s on 1 thread; Ctrl-C keeps a checkpoint\n {4}step/,
      /\n {7}1 .*\n {7}2 .*\n {10}\S/,
    ]) {
      assert.match(page, said);
    }
    assert.doesNotMatch(await output([...args, '--no-sample']), /\n {10}\S/);
  });
});

describe('parts of the text of train', () => {
  const wholeSplit = (whole) =>
    whole
      .split(/^[ \t]*<\|endoftext\|>[ \t]*\r?$/m)
      .map((document) => document.trim())
      .filter((document) => document !== '');

  it('documents are the same wherever the pieces are cut', async () => {
    const { DocumentSplitter } = await importSource('common/documents');
    const atoms = ['a', ' b', '\n', '\r\n', '\r', '<|endoftext|>', ' \t', '\u2028', '\n\n', 'é'];
    const random = noise(20_000, 3);
    let at = 0;
    const below = (n) => Math.floor((Math.abs(random[at++ % random.length]) * 1e4) % n);
    for (let i = 0; i < 400; i++) {
      const whole = Array.from({ length: 30 }, () => atoms[below(atoms.length)]).join('');
      const splitter = new DocumentSplitter();
      const found = [];
      for (let from = 0; from < whole.length; ) {
        const to = from + below(7);
        found.push(...splitter.add(whole.slice(from, to)));
        from = to;
      }
      found.push(...splitter.end());
      assert.deepEqual(found, wholeSplit(whole), JSON.stringify(whole));
      assert.deepEqual(splitDocuments(whole), wholeSplit(whole));
    }
  });

  it('tokens, tokenizer and what is held out are those of the whole text', async () => {
    const { TrainingText } = await importSource('cli/commands/train-data');
    const { holdOut, makeTokenizer } = await importSource('corpus/corpus');
    const phases = [];
    const report = { doing: (line) => line(), phase: (line) => phases.push(line) };
    const many = text.split(/\n\n+/).filter((one) => one.trim() !== '');
    assert.ok(many.length > 60);
    for (const documents of [many, many.slice(0, 3), [text]]) {
      const whole = documents.join(SEPARATOR);
      const file = folder.write('whole.txt', `\ufeff${whole}`);
      const reading = { command: 'train', lossy: false };
      const read = await TrainingText.read([file], undefined, 5, reading, report);
      const split = holdOut(splitDocuments(whole), 5);
      assert.deepEqual(read.heldOut, split.heldOut);
      assert.equal(read.documents, split.training.length);
      const tokenizer = await read.makeTokenizer(300);
      const expected = await makeTokenizer(
        () => split.training,
        300,
        () => {},
      );
      assert.deepEqual(tokenizer.toJSON(), expected.toJSON());
      const own = Tokenizer.from(tokenizer.toJSON());
      const tokens = await read.tokens(own, 10);
      assert.ok(tokens instanceof Uint16Array);
      assert.deepEqual([...tokens], [...(await encodeDocuments(split.training, own))]);
    }
    assert.equal(phases.length, 3 * 4);
  });

  it('a file that changes between two readings is refused', async () => {
    const { TextSource } = await importSource('cli/files/text-source');
    const file = folder.write('log.txt', 'one\n');
    const source = await TextSource.open(file, { command: 'train', lossy: false });
    const all = async () => {
      let found = '';
      for await (const piece of source.pieces(() => {})) found += piece;
      return found;
    };
    assert.equal(await all(), 'one\n');
    assert.equal(await all(), 'one\n');
    appendFileSync(file, 'two\n');
    await assert.rejects(all(), /log\.txt has changed while it was read/);
  });

  it('UTF-16 and invalid bytes are read as when read whole', async () => {
    const { TextSource } = await importSource('cli/files/text-source');
    const { readText } = await importSource('cli/files/text');
    const wide = Buffer.from(`\ufeff${text.slice(0, 20_000)}`, 'utf16le');
    const odd = Buffer.from('é€😀'.repeat(60_000));
    for (let at = 7; at < odd.length; at += 997) odd[at] = 0xe2;
    for (const [name, bytes, lossy] of [
      ['wide.txt', wide, false],
      ['odd.txt', odd, true],
    ]) {
      const file = folder.write(name, bytes);
      const source = await TextSource.open(file, { command: 'train', lossy });
      let found = '';
      for await (const piece of source.pieces(() => {})) found += piece;
      assert.equal(found, (await readText(file, 'train', lossy)).text, name);
    }
  });
});

describe('the plan of train', () => {
  it('is kept with --minutes, and on going on it is of what is left', async () => {
    const out = ['--out', folder.path('plan.bitt'), '--checkpoint', folder.path('plan.state')];
    const file = folder.write('plan.txt', text);
    await output(['train', file, ...out, ...short]);
    const more = ['--resume', '--steps', '9', '--json'];
    const lines = objects(await output(['train', file, ...out, ...more]));
    const plan = lines.find((line) => line.plan);
    assert.deepEqual([plan.steps, plan.steps_left], [9, 5]);
    assert.equal(lines.at(-1).step, 9);
    const timed = ['--minutes', '0.02', ...small, '--json', '--out', folder.path('timed.bitt')];
    const found = objects(await output(['train', file, ...timed]));
    const { seconds, steps } = found.find((line) => line.plan);
    assert.equal(stepsOf(found.map((line) => JSON.stringify(line)).join('\n')).at(-1).step, steps);
    assert.ok(steps === 1 || seconds <= 1.3, `${steps} steps, ${seconds} s`);
  });
});

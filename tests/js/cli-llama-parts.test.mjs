// Modules of the language model's commands, each on its own.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { importSource } from './support/cli.mjs';
import { small } from './support/cli-llama.mjs';

describe('command parts: texts', () => {
  it('finds the first byte that is no UTF-8, as the platform does', async () => {
    const { findInvalidUtf8 } = await importSource('cli/files/text');
    const valid = Buffer.from('a\u00e9\u20ac\ud7ff\ue000\uffff\u{10000}\u{10ffff}z');
    assert.equal(findInvalidUtf8(valid), -1);
    const isValid = (bytes) => {
      try {
        new TextDecoder('utf-8', { fatal: true }).decode(bytes);
        return true;
      } catch {
        return false;
      }
    };
    for (let length = 0; length < valid.length; length++) {
      const cut = valid.subarray(0, length);
      assert.equal(findInvalidUtf8(cut) < 0, isValid(cut), String(length));
    }
    for (const start of [
      'c0',
      'c1bf',
      'e080',
      'e09fbf',
      'eda0',
      'edbfbf',
      'f08080',
      'f490',
      'f5',
    ]) {
      const bytes = Buffer.from(`6162${start}80`, 'hex');
      assert.equal(isValid(bytes), false);
      assert.equal(findInvalidUtf8(bytes), 2, start);
    }
    for (let first = 128; first < 256; first++) {
      for (let second = 0; second < 256; second += 5) {
        const bytes = Uint8Array.of(65, first, second, 0x80, 0x80, 65);
        assert.equal(findInvalidUtf8(bytes) < 0, isValid(bytes), `${first} ${second}`);
      }
    }
  });
});

describe('command parts: data to train on', () => {
  it('holds out evenly, and something of a single text', async () => {
    const { holdOut } = await importSource('corpus/corpus');
    const many = Array.from({ length: 1000 }, (_, i) => `document ${i}`);
    for (const percent of [1, 5, 10, 50]) {
      const { training, heldOut } = holdOut(many, percent);
      assert.ok(Math.abs(heldOut.length - 10 * percent) <= 1, `${percent}: ${heldOut.length}`);
      assert.deepEqual([...training, ...heldOut].sort(), [...many].sort());
    }
    assert.deepEqual(holdOut(many, 0).heldOut, []);
    const text = 'one two three four five\n'.repeat(1000);
    const { training, heldOut } = holdOut([text.trim()], 5);
    const share = heldOut[0].length / text.length;
    assert.ok(share > 0.02 && share < 0.06, String(share));
    assert.equal(`${training[0]}\n${heldOut[0]}\n`, text);
    assert.deepEqual(holdOut(['short'], 5), { training: ['short'], heldOut: [] });
  });

  it('makes a vocabulary whose size a model can have, of any text', async () => {
    const { makeTokenizer } = await importSource('corpus/corpus');
    for (const text of ['a', 'abc abd abe '.repeat(40)]) {
      const tokenizer = await makeTokenizer(
        () => [text],
        512,
        () => undefined,
      );
      assert.equal(tokenizer.vocabSize % 16, 0);
      assert.equal(tokenizer.endOfText, 0);
      assert.equal(tokenizer.decode(tokenizer.encode(text)), text);
    }
  });
});

describe('command parts: what train is told', () => {
  it('refuses senseless values', async () => {
    const { readTrainRequest, TRAIN_OPTIONS } = await importSource('cli/commands/train-options');
    const { readCommandLine } = await importSource('cli/screen/command-line');
    const read = (args) => readTrainRequest(readCommandLine(['x.txt', ...args], TRAIN_OPTIONS));
    const bad = [
      [['--dim', '100'], /--dim must be a multiple of 16/],
      [['--dim', '32', '--mixer', 'predict'], /--dim must be a multiple of 64 for/],
      [['--inner', '32', '--head', '64'], /--inner must be a multiple of --head/],
      [['--mixer', 'attention'], /each of --mixer must be/],
      [['--mixer', 'predict,predict', '--layers', '3'], /names 2 layers, but there are 3/],
      [['--steps', '5', '--minutes', '1'], /exclude each other/],
      [['--epochs', '0'], /--epochs must be/],
      [['--vocab', '100'], /--vocab must be/],
      [['--vocab', '300', '--tokenizer', 'x'], /exclude each other/],
      [['--lr=-1'], /--lr must be/],
      [['--seed', '1.5'], /--seed must be/],
      [['--valid', 'x', '--hold-out', '3'], /exclude each other/],
      [['--resume', '--lr', '0.1'], /--lr and --resume exclude each other/],
      [['--resume', '--lossy'], /--lossy and --resume exclude each other/],
    ];
    for (const [args, pattern] of bad) assert.throws(() => read(args), pattern, args.join(' '));
    const { shape, recipe, out, checkpoint } = read(small);
    assert.deepEqual([out.path, checkpoint.path], ['model.bitt', 'model.checkpoint']);
    assert.deepEqual([shape.hiddenDim, shape.headDim, recipe.context], [32, 16, 64]);
    assert.deepEqual(shape.mixers, ['induction', 'induction']);
  });
});

describe('command parts: places in a text', () => {
  it('are evenly spaced and never overlap', async () => {
    const { evenStarts } = await importSource('cli/commands/adapt-measure');
    assert.deepEqual(evenStarts(100, 10, 4), [0, 30, 60, 90]);
    assert.deepEqual(evenStarts(25, 10, 4), [0, 15]);
    assert.deepEqual(evenStarts(10, 10, 4), [0]);
    assert.deepEqual(evenStarts(9, 10, 4), []);
  });

  it('axes have round numbers', async () => {
    const { roundTicks } = await importSource('cli/charts/loss-chart');
    assert.deepEqual(roundTicks(0, 100, 5), [0, 20, 40, 60, 80, 100]);
    assert.deepEqual(
      roundTicks(2.1, 2.9, 4),
      [2.2, 2.4, 2.6, 2.8].map((x) => x / 0.2).map((x) => Math.round(x) * 0.2),
    );
  });
});

describe('generation: stop strings', () => {
  /** What is let through of a text that comes in these pieces, and whether it was stopped. */
  function watchAll(StopWatch, stops, parts) {
    const watch = new StopWatch(stops);
    let out = '';
    for (const part of parts) {
      out += watch.push(part);
      if (watch.stopped) return [out, true];
    }
    return [out + watch.flush(), false];
  }

  /** A text cut at random places. */
  function pieces(text, random) {
    const parts = [];
    for (let at = 0; at < text.length; at += parts.at(-1).length)
      parts.push(text.slice(at, at + 1 + random(4)));
    return parts;
  }

  it('nested or overlapping, they end a text alike wherever tokens begin', async () => {
    const { StopWatch } = await importSource('llama/generation');
    let state = 7;
    const random = (limit) =>
      ((state = (Math.imul(state, 1103515245) + 12345) >>> 0) % 65537) % limit;
    const word = (length) => Array.from({ length }, () => 'ab'[random(2)]).join('');
    let stopped = 0;
    for (let round = 0; round < 3000; round++) {
      const stops = Array.from({ length: 1 + random(3) }, () => word(1 + random(5)));
      const text = word(random(14));
      // Before the one that ends first; of those that end together, the longest.
      const found = stops.filter((stop) => text.includes(stop));
      const end = Math.min(...found.map((stop) => text.indexOf(stop) + stop.length));
      const together = found.filter((stop) => text.endsWith(stop, end));
      const longest = Math.max(...together.map((stop) => stop.length));
      const wanted = found.length === 0 ? [text, false] : [text.slice(0, end - longest), true];
      for (let split = 0; split < 4; split++) {
        const got = watchAll(StopWatch, stops, pieces(text, random));
        assert.deepEqual(got, wanted, `${stops} in ${text}`);
      }
      stopped += Number(wanted[1]);
    }
    assert.ok(stopped > 1000 && stopped < 2900, String(stopped));
  });
});

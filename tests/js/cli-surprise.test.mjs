// `bit-ttt surprise`: what it finds, and that it finds the same everywhere. What it remembers:
// cli-surprise-memory.test.mjs.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { backends, root } from './support/backends.mjs';
import { json, output, temporaryFolder } from './support/cli.mjs';
import { makeLog, makeRepetitive } from './support/planted-logs.mjs';

const alice = join(root, 'examples/alice.txt');
const folder = temporaryFolder();

const text = (lines) => `${lines.join('\n')}\n`;
const surprise = (lines, args = []) => json(['surprise', '-', ...args], { input: text(lines) });

describe('surprise: what it finds', () => {
  it('ranks a strange line in a repetitive log first, wherever it is', async () => {
    for (const strange of ['disk sda1 is failing: 12 bad sectors', 'Segmentation fault']) {
      for (const [count, at] of [
        [30, 16],
        [60, 59],
        [200, 20],
        [1000, 700],
      ]) {
        const { top } = await surprise(makeRepetitive(count, at, strange));
        assert.equal(top[0].line, at, `${strange} at ${at} of ${count}`);
        assert.equal(top[0].text, strange);
        assert.ok(top[0].surprise > 1.5 * top[1].surprise, JSON.stringify(top.slice(0, 2)));
      }
    }
  });

  it('notices a known line at the wrong place', async () => {
    const lines = makeRepetitive(500, 403, 'worker finished, sleeping 60 seconds');
    const { top } = await surprise(lines, ['--top', '3']);
    assert.ok(
      top.some(({ line }) => line === 403),
      JSON.stringify(top),
    );
  });

  for (const kind of ['web', 'app', 'syslog']) {
    it(`finds the anomalies in a ${kind} log`, async () => {
      let found = 0;
      let wanted = 0;
      for (const seed of [1, 2, 3]) {
        const { lines, anomalies } = makeLog(kind, 4000, seed);
        const { top } = await surprise(lines, ['--top', String(anomalies.size)]);
        found += top.filter(({ line }) => anomalies.has(line)).length;
        wanted += anomalies.size;
      }
      assert.ok(found >= 0.95 * wanted, `${found} of ${wanted}`);
    });
  }

  it('does not go blind in a long log', async () => {
    const { lines, anomalies } = makeLog('app', 60000, 9);
    const { top } = await surprise(lines, ['--top', String(anomalies.size)]);
    const found = top.filter(({ line }) => anomalies.has(line)).length;
    assert.ok(found >= anomalies.size - 1, `${found} of ${anomalies.size}`);
  });

  it('learns: the end of a log is less surprising than its beginning', async () => {
    const { sparkline } = await surprise(makeLog('syslog', 4000, 4).lines);
    assert.ok(sparkline.at(-1) < 0.5 * sparkline[0], sparkline.join(' '));
  });

  it('does not care for times, numbers, ids and addresses', async () => {
    const line = (i) => {
      const id = (0x10000000 + i * 99991).toString(16);
      const start = `2024-01-0${1 + (i % 9)} 10:${10 + (i % 50)}:00 10.0.0.${i % 250}`;
      return `${start} job ${i * 7919 + 100003} took ${1000 + i * 3} ms, id ${id}9`;
    };
    const { sparkline } = await surprise(Array.from({ length: 400 }, (_, i) => line(i)));
    assert.ok(sparkline.at(-1) < 0.02, String(sparkline.at(-1)));
  });

  it('by word: names the word', async () => {
    const lines = makeRepetitive(400, 301, 'connected to queue marmalade on 10.0.0.5:5672');
    const { by, units, top } = await surprise(lines, ['--by', 'word', '--top', '2']);
    assert.equal(by, 'word');
    assert.equal(units, text(lines).match(/\d+(?:[.:]\d+)*|[A-Za-z]+/g).length);
    assert.deepEqual([top[0].line, top[0].word, top[0].column], [301, 'marmalade', 20]);
  });

  it('writes the document that is described', async () => {
    const { lines } = makeLog('web', 1000, 5);
    const file = folder.write('web.log', text(lines));
    const found = await json([
      'surprise',
      file,
      '--top',
      '7',
      '--dim',
      '64',
      '--lr',
      '0.3',
      '--seed',
      '5',
    ]);
    assert.equal(found.file, file);
    assert.equal(found.by, 'line');
    assert.equal(found.units, lines.length);
    assert.equal(found.lines, lines.length);
    assert.equal(found.hidden_dim, 64);
    assert.equal(found.inner_lr, 0.3);
    assert.equal(found.seed, '5');
    assert.ok(found.mean > 0 && found.mean < 1.5);
    assert.equal(found.top.length, 7);
    for (const { line, column, surprise: s, raw, text: t } of found.top) {
      assert.equal(t, lines[line - 1]);
      assert.equal(column, 1);
      assert.ok(s > 0 && s <= raw);
    }
    const order = found.top.map((one) => one.surprise);
    assert.deepEqual(
      order,
      [...order].sort((a, b) => b - a),
    );
    assert.ok(found.sparkline.length >= 64 && found.sparkline.length <= 128);
    const mean = found.sparkline.reduce((a, b) => a + b) / found.sparkline.length;
    assert.ok(Math.abs(mean - found.mean) < 0.05);
    assert.deepEqual(found.memory, { loaded: null, saved: null, tokens: 2 * lines.length });
  });

  it('--all tells of every line, as it comes', async () => {
    const { lines } = makeLog('app', 300, 5);
    const printed = await output(['surprise', '-', '--all', '--json'], { input: text(lines) });
    const all = printed
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.deepEqual(
      all.map((one) => one.text),
      lines,
    );
    assert.deepEqual(
      all.map((one) => one.line),
      lines.map((_, i) => i + 1),
    );
    const { top } = await surprise(lines, ['--top', '1']);
    assert.deepEqual(
      all.reduce((a, b) => (b.surprise > a.surprise ? b : a)),
      top[0],
    );
  });

  it('--all answers while the input is still open', async () => {
    const answered = await output(['surprise', '-', '--all', '--json'], {
      input(child) {
        child.stdin.write('one line\n');
        child.stdout.once('data', () => child.stdin.end('another\n'));
      },
    });
    assert.equal(answered.trimEnd().split('\n').length, 2);
  });
});

describe('surprise: the same everywhere', () => {
  for (const by of ['line', 'word']) {
    it(`by ${by}: every backend and kernel prints the same bytes`, async () => {
      const input = text(makeLog('app', 700, 6).lines);
      const args = ['surprise', '-', '--by', by, '--json'];
      const runs = [];
      if (backends.includes('wasm')) runs.push({ BIT_TTT_BACKEND: 'wasm' });
      if (backends.includes('native')) {
        const { kernels } = await json(['doctor'], { env: { BIT_TTT_BACKEND: 'native' } });
        runs.push(
          ...kernels.map((BIT_TTT_KERNEL) => ({ BIT_TTT_BACKEND: 'native', BIT_TTT_KERNEL })),
        );
      }
      const outputs = await Promise.all(runs.map((env) => output(args, { input, env })));
      assert.ok(outputs.length >= 1 && outputs[0].length > 500);
      for (const one of outputs) assert.equal(one, outputs[0]);
    });
  }

  it('however the input comes in: a file, or a pipe in pieces of any size', async () => {
    const bytes = readFileSync(alice).subarray(0, 20000);
    const file = folder.write('alice-part.txt', bytes);
    const { file: _, ...expected } = await json(['surprise', file]);
    for (const size of [7, 1000, 65536]) {
      const input = ({ stdin }) => {
        for (let at = 0; at < bytes.length; at += size) stdin.write(bytes.subarray(at, at + size));
        stdin.end();
      };
      const { file: name, ...found } = await json(['surprise', '-'], { input });
      assert.equal(name, '-');
      assert.deepEqual(found, expected);
    }
  });

  it('other settings give other figures', async () => {
    const { lines } = makeLog('app', 200, 6);
    const means = new Set();
    for (const args of [[], ['--dim', '128'], ['--lr', '0.5'], ['--seed', '2'], ['--by', 'word']]) {
      means.add((await surprise(lines, args)).mean);
    }
    assert.equal(means.size, 5);
  });
});

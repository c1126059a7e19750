// bit-ttt signal with files and pipes: what it has learnt is saved and loaded, it draws a chart, follows a
// pipe, and comes to an end when it is asked to.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

import { bitTtt, json, output, refuses, temporaryFolder } from './support/cli.mjs';
import { CODES } from './support/cli-signals.mjs';
import { table } from './support/signals.mjs';

const folder = temporaryFolder();
const rowsOf = (text) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

/** The first rows of a table as one, and the others. */
function halves(text, rows) {
  const [head, ...lines] = text.trim().split('\n');
  const part = (some) => `${[head, ...some].join('\n')}\n`;
  return [part(lines.slice(0, rows)), part(lines.slice(rows))];
}

describe('bit-ttt signal: what it has learnt', () => {
  const whole = table(900, { web: 700, db: 800 });
  const columns = ['--value', 'web,db'];

  it('is saved and loaded: a run goes on with the same findings', async () => {
    const [first, second] = halves(whole, 600);
    const memory = folder.path('a.memory');
    const all = ['signal', '-', ...columns, '--all', '--json'];
    const once = rowsOf(await output(all, { input: whole }));
    const text = await output(['signal', '-', ...columns, '--save', memory], { input: first });
    assert.match(text, /memory: 1,200 values read, saved to \S*a\.memory \([\d.]+ ?k?B\)/);
    if (process.platform !== 'win32') assert.equal(statSync(memory).mode & 0o777, 0o600);
    const later = rowsOf(await output([...all, '--load', memory], { input: second }));
    const judged = (rows) =>
      rows.map(({ series, score, alarm, expected }) => [series, score, alarm, expected]);
    assert.deepEqual(judged(later), judged(once.slice(1200)));
    const again = await json(['signal', '-', ...columns, '--load', memory, '--save', memory], {
      input: second,
    });
    assert.deepEqual(again.memory, { loaded: memory, saved: memory });
    assert.equal(again.series[0].values_learned, 900);
    const facts = await json(['info', memory]);
    assert.deepEqual([facts.kind, facts.series, facts.values], ['signal', 2, 1800]);
  });

  it('has its rate of alarms, unless another is asked for', async () => {
    const memory = folder.path('rate.memory');
    const [first, second] = halves(whole, 600);
    const one = ['signal', '-', '--value', 'web'];
    await output([...one, '--alarm', '0.05', '--save', memory], { input: first });
    const rate = async (...more) =>
      (await json([...one, '--load', memory, ...more], { input: second })).series[0].alarm_rate;
    assert.deepEqual([await rate(), await rate('--alarm', '0.01')], [0.05, 0.01]);
  });

  it('is refused if it is damaged or something else', async () => {
    const memory = folder.path('bad.memory');
    const load = (path) => ['signal', '-', '--load', path];
    await output(['signal', '-', '--save', memory], { input: '1\n2\n3\n' });
    const bytes = readFileSync(memory);
    const input = '1\n';
    for (const at of [20, bytes.length - 40, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[at] ^= 4;
      writeFileSync(folder.path('changed'), changed);
      await refuses(load(folder.path('changed')), 1, /changed/, { input });
    }
    writeFileSync(folder.path('short'), bytes.subarray(0, -5));
    await refuses(load(folder.path('short')), 1, /damaged or cut short/, { input });
    await refuses(load(folder.write('text', 'hello\n')), 1, /is no signal file of bit-ttt/, {
      input,
    });
    const other = folder.path('surprise.memory');
    await output(['surprise', '-', '--save', other], { input: 'one\ntwo\n' });
    await refuses(load(other), 1, /is no signal file of bit-ttt: it is a memory file/, { input });
    await refuses(['surprise', '-', '--load', memory], 1, /it is a signal file/, { input });
  });

  it('is refused if it is of other columns', async () => {
    const memory = folder.path('columns.memory');
    await output(['signal', '-', '--value', 'a,b', '--save', memory], { input: 'a,b\n1,2\n' });
    const load = (...args) => ['signal', '-', ...args, '--load', memory];
    const text = /columns\.memory has learnt a, b, and not the column "c"/;
    await refuses(load('--value', 'a,c'), 1, text, { input: 'a,c\n1,2\n' });
    await refuses(load(), 1, /and not a single column/, { input: '1\n2\n' });
    const one = await json(load('--value', 'b'), { input: 'b,c\n1,2\n' });
    assert.equal(one.series[0].values_learned, 2);
  });
});

describe('bit-ttt signal --plot', () => {
  const draw = async (input, ...args) => {
    const path = folder.path('chart.svg');
    await output(['signal', '-', '--plot', path, ...args], { input });
    return readFileSync(path, 'utf8');
  };

  it('draws values, ranges and findings, and what they are', async () => {
    const svg = await draw(table(1500, { 'a<b': 1200 }));
    assert.match(svg, /^<svg xmlns/);
    assert.match(svg, /prefers-color-scheme:dark/);
    assert.match(svg, /class="band" d="M/);
    assert.match(svg, /class="line" d="M/);
    assert.match(
      svg,
      /<title>2026-01-09 04:00:00: 60\.5\d*, expected .* \(score [5-7]\.\d\)<\/title>/,
    );
    assert.match(svg, />2026-01-06<\/text>/);
    assert.doesNotMatch(svg, /NaN|Infinity|undefined/);
    assert.ok(svg.length < 300_000);
  });

  it('draws a panel for each series, with its name made safe', async () => {
    const svg = await draw(table(300, { 'a<b': 1, 'c&d': 2 }), '--value', '2,3');
    assert.match(svg, />a&lt;b</);
    assert.match(svg, />c&amp;d</);
  });

  it('draws numbers of all sizes, rows without times, and gaps', async () => {
    for (const input of [
      '5\n',
      '5\n5\n5\n',
      '1e300\n-1e300\n1e300\n',
      '1e-300\n2e-300\n',
      'v\n1,\n,\n2,\n',
      '2026-01-05,1\n2026-01-04,2\n,3\n',
      '0,1\n4e9,2\n',
      `${'1.7e308\n-1.7e308\n'.repeat(2000)}`,
    ]) {
      assert.doesNotMatch(await draw(input), /NaN|Infinity|undefined/, input.slice(0, 40));
    }
  });

  it('does not grow with the table', async () => {
    const svg = await draw(Array.from({ length: 20000 }, (_, i) => `${i % 97}\n`).join(''));
    assert.ok(svg.length < 100_000, `${svg.length}`);
  });
});

describe('bit-ttt signal that follows a pipe', () => {
  before(function () {
    if (process.platform === 'win32') this.skip(); // no signals there
  });

  const head = 'time,value\n2026-01-05 10:00,1\n2026-01-05 10:05,2\n';

  it('prints rows as they come', async () => {
    const { status, stdout } = await bitTtt(['signal', '-', '--all', '--json'], {
      input(child) {
        child.stdin.write(head);
        child.stdout.once('data', () => child.stdin.end('2026-01-05 10:10,3\n'));
      },
    });
    assert.equal(status, 0);
    assert.deepEqual(
      rowsOf(stdout).map(({ value }) => value),
      [1, 2, 3],
    );
  });

  for (const [signal, code] of Object.entries(CODES))
    it(`${signal}: it reports and saves what it has read`, async () => {
      const memory = folder.path(`${signal}.memory`);
      const { status, stdout, stderr } = await bitTtt(
        ['signal', '-', '--save', memory, '--save-every', '0.02'],
        {
          async input(child) {
            child.stdin.write(`${head}2026-01-05 10:1`); // half of a row
            while (!existsSync(memory)) await sleep(5);
            child.kill(signal);
          },
        },
      );
      assert.deepEqual(
        [status, stderr],
        [code, 'bit-ttt: interrupted after row 2; what was learnt was saved\n'],
      );
      assert.match(stdout, /standard input: 2 values/);
      assert.equal((await json(['info', memory])).values, 2);
    });

  it('has nothing to save if nothing came', async () => {
    const memory = folder.path('none.memory');
    const { status, stderr } = await bitTtt(['signal', '-', '--save', memory], {
      async input(child) {
        await sleep(1000);
        child.kill('SIGTERM');
      },
    });
    assert.equal(status, 143);
    assert.match(stderr, /interrupted/);
    assert.equal(existsSync(memory), false);
  });

  it('saves although what it prints is no longer read', async () => {
    const memory = folder.path('unread.memory');
    await bitTtt(['signal', '-', '--all', '--save', memory], {
      input(child) {
        child.stdout.destroy();
        child.stdin.end(table(3000, { value: 10 }));
      },
    });
    assert.equal((await json(['info', memory])).values, 3000);
  });
});

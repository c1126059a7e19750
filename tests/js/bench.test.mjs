// The benchmark suite: its measuring program, its comparison and reports, and a short run of one suite.
// What it measures is not tested: no test here depends on how fast this machine is.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { compareResults, printComparison } from '../../bench/lib/compare.mjs';
import { startProcess, stopAll } from '../../bench/lib/contestant.mjs';
import { interleave, ratioOf, summarize } from '../../bench/lib/measure.mjs';
import { compact, markdown } from '../../bench/lib/report.mjs';
import { onPath } from '../../scripts/toolchain.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Results of one suite with these samples by contestant, and a limit of the CPU. */
function results(samplesOf, limit = 100) {
  const row = (contestant, samples, more) => ({
    case: 'decode',
    contestant,
    unit: 'tokens/s',
    higherIsBetter: true,
    ...summarize(samples),
    samples,
    ...more,
  });
  const rows = Object.entries(samplesOf).map(([name, samples]) => row(name, samples));
  rows.push(row('vpdpbusd', [limit, limit, limit], { case: 'vpdpbusd', limit: true }));
  const machine = {
    date: '2026-01-01',
    bitTtt: '0.0.0',
    commit: 'abc',
    processor: 'CPU',
    node: '20',
  };
  return {
    machine,
    suites: [{ name: 'model', title: 'Model', rows, targets: [], notes: ['a note'] }],
  };
}

describe('bench: comparison', () => {
  const old = results({
    steady: [100, 101, 99],
    faster: [50, 51, 52],
    slower: [80, 81, 79],
    noisy: [40, 80, 60],
  });

  it('tells changes outside the noise, with their direction', () => {
    const now = results({
      steady: [102, 101, 103],
      faster: [70, 71, 72],
      slower: [60, 61, 62],
      noisy: [90, 50, 70],
    });
    const { machine, changes } = compareResults(old, now);
    assert.equal(machine, 1);
    const told = Object.fromEntries(changes.map((one) => [one.contestant, one.better]));
    assert.deepEqual(told, { steady: undefined, faster: true, slower: false, noisy: undefined });
    assert.match(
      printComparison({ machine, changes }),
      /WORSE .*slower[^]*better .*faster[^]*2 of 4 figures/,
    );
  });

  it('takes a slower machine into account', () => {
    const now = results(
      {
        steady: [50, 50.5, 49.5],
        faster: [50, 51, 52],
        slower: [40, 40.5, 39.5],
        noisy: [30, 30, 30],
      },
      50,
    );
    const { machine, changes } = compareResults(old, now);
    assert.equal(machine, 0.5);
    const told = Object.fromEntries(changes.map((one) => [one.contestant, one.better]));
    assert.deepEqual(told, {
      steady: undefined,
      faster: true,
      slower: undefined,
      noisy: undefined,
    });
  });
});

describe('bench: measuring and reporting', () => {
  it('asks in turn, and leaves out who fails', async () => {
    const asked = [];
    const contestant = (name, fail) => ({
      name,
      measure: async (job) => {
        asked.push(name);
        if (fail) throw new Error('broken');
        return Number(job);
      },
    });
    const entry = (name, job, fail) => ({
      contestant: contestant(name, fail),
      job,
      row: { case: 'c', unit: 'u' },
    });
    const rows = await interleave([entry('a', '4'), entry('b', '', true), entry('c', '2')], 3);
    assert.deepEqual(asked, ['a', 'b', 'c', 'a', 'c', 'a', 'c']);
    assert.equal(rows[1].problem, 'broken');
    assert.equal(rows[1].median, null);
    assert.equal(ratioOf(rows[0], rows[2]), 2);
    assert.equal(ratioOf(rows[0], rows[1]), undefined);
  });

  it('writes tables that name what could not be measured', () => {
    const some = results({ ours: [100, 100, 100], theirs: [25, 25, 25] });
    some.suites[0].rows[1] = {
      ...some.suites[0].rows[1],
      median: null,
      low: null,
      high: null,
      problem: 'not installed',
    };
    const text = markdown(some);
    assert.match(text, /\| ours \| 100 \| 0 % \| 1\.00 \|/);
    assert.match(text, /theirs \| not measured: not installed/);
    assert.match(text, /- a note/);
    assert.deepEqual([0.5, 999, 1234, 5.6e6, null].map(compact), [
      '0.5',
      '999',
      '1.23 k',
      '5.6 M',
      '-',
    ]);
  });

  it('a contestant that ends or talks nonsense is an error that names it', async () => {
    const run = (code) => startProcess('it', process.execPath, ['-e', code]);
    await assert.rejects(
      run('console.error("no library"); process.exit(3)'),
      /it: ended with code 3: no library/,
    );
    const odd = await run(
      `console.log('noise'); console.log('READY 1.2'); process.stdin.on('data', () => console.log('error: no'))`,
    );
    assert.equal(odd.version, '1.2');
    await assert.rejects(odd.measure('x'), /it: no/);
    await stopAll();
    await assert.rejects(odd.measure('x'), /it: ended with code 0/);
  });
});

describe('bench: the command', () => {
  const bench = (...args) =>
    spawnSync(process.execPath, ['bench/run.mjs', ...args], {
      cwd: root,
      encoding: 'utf8',
      timeout: 800_000,
    });

  it('says what it can do, and what is wrong with a wish', () => {
    assert.match(bench('--help').stdout, /--compare OLD\.json/);
    for (const [args, words] of [
      [['--only', 'speed'], /there is no suite 'speed'/],
      [['--rounds', 'many'], /--rounds must be a number above 0/],
      [['--compare', 'missing.json'], /missing\.json/],
      [['--fast'], /--fast/],
    ]) {
      const { status, stderr } = bench(...args);
      assert.equal(status, 2, stderr);
      assert.match(stderr, words);
    }
  });

  it('measures kernels natively and in WebAssembly, and draws them', function () {
    if (!onPath('cmake') || !onPath('emcmake')) this.skip();
    this.timeout(900_000); // two builds, on a machine that may have other work
    const out = mkdtempSync(join(tmpdir(), 'bit-ttt-'));
    const { status, stdout, stderr } = bench(
      '--only',
      'kernels',
      '--rounds',
      '1',
      '--seconds',
      '0.005',
      '--out',
      out,
    );
    assert.equal(status, 0, stderr);
    const { suites } = JSON.parse(readFileSync(join(out, 'results.json'), 'utf8'));
    const rows = suites[0].rows.filter((row) => row.median !== null);
    for (const name of ['SSE2', 'WebAssembly SIMD128', 'WebAssembly relaxed SIMD'])
      assert.equal(rows.filter((row) => row.contestant === name && row.median > 0).length, 6, name);
    assert.match(stdout, /256 x 256, 64 tokens/);
    assert.match(readFileSync(join(out, 'kernels.svg'), 'utf8'), /<svg[^]*WebAssembly[^]*<\/svg>/);
    const compared = bench('--compare', join(out, 'results.json'), join(out, 'results.json'));
    assert.match(compared.stdout, /0 of \d+ figures changed/);
    rmSync(out, { recursive: true });
  });
});

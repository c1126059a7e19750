// `bit-ttt bench`: the form of what it prints and draws, never how fast anything is; and the plain
// JavaScript layer that it compares with, which must compute what the engine computes.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';

import { getInfo, TTT } from 'bit-ttt';

import { backends, noise, objectives } from './support/backends.mjs';
import { bitTtt, importSource, json, refuses, temporaryFolder } from './support/cli.mjs';

const folder = temporaryFolder();
const short = ['bench', '--seconds', '0.001'];

/** The engines that should be measured, as `target kernel`. */
async function engines() {
  const found = [];
  for (const backend of backends) {
    const { kernels } = await getInfo({ backend });
    found.push(...kernels.map((kernel) => `${backend} ${kernel}`));
  }
  return [...found, 'js plain'].sort();
}

describe('bench', () => {
  it('measures every engine at every size and length', async () => {
    const list = await json([...short, '--dims', '64,16']);
    const expected = await engines();
    for (const dim of [16, 64]) {
      for (const seqLen of [1, 1000]) {
        const cells = list.filter((m) => m.hidden_dim === dim && m.seq_len === seqLen);
        assert.deepEqual(cells.map((m) => `${m.target} ${m.kernel}`).sort(), expected);
      }
    }
    assert.equal(list.length, 4 * expected.length);
    for (const m of list) {
      assert.ok(Number.isFinite(m.tokens_per_second) && m.tokens_per_second > 0);
      assert.ok(Number.isFinite(m.spread) && m.spread >= 0);
      assert.ok(m.samples >= 1 && m.samples <= 5);
      assert.equal(m.threads, 1);
    }
  });

  it('uses the threads and the kernel that it is told to', async () => {
    const env = { BIT_TTT_KERNEL: 'baseline' };
    const list = await json([...short, '--dims', '32', '--threads', '2'], { env });
    for (const { target, kernel, threads } of list) {
      assert.equal(threads, target === 'native' ? 2 : 1);
      if (target === 'native') assert.equal(kernel, 'baseline');
    }
    const one = await json([...short, '--dims', '32'], {
      env: { BIT_TTT_BACKEND: backends.at(-1) },
    });
    assert.deepEqual([...new Set(one.map((m) => m.target))].sort(), ['js', backends.at(-1)].sort());
  });

  it('prints tables and draws a chart', async () => {
    const chart = folder.path('chart.svg');
    const { status, stdout, stderr } = await bitTtt([
      ...short,
      '--dims',
      '64,128',
      '--chart',
      chart,
    ]);
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /1000 tokens per call/);
    assert.match(stdout, /one token per call/);
    assert.match(stdout, /plain JavaScript/);
    assert.ok(stdout.includes(`chart: ${chart}`));
    const svg = readFileSync(chart, 'utf8');
    assert.match(svg, /^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"[^>]*>\n/);
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
    // Well-formed: each tag that opens is closed in order, and text holds no bare markup.
    const open = [];
    for (const [, close, name, empty] of svg.matchAll(/<(\/?)([a-z]+)[^<>]*?(\/?)>/g)) {
      if (close) assert.equal(open.pop(), name);
      else if (!empty) open.push(name);
    }
    assert.deepEqual(open, []);
    const points = (await engines()).length * 2 * 2;
    assert.equal(svg.match(/<circle [^>]*><title>/g).length, points);
  });

  it('draws nothing where that is not wanted or not possible', async () => {
    const chart = folder.path('none.svg');
    await json([...short, '--dims', '16', '--chart', chart, '--no-chart']);
    assert.equal(existsSync(chart), false);
    const args = [...short, '--dims', '16', '--json', '--chart', folder.path('no/where.svg')];
    await refuses(args, 1, /cannot save .*where\.svg: no such/);
  });
});

describe('bench: the plain JavaScript layer', () => {
  for (const objective of objectives) {
    it(`agrees with the engine to 1e-5 (${objective})`, async () => {
      const { PlainLayer } = await importSource('bench/plain-js');
      for (const hiddenDim of [4, 5, 30, 64, 101, 256]) {
        const layer = await TTT.create({ hiddenDim, objective });
        const plain = new PlainLayer(hiddenDim, layer.innerLr, objective, layer.getWeights());
        for (const tokens of [1, 200]) {
          const input = noise(tokens * hiddenDim, hiddenDim);
          const { output, surprise } = layer.observe(input);
          const plainOutput = new Float32Array(output.length);
          const plainSurprise = new Float32Array(tokens);
          plain.forward(input, plainOutput, plainSurprise);
          assert.ok(distance(output, plainOutput) < 1e-5, `output at hidden_dim ${hiddenDim}`);
          assert.ok(
            distance(surprise, plainSurprise) < 1e-5,
            `surprise at hidden_dim ${hiddenDim}`,
          );
          assert.ok(surprise.some((s) => s > 0.01));
        }
        layer.destroy();
      }
    });
  }
});

/** The largest difference of two arrays. */
function distance(a, b) {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
}

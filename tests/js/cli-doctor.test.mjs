// `bit-ttt doctor`: which engine is in use and why, and one hash on all of them.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';

import {
  conformanceHash,
  getInfo,
  llamaConformanceHash,
  recallConformanceHash,
  rlsConformanceHash,
} from 'bit-ttt';

import { backends, root } from './support/backends.mjs';
import { bitTtt, json, output, refuses, temporaryFolder } from './support/cli.mjs';

const on = (backend, kernel) => ({
  env: { BIT_TTT_BACKEND: backend, ...(kernel === undefined ? {} : { BIT_TTT_KERNEL: kernel }) },
});

/** The table, down to its verdict. */
const table = /backend {2}(\w+) [^]*kernel {3}(\w+) [^]*(same bits|One engine)/;

/** A run that prints its table and fails with one sentence; gives the backend and kernel shown. */
async function shown(pattern, options) {
  const { stdout } = await refuses(['doctor'], 1, pattern, options);
  const [, backend, kernel] = table.exec(stdout) ?? assert.fail(stdout);
  return { backend, kernel };
}

describe('doctor', () => {
  const { path } = temporaryFolder();

  it('tells what the library tells', async () => {
    for (const backend of backends) {
      const found = await json(['doctor'], on(backend));
      const info = await getInfo({ backend });
      for (const key of [
        'version',
        'backend',
        'kernel',
        'kernels',
        'compiledKernels',
        'fallback',
      ]) {
        assert.deepEqual(found[key], info[key], key);
      }
      assert.equal(found.node, process.versions.node);
      assert.match(found.reason, /BIT_TTT_BACKEND/);
    }
  });

  it('prints its table in 100 columns', async () => {
    const rows = (await output(['doctor']))
      .split('\n')
      .filter((row) => /^ {2,}(ok|--|lay)/.test(row));
    assert.ok(rows.length > 1);
    for (const row of rows) assert.ok(row.length <= 100, `${row.length}: ${row}`);
  });

  it('computes one hash on every backend and kernel', async () => {
    const expected = await conformanceHash();
    const model = await llamaConformanceHash();
    const recall = await recallConformanceHash();
    const rls = await rlsConformanceHash();
    for (const hash of [expected, rls, model, recall]) assert.match(hash, /^[0-9a-f]{16}$/);
    for (const backend of backends) {
      const { kernels } = await json(['doctor'], on(backend));
      assert.ok(kernels.length > 0);
      const free = backend === 'native' ? kernels : kernels.slice(0, 1); // WebAssembly takes the first
      for (const kernel of free) {
        const found = await json(['doctor'], on(backend, kernel));
        assert.equal(found.kernel, kernel);
        assert.equal(found.hash, expected, `${backend} ${kernel}`);
        assert.equal(found.rlsHash, rls, `${backend} ${kernel}`);
        assert.equal(found.llamaHash, model, `${backend} ${kernel}`);
        assert.equal(found.recallHash, recall, `${backend} ${kernel}`);
        assert.equal(found.agree, true);
        const ran = found.checks.filter((one) => one.problem === null);
        assert.ok(ran.length >= (backend === 'native' ? kernels.length : 1));
        assert.deepEqual([...new Set(ran.map((one) => one.hash))], [expected]);
        assert.deepEqual([...new Set(ran.map((one) => one.rlsHash))], [rls]);
        assert.deepEqual([...new Set(ran.map((one) => one.llamaHash))], [model]);
        assert.deepEqual([...new Set(ran.map((one) => one.recallHash))], [recall]);
      }
    }
  });

  it('says a wrong wish plainly, and shows what there is', async () => {
    const nativ = /BIT_TTT_BACKEND must be 'auto', 'native' or 'wasm', not the string "nativ"/;
    assert.equal((await shown(nativ, on('nativ'))).backend, (await getInfo()).backend);
    assert.ok(await shown(nativ, on('nativ', 'warp9')));
    if (!backends.includes('native')) return;
    const { kernels } = await getInfo({ backend: 'native' });
    const fastest = { backend: 'native', kernel: kernels[0] };
    const warp9 = /BIT_TTT_KERNEL is "warp9", which is no kernel/;
    assert.deepEqual(await shown(warp9, on('native', 'warp9')), fastest);
    assert.deepEqual(await shown(/did you mean baseline\?/, on('native', 'baselin')), fastest);
    await refuses(['surprise', '-'], 1, /BIT_TTT_KERNEL/, {
      input: 'x\n',
      ...on('native', 'warp9'),
    });
    const found = await json(['doctor'], on('native', 'auto'));
    assert.equal(found.kernel, found.kernels[0]);
  });

  it('says that WebAssembly does not hear of a kernel', async () => {
    if (!backends.includes('wasm')) return;
    const { kernel } = await getInfo({ backend: 'wasm' });
    const unheard = /BIT_TTT_KERNEL is "warp9", but WebAssembly is in use/;
    assert.deepEqual(await shown(unheard, on('wasm', 'warp9')), { backend: 'wasm', kernel });
    const { stdout } = await refuses(['doctor', '--json'], 1, unheard, on('wasm', 'warp9'));
    assert.match(JSON.parse(stdout).problem, unheard);
    for (const same of [kernel, 'auto', '']) await output(['doctor'], on('wasm', same));
  });

  it('shows what there is where the addon is missing', async () => {
    if (!backends.includes('wasm')) return;
    for (const name of [
      'cli.mjs',
      'english-model.mjs',
      'stories-model.mjs',
      'index.mjs',
      'index.cjs',
    ])
      copyFileSync(join(root, 'dist', name), path(name));
    const program = path('cli.mjs');
    const missing = /BIT_TTT_BACKEND is "native", but this installation has no native addon for/;
    for (const wish of [on('native'), on('native', 'avx2')])
      assert.equal((await shown(missing, { program, ...wish })).backend, 'wasm');
    await refuses(['surprise', '-'], 1, missing, { program, input: 'x\n', ...on('native') });
    assert.ok(await shown(/BIT_TTT_KERNEL is "avx2", but/, { program, ...on('auto', 'avx2') }));
    assert.match((await json(['doctor'], { program })).reason, /no native addon for/);
  });

  it('prints a page for people', async () => {
    const { hash, rlsHash, llamaHash, checks, kernel } = await json(['doctor']);
    const page = await output(['doctor']);
    assert.ok(page.includes(`kernel   ${kernel}`), page);
    const ran = checks.filter((one) => one.hash).length;
    assert.equal(page.split(`${hash}  ${rlsHash}  ${llamaHash}`).length - 1, ran);
    assert.doesNotMatch(page, /\x1b/);
    const { stdout } = await bitTtt(['doctor', '--color']);
    assert.match(stdout, /\x1b\[32m/);
  });
});

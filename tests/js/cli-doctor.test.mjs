// `bit-ttt doctor`: which engine is in use and why, and one hash on all of them.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { conformanceHash, getInfo, llamaConformanceHash } from 'bit-ttt';

import { backends } from './support/backends.mjs';
import { bitTtt, json, output, refuses } from './support/cli.mjs';

const on = (backend, kernel) => ({
  env: { BIT_TTT_BACKEND: backend, ...(kernel === undefined ? {} : { BIT_TTT_KERNEL: kernel }) },
});

describe('doctor', () => {
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

  it('computes one hash on every backend and kernel', async () => {
    const expected = await conformanceHash();
    const model = await llamaConformanceHash();
    for (const hash of [expected, model]) assert.match(hash, /^[0-9a-f]{16}$/);
    for (const backend of backends) {
      const { kernels } = await json(['doctor'], on(backend));
      assert.ok(kernels.length > 0);
      for (const kernel of kernels) {
        const found = await json(['doctor'], on(backend, kernel));
        assert.equal(found.kernel, kernel);
        assert.equal(found.hash, expected, `${backend} ${kernel}`);
        assert.equal(found.llamaHash, model, `${backend} ${kernel}`);
        assert.equal(found.agree, true);
        const ran = found.checks.filter((one) => one.problem === null);
        assert.ok(ran.length >= (backend === 'native' ? kernels.length : 1));
        assert.deepEqual([...new Set(ran.map((one) => one.hash))], [expected]);
        assert.deepEqual([...new Set(ran.map((one) => one.llamaHash))], [model]);
      }
    }
  });

  it('says a wrong wish plainly', async () => {
    const { stdout } = await refuses(['doctor'], 1, /BIT_TTT_BACKEND.*"?nativ"?/, on('nativ'));
    assert.match(stdout, /backend .*\n[^]*same bits|One engine/); // what there is without it
    if (!backends.includes('native')) return;
    await refuses(
      ['doctor'],
      1,
      /BIT_TTT_KERNEL is "warp9", which is no kernel/,
      on('native', 'warp9'),
    );
    await refuses(['doctor'], 1, /did you mean baseline\?/, on('native', 'baselin'));
    await refuses(['surprise', '-'], 1, /BIT_TTT_KERNEL/, {
      input: 'x\n',
      ...on('native', 'warp9'),
    });
    const found = await json(['doctor'], on('native', 'auto'));
    assert.equal(found.kernel, found.kernels[0]);
  });

  it('prints a page for people', async () => {
    const { hash, llamaHash, checks, kernel } = await json(['doctor']);
    const page = await output(['doctor']);
    assert.ok(page.includes(`kernel   ${kernel}`), page);
    const ran = checks.filter((one) => one.hash).length;
    assert.equal(page.split(`${hash}  ${llamaHash}`).length - 1, ran);
    assert.doesNotMatch(page, /\x1b/);
    const { stdout } = await bitTtt(['doctor', '--color']);
    assert.match(stdout, /\x1b\[32m/);
  });
});

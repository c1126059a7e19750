// Which backend is used: options, environment, entries, fallbacks and their reasons.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import * as main from 'bit-ttt';

import { backends, fails, noise, rejects, root, sameBits } from './support/backends.mjs';
import { runModule } from './support/child.mjs';

const require = createRequire(import.meta.url);
const addonPath = `${root}dist/native/${process.platform}-${process.arch}/bit_ttt.node`;
const { TTT, TTTError, conformanceHash, getInfo } = main;

/** What getInfo says in a process with this environment, for these options. */
const infoWith = (env, options = {}, entry = 'bit-ttt') =>
  runModule(
    `import { getInfo } from '${entry}';
     const info = await getInfo(${JSON.stringify(options)})
       .catch(({ code, message }) => ({ code, message }));
     console.log(JSON.stringify(info));`,
    { env },
  );

describe('the choice of a backend', () => {
  before(function () {
    if (backends.length < 2) this.skip();
  });

  it('auto takes the addon', async () => {
    const info = await infoWith({});
    assert.equal(info.backend, 'native');
    assert.equal(info.fallback, null);
    assert.equal((await infoWith({ BIT_TTT_BACKEND: '' })).backend, 'native');
    assert.equal((await infoWith({ BIT_TTT_BACKEND: 'auto' })).backend, 'native');
  });

  it('the environment decides where the options do not', async () => {
    for (const backend of backends) {
      assert.equal((await infoWith({ BIT_TTT_BACKEND: backend })).backend, backend);
      assert.equal(
        (await infoWith({ BIT_TTT_BACKEND: backend }, { backend: 'auto' })).backend,
        backend,
      );
    }
    const info = await infoWith({ BIT_TTT_BACKEND: 'wasm' }, { backend: 'native' });
    assert.equal(info.backend, 'native');
    const { code, message } = await infoWith({ BIT_TTT_BACKEND: 'gpu' });
    assert.equal(code, 'INVALID_ARGUMENT');
    assert.match(message, /environment variable BIT_TTT_BACKEND must be .* not the string "gpu"/);
  });

  it('the environment chooses a kernel of the addon, if there is such a one', async () => {
    const { kernels } = await infoWith({});
    for (const kernel of kernels) {
      assert.equal((await infoWith({ BIT_TTT_KERNEL: kernel })).kernel, kernel);
    }
    assert.equal((await infoWith({ BIT_TTT_KERNEL: 'none' })).kernel, kernels[0]);
  });

  it('nativeBinding is a path or the addon itself', async () => {
    const addon = require(addonPath);
    const url = pathToFileURL(addonPath);
    for (const nativeBinding of [addonPath, addon, url, url.href]) {
      const info = await getInfo({ backend: 'native', nativeBinding });
      assert.equal(info.backend, 'native');
      const layer = await TTT.create({ hiddenDim: 16, nativeBinding });
      assert.equal(layer.forward(noise(16)).length, 16);
    }
  });

  it('an addon of which the end is missing is a reason to fall back, not the end of the process', async function () {
    if (process.platform !== 'linux') this.skip();
    const folder = mkdtempSync(join(tmpdir(), 'bit-ttt-'));
    const whole = readFileSync(addonPath);
    for (const part of [0.1, 0.5, 0.999]) {
      const nativeBinding = join(folder, `${part}.node`);
      writeFileSync(nativeBinding, whole.subarray(0, whole.length * part));
      const info = await getInfo({ nativeBinding });
      assert.equal(info.backend, 'wasm');
      assert.match(info.fallback, /could not be loaded: .*is not complete/);
    }
    rmSync(folder, { recursive: true });
  });

  it('an addon that cannot be used is a reason to fall back, or an error', async () => {
    const future = { ...require(addonPath), version: '99.0.0' };
    const cases = [
      [`${root}no-such.node`, /could not be loaded: .*no-such\.node/],
      [`${root}package.json`, /could not be loaded/],
      [{}, /not the addon of bit-ttt/],
      [future, /addon is of version 99\.0\.0, this package of/],
    ];
    for (const [nativeBinding, reason] of cases) {
      await rejects(
        () => getInfo({ backend: 'native', nativeBinding }),
        'BACKEND_UNAVAILABLE',
        reason,
      );
      const info = await getInfo({ nativeBinding });
      assert.equal(info.backend, 'wasm');
      assert.match(info.fallback, reason);
      assert.ok(!info.fallback.includes('\n'));
    }
    for (const nativeBinding of [5, null, true, '']) {
      await rejects(() => getInfo({ nativeBinding }), 'INVALID_ARGUMENT', /nativeBinding must be/);
    }
  });
});

describe('the entries', () => {
  before(function () {
    if (backends.length < 2) this.skip();
  });

  it('require and import share one engine and one error class', () => {
    const common = require('bit-ttt');
    assert.deepEqual(Object.keys(common).sort(), Object.keys(main).sort());
    assert.equal(common.TTT, TTT);
    assert.equal(common.TTTError, TTTError);
  });

  it('bit-ttt/wasm has no addon and bit-ttt/native no WebAssembly', async () => {
    for (const backend of backends) {
      const entry = await import(`bit-ttt/${backend}`);
      assert.deepEqual(Object.keys(entry).sort(), Object.keys(main).sort());
      assert.equal((await entry.getInfo()).backend, backend);
      assert.equal(await entry.conformanceHash(), await conformanceHash());
      const other = backend === 'wasm' ? 'native' : 'wasm';
      await assert.rejects(entry.getInfo({ backend: other }), { code: 'BACKEND_UNAVAILABLE' });
      const info = await infoWith({ BIT_TTT_BACKEND: other }, {}, `bit-ttt/${backend}`);
      assert.equal(info.backend, backend);
      assert.equal(require(`bit-ttt/${backend}`).TTT, entry.TTT);
    }
  });

  it('the browser entry works without anything of Node, and has no addon', async () => {
    for (const kind of ['mjs', 'cjs']) {
      const text = readFileSync(`${root}dist/browser.${kind}`, 'utf8');
      assert.doesNotMatch(text, /\.node['"]|node:|\brequire\(|\bprocess\.\w|import\.meta/);
    }
    const code = `
      import { TTT, conformanceHash, getInfo } from 'bit-ttt';
      const result = {};
      delete globalThis.setImmediate; // which browsers do not have
      result.info = await getInfo();
      result.hash = await conformanceHash();
      result.native = await getInfo({ backend: 'native' }).catch((error) => error.code);
      const layer = await TTT.create({ hiddenDim: 64 });
      result.length = (await layer.forwardAsync(new Float32Array(64 * 5000).fill(1))).length;
      console.log(JSON.stringify(result));`;
    const result = await runModule(code, { flags: ['--conditions=browser'] });
    assert.equal(result.info.backend, 'wasm');
    assert.equal(result.info.fallback, null);
    assert.equal(result.native, 'BACKEND_UNAVAILABLE');
    assert.equal(result.length, 64 * 5000);
    assert.equal(result.hash, await conformanceHash());
  });

  it('run where code may not be made from text', async () => {
    for (const backend of backends) {
      const info = await runModule(
        `import { TTT, getInfo } from 'bit-ttt';
         const layer = await TTT.create({ hiddenDim: 16, backend: '${backend}' });
         layer.forward(new Float32Array(16));
         console.log(JSON.stringify(await getInfo({ backend: '${backend}' })));`,
        { flags: ['--disallow-code-generation-from-strings'] },
      );
      assert.equal(info.backend, backend);
    }
  });

  it('a layer of one backend takes the state of the other, whatever entry made it', async () => {
    const { TTT: WasmTTT } = await import('bit-ttt/wasm');
    const [a, b] = [await TTT.create({ hiddenDim: 16 }), await WasmTTT.create({ hiddenDim: 16 })];
    a.forward(noise(160));
    b.loadState(a.saveState());
    sameBits(b.forward(noise(32)), a.forward(noise(32)));
    fails(() => a.loadState(new Uint8Array(4)), 'STATE_DAMAGED');
  });
});

// The addon's own boundary: its symbols, and its functions called with anything at all.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';

import { demandsOf, host } from '../../scripts/addon.mjs';
import { backends, noise, root, sameBits } from './support/backends.mjs';

const require = createRequire(import.meta.url);
const path = `${root}dist/native/${process.platform}-${process.arch}/bit_ttt.node`;

const INVALID = 60;
const DESTROYED = 61;
const BUSY = 62;

function symbols(kind) {
  const listing = execFileSync('nm', ['-D', kind, path], { encoding: 'utf8' });
  return listing
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).at(-1));
}

describe('the addon', () => {
  let addon;
  before(function () {
    if (!backends.includes('native')) this.skip();
    addon = require(path);
  });

  it('needs only Node-API up to version 8 and the C and C++ libraries', function () {
    if (process.platform !== 'linux') this.skip();
    const { nodeApi, wrong, others } = demandsOf(host);
    assert.ok(nodeApi.length > 20);
    assert.deepEqual(wrong, []);
    // Versioned symbols are those of the system's libraries; weak ones belong to the start-up code.
    const system = /@(GLIBC|GLIBCXX|CXXABI|GCC)_[\d.]+$/;
    const startup = /^(_ITM_|__gmon_start__$|__cxa_finalize$)/;
    assert.deepEqual(
      others.filter((name) => !system.test(name) && !startup.test(name)),
      [],
    );
  });

  it('exports nothing but its registration', function () {
    if (process.platform !== 'linux') this.skip();
    const names = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
    assert.deepEqual(symbols('--defined-only').sort(), names);
  });

  const make = (dim = 16) => addon.create(dim, 0, 1n, 0.1, 1);

  it('knows no forged, stale or foreign handle', () => {
    const handle = make();
    const stale = make();
    assert.equal(addon.destroy(stale), 0);
    const forged = [0, 1, 2, 5, stale, handle + 1, handle + 2 ** 20, handle + 2 ** 40, 2 ** 53 - 1];
    const wrong = [
      -1,
      0.5,
      NaN,
      Infinity,
      2 ** 53,
      1e300,
      '1',
      1n,
      null,
      undefined,
      {},
      [],
      Symbol('x'),
    ];
    const calls = {
      destroy: [],
      reset: [],
      forward: [noise(16), noise(16)],
      saveState: [new Uint8Array(1000)],
      loadState: [new Uint8Array(1000)],
      getMemory: [new Float32Array(16)],
      getWeights: [new Int8Array(64), new Int8Array(64)],
      setWeights: [new Int8Array(64), new Int8Array(64)],
    };
    for (const [name, args] of Object.entries(calls)) {
      for (const value of forged) assert.equal(addon[name](value, ...args), DESTROYED, name);
      for (const value of wrong) assert.equal(addon[name](value, ...args), INVALID, name);
      assert.equal(addon[name](), INVALID, name);
    }
    for (const value of [...forged, ...wrong]) {
      assert.ok([-INVALID, -DESTROYED].includes(addon.clone(value)));
      assert.ok([-INVALID, -DESTROYED].includes(addon.startJob(value, noise(16), false, () => {})));
      assert.ok([DESTROYED].includes(addon.cancelJob(value)));
      assert.ok([DESTROYED].includes(addon.finishJob(value)));
      assert.equal(addon.stateSize(value), 0);
      assert.equal(addon.threads(value), 0);
      assert.equal(addon.tokensSeen(value), 0);
      assert.equal(addon.fingerprint(value), 0n);
    }
    assert.equal(addon.destroy(handle), 0);
    assert.equal(addon.destroy(handle), DESTROYED);
  });

  it('keeps handles of slots that are used again apart', () => {
    const seen = new Set();
    for (let i = 0; i < 1000; i++) {
      const handle = make();
      assert.ok(!seen.has(handle));
      seen.add(handle);
      assert.equal(addon.destroy(handle), 0);
    }
    for (const handle of seen) assert.equal(addon.reset(handle), DESTROYED);
  });

  it('checks every argument by itself', () => {
    const handle = make();
    const strangers = [
      null,
      1,
      'x',
      {},
      [],
      new Float64Array(16),
      new Uint8Array(64),
      new ArrayBuffer(64),
      new DataView(new ArrayBuffer(64)),
      new Proxy(new Float32Array(16), {}),
      new Float32Array(new SharedArrayBuffer(64)),
    ];
    for (const value of strangers) {
      assert.equal(addon.forward(handle, value, noise(16)), INVALID);
      assert.equal(addon.forward(handle, noise(16), value), INVALID);
      if (value !== null) assert.equal(addon.forward(handle, noise(16), noise(16), value), INVALID);
      assert.equal(
        addon.startJob(handle, value, false, () => {}),
        -INVALID,
      );
      assert.equal(addon.getMemory(handle, value), INVALID);
      assert.equal(addon.setWeights(handle, value, new Int8Array(64)), INVALID);
    }
    for (const length of [0, 1, 15, 17, 32]) {
      assert.equal(addon.forward(handle, noise(length), noise(16)), 2);
      assert.equal(addon.forward(handle, noise(16), noise(length)), 2);
      assert.equal(addon.getMemory(handle, noise(length)), length === 16 ? 0 : 2);
      if (length % 16)
        assert.equal(
          addon.startJob(handle, noise(length), false, () => {}),
          -2,
        );
    }
    assert.equal(addon.forward(handle, noise(16), noise(16), noise(2)), 2);
    assert.equal(addon.saveState(handle, new Uint8Array(10)), 12);
    assert.equal(addon.saveState(handle, new Uint8Array(0)), 12);
    assert.equal(addon.loadState(handle, new Uint8Array(0)), 20);
    assert.equal(
      addon.startJob(handle, noise(16), 1, () => {}),
      -INVALID,
    );
    assert.equal(addon.startJob(handle, noise(16), false, {}), -INVALID);
    for (const args of [
      [],
      [16],
      ['16', 0, 1n, 0.1, 1],
      [16, 0, 1, 0.1, 1],
      [16, 0, -1n, 0.1, 1],
      [16, 0, 2n ** 64n, 0.1, 1],
      [16, 0, 1n, 'x', 1],
      [16, 0, 1n, 0.1, 1n],
      [16.5, 0, 1n, 0.1, 1],
    ]) {
      assert.equal(addon.create(...args), -INVALID);
    }
    assert.equal(addon.create(3, 0, 1n, 0.1, 1), -2);
    assert.equal(addon.create(16, 2, 1n, 0.1, 1), -7);
    assert.equal(addon.setKernel('auto\0'), 10);
    assert.equal(addon.destroy(handle), 0);
  });

  it('views that left a resizable buffer have no elements', function () {
    if (!('resizable' in ArrayBuffer.prototype)) this.skip();
    const handle = make();
    const buffer = new ArrayBuffer(128, { maxByteLength: 256 });
    const view = new Float32Array(buffer, 64, 16);
    assert.equal(addon.forward(handle, view, view), 0);
    buffer.resize(96);
    assert.equal(addon.forward(handle, view, noise(16)), 2);
    assert.equal(addon.forward(handle, noise(16), view), 2);
    addon.destroy(handle);
  });

  it('jobs: nothing of the layer can be changed or finished early', async () => {
    const handle = make();
    const twin = make();
    const input = noise(16 * 5000);
    const reports = [];
    const ended = new Promise((resolve) => {
      const job = addon.startJob(handle, input, true, (status, tokens) => {
        reports.push([status, tokens]);
        if (status >= 0) resolve(job);
      });
      assert.ok(job > 0);
      assert.equal(addon.finishJob(job, new Float32Array(input.length)), BUSY);
      assert.equal(
        addon.startJob(handle, input, true, () => {}),
        -BUSY,
      );
      for (const call of ['destroy', 'reset']) assert.equal(addon[call](handle), BUSY);
      assert.equal(addon.clone(handle), -BUSY);
      assert.equal(addon.tokensSeen(handle), 0);
    });
    const job = await ended;
    assert.deepEqual(reports.at(-1), [0, 5000]);
    const [output, surprise] = [new Float32Array(input.length), new Float32Array(5000)];
    assert.equal(addon.finishJob(job, output, surprise), 0);
    assert.equal(addon.finishJob(job, output, surprise), DESTROYED);
    const [same, sameSurprise] = [new Float32Array(input.length), new Float32Array(5000)];
    assert.equal(addon.forward(twin, input, same, sameSurprise), 0);
    sameBits(output, same);
    sameBits(surprise, sameSurprise);
    addon.destroy(handle);
    addon.destroy(twin);
  });
});

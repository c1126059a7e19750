// The addon's own boundary: its symbols, and its functions called with anything at all.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { demandsOf, hashOf, host } from '../../scripts/addon.mjs';
import { backends, noise, root, sameBits } from './support/backends.mjs';
import {
  ABORTED,
  addon,
  addonPath,
  BUSY,
  bytesOf,
  DESTROYED,
  INVALID,
  NO_HANDLES,
  newLayer,
  statusOf,
} from './support/raw-addon.mjs';

function symbols(kind) {
  const listing = execFileSync('nm', ['-D', kind, addonPath], { encoding: 'utf8' });
  return listing
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).at(-1));
}

describe('the addon', () => {
  let layers;
  before(function () {
    if (!backends.includes('native')) this.skip();
    layers = addon.layers;
  });

  it('is an engine of the contract', () => {
    const names = (object) => Object.keys(object).sort();
    const parts = ['layers', 'models', 'sessions', 'trainers', 'recalls'];
    const own = ['abi', 'info', 'kind', 'knownMemory', 'poisoned', 'setKernel', 'version'];
    assert.deepEqual(names(addon), [...own, ...parts].sort());
    assert.deepEqual([addon.kind, addon.poisoned, addon.abi], ['native', false, 7]);
    const contract = readFileSync(`${root}ts/engine/engine.ts`, 'utf8');
    for (const part of parts) {
      const title = `${part[0].toUpperCase()}${part.slice(1, -1)}Engine`;
      const [, body] = contract.match(new RegExp(`export interface ${title} \\{\n(.*?)\n\\}`, 's'));
      const methods = [...body.matchAll(/^ {2}(\w+)\??\(/gm)].map((match) => match[1]);
      assert.ok(methods.length > 5);
      assert.deepEqual(names(addon[part]), methods.sort());
    }
    const info = addon.info();
    assert.deepEqual(names(info), ['backend', 'compiledKernels', 'kernel', 'kernels', 'version']);
    assert.equal(info.version, addon.version);
    assert.ok(info.kernels.includes(info.kernel));
    assert.ok(info.kernels.every((name) => info.compiledKernels.includes(name)));
    assert.equal(addon.setKernel('none'), 10);
    assert.equal(addon.setKernel('auto\0'), 10);
    assert.equal(addon.setKernel(1), INVALID);
    assert.equal(addon.setKernel(info.kernel), 0);
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

  it('is checked before a release by its hash', () => {
    assert.equal(hashOf(host), readFileSync(`${root}/tests/golden/conformance.txt`, 'utf8').trim());
  });

  it('exports nothing but its registration', function () {
    if (process.platform !== 'linux') this.skip();
    const names = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];
    assert.deepEqual(symbols('--defined-only').sort(), names);
  });

  it('knows no forged, stale or foreign handle', () => {
    const handle = newLayer();
    const stale = newLayer();
    assert.equal(layers.destroy(stale), 0);
    const forged = [0, 1, 2, 5, stale, handle + 2 ** 20, handle + 2 ** 40, 2 ** 53 - 1];
    const calls = {
      destroy: [],
      clone: [],
      reset: [],
      forward: [noise(16), noise(16)],
      save: [new Uint8Array(1000)],
      load: [new Uint8Array(1000)],
      getMemory: [new Float32Array(16)],
      getWeights: [new Int8Array(64), new Int8Array(64)],
      setWeights: [new Int8Array(64), new Int8Array(64)],
      stateSize: [],
      threads: [],
      tokens: [],
      fingerprint: [],
      startJob: [noise(16), false, () => assert.fail('called back')],
      cancelJob: [],
      finishJob: [],
    };
    for (const [name, args] of Object.entries(calls)) {
      for (const value of forged)
        assert.equal(statusOf(layers[name](value, ...args)), DESTROYED, name);
      for (const value of [...NO_HANDLES, Symbol('x')])
        assert.equal(statusOf(layers[name](value, ...args)), INVALID, name);
      assert.equal(statusOf(layers[name]()), INVALID, name);
    }
    // Where other numbers are results, a status is negative.
    for (const name of ['clone', 'startJob', 'stateSize', 'threads', 'tokens', 'fingerprint'])
      assert.equal(layers[name](0, ...calls[name]), -DESTROYED);
    assert.equal(layers.destroy(handle), 0);
    assert.equal(layers.destroy(handle), DESTROYED);
  });

  it('keeps handles of slots that are used again apart', () => {
    const seen = new Set();
    for (let i = 0; i < 1000; i++) {
      const handle = newLayer();
      assert.ok(!seen.has(handle));
      seen.add(handle);
      assert.equal(layers.destroy(handle), 0);
    }
    for (const handle of seen) assert.equal(layers.reset(handle), DESTROYED);
  });

  it('takes options as exactly the bytes of their struct', () => {
    const bytes = bytesOf('layer');
    for (const value of [
      undefined,
      null,
      32,
      {},
      new Uint8Array(0),
      new Uint8Array(64),
      bytes.subarray(1),
      new Int8Array(bytes.buffer),
      bytes.buffer,
      new DataView(bytes.buffer),
      new Uint8Array(new SharedArrayBuffer(48)),
    ])
      assert.equal(layers.create(value), -INVALID);
    assert.equal(newLayer({ size: 31 }), -7);
    assert.equal(newLayer({ rule: 2 }), -7);
    assert.equal(newLayer({ forgetting: 0.9 }), -7);
    assert.equal(newLayer({ ridge: 0 }), -7);
    assert.equal(newLayer({ objective: 2 }), -7);
    assert.equal(newLayer({ innerLr: NaN }), -7);
    assert.equal(newLayer({ threads: 65 }), -7);
    assert.equal(newLayer({ hiddenDim: 3n }), -2);
    assert.equal(newLayer({ hiddenDim: 2n ** 40n }), -2);
    // At an odd address.
    const odd = new Uint8Array(49).subarray(1);
    odd.set(bytesOf('layer', { hiddenDim: 32n, threads: 2, seed: 2n ** 64n - 1n }));
    const layer = layers.create(odd);
    assert.equal(layers.forward(layer, noise(32), noise(32)), 0);
    assert.deepEqual([layers.threads(layer), layers.tokens(layer)], [2, 1]);
    layers.destroy(layer);
  });

  it('checks every argument by itself', () => {
    const handle = newLayer();
    const { forward, startJob, getMemory, setWeights } = layers;
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
    const ignore = () => undefined;
    for (const value of strangers) {
      assert.equal(forward(handle, value, noise(16)), INVALID);
      assert.equal(forward(handle, noise(16), value), INVALID);
      if (value !== null) assert.equal(forward(handle, noise(16), noise(16), value), INVALID);
      assert.equal(startJob(handle, value, false, ignore), -INVALID);
      assert.equal(getMemory(handle, value), INVALID);
      assert.equal(setWeights(handle, value, new Int8Array(64)), INVALID);
    }
    for (const length of [0, 1, 15, 17, 32]) {
      assert.equal(forward(handle, noise(length), noise(16)), 2);
      assert.equal(forward(handle, noise(16), noise(length)), 2);
      assert.equal(getMemory(handle, noise(length)), 2);
      if (length % 16) assert.equal(startJob(handle, noise(length), false, ignore), -2);
    }
    assert.equal(getMemory(handle, noise(16)), 0);
    for (const length of [0, 2])
      assert.equal(forward(handle, noise(16), noise(16), noise(length)), 2);
    assert.equal(layers.save(handle, new Uint8Array(10)), 12);
    assert.equal(layers.save(handle, new Uint8Array(0)), 12);
    assert.equal(layers.load(handle, new Uint8Array(0)), 20);
    assert.equal(startJob(handle, noise(16), 1, ignore), -INVALID);
    assert.equal(startJob(handle, noise(16), false, {}), -INVALID);
    assert.equal(layers.destroy(handle), 0);
  });

  it('views that left a resizable buffer have no elements', function () {
    if (!('resizable' in ArrayBuffer.prototype)) this.skip();
    const handle = newLayer();
    const buffer = new ArrayBuffer(128, { maxByteLength: 256 });
    const view = new Float32Array(buffer, 64, 16);
    assert.equal(layers.forward(handle, view, view), 0);
    buffer.resize(96);
    assert.equal(layers.forward(handle, view, noise(16)), 2);
    assert.equal(layers.forward(handle, noise(16), view), 2);
    layers.destroy(handle);
  });

  it('jobs: nothing of the layer can be changed or finished early', async () => {
    const handle = newLayer();
    const twin = newLayer();
    const input = noise(16 * 5000);
    let job;
    const reports = [];
    await new Promise((resolve) => {
      job = layers.startJob(handle, input, true, (status) => {
        reports.push(status);
        resolve();
      });
      assert.ok(job > 0);
      assert.deepEqual(reports, []);
      assert.equal(layers.finishJob(job, new Float32Array(input.length)), BUSY);
      assert.equal(
        layers.startJob(handle, input, true, () => {}),
        -BUSY,
      );
      for (const call of ['destroy', 'reset']) assert.equal(layers[call](handle), BUSY);
      assert.equal(layers.clone(handle), -BUSY);
      assert.equal(layers.tokens(handle), 0);
    });
    assert.deepEqual(reports, [0]);
    assert.equal(layers.reset(handle), BUSY); // until the job is finished
    const [output, surprise] = [new Float32Array(input.length), new Float32Array(5000)];
    assert.equal(layers.finishJob(job, output, surprise), 0);
    assert.equal(layers.finishJob(job, output, surprise), DESTROYED);
    const [same, sameSurprise] = [new Float32Array(input.length), new Float32Array(5000)];
    assert.equal(layers.forward(twin, input, same, sameSurprise), 0);
    sameBits(output, same);
    sameBits(surprise, sameSurprise);
    assert.equal(layers.tokens(handle), 5000);
    layers.destroy(handle);
    layers.destroy(twin);
  });

  it('jobs: what is cancelled, failed or finished wrongly leaves no trace', async () => {
    const handle = newLayer();
    const run = (input, after) =>
      new Promise((resolve) => {
        const job = layers.startJob(handle, input, false, (status) => resolve([job, status]));
        after?.(job);
      });
    const input = noise(16 * 100);
    const [cancelled, aborted] = await run(input, layers.cancelJob);
    assert.equal(aborted, ABORTED);
    assert.equal(layers.finishJob(cancelled, input.slice()), ABORTED);
    const [failed, status] = await run(new Float32Array(16).fill(NaN));
    assert.equal(status, 3);
    assert.equal(layers.finishJob(failed, new Float32Array(16)), 3);
    for (const [results, expected] of [
      [[], 0],
      [[new Float32Array(1)], 2],
      [[new Float32Array(0)], 2],
      [[new Float32Array(1600), new Float32Array(100)], 2], // surprise was not wanted
      [[new Float64Array(1600)], INVALID],
    ]) {
      const [job] = await run(input);
      assert.equal(layers.finishJob(job, ...results), expected);
      assert.equal(layers.cancelJob(job), DESTROYED);
    }
    assert.equal(layers.tokens(handle), 0);
    assert.equal(layers.destroy(handle), 0);
  });
});

// The addon's functions for recalls, called with anything at all.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { backends } from './support/backends.mjs';
import { addon, bytesOf, DESTROYED, INVALID, NO_HANDLES, statusOf } from './support/raw-addon.mjs';

describe('the functions of the addon for recalls', () => {
  let recalls;
  before(function () {
    if (!backends.includes('native')) this.skip();
    ({ recalls } = addon);
  });

  it('know no forged or stale handle', () => {
    const handle = recalls.create(bytesOf('recall'));
    const stale = recalls.create(bytesOf('recall'));
    assert.equal(recalls.destroy(stale), 0);
    const bytes = new Uint8Array(100);
    const calls = {
      clone: [],
      destroy: [],
      reset: [],
      probability: [1, 0.5],
      learn: [1, 0.5],
      pass: [1],
      symbols: [],
      stateSize: [],
      save: [bytes],
      load: [bytes],
    };
    for (const [name, args] of Object.entries(calls)) {
      for (const value of [0, 1, 5, stale, handle + 2 ** 50, 2 ** 53 - 1])
        assert.equal(statusOf(recalls[name](value, ...args)), DESTROYED, name);
      for (const value of [...NO_HANDLES, Symbol('x')])
        assert.equal(statusOf(recalls[name](value, ...args)), INVALID, name);
      assert.equal(statusOf(recalls[name]()), INVALID, name);
    }
    for (const name of ['clone', 'probability', 'symbols', 'stateSize'])
      assert.equal(recalls[name](stale, ...calls[name]), -DESTROYED);
    assert.equal(recalls.destroy(handle), 0);
  });

  it('check every argument by themselves', () => {
    for (const value of [undefined, null, 16, {}, new Uint8Array(15), new Int8Array(16)])
      assert.equal(recalls.create(value), -INVALID);
    assert.equal(recalls.create(bytesOf('recall', { size: 15 })), -7);
    const handle = recalls.create(bytesOf('recall', { vocab: 9 }));
    for (const value of [...NO_HANDLES, 2 ** 32, Symbol('x')]) {
      assert.equal(recalls.probability(handle, value, 0.5), -INVALID);
      assert.equal(recalls.learn(handle, value, 0.5), INVALID);
      assert.equal(recalls.pass(handle, value), INVALID);
    }
    for (const value of ['1', 1n, null, undefined, {}, Symbol('x')]) {
      assert.equal(recalls.probability(handle, 1, value), -INVALID);
      assert.equal(recalls.learn(handle, 1, value), INVALID);
    }
    for (const value of [-1, 1.5, NaN, 1e300, -Infinity])
      assert.equal(recalls.learn(handle, 1, value), 32);
    for (const value of [
      null,
      1,
      {},
      new Int8Array(999),
      new Uint8Array(new SharedArrayBuffer(9)),
    ]) {
      assert.equal(recalls.save(handle, value), INVALID);
      assert.equal(recalls.load(handle, value), INVALID);
    }
    assert.equal(recalls.pass(handle, 9), 30);
    assert.equal(recalls.save(handle, new Uint8Array(10)), 12);
    assert.equal(recalls.load(handle, new Uint8Array(0)), 20);
    assert.equal(recalls.symbols(handle), 0);
    assert.equal(recalls.destroy(handle), 0);
  });
});

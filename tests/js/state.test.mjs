// Saved states that are damaged, foreign or of the wrong type: refused, and nothing changes.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { fails, noise, onEachBackend, root, sameBits, unharmed } from './support/backends.mjs';
import { crc32c } from './support/crc32c.mjs';

function forged(state, edit) {
  const copy = state.slice();
  const view = new DataView(copy.buffer);
  edit(view);
  view.setUint32(60, crc32c(copy.subarray(0, 60)), true);
  return copy;
}

onEachBackend('a saved state', (backend, create) => {
  const options = { hiddenDim: 8 };
  let layer;
  let state;
  beforeEach(async () => {
    layer = await create(options);
    layer.forward(noise(80));
    state = layer.saveState();
    layer.forward(noise(16, 5));
  });
  afterEach(() => layer.destroy());

  const refuse = (bytes, code, pattern) =>
    unharmed(layer, () => fails(() => layer.loadState(bytes), code, pattern));

  it('with any one bit flipped', async () => {
    const before = layer.saveState();
    for (let bit = 0; bit < state.length * 8; bit++) {
      const bad = state.slice();
      bad[bit >> 3] ^= 1 << (bit & 7);
      fails(() => layer.loadState(bad), 'STATE_DAMAGED');
    }
    sameBits(layer.saveState(), before);
    layer.loadState(state);
    sameBits(layer.saveState(), state);
  });

  it('cut off anywhere, or with bytes added', async () => {
    for (let size = 0; size < state.length; size++) {
      await refuse(state.subarray(0, size), 'STATE_DAMAGED');
    }
    for (const extra of [1, 4, 64]) {
      const longer = new Uint8Array(state.length + extra);
      longer.set(state);
      await refuse(longer, 'STATE_DAMAGED');
    }
    await refuse(state.subarray(0, 10), 'STATE_DAMAGED', /10 bytes, and the header alone has 64/);
    await refuse(state.subarray(0, 70), 'STATE_DAMAGED', /says it has 96 bytes, but 70 were given/);
    await refuse(new Uint8Array(1000), 'STATE_DAMAGED', /not a saved state/);
  });

  it('of another layer', async () => {
    const of = async (changes) => (await create({ ...options, ...changes })).saveState();
    await refuse(await of({ hiddenDim: 12 }), 'STATE_DIMENSIONS', /hiddenDim 12, this one has 8/);
    await refuse(await of({ hiddenDim: 9 }), 'STATE_DIMENSIONS', /hiddenDim 9, this one has 8/);
    await refuse(
      await of({ innerLr: 0.2 }),
      'STATE_LEARNING_RATE',
      /innerLr 0.2, this one has 0.1/,
    );
    await refuse(
      await of({ objective: 'predict', innerLr: 0.1 }),
      'STATE_OBJECTIVE',
      /'predict', this one has 'reconstruct'/,
    );
    await refuse(await of({ seed: 2 }), 'STATE_WEIGHTS', /other weights/);
  });

  it('with the same rate to 32 bits loads', async () => {
    const near = await create({ ...options, innerLr: Math.fround(0.1) });
    near.loadState(state);
    sameBits(near.saveState(), state);
  });

  it('of a newer version, or a forged one', async () => {
    const version = (number) => forged(state, (view) => view.setUint32(8, number, true));
    await refuse(version(3), 'STATE_VERSION', /format 3, this version reads 1 and 2/);
    await refuse(version(2), 'STATE_DAMAGED');
    await refuse(version(0), 'STATE_DAMAGED');
    await refuse(
      forged(state, (view) => view.setUint32(48, 1, true)),
      'STATE_DAMAGED',
    );
    await refuse(
      forged(state, (view) => view.setUint32(12, 5, true)),
      'STATE_DAMAGED',
    );
    const huge = forged(state, (view) => view.setBigUint64(16, 2n ** 63n, true));
    await refuse(huge, 'STATE_DIMENSIONS', /hiddenDim 9223372036854775808/);
    const infinite = state.slice();
    new DataView(infinite.buffer).setFloat32(64, Infinity, true);
    const crc = crc32c(infinite.subarray(64));
    await refuse(
      forged(infinite, (view) => view.setUint32(56, crc, true)),
      'STATE_DAMAGED',
    );
  });

  it('of the wrong type', async () => {
    const shared = new Uint8Array(new SharedArrayBuffer(state.length));
    const moved = state.slice();
    structuredClone(moved.buffer, { transfer: [moved.buffer] });
    const values = [
      undefined,
      null,
      5,
      'state',
      [...state],
      {},
      new Float32Array(state.buffer.slice(0)),
      new DataView(state.buffer),
      shared,
      shared.buffer,
      moved,
      moved.buffer,
    ];
    if ('resizable' in ArrayBuffer.prototype) {
      const resizable = new ArrayBuffer(state.length, { maxByteLength: 1024 });
      values.push(resizable, new Uint8Array(resizable));
    }
    for (const value of values) await refuse(value, 'INVALID_ARGUMENT', /the state (must|is)/);
  });

  it('of the first version loads for ever', async () => {
    const text = readFileSync(`${root}/tests/golden/state_v1.hex`, 'utf8');
    const bytes = Uint8Array.from(Buffer.from(text.replace(/#.*|\s/g, ''), 'hex'));
    const view = new DataView(bytes.buffer);
    const old = await create({
      hiddenDim: Number(view.getBigUint64(16, true)),
      objective: view.getUint32(40, true) === 0 ? 'reconstruct' : 'predict',
      innerLr: view.getFloat32(44, true),
    });
    old.loadState(bytes);
    assert.equal(old.tokensSeen, Number(view.getBigUint64(32, true)));
    sameBits(old.saveState(), bytes);
  });
});

// Every method in every state: fresh, busy with an asynchronous call, dying, destroyed.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { TTT } from 'bit-ttt';

import { fails, noise, onEachBackend, rejects, sameBits } from './support/backends.mjs';

const DIM = 64;
/** Long enough that the call is still at work when the lines after it run. */
const LONG = noise(40_000 * DIM);

/** One use of each method that needs an idle layer. */
const uses = {
  forward: (layer) => layer.forward(noise(DIM)),
  observe: (layer) => layer.observe(noise(DIM)),
  saveState: (layer) => layer.saveState(),
  loadState: (layer, state) => layer.loadState(state),
  reset: (layer) => layer.reset(),
  clone: (layer) => layer.clone().destroy(),
  getWeights: (layer) => layer.getWeights(),
  setWeights: (layer, state, weights) => layer.setWeights(weights),
  getMemory: (layer) => layer.getMemory(),
};

const asyncUses = {
  forwardAsync: (layer) => layer.forwardAsync(noise(DIM)),
  observeAsync: (layer) => layer.observeAsync(noise(DIM)),
};

/** Properties that ask the engine. */
const questions = ['tokensSeen', 'fingerprint', 'stateSize'];
/** Properties of the object itself. */
const facts = [
  ...['hiddenDim', 'memoryDim', 'innerLr', 'objective', 'rule', 'forgetting', 'ridge', 'threads'],
  ...['backend', 'destroyed'],
];

onEachBackend('the life of a layer', (backend, create) => {
  let layer;
  let state;
  let weights;
  beforeEach(async () => {
    layer = await create({ hiddenDim: DIM });
    state = layer.saveState();
    weights = layer.getWeights();
  });
  afterEach(() => layer.destroy());

  async function everything(code) {
    for (const [name, use] of Object.entries(uses)) {
      if (code) fails(() => use(layer, state, weights), code);
      else use(layer, state, weights);
      assert.ok(name in TTT.prototype);
    }
    for (const use of Object.values(asyncUses)) {
      if (code) await rejects(() => use(layer), code);
      else await use(layer);
    }
  }

  it('covers every public method', () => {
    const names = Object.getOwnPropertyNames(TTT.prototype);
    const covered = [...Object.keys(uses), ...Object.keys(asyncUses), ...questions, ...facts];
    assert.deepEqual(
      names.filter((name) => !covered.includes(name)),
      ['constructor', 'destroy'],
    );
  });

  it('fresh: everything works, in any order and again', async () => {
    await everything();
    await everything();
    for (const name of [...questions, ...facts]) assert.notEqual(layer[name], undefined, name);
  });

  it('busy: everything is refused but questions', async () => {
    const running = layer.forwardAsync(LONG);
    for (const use of Object.values(uses)) fails(() => use(layer, state, weights), 'BUSY');
    // Started at once, so that all of them meet the busy layer.
    await Promise.all(Object.values(asyncUses).map((use) => rejects(() => use(layer), 'BUSY')));
    assert.equal(layer.tokensSeen, 0);
    assert.equal(layer.stateSize, state.length);
    assert.equal(typeof layer.fingerprint, 'bigint');
    assert.equal(layer.destroyed, false);
    await running;
    assert.equal(layer.tokensSeen, 40_000);
    await everything();
  });

  it('dying: destroyed for everyone, but the call in flight finishes', async () => {
    const twin = layer.clone();
    const running = layer.forwardAsync(LONG);
    layer.destroy();
    assert.equal(layer.destroyed, true);
    for (const use of Object.values(uses)) fails(() => use(layer, state, weights), 'DESTROYED');
    await Promise.all(
      Object.values(asyncUses).map((use) => rejects(() => use(layer), 'DESTROYED')),
    );
    for (const name of questions) fails(() => layer[name], 'DESTROYED');
    layer.destroy();
    sameBits(await running, twin.forward(LONG));
    await everything('DESTROYED');
  });

  it('destroyed: everything is refused but facts', async () => {
    layer.destroy();
    await everything('DESTROYED');
    for (const name of questions) fails(() => layer[name], 'DESTROYED');
    for (const name of facts) assert.notEqual(layer[name], undefined, name);
    layer.destroy();
    layer[Symbol.dispose]();
  });

  it('a destroyed layer does not come back as another one', async () => {
    layer.destroy();
    const others = await Promise.all(Array.from({ length: 20 }, () => create({ hiddenDim: DIM })));
    await everything('DESTROYED');
    for (const other of others) {
      assert.equal(other.tokensSeen, 0);
      other.destroy();
    }
  });
});

// Asynchronous calls: the same results, abort and failure without a trace, inputs that change or
// vanish meanwhile, and an event loop that stays free.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { setMaxListeners } from 'node:events';

import {
  fails,
  noise,
  onEachBackend,
  rejects,
  sameBits,
  turnsDuring,
  unharmed,
} from './support/backends.mjs';

const DIM = 64;
const LONG = noise(150_000 * DIM);

const turn = () => new Promise((resolve) => setImmediate(resolve));

function transfer(array) {
  structuredClone(array.buffer, { transfer: [array.buffer] });
}

onEachBackend('asynchronous calls', (backend, create) => {
  let layer;
  beforeEach(async () => {
    layer = await create({ hiddenDim: DIM });
    layer.forward(noise(3 * DIM));
  });
  afterEach(() => layer.destroy());

  it('compute what synchronous ones do', async () => {
    for (const tokens of [1, 2, 63, 64, 65, 1000]) {
      const twin = layer.clone();
      const input = noise(tokens * DIM, tokens);
      const expected = twin.observe(input);
      if (tokens % 2) {
        sameBits(await layer.forwardAsync(input), expected.output);
      } else {
        const seen = await layer.observeAsync(input);
        sameBits(seen.output, expected.output);
        sameBits(seen.surprise, expected.surprise);
      }
      sameBits(layer.saveState(), twin.saveState());
      twin.destroy();
    }
  });

  it('write into given arrays, the input included', async () => {
    const twin = layer.clone();
    const input = noise(500 * DIM);
    const expected = twin.observe(input);
    const surprise = new Float32Array(500);
    const seen = await layer.observeAsync(input, { output: input, surprise });
    assert.equal(seen.output, input);
    assert.equal(seen.surprise, surprise);
    sameBits(input, expected.output);
    sameBits(surprise, expected.surprise);
    const output = new Float32Array(DIM);
    assert.equal(await layer.forwardAsync(noise(DIM), { output }), output);
  });

  it('of many layers run at once', async () => {
    const layers = await Promise.all(Array.from({ length: 12 }, () => create({ hiddenDim: DIM })));
    const input = noise(2000 * DIM);
    const results = await Promise.all(layers.map((each) => each.forwardAsync(input)));
    for (const result of results) sameBits(result, results[0]);
  });

  it('may follow each other without a pause', async () => {
    const twin = layer.clone();
    for (let i = 0; i < 200; i++) await layer.forwardAsync(noise(DIM, i));
    for (let i = 0; i < 200; i++) twin.forward(noise(DIM, i));
    sameBits(layer.saveState(), twin.saveState());
  });

  it('let other events happen', async () => {
    const turns = await turnsDuring(() => layer.forwardAsync(LONG));
    // On WebAssembly in slices of 4 ms, of which 150,000 tokens take more on any machine.
    assert.ok(turns >= 5, `${turns} turns`);
  });

  it('an aborted signal rejects at once and starts nothing', async () => {
    const signal = AbortSignal.abort(new Error('no longer wanted'));
    await unharmed(layer, async () => {
      const error = await rejects(() => layer.forwardAsync(LONG, { signal }), 'ABORTED');
      assert.equal(error.name, 'AbortError');
      assert.equal(error.status, 63);
      assert.equal(error.cause, signal.reason);
    });
    const promise = layer.forwardAsync(LONG, { signal });
    layer.forward(noise(DIM)); // not busy even now
    await promise.catch(() => undefined);
  });

  it('an abort on the way stops the call without a trace', async () => {
    const input = noise(300_000 * DIM); // more than is read in three turns
    for (const delay of [0, 1, 3]) {
      const controller = new AbortController();
      const output = new Float32Array(input.length).fill(7);
      await unharmed(layer, async () => {
        const { signal } = controller;
        const promise = layer.observeAsync(input, { signal, output });
        for (let i = 0; i < delay; i++) await turn();
        controller.abort('enough');
        const error = await rejects(() => promise, 'ABORTED');
        assert.equal(error.cause, 'enough');
      });
      assert.ok(output.every((v) => v === 7));
      layer.forward(noise(DIM)); // idle as soon as the promise has settled
    }
  });

  it('an abort that comes too late changes nothing', async () => {
    const controller = new AbortController();
    const result = await layer.forwardAsync(noise(DIM), { signal: controller.signal });
    controller.abort();
    await turn();
    assert.equal(result.length, DIM);
    assert.equal(layer.tokensSeen, 4);
  });

  it('an abort while calls queue up behind each other reaches the waiting ones', async () => {
    const controller = new AbortController();
    const layers = await Promise.all(Array.from({ length: 12 }, () => create({ hiddenDim: DIM })));
    setMaxListeners(0, controller.signal);
    const promises = layers.map((each) =>
      rejects(() => each.forwardAsync(LONG, { signal: controller.signal }), 'ABORTED'),
    );
    controller.abort();
    await Promise.all(promises);
    for (const each of layers) assert.equal(each.tokensSeen, 0);
  });

  it('leave no listener behind', async () => {
    const controller = new AbortController();
    const listeners = new Set();
    const { signal } = controller;
    const spy = {
      get aborted() {
        return signal.aborted;
      },
      addEventListener: (type, listener) => listeners.add(listener),
      removeEventListener: (type, listener) => listeners.delete(listener),
    };
    const running = layer.forwardAsync(noise(DIM), { signal: spy });
    assert.equal(listeners.size, 1);
    await running;
    assert.equal(listeners.size, 0);
    const bad = noise(DIM).fill(NaN);
    await rejects(() => layer.forwardAsync(bad, { signal: spy }), 'NON_FINITE');
    assert.equal(listeners.size, 0);
  });

  it('have copied their input: it may be overwritten or transferred', async () => {
    const twin = layer.clone();
    const expected = twin.forward(LONG);
    const input = LONG.slice();
    const first = layer.clone().forwardAsync(input);
    input.fill(NaN);
    sameBits(await first, expected);
    const gone = LONG.slice();
    const second = layer.forwardAsync(gone);
    transfer(gone);
    sameBits(await second, expected);
    sameBits(layer.saveState(), twin.saveState());
  });

  it('whose output vanishes fail, and nothing has changed', async () => {
    await unharmed(layer, async () => {
      const output = new Float32Array(LONG.length);
      const promise = layer.forwardAsync(LONG, { output });
      transfer(output);
      await rejects(() => promise, 'INVALID_ARGUMENT', /output is detached/);
      const surprise = new Float32Array(LONG.length / DIM);
      const other = layer.observeAsync(LONG, { surprise });
      transfer(surprise);
      await rejects(() => other, 'INVALID_ARGUMENT', /surprise is detached/);
    });
    layer.forward(noise(DIM));
  });

  it('clean up when their layer is destroyed, whichever way they end', async () => {
    const controller = new AbortController();
    const aborted = layer.forwardAsync(LONG, { signal: controller.signal });
    layer.destroy();
    controller.abort();
    await rejects(() => aborted, 'ABORTED');
    const failing = await create({ hiddenDim: DIM });
    const promise = failing.forwardAsync(noise(DIM).fill(NaN));
    failing.destroy();
    await rejects(() => promise, 'NON_FINITE');
    fails(() => failing.forward(noise(DIM)), 'DESTROYED');
  });

  it('a signal whose listener functions throw does not leave the layer busy', async () => {
    const broken = {
      aborted: false,
      addEventListener() {
        throw new Error('broken signal');
      },
      removeEventListener() {},
    };
    await unharmed(layer, () =>
      assert.rejects(layer.forwardAsync(noise(DIM), { signal: broken }), /broken signal/),
    );
    layer.forward(noise(DIM));
  });
});

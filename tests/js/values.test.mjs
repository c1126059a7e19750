// Bad values of every kind: each is a clear error, and the memory stays as it was.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import vm from 'node:vm';

import { TTT } from 'bit-ttt';

import { fails, noise, onEachBackend, rejects, sameBits, unharmed } from './support/backends.mjs';

const DIM = 16;

/** Things that are not a Float32Array. */
const strangers = [
  undefined,
  null,
  0,
  1.5,
  NaN,
  'text',
  true,
  5n,
  Symbol('s'),
  () => 1,
  {},
  [],
  [1, 2, 3],
  { length: 16, buffer: new ArrayBuffer(64) },
  new Float64Array(16),
  new Int8Array(16),
  new Uint8Array(64),
  new ArrayBuffer(64),
  new DataView(new ArrayBuffer(64)),
  new Proxy(new Float32Array(16), {}),
  Object.create(Float32Array.prototype),
];

function transferred(array) {
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

function shared(length) {
  return new Float32Array(new SharedArrayBuffer(length * 4));
}

function resizable(length, view = []) {
  const buffer = new ArrayBuffer(length * 4, { maxByteLength: length * 8 });
  return new Float32Array(buffer, ...view);
}

onEachBackend('options', (backend, create) => {
  it('hiddenDim out of range', async () => {
    for (const hiddenDim of [
      0,
      1,
      2,
      3,
      -4,
      65537,
      2 ** 31,
      2 ** 32 + 64,
      1e300,
      4.5,
      NaN,
      Infinity,
      -0,
    ]) {
      await rejects(
        () => create({ hiddenDim }),
        'DIMENSION_MISMATCH',
        /hiddenDim must be an integer from 4/,
      );
    }
  });

  it('hiddenDim of the wrong type', async () => {
    for (const hiddenDim of ['64', 64n, null, {}, [64], true, Symbol('d')]) {
      await rejects(
        () => create({ hiddenDim }),
        'INVALID_ARGUMENT',
        /hiddenDim must be an integer/,
      );
    }
    await rejects(() => TTT.create({ backend }), 'INVALID_ARGUMENT', /hiddenDim .* not undefined/);
  });

  it('no options at all', async () => {
    for (const options of [undefined, null, 5, 'x']) {
      await rejects(() => TTT.create(options), 'INVALID_ARGUMENT', /options must be an object/);
    }
  });

  it('innerLr', async () => {
    for (const innerLr of [NaN, Infinity, -Infinity, 1e39]) {
      await rejects(() => create({ innerLr }), 'INVALID_CONFIG', /innerLr/);
    }
    for (const innerLr of ['0.1', 1n, null]) {
      await rejects(() => create({ innerLr }), 'INVALID_ARGUMENT', /innerLr/);
    }
  });

  it('objective, seed and threads', async () => {
    await rejects(
      () => create({ objective: 'guess' }),
      'INVALID_CONFIG',
      /'reconstruct' or 'predict'/,
    );
    await rejects(() => create({ objective: 1 }), 'INVALID_ARGUMENT', /objective/);
    for (const seed of [-1, 1.5, NaN, 2 ** 53, -1n, 2n ** 64n]) {
      await rejects(() => create({ seed }), 'INVALID_CONFIG', /seed/);
    }
    await rejects(() => create({ seed: '1' }), 'INVALID_ARGUMENT', /seed/);
    for (const threads of [0, 65, -1, 1.5, NaN, Infinity]) {
      await rejects(() => create({ threads }), 'INVALID_CONFIG', /threads/);
    }
    await rejects(() => create({ threads: '2' }), 'INVALID_ARGUMENT', /threads/);
  });

  it('weights', async () => {
    const right = () => new Int8Array(DIM * 4);
    const cases = [
      [5, 'INVALID_ARGUMENT'],
      [null, 'INVALID_ARGUMENT'],
      [{}, 'INVALID_ARGUMENT'],
      [{ down: right() }, 'INVALID_ARGUMENT'],
      [{ down: right(), up: new Uint8Array(DIM * 4) }, 'INVALID_ARGUMENT'],
      [{ down: [...right()], up: right() }, 'INVALID_ARGUMENT'],
      [{ down: right(), up: new Int8Array(new SharedArrayBuffer(DIM * 4)) }, 'INVALID_ARGUMENT'],
      [{ down: transferred(right()), up: right() }, 'INVALID_ARGUMENT'],
      [{ down: new Int8Array(63), up: right() }, 'DIMENSION_MISMATCH'],
      [{ down: right(), up: new Int8Array(65) }, 'DIMENSION_MISMATCH'],
      [{ down: right(), up: new Int8Array(0) }, 'DIMENSION_MISMATCH'],
    ];
    const layer = await create({});
    layer.forward(noise(DIM));
    for (const [weights, code] of cases) {
      await rejects(() => create({ weights: weights ?? 0 }), code);
      await unharmed(layer, () => fails(() => layer.setWeights(weights), code));
    }
    for (const value of [2, -2, 127, -128]) {
      for (const [name, at] of [
        ['down', 0],
        ['down', 63],
        ['up', 0],
        ['up', 63],
      ]) {
        const weights = { down: right(), up: right() };
        weights[name][at] = value;
        const message = new RegExp(`weights\\.${name}\\[${at}\\] is ${value}`);
        await rejects(() => create({ weights }), 'INVALID_WEIGHTS', message);
        await unharmed(layer, () =>
          fails(() => layer.setWeights(weights), 'INVALID_WEIGHTS', message),
        );
      }
    }
  });
});

onEachBackend('input and output', (backend, create) => {
  let layer;
  beforeEach(async () => {
    layer = await create({ hiddenDim: DIM });
    layer.forward(noise(3 * DIM));
  });
  afterEach(() => layer.destroy());

  it('anything but a Float32Array', async () => {
    for (const value of strangers) {
      await unharmed(layer, async () => {
        fails(() => layer.forward(value), 'INVALID_ARGUMENT', /input must be a Float32Array, not/);
        fails(() => layer.observe(value), 'INVALID_ARGUMENT');
        await rejects(() => layer.forwardAsync(value), 'INVALID_ARGUMENT');
        await rejects(() => layer.observeAsync(value), 'INVALID_ARGUMENT');
        if (value === undefined) return;
        const input = noise(DIM);
        fails(
          () => layer.forward(input, value),
          'INVALID_ARGUMENT',
          /output must be a Float32Array/,
        );
        fails(() => layer.observe(input, { output: value }), 'INVALID_ARGUMENT', /output/);
        fails(() => layer.observe(input, { surprise: value }), 'INVALID_ARGUMENT', /surprise/);
        await rejects(() => layer.forwardAsync(input, { output: value }), 'INVALID_ARGUMENT');
        await rejects(() => layer.observeAsync(input, { surprise: value }), 'INVALID_ARGUMENT');
        await rejects(
          () => layer.forwardAsync(input, { signal: value ?? 0 }),
          'INVALID_ARGUMENT',
          /signal/,
        );
      });
    }
  });

  it('second arguments that are no objects', async () => {
    for (const value of [null, 1, 'x', true]) {
      fails(() => layer.observe(noise(DIM), value), 'INVALID_ARGUMENT', /must be an object/);
      await rejects(() => layer.forwardAsync(noise(DIM), value), 'INVALID_ARGUMENT');
    }
  });

  it('wrong lengths', async () => {
    await unharmed(layer, async () => {
      for (const length of [0, 1, 15, 17, 31, 33]) {
        const message =
          length === 0
            ? /input is empty/
            : new RegExp(`input has length ${length}, expected a multiple of hiddenDim \\(16\\)`);
        fails(() => layer.forward(new Float32Array(length)), 'DIMENSION_MISMATCH', message);
        await rejects(
          () => layer.forwardAsync(new Float32Array(length)),
          'DIMENSION_MISMATCH',
          message,
        );
      }
      for (const length of [0, 16, 31, 33, 48]) {
        const message = new RegExp(`output has length ${length}, must be 32`);
        fails(
          () => layer.forward(noise(32), new Float32Array(length)),
          'DIMENSION_MISMATCH',
          message,
        );
        await rejects(
          () => layer.forwardAsync(noise(32), { output: new Float32Array(length) }),
          'DIMENSION_MISMATCH',
          message,
        );
      }
      for (const length of [0, 1, 3, 32]) {
        fails(
          () => layer.observe(noise(32), { surprise: new Float32Array(length) }),
          'DIMENSION_MISMATCH',
          /surprise has length/,
        );
      }
    });
  });

  it('NaN and infinities at every position', async () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      for (let at = 0; at < 3 * DIM; at++) {
        const input = noise(3 * DIM);
        input[at] = bad;
        const output = new Float32Array(3 * DIM).fill(7);
        const surprise = new Float32Array(3).fill(7);
        const message = `input[${at}] is ${bad}; all values must be finite`;
        await unharmed(layer, () => {
          const error = fails(() => layer.observe(input, { output, surprise }), 'NON_FINITE');
          assert.equal(error.message, message);
        });
        assert.ok(
          output.every((v) => v === 7) && surprise.every((v) => v === 7),
          'output was written',
        );
      }
    }
  });

  it('a bad value in a long input, whichever way it is read', async () => {
    const input = noise(9000 * DIM);
    for (const at of [0, 70_001, input.length - 1]) {
      const bad = input.slice();
      bad[at] = -Infinity;
      const output = new Float32Array(bad.length).fill(7);
      await unharmed(layer, async () => {
        fails(
          () => layer.forward(bad, output),
          'NON_FINITE',
          new RegExp(`input\\[${at}\\] is -Infinity`),
        );
        await rejects(
          () => layer.forwardAsync(bad, { output }),
          'NON_FINITE',
          new RegExp(`input\\[${at}\\]`),
        );
        fails(() => layer.forward(bad, bad), 'NON_FINITE');
      });
      assert.ok(output.every((v) => v === 7));
    }
  });

  it('finite values that overflow, and rates that diverge', async () => {
    await unharmed(layer, () => {
      fails(() => layer.forward(new Float32Array(DIM).fill(3e38)), 'INPUT_RANGE');
    });
    const wild = await create({ innerLr: 50 });
    wild.forward(noise(DIM));
    const output = new Float32Array(400 * DIM).fill(7);
    await unharmed(wild, async () => {
      fails(() => wild.forward(noise(400 * DIM), output), 'DIVERGED');
      await rejects(() => wild.forwardAsync(noise(400 * DIM), { output }), 'DIVERGED');
    });
    assert.ok(output.every((v) => v === 7));
    // Found before the divergence of an earlier token, however the input is cut up.
    const both = noise(9000 * DIM);
    both[both.length - 1] = NaN;
    await rejects(() => wild.forwardAsync(both), 'NON_FINITE');
    fails(() => wild.forward(both), 'NON_FINITE');
  });

  it('detached arrays', async () => {
    await unharmed(layer, async () => {
      fails(() => layer.forward(transferred(noise(DIM))), 'INVALID_ARGUMENT', /input is detached/);
      fails(
        () => layer.forward(noise(DIM), transferred(noise(DIM))),
        'INVALID_ARGUMENT',
        /output is detached/,
      );
      fails(
        () => layer.observe(noise(DIM), { surprise: transferred(noise(1)) }),
        'INVALID_ARGUMENT',
        /surprise is detached/,
      );
      await rejects(
        () => layer.forwardAsync(transferred(noise(DIM))),
        'INVALID_ARGUMENT',
        /detached/,
      );
      const both = transferred(noise(DIM));
      fails(() => layer.forward(both, both), 'INVALID_ARGUMENT', /detached/);
    });
  });

  it('shared memory', async () => {
    await unharmed(layer, async () => {
      fails(
        () => layer.forward(shared(DIM)),
        'INVALID_ARGUMENT',
        /input is on a SharedArrayBuffer/,
      );
      fails(
        () => layer.forward(noise(DIM), shared(DIM)),
        'INVALID_ARGUMENT',
        /output is on a Shared/,
      );
      fails(
        () => layer.observe(noise(DIM), { surprise: shared(1) }),
        'INVALID_ARGUMENT',
        /surprise/,
      );
      await rejects(() => layer.forwardAsync(shared(DIM)), 'INVALID_ARGUMENT');
    });
  });

  it('resizable memory, whether the view follows, is in bounds or out of them', async function () {
    if (!('resizable' in ArrayBuffer.prototype)) this.skip();
    const outside = resizable(DIM, [0, DIM]);
    outside.buffer.resize(4);
    const emptied = resizable(DIM);
    emptied.buffer.resize(0);
    await unharmed(layer, async () => {
      for (const array of [resizable(DIM), resizable(2 * DIM, [64, DIM]), outside, emptied]) {
        fails(
          () => layer.forward(array),
          'INVALID_ARGUMENT',
          /input is on a resizable ArrayBuffer/,
        );
        fails(
          () => layer.forward(noise(DIM), array),
          'INVALID_ARGUMENT',
          /output is on a resizable/,
        );
        await rejects(() => layer.forwardAsync(array), 'INVALID_ARGUMENT');
      }
    });
  });

  it('arrays that overlap in part', async () => {
    const all = noise(4 * DIM);
    const at = (begin, length) => all.subarray(begin, begin + length);
    await unharmed(layer, async () => {
      fails(() => layer.forward(at(0, 32), at(1, 32)), 'OVERLAP', /input and output overlap/);
      fails(() => layer.forward(at(16, 32), at(0, 32)), 'OVERLAP');
      await rejects(() => layer.forwardAsync(at(0, 32), { output: at(31, 32) }), 'OVERLAP');
      fails(
        () => layer.observe(at(0, 32), { surprise: at(31, 2) }),
        'OVERLAP',
        /input and surprise/,
      );
      const output = noise(32);
      fails(
        () => layer.observe(at(0, 32), { output, surprise: output.subarray(0, 2) }),
        'OVERLAP',
        /output and surprise/,
      );
    });
    sameBits(all, noise(4 * DIM));
    layer.observe(at(0, 16), { output: at(16, 16), surprise: at(32, 1) }); // neighbours
  });

  it('arrays of another realm are as good as ours', async () => {
    const foreign = vm.runInNewContext('new Float32Array(length).map((_, i) => i % 5)', {
      length: 2 * DIM,
    });
    assert.ok(!(foreign instanceof Float32Array));
    const twin = layer.clone();
    const output = vm.runInNewContext('new Float32Array(length)', { length: 2 * DIM });
    assert.equal(layer.forward(foreign, output), output);
    sameBits(output, twin.forward(Float32Array.from(foreign)));
    const other = vm.runInNewContext('x.slice()', {
      x: vm.runInNewContext('Uint8Array').from(twin.saveState()),
    });
    layer.loadState(other);
    layer.loadState(other.buffer);
    const weights = layer.getWeights();
    layer.setWeights({
      down: vm.runInNewContext('Int8Array').from(weights.down),
      up: vm.runInNewContext('Int8Array').from(weights.up),
    });
  });

  it('subclasses that lie about themselves', async () => {
    class Liar extends Float32Array {
      get length() {
        return 1 << 20;
      }
      get buffer() {
        return new ArrayBuffer(8);
      }
      get byteOffset() {
        return 1 << 30;
      }
      get [Symbol.toStringTag]() {
        return 'Uint8Array';
      }
      set() {
        throw new Error('set was called');
      }
      subarray() {
        throw new Error('subarray was called');
      }
    }
    const [input, output] = [new Liar(2 * DIM), new Liar(2 * DIM)];
    input.fill(0.5);
    const twin = layer.clone();
    assert.equal(layer.forward(input, output), output);
    const honest = twin.forward(new Float32Array(2 * DIM).fill(0.5));
    assert.ok(honest.every((v, i) => v === output[i]));
    await layer.forwardAsync(input, { output });
    assert.ok(twin.forward(new Float32Array(2 * DIM).fill(0.5)).every((v, i) => v === output[i]));
    const long = new Liar(9000 * DIM);
    layer.forward(long, long);
    input[3] = NaN;
    fails(() => layer.forward(input), 'NON_FINITE', /input\[3\] is NaN/);
  });

  it('options are read once, and a getter that destroys the layer does no harm', async () => {
    let reads = 0;
    const sly = {
      get output() {
        reads++;
        layer.destroy();
        return new Float32Array(DIM);
      },
    };
    fails(() => layer.observe(noise(DIM), sly), 'DESTROYED');
    assert.equal(reads, 1);
    layer = await create({ hiddenDim: DIM });
    await rejects(() => layer.observeAsync(noise(DIM), sly), 'DESTROYED');
  });

  it('a getter that starts an asynchronous call does no harm either', async () => {
    let started;
    const sly = {
      get surprise() {
        started = layer.forwardAsync(noise(DIM));
        return undefined;
      },
    };
    fails(() => layer.observe(noise(DIM), sly), 'BUSY');
    await started;
    await rejects(() => layer.observeAsync(noise(DIM), sly), 'BUSY');
    await started;
    assert.equal(layer.forward(noise(DIM)).length, DIM);
  });

  it('methods borrowed for another object', () => {
    for (const name of [
      'forward',
      'observe',
      'saveState',
      'loadState',
      'reset',
      'clone',
      'destroy',
    ]) {
      for (const self of [undefined, {}, Object.create(layer), Object.create(TTT.prototype)]) {
        fails(
          () => TTT.prototype[name].call(self, noise(DIM)),
          'INVALID_ARGUMENT',
          /was called on a Proxy|must be called on/,
        );
      }
    }
  });
});

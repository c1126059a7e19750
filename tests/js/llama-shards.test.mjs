// Models in several safetensors files, through the engines of both backends: the same model as from one
// file, failures that name the shard, and no block of the WebAssembly heap left behind.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { backends } from './support/backends.mjs';
import { internals, wasmExports } from './support/engine.mjs';
import { addon, INVALID } from './support/raw-addon.mjs';
import { cutIntoShards } from './support/shards.mjs';
import { smallTrainer } from './support/small-llama.mjs';

/** An engine on a fresh instance whose blocks are counted. */
async function countingWasm() {
  const { WasmEngine } = await internals('ts/engine/wasm/engine.ts');
  const real = await wasmExports();
  const living = new Map();
  const count = { peak: 0, bytes: 0, living };
  const exports = {
    ...real,
    malloc: (bytes) => {
      const block = real.malloc(bytes);
      living.set(block, bytes);
      count.peak = Math.max(count.peak, (count.bytes += bytes));
      return block;
    },
    free: (block) => {
      count.bytes -= living.get(block);
      assert.ok(living.delete(block), 'freed what was not a block');
      real.free(block);
    },
  };
  return { engine: new WasmEngine(exports).models, count };
}

/** The contract's call, which takes names and files apart. */
function openSharded(engine, index, shards, config) {
  const names = shards.map(({ name }) => name);
  const files = shards.map(({ bytes }) => bytes);
  return engine.openSharded(index, names, files, config);
}

describe('models in shards', () => {
  let weights;
  before(async () => {
    const trainer = await smallTrainer({ backend: backends[0] });
    weights = trainer.weights();
    trainer.destroy();
  });

  for (const backend of backends) {
    describe(`on ${backend}`, () => {
      let engine, count;
      before(async () => {
        if (backend === 'native') engine = addon.models;
        else ({ engine, count } = await countingWasm());
      });

      it('are the model that one file is', () => {
        const whole = engine.open(weights, undefined);
        assert.ok(whole > 0);
        for (const parts of [1, 2, 5]) {
          const { index, shards, config } = cutIntoShards(weights, parts);
          const bare = cutIntoShards(weights, parts, { metadata: false });
          const text = new TextEncoder().encode(`\ufeff${config}`);
          for (const model of [
            openSharded(engine, index, shards.reverse(), undefined),
            openSharded(engine, bare.index, bare.shards, text),
          ]) {
            assert.ok(model > 0, JSON.stringify(model));
            assert.equal(engine.fingerprint(model), engine.fingerprint(whole));
            assert.equal(engine.configJson(model), engine.configJson(whole));
            engine.close(model);
          }
        }
        engine.close(whole);
      });

      it('that do not fit their index are refused by name', () => {
        const { index, map, shards } = cutIntoShards(weights, 3);
        const refused = (given, pattern, text = index) => {
          const failure = openSharded(engine, text, given, undefined);
          assert.equal(typeof failure, 'object');
          assert.match(failure.text, pattern);
          return failure;
        };
        const of = (weight_map) => new TextEncoder().encode(JSON.stringify({ weight_map }));
        refused(
          shards.slice(1),
          /^model-00001-of-00003.safetensors: .*: the index names this shard, which is not given/,
        );
        refused([...shards, shards[0]], /given twice/);
        refused([], /1 to 1024 shards/);
        refused(shards, /^the index: /, new Uint8Array());
        refused(
          shards,
          /the index does not have this tensor/,
          of({ ...map, 'norm_f.weight': undefined }),
        );
        refused(shards, /^x: norm_f.weight: .*not given/, of({ ...map, 'norm_f.weight': 'x' }));
        const cut = { ...shards[1], bytes: shards[1].bytes.subarray(0, -1) };
        assert.equal(
          refused([shards[0], cut, shards[2]], /^model-00002-of-00003.*ends after the file/).status,
          40,
        );
        refused(
          [shards[0], { ...cut, bytes: new Uint8Array() }, shards[2]],
          /^model-00002.*too short/,
        );
      });

      if (backend !== 'wasm') return;
      it('leave no block behind, and take the files once', () => {
        const { index, shards } = cutIntoShards(weights, 3);
        const [before, blocks] = [count.bytes, count.living.size];
        const size = shards.reduce((sum, { bytes }) => sum + bytes.length, 0);
        count.peak = 0;
        engine.close(openSharded(engine, index, shards, undefined));
        openSharded(engine, index, shards.slice(1), undefined);
        assert.equal(count.bytes, before);
        assert.equal(count.living.size, blocks);
        assert.ok(count.peak - before < size + 20_000, `${count.peak - before} of ${size}`);
      });
    });
  }

  it('are checked by the addon itself', function () {
    if (!backends.includes('native')) this.skip();
    const { index, shards } = cutIntoShards(weights, 2);
    const names = shards.map(({ name }) => name);
    const files = shards.map(({ bytes }) => bytes);
    const refused = (...args) => assert.equal(addon.models.openSharded(...args).status, INVALID);
    for (const wrong of [null, 1, 'x', {}, [], new Int8Array(4), new ArrayBuffer(4)]) {
      refused(wrong, names, files, undefined);
      refused(index, wrong, files, undefined);
      refused(index, names, wrong, undefined);
      refused(index, [names[0], wrong === 'x' ? 'a\0b' : wrong], files, undefined);
      refused(index, names, [files[0], wrong], undefined);
      if (wrong !== null) refused(index, names, files, wrong);
    }
    refused(index, new Array(2 ** 32 - 1), new Array(2 ** 32 - 1), undefined);
    const shared = new Uint8Array(new SharedArrayBuffer(8));
    refused(index, names, [files[0], shared], undefined);
    // A getter that detaches what was read before it.
    const kept = files[0].slice();
    const trap = [kept, files[1]];
    Object.defineProperty(trap, 1, {
      get: () => {
        structuredClone(kept.buffer, { transfer: [kept.buffer] });
        return files[1];
      },
    });
    const failure = addon.models.openSharded(index, names, trap, undefined);
    assert.match(failure.text, /model-00001-of-00002.safetensors: the file is too short/);
    const throws = Object.defineProperty([1, files[1]], 0, {
      get: () => {
        throw new Error('mine');
      },
    });
    assert.throws(() => addon.models.openSharded(index, names, throws, undefined), /mine/);
    const model = addon.models.openSharded(index, names, files, undefined);
    assert.ok(model > 0);
    assert.equal(addon.models.close(model), 0);
  });
});

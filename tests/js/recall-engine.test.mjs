// Recalls by themselves: the part of both engines, and the class above it, which the package does not export.
// (Recalls of sessions: recall.test.mjs; what WebAssembly takes and gives back: memory-engine.test.mjs.)
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { recallConformanceHash } from 'bit-ttt';

import { backends, root, sameBits } from './support/backends.mjs';
import { runModule } from './support/child.mjs';
import { internals, wasmExports } from './support/engine.mjs';
import { addon, bytesOf, DESTROYED } from './support/raw-addon.mjs';

const OPTIONS = { order: 4, capacity: 512 };
const MIB = 2 ** 20;

let code;
const engines = {};
before(async () => {
  code = await internals('ts/engine/wasm/engine.ts', 'ts/detect/recall.ts', 'ts/engine/choose.ts');
  if (backends.includes('native')) engines.native = addon;
  if (backends.includes('wasm')) engines.wasm = new code.WasmEngine(await wasmExports());
});

const fails = (call, code, message = /./) =>
  assert.throws(call, { name: 'TTTError', code, message });

/** Steps of [symbol, base, whether it is learned]: passages that come again, with noise between. */
function steps(count, seed) {
  let state = seed;
  const random = (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const list = [];
  while (list.length < count) {
    const back = list.length > 60 && random(3) > 0 ? 1 + random(list.length - 50) : 0;
    for (let i = 0; i < 40; i++) {
      const symbol = back > 0 ? list.at(-back)[0] : (random(2 ** 16) << 16) | random(300);
      list.push([symbol, Math.fround(random(1000) / 999), random(8) > 0]);
    }
  }
  return list.slice(0, count);
}

/** Goes through steps; gives the probability of each. */
function run(recall, list) {
  return Float64Array.from(list, ([symbol, base, learned]) => {
    const found = recall.probability(symbol, base);
    if (learned) recall.learn(symbol, base);
    else recall.pass(symbol);
    return found;
  });
}

/** A mocha block for each engine. */
function onEachEngine(title, body) {
  for (const name of backends) {
    describe(`${title} (${name})`, () => {
      body(
        () => engines[name],
        (options) => code.Recall.on(engines[name], { ...OPTIONS, ...options }),
        name,
      );
    });
  }
}

describe('recalls on both engines', () => {
  before(function () {
    if (backends.length < 2) this.skip();
  });

  it('foresee the same to the last bit, and go on so from states of each other', () => {
    const [native, wasm] = ['native', 'wasm'].map((name) => code.Recall.on(engines[name], OPTIONS));
    const all = steps(6000, 1);
    const found = run(native, all);
    sameBits(run(wasm, all), found);
    assert.deepEqual(found, Float64Array.from(Float32Array.from(found)), 'floats');
    assert.equal(native.symbols, all.filter(([, , learned]) => learned).length);
    assert.equal(wasm.symbols, native.symbols);
    sameBits(wasm.save(), native.save());
    for (const [from, to] of [
      [native, 'wasm'],
      [wasm, 'native'],
    ]) {
      const other = code.Recall.on(engines[to], OPTIONS);
      run(other, steps(100, 7));
      other.load(from.save());
      assert.equal(other.symbols, from.symbols);
      const more = steps(1000, 3);
      sameBits(run(other, more), run(from, more));
      sameBits(other.save(), from.save());
      other.destroy();
    }
    native.destroy();
    wasm.destroy();
  });
});

onEachEngine('a recall', (engine, make, name) => {
  it('is of the library that has the hash', async () => {
    const golden = readFileSync(`${root}tests/golden/recall.txt`, 'utf8').trim();
    assert.equal(engine().recalls.conformanceHash(), BigInt(`0x${golden}`));
    assert.equal(await recallConformanceHash({ backend: name }), golden);
  });

  it('remembers what came, and not what passed; symbols count by their bits', () => {
    const [one, two, three] = [make(), make(), make()];
    for (let i = 0; i < 300; i++) {
      one.learn(-1 - (i % 6), 0.01);
      two.learn(2 ** 32 - 1 - (i % 6), 0.01);
      three.pass(-1 - (i % 6));
    }
    sameBits(one.save(), two.save());
    assert.ok(one.probability(-1, 0.01) > 0.9);
    assert.equal(one.probability(-1, 0.01), one.probability(2 ** 32 - 1, 0.01));
    assert.ok(three.probability(-1, 0.01) <= 0.01);
    assert.deepEqual([one.symbols, three.symbols], [300, 0]);
    for (const each of [one, two, three]) each.destroy();
  });

  it('is made for a choice of an engine', async () => {
    const loaders = { loadNative: () => engines.native, loadWasm: async () => engines.wasm };
    code.usePlatform({ ...loaders, missing: 'not offered' });
    const one = await code.Recall.create({ ...OPTIONS, choice: { backend: name } });
    const two = make();
    sameBits(run(one, steps(300, 2)), run(two, steps(300, 2)));
    one.destroy();
    two.destroy();
    const choice = { backend: 'gpu' };
    await assert.rejects(code.Recall.create({ ...OPTIONS, choice }), { code: 'INVALID_ARGUMENT' });
  });

  it('refuses options, values and an engine without recalls', () => {
    for (const order of [0, -1, 5, 1.5, NaN, 2 ** 32 + 1]) {
      fails(() => make({ order }), 'INVALID_CONFIG', /an order of 1 to 4/);
    }
    for (const capacity of [0, 128, 300, 2 ** 23, 2 ** 32 + 512]) {
      fails(() => make({ capacity }), 'INVALID_CONFIG', new RegExp(`and ${capacity}$`));
    }
    const one = make();
    run(one, steps(300, 4));
    const before = one.save();
    for (const base of [-0.1, 1.5, NaN, Infinity]) {
      fails(() => one.probability(1, base), 'INVALID_PROBABILITY');
      fails(() => one.learn(1, base), 'INVALID_PROBABILITY');
    }
    sameBits(one.save(), before);
    one.destroy();
    fails(() => code.Recall.on({ kind: 'native' }, OPTIONS), 'BACKEND_UNAVAILABLE', /no recalls/);
  });

  it('refuses damaged and foreign states, and stays as it was', () => {
    const [one, twin] = [make(), make()];
    for (const each of [one, twin]) run(each, steps(700, 5));
    const state = one.save();
    for (let bit = 0; bit < state.length * 8; bit += bit < 8 * 140 ? 1 : 61) {
      const bad = state.slice();
      bad[bit >> 3] ^= 1 << (bit & 7);
      fails(() => one.load(bad), 'STATE_DAMAGED');
    }
    for (const size of [0, 1, 63, 64, 100, state.length - 1]) {
      fails(() => one.load(state.subarray(0, size)), 'STATE_DAMAGED');
    }
    fails(() => one.load(new Uint8Array([...state, 0])), 'STATE_DAMAGED');
    fails(() => one.load('state'), 'INVALID_ARGUMENT');
    for (const changes of [{ order: 3 }, { capacity: 1024 }]) {
      const other = make(changes);
      fails(() => one.load(other.save()), 'STATE_RECALL', /another order or capacity/);
      other.destroy();
    }
    sameBits(one.save(), state);
    sameBits(run(one, steps(500, 6)), run(twin, steps(500, 6)));
    one.destroy();
    twin.destroy();
  });

  it('is gone once it is destroyed', () => {
    const one = make();
    const state = one.save();
    one.destroy();
    one.destroy();
    for (const call of [
      () => one.symbols,
      () => one.probability(1, 0.5),
      () => one.learn(1, 0.5),
      () => one.pass(1),
      () => one.save(),
      () => one.load(state),
    ]) {
      fails(call, 'DESTROYED', /the recall was destroyed/);
    }
  });

  it('is copied and emptied by its engine', () => {
    const { recalls } = engine();
    const empty = recalls.create(bytesOf('recall'));
    const one = recalls.clone(empty);
    for (let i = 0; i < 600; i++) assert.equal(recalls.learn(one, i % 7, 0.5), 0);
    const two = recalls.clone(one);
    const stateOf = (handle) => {
      const bytes = new Uint8Array(recalls.stateSize(handle));
      assert.equal(recalls.save(handle, bytes), 0);
      return bytes;
    };
    sameBits(stateOf(two), stateOf(one));
    assert.equal(recalls.reset(one), 0);
    sameBits(stateOf(one), stateOf(empty));
    assert.equal(recalls.symbols(two), 600);
    for (const handle of [empty, one, two]) assert.equal(recalls.destroy(handle), 0);
    assert.equal(recalls.destroy(one), DESTROYED);
  });
});

describe('the command', () => {
  it('has no engine of its own in its bundle, on which nothing would be chosen', () => {
    // esbuild writes the source's path before each part of a bundle.
    const bundle = readFileSync(`${root}dist/cli.mjs`, 'utf8');
    assert.match(bundle, /^\/\/ ts\/detect\/log-watcher\.ts$/m);
    assert.doesNotMatch(bundle, /^\/\/ ts\/engine\//m);
  });
});

/** Makes recalls and drops them, with turns of the event loop in between; gives resident memory. */
const dropping = (name) => `
  import { internals, wasmExports } from './tests/js/support/engine.mjs';
  import { addon } from './tests/js/support/raw-addon.mjs';
  const code = await internals('ts/engine/wasm/engine.ts', 'ts/detect/recall.ts');
  const engine = '${name}' === 'native' ? addon : new code.WasmEngine(await wasmExports());
  const before = process.memoryUsage.rss();
  let most = 0;
  for (let i = 0; i < 50_000; i++) {
    code.Recall.on(engine, { order: 4, capacity: 256 }).learn(i, 0.5);
    if (i % 20 !== 0) continue;
    await new Promise((resolve) => setImmediate(resolve));
    most = Math.max(most, process.memoryUsage.rss());
  }
  console.log(most - before);`;

onEachEngine('memory of recalls', (engine, make, name) => {
  const known = () => (name === 'native' ? addon.knownMemory() : engine().ballast);
  let collect;
  before(() => {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc');
  });

  /** What is known once all has been collected that nobody holds, such as what other tests have left. */
  async function held() {
    let before;
    let now = known();
    do {
      before = now;
      for (let i = 0; i < 3; i++) {
        collect();
        await new Promise((resolve) => setImmediate(resolve)); // in which it is told who is gone
      }
      now = known();
    } while (now < before);
    return now;
  }

  it('is told to the collector as it grows, until they are destroyed', async () => {
    const before = await held();
    const [one, two] = [make({ capacity: 65536 }), make({ capacity: 65536 })];
    const empty = known();
    assert.ok(empty - before > 2 * 20_000 && empty - before < 2 * 60_000, `${empty - before}`);
    for (let i = 0; i < 60_000; i++) one.learn(i * i, 0.5);
    const learned = known() - empty;
    assert.ok(learned > 16 * 60_000 && learned < 64 * 65_536, `${learned} bytes`);
    const state = one.save();
    const full = known();
    two.load(state);
    assert.ok(known() - full > 16 * 60_000, `${known() - full} bytes`);
    one.destroy();
    two.destroy();
    assert.ok(known() - before < 2 * state.length, 'they are gone');
  });

  it('comes back from those that are forgotten', async () => {
    const before = await held();
    for (let i = 0; i < 500; i++) make().learn(i, 0.5);
    const made = known() - before;
    assert.ok(made > 500 * 20_000, `${made} bytes`);
    const left = (await held()) - before;
    assert.ok(left < made / 50, `${left} bytes are left of ${made}`);
  });

  it('stays level while many are made and dropped', async () => {
    const grown = await runModule(dropping(name));
    assert.ok(grown < 400 * MIB, `${(grown / MIB).toFixed()} MiB`);
  });
});

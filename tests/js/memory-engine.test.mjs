// The WebAssembly engine gives back every block and object that it takes: each method, when it
// succeeds, when it is refused, and when any one call of the module fails. A method that is missing
// here fails the last test.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { build } from 'esbuild';

import { backends, noise, root } from './support/backends.mjs';
import { CountedWasm, listed, walkFailures } from './support/counted-wasm.mjs';
import { cutIntoShards } from './support/shards.mjs';

/** The engine's class, which the package does not export, and what forges a checkpoint. */
async function parts() {
  const contents = `
    export { WasmBackend } from './ts/engine/wasm/layers.ts';
    export { CRC32C, crcOf } from './ts/cli/files/crc.ts';`;
  const stdin = { contents, resolveDir: root, loader: 'ts' };
  const made = await build({ stdin, bundle: true, write: false, format: 'esm', platform: 'node' });
  return import(
    `data:text/javascript;base64,${Buffer.from(made.outputFiles[0].text).toString('base64')}`
  );
}

/** Exports that the package does not call. */
const UNUSED = ['ttt_memory_dim', 'ttt_status_string'];
const GONE = 99999;
const DIM = 64;
const LAYER = { hiddenDim: DIM, objective: 'predict', seed: 1n, innerLr: 0.1, threads: 1 };
const TOKENS = Uint32Array.from({ length: 64 }, (_, i) => (i * 7) % 32);
const JSON_TEXT = new TextEncoder().encode('{"version": "1.0"}');
const NO_JSON = new TextEncoder().encode('[1');
const SAMPLING = Float64Array.of(0.7, 0, 1, 0.1, 1.1);

/** vocabSize, hiddenDim, numLayers, mlpDim, innerDim, headDim, innerLr, normEps. */
const TRAINER = {
  config: Float64Array.of(32, 64, 3, 16, 16, 16, 0.1, 1e-5),
  mixers: Uint8Array.of(2, 1, 0),
  // batch, context, accumulate, steps, warmup, threads, bf16, separator, rates and shares
  training: Float64Array.of(1, 16, 1, 4, 1, 1, 0, -1, 1e-2, 1e-3, 0.01, 0.9, 0.98, 1, 0.15, 0, 0),
  seed: 1n,
  tokens: TOKENS,
};

/** The methods and properties that a class has itself. */
const methodsOf = ({ prototype }) =>
  Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, { value }]) => name !== 'constructor' && typeof value === 'function')
    .map(([name]) => name);

/** An object whose methods are noted in `called`. */
function noting(object, called) {
  return new Proxy(object, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== 'function' || name === 'constructor') return value;
      called.add(name);
      return value.bind(target);
    },
  });
}

describe('memory of the WebAssembly engine', () => {
  let counted;
  let engine;
  let llama;
  let code;
  const called = { backend: new Set(), llama: new Set() };
  const owned = [];

  before(async function () {
    if (!backends.includes('wasm')) this.skip();
    code = await parts();
    counted = new CountedWasm();
    const module = await WebAssembly.compile(readFileSync(`${root}dist/bit_ttt.wasm`));
    const nothing = { emscripten_notify_memory_growth: () => undefined };
    const imports = Object.fromEntries(
      WebAssembly.Module.imports(module).map((i) => [i.module, { ...nothing }]),
    );
    const instance = await WebAssembly.instantiate(module, imports);
    instance.exports._initialize?.();
    const backend = new code.WasmBackend(counted.wrap(instance.exports));
    engine = noting(backend, called.backend);
    llama = noting(backend.llama, called.llama);
  });

  /** Remembers how to free what an exercise has made. */
  function own(handle, free) {
    owned.push(() => free(handle));
    return handle;
  }

  async function once(exercise) {
    try {
      await exercise();
    } finally {
      for (const free of owned.splice(0).reverse()) free();
    }
  }

  const walk = (exercise) =>
    walkFailures(
      counted,
      () => once(exercise),
      () => !engine.poisoned,
    );

  const layer = (changes) => own(engine.create({ ...LAYER, ...changes }), engine.destroy);
  const trainer = (changes) => {
    const made = llama.createTrainer({ ...TRAINER, ...changes });
    if (typeof made !== 'number') throw Object.assign(new Error(made.text), codeOf(made.status));
    return own(made, llama.destroyTrainer);
  };
  const codeOf = (status) => ({ code: status === 6 ? 'OUT_OF_MEMORY' : `status ${status}` });
  const model = (tokenizer = JSON_TEXT) =>
    own(llama.trainerModel(trainer(), tokenizer), llama.close);
  const session = () => own(llama.createSession(model()), llama.destroySession);
  const throws = (call, name) =>
    assert.throws(call, (error) => {
      if (error.code === 'OUT_OF_MEMORY' && name !== error.code) throw error;
      assert.equal(error.code, name);
      return true;
    });
  /** Open a file, which must be good. */
  const open = (file, config) => {
    const opened = llama.open(file, config);
    if (typeof opened !== 'number')
      throw Object.assign(new Error(opened.text), codeOf(opened.status));
    return own(opened, llama.close);
  };
  const job = (input, after = () => undefined) =>
    new Promise((resolve) => {
      const started = engine.startJob(layer(), input, true, (status) => resolve([started, status]));
      after(started);
    });

  it('layers: made, cloned, asked, destroyed', () =>
    walk(() => {
      const one = layer();
      const two = own(engine.clone(one), engine.destroy);
      assert.equal(engine.threads(two), 1);
      assert.equal(engine.tokensSeen(two), 0);
      assert.equal(engine.fingerprint(two), engine.fingerprint(one));
      assert.ok(engine.stateSize(two) > 0);
      assert.equal(engine.reset(two), 0);
      engine.destroy(two);
      assert.equal(engine.reset(two), 61);
      throws(() => engine.clone(two), 'DESTROYED');
      throws(() => engine.fingerprint(two), 'DESTROYED');
      throws(() => engine.create({ ...LAYER, hiddenDim: 1 }), 'DIMENSION_MISMATCH');
    }));

  it('layers: reading, short and long, good and bad', () =>
    walk(() => {
      const one = layer();
      const wild = layer({ innerLr: 1e30 });
      const read = (handle, input) =>
        engine.forward(handle, input, input.slice(), new Float32Array(input.length / DIM));
      const long = new Float32Array(DIM * (engine.sliceTokens(DIM) + 100)).fill(0.5);
      assert.equal(read(one, noise(DIM * 3)), 0);
      assert.equal(read(one, new Float32Array(DIM).fill(NaN)), 3);
      assert.equal(read(wild, noise(DIM * 400)), 5);
      assert.equal(read(one, long), 0);
      long[long.length - 1] = NaN;
      assert.equal(read(one, long), 3);
      assert.equal(read(GONE, long), 61);
    }));

  it('layers: asynchronous calls that succeed, fail, are aborted, and are not wanted', () =>
    walk(async () => {
      const results = () => [new Float32Array(DIM * 20), new Float32Array(20)];
      const [good, status] = await job(noise(DIM * 20));
      try {
        assert.equal(status, 0);
      } finally {
        good.finish(...results());
      }
      const [unwanted] = await job(noise(DIM * 20));
      unwanted.finish();
      const [bad, non_finite] = await job(new Float32Array(DIM * 20).fill(NaN));
      bad.finish();
      assert.equal(non_finite, 3);
      const [aborted, reason] = await job(noise(DIM * 20), (started) => started.cancel());
      aborted.finish();
      assert.equal(reason, 63);
      throws(() => engine.startJob(GONE, noise(DIM), true, () => undefined), 'DESTROYED');
    }));

  it('layers: states, weights and memory, good and bad', () =>
    walk(() => {
      const one = layer();
      const state = new Uint8Array(engine.stateSize(one));
      const [down, up] = [new Int8Array(DIM * 16), new Int8Array(DIM * 16)];
      assert.equal(engine.saveState(one, state.subarray(1)), 12);
      assert.equal(engine.saveState(one, state), 0);
      assert.equal(engine.loadState(one, state), 0);
      state[state.length >> 1] ^= 1;
      assert.equal(engine.loadState(one, state), 20);
      assert.equal(engine.getWeights(one, down, up), 0);
      assert.equal(engine.setWeights(one, down, up), 0);
      assert.equal(engine.setWeights(one, down.fill(5), up), 8);
      assert.equal(engine.getMemory(one, new Float32Array(16 * 16)), 0);
      for (const call of [engine.saveState, engine.loadState, engine.getMemory]) {
        assert.equal(call(GONE, state), 61);
      }
    }));

  it('questions about the engine, and its kernels', () =>
    walk(() => {
      assert.equal(engine.info().backend, 'wasm');
      assert.equal(engine.setKernel('none such'), 10);
      assert.equal(engine.setKernel('auto'), 0);
    }));

  it('conformance hashes', () =>
    walk(() => {
      assert.equal(typeof engine.conformanceHash(), 'bigint');
      assert.equal(typeof llama.conformanceHash(), 'bigint');
    }));

  it('models: opened, asked, packed, closed', () =>
    walk(() => {
      const made = model();
      assert.match(llama.configJson(made), /num_layers/);
      assert.equal(llama.tokenizerJson(made), '{"version": "1.0"}');
      assert.ok(llama.parameters(made) > 0);
      assert.equal(typeof llama.fingerprint(made), 'bigint');
      const file = llama.pack(made, undefined);
      throws(() => llama.pack(made, NO_JSON), 'INVALID_DATA');
      const again = open(file);
      assert.equal(llama.tokenizerJson(again), '{"version": "1.0"}');
      assert.ok(llama.pack(again, JSON_TEXT).length > 0);
      llama.close(again);
      for (const ask of ['configJson', 'tokenizerJson', 'parameters', 'fingerprint', 'pack']) {
        throws(() => llama[ask](again), 'DESTROYED');
      }
    }));

  it('models: files that are refused before, in and after their tensors', () => {
    let file;
    let config;
    let weights;
    return walk(() => {
      if (!file) {
        const one = trainer();
        const made = model();
        [file, weights] = [llama.pack(made, undefined), llama.trainerWeights(one, undefined)];
        config = new TextEncoder().encode(llama.configJson(made));
      }
      open(weights);
      const given = llama.open(weights, config);
      if (typeof given === 'number') own(given, llama.close);
      for (let at = 0; at < file.length; at += Math.ceil(file.length / 24)) {
        assert.ok(llama.open(file.subarray(0, at), undefined).status > 0);
        const damaged = file.slice();
        damaged[at] ^= 255;
        assert.ok(llama.open(damaged, undefined).status > 0);
      }
      const huge = weights.slice();
      huge.fill(0x7f, huge.length - 64); // the last tensor's numbers
      assert.ok(llama.open(huge, undefined).status > 0);
      assert.ok(llama.open(weights, NO_JSON).status > 0);
    });
  });

  it('models in shards: opened and refused', () => {
    let weights;
    return walk(() => {
      weights ??= llama.trainerWeights(trainer(), undefined);
      const { index, shards } = cutIntoShards(weights, 2);
      const opened = llama.openSharded(index, shards, undefined);
      if (typeof opened !== 'number')
        throw Object.assign(new Error(opened.text), codeOf(opened.status));
      own(opened, llama.close);
      assert.ok(llama.openSharded(index, shards.slice(1), undefined).status > 0);
      assert.ok(llama.openSharded(NO_JSON, shards, undefined).status > 0);
      assert.ok(llama.openSharded(index, shards, NO_JSON).status > 0);
    });
  });

  it('sessions: made, forked, reading, drawing, saved, restored', () =>
    walk(() => {
      const one = session();
      const two = own(llama.fork(one), llama.destroySession);
      const floats = (n) => new Float32Array(n);
      const long = Uint32Array.from({ length: 5000 }, (_, i) => i % 32); // more than one slice
      assert.equal(llama.read(one, TOKENS, undefined, undefined), 0);
      assert.equal(llama.read(one, long, floats(5000), floats(5000)), 0);
      assert.equal(llama.read(one, Uint32Array.of(9999), floats(1), undefined), 30);
      assert.equal(llama.tokensRead(one), 5064);
      assert.equal(llama.logits(one, floats(32)), 0);
      assert.ok(llama.draw(one, { numbers: SAMPLING, seed: 5n }) >= 0);
      assert.equal(llama.draw(one, { numbers: SAMPLING.map(() => -1), seed: 5n }), -31);
      assert.equal(llama.freeze(two, true), 0);
      assert.equal(llama.reset(two), 0);
      const state = new Uint8Array(llama.stateSize(one));
      assert.equal(llama.save(one, state.subarray(1)), 12);
      assert.equal(llama.save(one, state), 0);
      assert.equal(llama.load(two, state), 0);
      state[state.length >> 1] ^= 1;
      assert.equal(llama.load(two, state), 20);
      llama.destroySession(two);
      throws(() => llama.fork(two), 'DESTROYED');
      throws(() => llama.tokensRead(two), 'DESTROYED');
      throws(() => llama.createSession(GONE), 'DESTROYED');
      assert.equal(llama.read(two, TOKENS, undefined, undefined), 61);
      assert.equal(llama.logits(two, floats(32)), 61);
      assert.equal(llama.load(two, state), 61);
    }));

  it('sessions outlive their model', () =>
    walk(() => {
      const made = model();
      const one = own(llama.createSession(made), llama.destroySession);
      llama.close(made);
      assert.equal(llama.read(one, TOKENS, undefined, undefined), 0);
      const two = own(llama.fork(one), llama.destroySession);
      llama.destroySession(one);
      assert.equal(llama.tokensRead(two), TOKENS.length);
    }));

  it('trainers: made, refused, a step at once and aside', () =>
    walk(async () => {
      const one = trainer();
      const out = new Float64Array(5);
      assert.ok(llama.createTrainer({ ...TRAINER, tokens: TOKENS.subarray(0, 3) }).status > 0);
      assert.ok(
        llama.createTrainer({ ...TRAINER, config: TRAINER.config.map(() => 7) }).status > 0,
      );
      assert.equal(llama.step(one, out), 0);
      const status = await new Promise((resolve) => {
        const failed = llama.stepAsync(one, out, resolve);
        if (failed !== 0) resolve(failed);
      });
      assert.equal(status, 0);
      assert.equal(llama.trainerStepsDone(one), 2);
      assert.equal(llama.step(GONE, out), 61);
      assert.equal(
        llama.stepAsync(GONE, out, () => undefined),
        61,
      );
    }));

  /** The checkpoint with weights so large that no loss is finite, and right checksums. */
  function wild(state) {
    const forged = state.slice();
    const view = new DataView(forged.buffer);
    const third = (forged.length - 96) / 3;
    for (let at = 96; at < 96 + third; at += 4) view.setFloat32(at, at % 8 ? 3e38 : -3e38, true);
    const crc = (from, to) =>
      Number.parseInt(code.crcOf(code.CRC32C, [forged.subarray(from, to)]), 16);
    view.setUint32(88, crc(96, forged.length), true);
    view.setUint32(92, crc(0, 92), true);
    return forged;
  }

  it('trainers: their models, weights and checkpoints, good and bad, and divergence', () =>
    walk(() => {
      const [one, two] = [trainer(), trainer()];
      const out = new Float64Array(5);
      own(llama.trainerModel(one, undefined), llama.close);
      own(llama.trainerModel(one, JSON_TEXT), llama.close);
      throws(() => llama.trainerModel(one, NO_JSON), 'INVALID_DATA');
      assert.ok(llama.trainerWeights(one, JSON_TEXT).length > 0);
      throws(() => llama.trainerWeights(one, NO_JSON), 'INVALID_DATA');
      const state = new Uint8Array(llama.trainerStateSize(one));
      assert.equal(llama.saveTrainer(one, state.subarray(1)), 12);
      assert.equal(llama.saveTrainer(one, state), 0);
      assert.equal(llama.loadTrainer(two, state), 0);
      assert.equal(llama.loadTrainer(two, wild(state)), 0);
      assert.equal(llama.step(two, out), 5);
      throws(() => llama.trainerModel(two, undefined), 'MODEL_NON_FINITE');
      state[200] ^= 1;
      assert.ok(llama.loadTrainer(two, state).status > 0);
      llama.destroyTrainer(two);
      assert.equal(llama.loadTrainer(two, state).status, 61);
      assert.equal(llama.saveTrainer(two, state), 61);
      throws(() => llama.trainerModel(two, undefined), 'DESTROYED');
      throws(() => llama.trainerWeights(two, undefined), 'DESTROYED');
    }));

  it('the collector is told what each object takes, until it is destroyed', () => {
    const { ballast } = engine;
    const bytesOf = (make) => {
      const before = ballast.bytes;
      make();
      return ballast.bytes - before;
    };
    const idle = ballast.bytes;
    assert.equal(idle, 0);
    return once(() => {
      const one = layer();
      const row = DIM * 2 * 64; // the work space of a block
      const least = [
        [() => layer(), engine.stateSize(one) + row],
        [() => own(engine.clone(one), engine.destroy), engine.stateSize(one) + row],
      ];
      const train = trainer();
      const state = llama.trainerStateSize(train);
      const made = own(llama.trainerModel(train, JSON_TEXT), llama.close);
      const file = llama.pack(made, undefined);
      const read = own(llama.createSession(made), llama.destroySession);
      least.push(
        [() => trainer(), (5 / 3) * state],
        [() => own(llama.trainerModel(train, JSON_TEXT), llama.close), file.length],
        [() => open(file), file.length],
        [() => own(llama.createSession(made), llama.destroySession), llama.stateSize(read)],
        [() => own(llama.fork(read), llama.destroySession), llama.stateSize(read)],
      );
      for (const [make, bytes] of least) {
        const found = bytesOf(make);
        assert.ok(found > bytes && found < 20 * bytes + (1 << 20), `${found} bytes for ${bytes}`);
      }
    }).finally(() => assert.equal(ballast.bytes, idle));
  });

  it('results that JavaScript has no room for are no trap, and leave nothing', async () => {
    const { Uint8Array: Real } = globalThis;
    const exercise = () => {
      const [one, made] = [trainer(), model()];
      /** Runs `call` where no array of bytes can be made. */
      const full = (call) => {
        globalThis.Uint8Array = new Proxy(Real, {
          construct(target, args, own) {
            if (typeof args[0] === 'number') throw new RangeError('Array buffer allocation failed');
            return Reflect.construct(target, args, own);
          },
        });
        try {
          throws(call, 'OUT_OF_MEMORY');
        } finally {
          globalThis.Uint8Array = Real;
        }
      };
      full(() => llama.pack(made, undefined));
      full(() => llama.trainerWeights(one, undefined));
      full(() => llama.configJson(made));
      full(() => llama.tokenizerJson(made));
    };
    await walk(exercise);
    assert.equal(engine.poisoned, false);
  });

  it('in the end only the block for small results and the work space are left', () => {
    assert.deepEqual(Object.keys(counted.counts()), ['malloc']);
    assert.ok(counted.live.size <= 2);
  });

  it('nothing is left out: every method, every export, with success and with failure', () => {
    const missing = (all, some) => all.filter((name) => !some.has(name));
    const inner = ['guard', 'cloneModel', 'forwardSlice', 'sliceTokens']; // called by those above
    const outer = methodsOf(code.WasmBackend).filter((name) => !inner.includes(name));
    assert.deepEqual(missing(outer, called.backend), []);
    assert.deepEqual(missing(methodsOf(llama.constructor), called.llama), []);
    const one = (name) => [...counted.results.get(name)];
    assert.deepEqual(
      listed.filter((name) => one(name).length === 0),
      UNUSED,
    );
    const status = listed.filter((name) => one(name).some((result) => result !== undefined));
    assert.deepEqual(
      status.filter((name) => !one(name).includes(0)),
      [],
    );
    assert.deepEqual(
      status.filter((name) => one(name).every((result) => result === 0)),
      [],
    );
  });
});

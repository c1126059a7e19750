// The WebAssembly engine gives back every block and object that it takes: each method, when it
// succeeds, when it is refused, and when any one call of the module fails. A method that is missing
// here fails the last test.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { backends, noise } from './support/backends.mjs';
import { CountedWasm, listed, walkFailures } from './support/counted-wasm.mjs';
import { crc32c } from './support/crc32c.mjs';
import { internals, wasmExports } from './support/engine.mjs';
import { cutIntoShards } from './support/shards.mjs';

const GONE = 99999;
const DIM = 64;
const LAYER = {
  hiddenDim: DIM,
  objective: 1,
  seed: 1n,
  innerLr: 0.1,
  threads: 1,
  rule: 0,
  forgetting: 0.9995,
  ridge: 0.005,
  reserved: 0,
};
const TOKENS = Uint32Array.from({ length: 64 }, (_, i) => (i * 7) % 32);
const JSON_TEXT = new TextEncoder().encode('{"version": "1.0"}');
/** A byte-level tokenizer of eight letters and the space, and their words. */
const LETTERS = new TextEncoder().encode(
  JSON.stringify({
    pre_tokenizer: { type: 'ByteLevel' },
    model: { type: 'BPE', vocab: Object.fromEntries([...'Ġabcdefgh'].map((c, i) => [c, i])) },
  }),
);
const ASKED = { count: 3, minProbability: 0 };
const NO_JSON = new TextEncoder().encode('[1');
const RECALL = { vocab: 0, capacity: 8192, order: 4 };
const SAMPLING = {
  temperature: 0.7,
  topK: 0,
  topP: 1,
  minP: 0.1,
  repetitionPenalty: 1.1,
  seed: 5n,
};
const CONFIG = {
  vocabSize: 32,
  hiddenDim: 64,
  numLayers: 3,
  mlpDim: 16,
  innerDim: 16,
  headDim: 16,
  innerLr: 0.1,
  normEps: 1e-5,
  mixers: Uint8Array.of(2, 1, 0),
};
const TRAINING = {
  batch: 1,
  context: 16,
  accumulate: 1,
  steps: 4,
  warmup: 1,
  threads: 1,
  bf16: 0,
  separator: 2 ** 32 - 1,
  learningRate: 1e-2,
  finalLearningRate: 1e-3,
  weightDecay: 0.01,
  beta1: 0.9,
  beta2: 0.98,
  clip: 1,
  repeat: 0.15,
  fromStart: 0,
  dropout: 0,
  optimizer: 0,
  momentum: 0.95,
  seed: 1n,
};

/** The methods and properties that a class has itself. */
const methodsOf = ({ prototype }) =>
  Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, { value }]) => name !== 'constructor' && typeof value === 'function')
    .map(([name]) => name);

/** An object whose methods are noted in `called` as NAME.method. */
function noting(object, name, called) {
  return new Proxy(object, {
    get(target, key) {
      const value = Reflect.get(target, key, target);
      if (typeof value !== 'function' || key === 'constructor') return value;
      called.add(`${name}.${key}`);
      return value.bind(target);
    },
  });
}

const PARTS = ['layers', 'models', 'sessions', 'trainers', 'recalls'];

describe('memory of the WebAssembly engine', () => {
  let counted;
  let engine;
  let code;
  let layers, models, sessions, trainers, recalls;
  const called = new Set();
  const owned = [];

  before(async function () {
    if (!backends.includes('wasm')) this.skip();
    code = await internals(
      'ts/engine/wasm/engine.ts',
      'ts/engine/wasm/sliced.ts',
      'ts/engine/structs.ts',
    );
    counted = new CountedWasm();
    engine = noting(new code.WasmEngine(counted.wrap(await wasmExports())), 'engine', called);
    [layers, models, sessions, trainers, recalls] = PARTS.map((name) =>
      noting(engine[name], name, called),
    );
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

  /** The handle of what was made, which must be good. */
  const must = (made, free) => {
    const status = typeof made === 'number' ? -made : made.status;
    if (status <= 0) return own(made, free);
    const name = status === 6 ? 'OUT_OF_MEMORY' : `status ${status}`;
    throw Object.assign(new Error(made.text || name), { code: name });
  };
  /** Bytes or a text, which there must be. */
  const mustHave = (result) => {
    if (typeof result === 'number') must(result);
    return result;
  };
  const layer = (changes) =>
    must(layers.create(code.encode(code.TTT_CONFIG, { ...LAYER, ...changes })), layers.destroy);
  const createTrainer = (config, tokens) =>
    trainers.create(
      code.encode(code.BITLLAMA_CONFIG, { ...CONFIG, ...config }),
      code.encode(code.BITLLAMA_TRAINING, TRAINING),
      tokens,
    );
  const trainer = () => must(createTrainer({}, TOKENS), trainers.destroy);
  const modelOf = (from, tokenizer) => must(trainers.model(from, tokenizer), models.close);
  const model = () => modelOf(trainer(), JSON_TEXT);
  const optionsOf = (recall) =>
    code.encode(code.BITLLAMA_SESSION_OPTIONS, { recall, generated: 0 });
  const sessionOf = (from, recall = 8192) =>
    must(sessions.create(from, optionsOf(recall)), sessions.destroy);
  const session = () => sessionOf(model());
  const recall = (changes) =>
    must(
      recalls.create(code.encode(code.TTT_RECALL_OPTIONS, { ...RECALL, ...changes })),
      recalls.destroy,
    );
  const open = (file, config) => must(models.open(file, config), models.close);
  const sampling = (changes) => code.encode(code.BITLLAMA_SAMPLING, { ...SAMPLING, ...changes });
  const stepBytes = () => new Uint8Array(code.BITLLAMA_STEP.size);
  const openSharded = (index, shards, config) =>
    models.openSharded(
      index,
      shards.map(({ name }) => name),
      shards.map(({ bytes }) => bytes),
      config,
    );
  const job = (input, after = () => undefined) =>
    new Promise((resolve, reject) => {
      const started = layers.startJob(layer(), input, true, (status) => resolve([started, status]));
      if (started < 0) reject(Object.assign(new Error('no job'), { code: 'OUT_OF_MEMORY' }));
      else after(started);
    });

  it('layers: made, cloned, asked, destroyed', () =>
    walk(() => {
      const one = layer();
      const two = must(layers.clone(one), layers.destroy);
      assert.equal(layers.threads(two), 1);
      assert.equal(layers.tokens(two), 0);
      assert.equal(layers.fingerprint(two), layers.fingerprint(one));
      assert.ok(layers.stateSize(two) > 0);
      assert.equal(layers.reset(two), 0);
      layers.destroy(two);
      assert.equal(layers.reset(two), 61);
      assert.equal(layers.clone(two), -61);
      assert.equal(layers.fingerprint(two), -61);
      assert.equal(layers.destroy(two), 61);
      assert.throws(() => layer({ hiddenDim: 1 }), { code: 'status 2' });
    }));

  it('layers: reading, short and long, good and bad', () =>
    walk(() => {
      const one = layer();
      const wild = layer({ innerLr: 1e30 });
      const read = (handle, input) =>
        layers.forward(handle, input, input.slice(), new Float32Array(input.length / DIM));
      const long = new Float32Array(DIM * (code.sliceTokens(DIM) + 100)).fill(0.5);
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
        layers.finishJob(good, ...results());
      }
      const [unwanted] = await job(noise(DIM * 20));
      layers.finishJob(unwanted);
      const [bad, non_finite] = await job(new Float32Array(DIM * 20).fill(NaN));
      layers.finishJob(bad);
      assert.equal(non_finite, 3);
      const [aborted, reason] = await job(noise(DIM * 20), layers.cancelJob);
      layers.finishJob(aborted);
      assert.equal(layers.finishJob(aborted), 61);
      assert.equal(layers.cancelJob(aborted), 61);
      assert.equal(reason, 63);
      assert.equal(
        layers.startJob(GONE, noise(DIM), true, () => undefined),
        -61,
      );
    }));

  it('layers: states, weights and memory, good and bad', () =>
    walk(() => {
      const one = layer();
      const state = new Uint8Array(layers.stateSize(one));
      const [down, up] = [new Int8Array(DIM * 16), new Int8Array(DIM * 16)];
      assert.equal(layers.save(one, state.subarray(1)), 12);
      assert.equal(layers.save(one, state), 0);
      assert.equal(layers.load(one, state), 0);
      state[state.length >> 1] ^= 1;
      assert.equal(layers.load(one, state), 20);
      assert.equal(layers.getWeights(one, down, up), 0);
      assert.equal(layers.setWeights(one, down, up), 0);
      assert.equal(layers.setWeights(one, down.fill(5), up), 8);
      assert.equal(layers.getMemory(one, new Float32Array(16 * 16)), 0);
      for (const call of [layers.save, layers.load, layers.getMemory]) {
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
      assert.equal(typeof layers.conformanceHash(), 'bigint');
      assert.equal(typeof layers.rlsConformanceHash(), 'bigint');
      assert.equal(typeof models.conformanceHash(), 'bigint');
      assert.equal(typeof recalls.conformanceHash(), 'bigint');
    }));

  it('models: opened, asked, packed, closed', () =>
    walk(() => {
      const made = model();
      assert.match(models.configJson(made), /num_layers/);
      assert.equal(models.tokenizerJson(made), '{"version": "1.0"}');
      assert.ok(models.parameters(made) > 0);
      assert.equal(typeof models.fingerprint(made), 'bigint');
      const file = mustHave(models.pack(made, undefined));
      assert.equal(models.pack(made, NO_JSON), -46);
      const again = open(file);
      assert.equal(models.tokenizerJson(again), '{"version": "1.0"}');
      assert.ok(models.pack(again, JSON_TEXT).length > 0);
      models.close(again);
      for (const ask of ['configJson', 'tokenizerJson', 'parameters', 'fingerprint', 'pack']) {
        assert.equal(models[ask](again), -61);
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
        [file, weights] = [
          mustHave(models.pack(made, undefined)),
          mustHave(trainers.weights(one, undefined)),
        ];
        config = new TextEncoder().encode(mustHave(models.configJson(made)));
      }
      open(weights);
      const given = models.open(weights, config);
      if (given > 0) own(given, models.close);
      for (let at = 0; at < file.length; at += Math.ceil(file.length / 24)) {
        assert.ok(models.open(file.subarray(0, at), undefined).status > 0);
        const damaged = file.slice();
        damaged[at] ^= 255;
        assert.ok(models.open(damaged, undefined).status > 0);
      }
      const huge = weights.slice();
      huge.fill(0x7f, huge.length - 64); // the last tensor's numbers
      assert.ok(models.open(huge, undefined).status > 0);
      assert.ok(models.open(weights, NO_JSON).status > 0);
    });
  });

  it('models in shards: opened and refused', () => {
    let weights;
    return walk(() => {
      weights ??= mustHave(trainers.weights(trainer(), undefined));
      const { index, shards } = cutIntoShards(weights, 2);
      must(openSharded(index, shards, undefined), models.close);
      assert.ok(openSharded(index, shards.slice(1), undefined).status > 0);
      assert.ok(openSharded(NO_JSON, shards, undefined).status > 0);
      assert.ok(openSharded(index, shards, NO_JSON).status > 0);
    });
  });

  it('models: files rewritten as f32, and refused', () => {
    let file;
    let weights;
    return walk(() => {
      file ??= mustHave(models.pack(model(), undefined));
      weights ??= mustHave(trainers.weights(trainer(), undefined));
      const { index, shards } = cutIntoShards(weights, 2);
      const rewrite = (
        i,
        list,
        tokenizer,
        metadata = ['writer', 'a test'],
        safetensors = false,
      ) => {
        const names = list.map(({ name }) => name);
        const files = list.map(({ bytes }) => bytes);
        return models.rewrite(i, names, files, undefined, tokenizer, metadata, safetensors);
      };
      const only = (bytes) => [{ name: '', bytes }];
      const has = (made) =>
        made.status > 0 ? must(made) : assert.ok(made.length > weights.length / 2);
      has(rewrite(undefined, only(file), undefined));
      has(rewrite(undefined, only(weights), JSON_TEXT, [], true));
      has(rewrite(index, shards, undefined));
      assert.ok(rewrite(index, shards.slice(1), undefined).status > 0);
      assert.ok(rewrite(undefined, only(file.subarray(1)), undefined).status > 0);
      assert.ok(rewrite(undefined, only(file), NO_JSON).status > 0);
    });
  });

  it('sessions: made, forked, reading, drawing, saved, restored', () =>
    walk(() => {
      const one = session();
      const two = must(sessions.fork(one), sessions.destroy);
      const floats = (n) => new Float32Array(n);
      const long = Uint32Array.from({ length: 5000 }, (_, i) => i % 32); // more than one slice
      assert.equal(sessions.read(one, TOKENS, undefined, undefined), 0);
      assert.equal(sessions.read(one, long, floats(5000), floats(5000)), 0);
      assert.equal(sessions.read(one, Uint32Array.of(9999), floats(1), undefined), 30);
      assert.equal(sessions.write(one, Uint32Array.of(9999)), 30);
      assert.equal(sessions.write(one, long), 0);
      assert.equal(sessions.tokens(one), 10064);
      assert.equal(sessions.logits(one, floats(32)), 0);
      assert.ok(sessions.draw(one, sampling()) >= 0);
      assert.equal(sessions.draw(one, sampling({ temperature: -1 })), -31);
      assert.equal(sessions.freeze(two, true), 0);
      assert.equal(sessions.reset(two), 0);
      const state = new Uint8Array(sessions.stateSize(one));
      assert.equal(sessions.save(one, state.subarray(1)), 12);
      assert.equal(sessions.save(one, state), 0);
      assert.equal(sessions.load(two, state), 0);
      state[state.length >> 1] ^= 1;
      assert.equal(sessions.load(two, state), 20);
      sessions.destroy(two);
      assert.equal(sessions.fork(two), -61);
      assert.equal(sessions.tokens(two), -61);
      assert.equal(sessions.create(GONE, optionsOf(0)), -61);
      assert.equal(sessions.read(two, TOKENS, undefined, undefined), 61);
      assert.equal(sessions.write(two, TOKENS), 61);
      assert.equal(sessions.logits(two, floats(32)), 61);
      assert.equal(sessions.load(two, state), 61);
    }));

  it('sessions: words suggested, and questions that are refused', () =>
    walk(() => {
      const made = modelOf(trainer(), LETTERS);
      const one = sessionOf(made);
      const asked = code.encode(code.BITLLAMA_SUGGESTING, ASKED);
      const out = new Uint8Array(3 * code.BITLLAMA_SUGGESTION.size);
      const suggest = (ids, typed, how = asked, session = one) =>
        sessions.suggest(session, Uint32Array.from(ids), new TextEncoder().encode(typed), how, out);
      assert.equal(
        sessions.read(one, Uint32Array.of(1, 2, 0, 3, 4, 0, 1, 2, 0), undefined, undefined),
        0,
      );
      const found = suggest([3], 'd');
      if (found < 0) must(found);
      assert.ok(found > 0);
      assert.match(code.decode(code.BITLLAMA_SUGGESTION, out).text, /^d/);
      assert.equal(suggest([32], 'd'), -30);
      assert.equal(
        suggest([], 'd', code.encode(code.BITLLAMA_SUGGESTING, { ...ASKED, count: 0 })),
        -31,
      );
      assert.equal(suggest([], 'd'.repeat(201)), -46);
      assert.equal(suggest([], '', asked, sessionOf(model())), -46);
      assert.equal(suggest([], '', asked, GONE), -61);
    }));

  it('sessions outlive their model', () =>
    walk(() => {
      const made = model();
      const one = sessionOf(made);
      models.close(made);
      assert.equal(sessions.read(one, TOKENS, undefined, undefined), 0);
      const two = must(sessions.fork(one), sessions.destroy);
      sessions.destroy(one);
      assert.equal(sessions.tokens(two), TOKENS.length);
    }));

  it('recalls: made, cloned, learning, saved, restored, good and bad', () =>
    walk(() => {
      const one = recall();
      assert.throws(() => recall({ order: 5 }), { code: 'status 7' });
      for (const at of [5, 2 ** 32 - 1, 5]) assert.equal(recalls.learn(one, at, 0.5), 0);
      assert.equal(recalls.learn(one, 5, 2), 32);
      assert.equal(recalls.pass(one, 6), 0);
      assert.ok(recalls.probability(one, 5, 0.5) > 0);
      assert.equal(recalls.probability(one, 5, NaN), -32);
      assert.equal(recalls.symbols(one), 3);
      const two = must(recalls.clone(one), recalls.destroy);
      assert.equal(recalls.reset(two), 0);
      const state = new Uint8Array(recalls.stateSize(one));
      assert.equal(recalls.save(one, state.subarray(1)), 12);
      assert.equal(recalls.save(one, state), 0);
      assert.equal(recalls.load(two, state), 0);
      state[state.length >> 1] ^= 1;
      assert.equal(recalls.load(two, state), 20);
      const words = recall({ vocab: 9 });
      assert.equal(recalls.pass(words, 9), 30);
      recalls.destroy(two);
      assert.equal(recalls.destroy(two), 61);
      for (const name of ['clone', 'symbols', 'stateSize', 'probability']) {
        assert.equal(recalls[name](two, 1, 0.5), -61);
      }
      for (const name of ['reset', 'learn', 'pass', 'save', 'load']) {
        assert.equal(recalls[name](two, state, 0.5), 61);
      }
    }));

  it('trainers: made, refused, a step at once and aside', () =>
    walk(async () => {
      const one = trainer();
      const out = stepBytes();
      assert.ok(createTrainer({}, TOKENS.subarray(0, 3)).status > 0);
      assert.ok(createTrainer({ vocabSize: 7 }, TOKENS).status > 0);
      assert.equal(trainers.step(one, out), 0);
      const status = await new Promise((resolve) => {
        const failed = trainers.stepAsync(one, resolve);
        if (failed !== 0) resolve(failed);
      });
      assert.equal(status, 0);
      assert.equal(trainers.steps(one), 2);
      assert.equal(trainers.step(GONE, out), 61);
      assert.equal(
        trainers.stepAsync(GONE, () => undefined),
        61,
      );
    }));

  /** The checkpoint with weights so large that no loss is finite, and right checksums. */
  function wild(state) {
    const forged = state.slice();
    const view = new DataView(forged.buffer);
    const third = (forged.length - 96) / 3;
    for (let at = 96; at < 96 + third; at += 4) view.setFloat32(at, at % 8 ? 3e38 : -3e38, true);
    view.setUint32(88, crc32c(forged.subarray(96)), true);
    view.setUint32(92, crc32c(forged.subarray(0, 92)), true);
    return forged;
  }

  it('trainers: begun from a model, with fitting shapes and others', () =>
    walk(() => {
      const [one, other] = [
        trainer(),
        must(createTrainer({ mlpDim: 48 }, TOKENS), trainers.destroy),
      ];
      const from = modelOf(one, undefined);
      assert.equal(trainers.startFrom(trainer(), from), 0);
      assert.equal(trainers.startFrom(other, from).status, 42);
      assert.equal(trainers.startFrom(one, GONE).status, 61);
      assert.equal(trainers.startFrom(GONE, from).status, 61);
    }));

  it('trainers: their models, weights and checkpoints, good and bad, and divergence', () =>
    walk(() => {
      const [one, two] = [trainer(), trainer()];
      const out = stepBytes();
      modelOf(one, undefined);
      modelOf(one, JSON_TEXT);
      assert.equal(trainers.model(one, NO_JSON), -46);
      assert.ok(trainers.weights(one, JSON_TEXT).length > 0);
      assert.equal(trainers.weights(one, NO_JSON), -46);
      const state = new Uint8Array(trainers.stateSize(one));
      assert.equal(trainers.save(one, state.subarray(1)), 12);
      assert.equal(trainers.save(one, state), 0);
      assert.equal(trainers.load(two, state), 0);
      assert.equal(trainers.load(two, wild(state)), 0);
      assert.equal(trainers.step(two, out), 5);
      assert.equal(trainers.model(two, undefined), -44);
      state[200] ^= 1;
      assert.ok(trainers.load(two, state).status > 0);
      trainers.destroy(two);
      assert.equal(trainers.load(two, state).status, 61);
      assert.equal(trainers.save(two, state), 61);
      assert.equal(trainers.model(two, undefined), -61);
      assert.equal(trainers.weights(two, undefined), -61);
    }));

  it('the collector is told what each object takes, until it is destroyed', () => {
    const bytesOf = (make) => {
      const before = engine.ballast;
      make();
      return engine.ballast - before;
    };
    const idle = engine.ballast;
    assert.equal(idle, 0);
    return once(() => {
      const one = layer();
      const row = DIM * 2 * 64; // the work space of a block
      const least = [
        [() => layer(), layers.stateSize(one) + row],
        [() => must(layers.clone(one), layers.destroy), layers.stateSize(one) + row],
      ];
      const train = trainer();
      const state = trainers.stateSize(train);
      const made = modelOf(train, JSON_TEXT);
      const file = mustHave(models.pack(made, undefined));
      const read = sessionOf(made);
      least.push(
        [() => trainer(), (5 / 3) * state],
        [() => modelOf(train, JSON_TEXT), file.length],
        [() => open(file), file.length],
        [() => sessionOf(made), sessions.stateSize(read)],
        [() => must(sessions.fork(read), sessions.destroy), sessions.stateSize(read)],
      );
      for (const [make, bytes] of least) {
        const found = bytesOf(make);
        assert.ok(found > bytes && found < 20 * bytes + (1 << 20), `${found} bytes for ${bytes}`);
      }
      const ids = Uint32Array.from({ length: 5000 }, (_, i) => (i * i) % 32);
      const remembered = (fill) => {
        const found = bytesOf(() => assert.equal(fill(), 0));
        assert.ok(found > 16 * 5000 && found < 64 * 8192, `${found} bytes for what was read`);
      };
      const other = sessionOf(made);
      remembered(() => sessions.read(read, ids, undefined, undefined));
      const full = new Uint8Array(sessions.stateSize(read));
      assert.equal(sessions.save(read, full), 0);
      remembered(() => sessions.load(other, full));
      const [first, second] = [recall(), recall()];
      remembered(() => (ids.every((id) => recalls.learn(first, id, 0.5) === 0) ? 0 : 1));
      const held = new Uint8Array(recalls.stateSize(first));
      assert.equal(recalls.save(first, held), 0);
      remembered(() => recalls.load(second, held));
    }).finally(() => assert.equal(engine.ballast, idle));
  });

  it('results that JavaScript has no room for are no trap, and leave nothing', async () => {
    const { Uint8Array: Real } = globalThis;
    const exercise = () => {
      const [one, made] = [trainer(), model()];
      /** Runs `call` where no array of so many bytes can be made. */
      const full = (call, least = 0) => {
        globalThis.Uint8Array = new Proxy(Real, {
          construct(target, args, own) {
            if (args[0] >= least) throw new RangeError('Array buffer allocation failed');
            return Reflect.construct(target, args, own);
          },
        });
        try {
          const failed = call();
          assert.equal(failed.status ?? -failed, 6);
        } finally {
          globalThis.Uint8Array = Real;
        }
      };
      full(() => models.pack(made, undefined));
      const file = mustHave(trainers.weights(one, undefined));
      full(() => models.rewrite(undefined, [''], [file], undefined, undefined, [], true), 1000);
      full(() => trainers.weights(one, undefined));
      full(() => models.configJson(made));
      full(() => models.tokenizerJson(made));
    };
    await walk(exercise);
    assert.equal(engine.poisoned, false);
  });

  it('in the end only the work space is left', () => {
    assert.deepEqual(counted.counts(), { malloc: 1 });
  });

  it('nothing is left out: every method, every export, with success and with failure', () => {
    const missing = (all, some) => all.filter((name) => !some.has(name));
    const methods = ['engine', ...PARTS].flatMap((name) => {
      const object = name === 'engine' ? engine : engine[name];
      return methodsOf(object.constructor).map((method) => `${name}.${method}`);
    });
    assert.deepEqual(missing(methods, called), []);
    const one = (name) => [...counted.results.get(name)];
    assert.deepEqual(
      listed.filter((name) => one(name).length === 0),
      [],
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

// What is asked of arguments beyond their kind: options are known by name and read once, lists have no holes, and
// objects are themselves. See also sweep.test.mjs.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import {
  BitLlama,
  conformanceHash,
  encodeDocuments,
  evaluateText,
  getInfo,
  init,
  llamaConformanceHash,
  setKernel,
  Trainer,
  TTT,
  TTTError,
  trainBpe,
  trainBpeSteps,
} from 'bit-ttt';

import { fails, noise, onEachBackend, rejects, sameBits, unharmed } from './support/backends.mjs';
import {
  collect,
  loadSmall,
  shape,
  smallModel,
  smallTokenizer,
  smallTrainer,
} from './support/small-llama.mjs';

/** An object whose options are counted as they are read. */
function counted(options) {
  const reads = {};
  const proxy = new Proxy(options, {
    get(target, key) {
      reads[key] = (reads[key] ?? 0) + 1;
      return target[key];
    },
  });
  return { proxy, reads };
}

/** A list whose elements are good when they are read first, and bad from then on. */
function turning(good, bad) {
  return new Proxy(good, {
    seen: new Set(),
    get(target, key, receiver) {
      if (typeof key === 'string' && /^\d+$/.test(key)) {
        if (this.seen.has(key)) return bad;
        this.seen.add(key);
      }
      return Reflect.get(target, key, receiver);
    },
  });
}

onEachBackend('unknown options', (backend, create) => {
  let layer;
  let model;
  let session;
  let tokenizer;
  before(async () => {
    layer = await create({});
    model = await loadSmall(backend);
    session = model.createSession();
    tokenizer = model.tokenizer;
  });

  /** Each call, an option that it does not know, and what is meant. */
  const cases = [
    [(o) => init(o), 'bakend', 'backend'],
    [(o) => getInfo(o), 'native_binding', 'nativeBinding'],
    [(o) => conformanceHash(o), 'Backend', 'backend'],
    [(o) => llamaConformanceHash(o), 'wsam', 'wasm'],
    [(o) => setKernel('auto', o), 'backends', 'backend'],
    [(o) => create(o), 'innerLR', 'innerLr'],
    [(o) => create(o), 'inner_lr', 'innerLr'],
    [(o) => create(o), 'hidden-dim', 'hiddenDim'],
    [(o) => create(o), 'treads', 'threads'],
    [(o) => layer.observe(noise(16), o), 'surprises', 'surprise'],
    [(o) => layer.forwardAsync(noise(16), o), 'singal', 'signal'],
    [(o) => layer.observeAsync(noise(16), o), 'ouput', 'output'],
    [async (o) => BitLlama.load(await smallModel(), { backend, ...o }), 'tokeniser', 'tokenizer'],
    [(o) => session.draw(o), 'Temperature', 'temperature'],
    [(o) => collect(session.generate('a', o)), 'max_tokens', 'maxTokens'],
    [(o) => collect(session.generate('a', o)), 'stop_tokens', 'stopTokens'],
    [(o) => collect(session.generate('a', o)), 'top_k', 'topK'],
    [(o) => session.observe('a', o), 'rwa', 'raw'],
    [(o) => Trainer.create({ backend, ...o }), 'check_point', 'checkpoint'],
    [(o) => smallTrainer({ backend, training: o }), 'learning_rate', 'training.learningRate'],
    [(o) => smallTrainer({ backend, config: o }), 'num_layers', 'config.numLayers'],
    [(o) => encodeDocuments(['a'], tokenizer, o), 'sginal', 'signal'],
    [(o) => evaluateText(model, 'a', o), 'Signal', 'signal'],
    [(o) => trainBpe('a b', o), 'vocab_size', 'vocabSize'],
    [(o) => collect(trainBpeSteps('a b', o)), 'minFreqency', 'minFrequency'],
    [(o) => tokenizer.encode('a', o), 'special_tokens', 'specialTokens'],
    [(o) => tokenizer.encodeAsync('a', o), 'specialTokes', 'specialTokens'],
    [(o) => tokenizer.decode([1], o), 'skip_special_tokens', 'skipSpecialTokens'],
    [(o) => tokenizer.createDecoder(o), 'skipSpecial', 'skipSpecialTokens'],
    [(o) => [...tokenizer.pieces([1], o)], 'skipspecialtokens', 'skipSpecialTokens'],
  ];

  it('are refused, with what was meant', async () => {
    for (const [call, wrong, meant] of cases) {
      const error = await (async () => call({ [wrong]: 1 }))().then(
        () => undefined,
        (caught) => caught,
      );
      assert.ok(error instanceof TTTError, `${wrong}: ${error}`);
      assert.equal(error.code, 'INVALID_ARGUMENT');
      assert.ok(error.message.endsWith(`; did you mean ${meant}?`), error.message);
    }
  });

  it('that are like no other name get the list', async () => {
    await rejects(
      () => create({ qqqqqqqq: 1 }),
      'INVALID_ARGUMENT',
      /^unknown option qqqqqqqq; there are .*hiddenDim/,
    );
    await rejects(
      () => create({ ['x'.repeat(1e6)]: 1 }),
      'INVALID_ARGUMENT',
      /^unknown option x{40}\.\.\.; there are/,
    );
    const own = JSON.parse('{"__proto__": 1}');
    await rejects(() => init(own), 'INVALID_ARGUMENT', /^unknown option __proto__/);
  });

  it('are none if undefined, or inherited, or symbols', async () => {
    const kind = Object.create({ inherited: 1, innerLr: 0.25 }, {});
    const one = await create(Object.assign(kind, { innerLR: undefined, [Symbol('s')]: 1 }));
    assert.equal(one.innerLr, 0.1); // spread by `create`: what is inherited is gone
    const other = await TTT.create(
      Object.assign(Object.create({ innerLr: 0.25 }), { hiddenDim: 16, backend }),
    );
    assert.equal(other.innerLr, 0.25);
  });

  it('of functions that take more are no errors: an object may serve several', async () => {
    const options = { backend, hiddenDim: 16, innerLr: 0.25 };
    await init(options);
    assert.equal((await getInfo(options)).backend, backend);
    assert.equal((await TTT.create(options)).innerLr, 0.25);
    assert.equal(typeof session.draw({ temperature: 0, maxTokens: 5, stop: ['a'] }), 'number');
    await layer.forwardAsync(noise(16), { surprise: new Float32Array(1) });
  });

  it('objects that have no options are refused', async () => {
    const { signal } = new AbortController();
    const boxed = ['', 5, true, 5n, Symbol('s')].map(Object);
    const others = [
      Promise.resolve({}),
      signal,
      new AbortController(),
      new Float32Array(4),
      /x/,
      new Error('e'),
    ];
    for (const odd of [[], new Map([['innerLr', 1]]), ...others, ...boxed]) {
      await rejects(
        () => layer.forwardAsync(noise(16), odd),
        'INVALID_ARGUMENT',
        /options must be an object with options, not an? /,
      );
      await rejects(() => evaluateText(model, 'a', odd), 'INVALID_ARGUMENT');
    }
  });
});

onEachBackend('each option is read once', (backend, create) => {
  it('by all functions', async () => {
    const tokenizer = await smallTokenizer();
    const model = await loadSmall(backend);
    const session = model.createSession();
    const layer = await create({});
    const calls = [
      [{ backend, hiddenDim: 16, weights: layer.getWeights() }, (o) => TTT.create(o)],
      [{ backend }, (o) => getInfo(o)],
      [{ output: new Float32Array(16), surprise: undefined }, (o) => layer.observe(noise(16), o)],
      [{ signal: new AbortController().signal }, (o) => layer.observeAsync(noise(16), o)],
      [
        { backend, tokenizer, signal: new AbortController().signal },
        async (o) => BitLlama.load(await smallModel(), o),
      ],
      [{ maxTokens: 1, stop: ['x'], temperature: 0 }, (o) => collect(session.generate('a', o))],
      [{ temperature: 0 }, (o) => session.draw(o)],
      [{ raw: true }, (o) => session.observe('a', o)],
      [{ backend, tokens: Array(200).fill(4), config: shape }, (o) => Trainer.create(o)],
      [{ vocabSize: 300 }, (o) => trainBpe('a b', o)],
      [{ specialTokens: true }, (o) => tokenizer.encode('a', o)],
      [{ signal: new AbortController().signal }, (o) => tokenizer.encodeAsync('a', o)],
      [{ skipSpecialTokens: true }, (o) => tokenizer.decode([1], o)],
    ];
    for (const [options, call] of calls) {
      const { proxy, reads } = counted(options);
      await call(proxy);
      for (const name of Object.keys(options)) assert.equal(reads[name], 1, `${call}: ${name}`);
    }
  });

  it('so are the elements of lists', async () => {
    const session = (await loadSmall(backend)).createSession();
    await collect(session.generate('a', { maxTokens: 2, stop: turning(['\u0001'], undefined) }));
    await collect(session.generate('a', { maxTokens: 2, stopTokens: turning([5], 'x') }));
    session.read(turning([1, 2], NaN));
    const config = { ...shape, mixers: turning(['predict', 'induction'], null) };
    const trainer = await smallTrainer({ backend, config });
    assert.deepEqual(trainer.config.mixers, ['predict', 'induction']);
    const { json } = await trainBpe('a b', { specialTokens: turning(['<x>'], 5) });
    assert.equal(json.added_tokens[0].content, '<x>');
  });
});

onEachBackend('lists that are not what they seem', (backend) => {
  const none = () => {
    throw new Error('no element');
  };
  const bad = [
    [undefined],
    [, '<x>'],
    ['<x>', undefined],
    [null],
    [''],
    ['<x>', 5],
    new Array(3),
    new Array(2 ** 32 - 1),
    '<x>',
    { length: 1, 0: '<x>' },
    Object.defineProperty(['<x>', '<y>'], 1, { get: none }),
    new Proxy(['<x>'], { get: none }),
  ];

  it('as stop strings: the session is as it was', async () => {
    const session = (await loadSmall(backend)).createSession();
    await session.observe('Alice was');
    const before = session.save();
    for (const stop of bad) {
      const generation = session.generate('beginning', { stop });
      await rejects(() => generation.next(), 'INVALID_ARGUMENT', /stop/);
      sameBits(session.save(), before);
    }
    for (const stopTokens of [
      [undefined],
      [, 1],
      [1, '2'],
      Object.defineProperty([1], 0, { get: none }),
    ]) {
      const error = await session
        .generate('beginning', { stopTokens })
        .next()
        .catch((caught) => caught);
      assert.ok(error instanceof TTTError && /stopTokens\[\d\]/.test(error.message), String(error));
      sameBits(session.save(), before);
    }
    assert.equal(
      (await collect(session.generate(' ', { maxTokens: 2, stop: ['\u0001'] }))).tokens.length,
      2,
    );
    const many = Array(300_000).fill('\u0001'); // more than a call can have arguments
    assert.equal(
      (await collect(session.generate(' ', { maxTokens: 2, stop: many }))).tokens.length,
      2,
    );
  });

  it('as tokens, mixers and special tokens', async () => {
    const session = (await loadSmall(backend)).createSession();
    session.read([1, 2]);
    const before = session.save();
    for (const tokens of [[1, , 2], [undefined], Object.defineProperty([1, 2], 1, { get: none })]) {
      const error = fails(() => session.read(tokens));
      assert.match(error.message, /tokens\[[01]\]/);
      await rejects(() => smallTrainer({ backend, tokens }), undefined, /tokens\[[01]\]/);
    }
    sameBits(session.save(), before);
    for (const mixers of [
      [undefined, 'predict'],
      [, 'predict'],
      ['predict', null],
    ]) {
      await rejects(
        () => smallTrainer({ backend, config: { mixers } }),
        'MODEL_CONFIG',
        /config\.mixers must name/,
      );
    }
    for (const specialTokens of bad) {
      await rejects(() => trainBpe('a b', { specialTokens }), 'INVALID_ARGUMENT', /specialTokens/);
    }
  });
});

onEachBackend('objects that are not themselves', (backend, create) => {
  it('behind a Proxy, as reactive state makes them: what to do is said', async () => {
    const model = await loadSmall(backend);
    const trainer = await smallTrainer({ backend });
    const layer = await create({});
    const reactive = (object) => new Proxy(object, {});
    const advice =
      /was called on a Proxy of the .*: keep it out of reactive state .in Vue: markRaw/;
    await unharmed(layer, async () => {
      fails(() => reactive(layer).forward(noise(16)), 'INVALID_ARGUMENT', advice);
      await rejects(() => reactive(layer).observeAsync(noise(16)), 'INVALID_ARGUMENT', advice);
      fails(() => reactive(layer).tokensSeen, 'INVALID_ARGUMENT', advice);
    });
    fails(() => reactive(model).createSession(), 'INVALID_ARGUMENT', advice);
    await rejects(
      () => reactive(model.createSession()).generate('a').next(),
      'INVALID_ARGUMENT',
      advice,
    );
    await rejects(() => reactive(trainer).run().next(), 'INVALID_ARGUMENT', advice);
    fails(() => reactive(model.tokenizer).encode('a'), 'INVALID_ARGUMENT', advice);
    fails(() => reactive(model.tokenizer.createDecoder()).push(1), 'INVALID_ARGUMENT', advice);
    await rejects(() => evaluateText(reactive(model), 'a'), 'INVALID_ARGUMENT', advice);
    await rejects(
      () => encodeDocuments(['a'], reactive(model.tokenizer)),
      'INVALID_ARGUMENT',
      advice,
    );
    await rejects(
      () => smallTrainer({ backend, tokenizer: reactive(model.tokenizer) }),
      'INVALID_ARGUMENT',
      advice,
    );
    assert.equal(layer.forward.name, 'forward');
    assert.equal(TTT.prototype.forward.length, 2);
  });

  it('other things in their place', async () => {
    const tokenizer = await smallTokenizer();
    const model = await loadSmall(backend);
    for (const odd of [5, null, undefined, 'x', {}, tokenizer]) {
      await rejects(
        () => evaluateText(odd, 'x'),
        'INVALID_ARGUMENT',
        /model must be a BitLlama, not/,
      );
    }
    for (const odd of [5, null, undefined, {}, model]) {
      await rejects(
        () => encodeDocuments(['x'], odd),
        'INVALID_ARGUMENT',
        /tokenizer must be a Tokenizer, not/,
      );
    }
    for (const odd of [5, null, undefined, {}]) {
      await rejects(
        () => encodeDocuments(odd, tokenizer),
        'INVALID_ARGUMENT',
        /documents must be an iterable of strings/,
      );
    }
    await rejects(
      () => TTT.create({ hiddenDim: 16, backend: 'wasm', wasm: null }),
      'INVALID_ARGUMENT',
      /wasm must be a URL/,
    );
  });
});

onEachBackend("a caller's own errors pass as they are", (backend, create) => {
  const mine = new Error('mine');
  const fail = () => {
    throw mine;
  };
  const throwsMine = (promise) => assert.rejects(promise, (error) => error === mine);

  it('from callbacks and iterators', async () => {
    const session = (await loadSmall(backend)).createSession();
    await throwsMine(collect(session.generate('a', { onToken: fail })));
    assert.equal((await collect(session.generate('a', { maxTokens: 1 }))).tokens.length, 1); // not busy
    await throwsMine(trainBpe('a b', { onProgress: fail }));
    await throwsMine(
      encodeDocuments(
        (function* () {
          fail();
        })(),
        await smallTokenizer(),
      ),
    );
    assert.throws(
      () =>
        session.model.tokenizer.decode(
          (function* () {
            fail();
          })(),
        ),
      (error) => error === mine,
    );
  });

  it('but those of getters are the cause of ours', async () => {
    const layer = await create({});
    const options = {
      get signal() {
        return fail();
      },
    };
    await unharmed(layer, async () => {
      const error = await rejects(
        () => layer.forwardAsync(noise(16), options),
        'INVALID_ARGUMENT',
        /^signal cannot be read$/,
      );
      assert.equal(error.cause, mine);
    });
  });
});

onEachBackend('one signal for many calls', (backend, create) => {
  it('is listened to once, and ends them all', async () => {
    const warnings = [];
    const warn = (warning) => warnings.push(warning);
    process.on('warning', warn);
    const layers = await Promise.all(Array.from({ length: 40 }, () => create({})));
    const controller = new AbortController();
    const { signal } = controller;
    let listeners = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args) => {
      listeners++;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args) => {
      listeners--;
      removeEventListener.apply(signal, args);
    };
    const pending = layers.map((layer) => layer.forwardAsync(noise(16), { signal }));
    assert.equal(listeners, 1);
    await Promise.all(pending);
    assert.equal(listeners, 0);

    const endless = { [Symbol.asyncIterator]: () => ({ next: () => new Promise(() => {}) }) };
    const trainings = Array.from({ length: 20 }, () => trainBpe(endless, { signal }));
    const readings = layers.map((layer) => layer.observeAsync(noise(16 * 20_000), { signal }));
    for (let i = 0; i < 20; i++) await null; // the trainings wait for their texts; no reading has ended yet
    assert.equal(listeners, 1);
    controller.abort('enough');
    // All handlers at once: which of the readings ends first is not known.
    await Promise.all([...trainings, ...readings].map((one) => rejects(() => one, 'ABORTED')));
    assert.equal(listeners, 0);
    await new Promise((resolve) => setImmediate(resolve));
    process.off('warning', warn);
    assert.deepEqual(warnings.map(String), []);
    for (const layer of layers) assert.equal(layer.forward(noise(16)).length, 16);
  });
});

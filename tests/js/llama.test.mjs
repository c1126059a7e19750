// Language models and sessions: the same on both backends, each session for itself, and nothing
// lost when a call fails or is stopped.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { BitLlama, Session } from 'bit-ttt';

import {
  backends,
  fails,
  onEachBackend,
  rejects,
  sameBits,
  turnsDuring,
} from './support/backends.mjs';
import {
  collect,
  loadMixed as load,
  mixedModel,
  smallTokenizer,
  smallTrainer,
  text,
} from './support/small-llama.mjs';

const PROMPT = 'Lily saw a red ball';

describe('language models on all backends', () => {
  it('compute the same bits and write the same text', async () => {
    const results = [];
    for (const backend of backends) {
      const model = await load(backend);
      const session = model.createSession();
      const readings = session.read(model.tokenizer.encode(text.slice(0, 3000)));
      const written = await collect(session.generate('', { maxTokens: 80, seed: 3, topK: 50 }));
      results.push({ ...readings, logits: session.logits(), state: session.save(), ...written });
      model.destroy();
      session.destroy();
    }
    const [first, ...others] = results;
    assert.ok(first.surprise.every((s) => Number.isFinite(s) && s >= 0));
    assert.ok(first.logProbabilities.every((p) => Number.isFinite(p) && p <= 0));
    for (const other of others) {
      for (const key of ['logProbabilities', 'surprise', 'logits', 'state']) {
        sameBits(other[key], first[key], key);
      }
      assert.deepEqual([other.text, other.tokens], [first.text, first.tokens]);
    }
  });

  it('a session saved on one goes on, with the same tokens, on the others', async () => {
    const options = { maxTokens: 30, seed: 9, repetitionPenalty: 1.3 };
    let saved;
    let whole;
    for (const backend of backends) {
      const model = await load(backend);
      const session = model.createSession();
      if (saved) {
        session.restore(saved);
      } else {
        await collect(session.generate(PROMPT, options));
        saved = session.save();
      }
      const rest = await collect(session.generate('', options));
      whole ??= rest.tokens;
      assert.deepEqual(rest.tokens, whole);
      session.destroy();
      model.destroy();
    }
  });
});

onEachBackend('language models', (backend) => {
  let model;
  before(async () => (model = await load(backend)));
  after(() => model.destroy());

  it('tell what they are', async () => {
    assert.deepEqual(model.config.mixers, ['induction', 'predict', 'reconstruct']);
    assert.equal(model.config.hiddenDim, 64);
    assert.equal(model.backend, backend);
    assert.ok(model.parameters > 50_000 && typeof model.fingerprint === 'bigint');
    assert.equal(model.tokenizer.vocabSize, (await smallTokenizer()).vocabSize);
    assert.deepEqual(model.tokenizer.toJSON(), (await smallTokenizer()).toJSON());
    sameBits(model.pack(), await mixedModel());
  });

  it('come from a path, a URL, a folder, and bytes', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bit-ttt-'));
    const trainer = await smallTrainer({ backend });
    const weights = trainer.weights();
    const trained = trainer.model();
    const at = (name) => join(folder, name);
    writeFileSync(at('a.bitt'), await mixedModel());
    mkdirSync(at('folder'));
    writeFileSync(at('folder/model.safetensors'), weights);
    const sources = [
      [at('a.bitt'), model],
      [pathToFileURL(at('a.bitt')), model],
      [pathToFileURL(at('a.bitt')).href, model],
      [(await mixedModel()).buffer.slice(0), model],
      [at('folder'), trained],
      [at('folder/model.safetensors'), trained],
    ];
    for (const [source, expected] of sources) {
      const other = await BitLlama.load(source, { backend });
      assert.equal(other.fingerprint, expected.fingerprint);
      assert.equal(other.tokenizer.vocabSize, model.tokenizer.vocabSize);
      other.destroy();
    }
    await rejects(
      () => BitLlama.load(at('none'), { backend }),
      'MODEL_UNAVAILABLE',
      /none.*no such/,
    );
    writeFileSync(at('b.bitt'), 'nothing of the kind');
    await rejects(() => BitLlama.load(at('b.bitt'), { backend }), 'MODEL_FORMAT', /b\.bitt/);
    for (const one of [trainer, trained]) one.destroy();
    rmSync(folder, { recursive: true });
  });

  it('damaged in any way are refused, or are another model', async () => {
    const good = await mixedModel();
    const step = Math.ceil(good.length / 150);
    for (let at = 0; at < good.length; at += step) {
      const cut = await rejects(() => BitLlama.load(good.slice(0, at), { backend }), undefined);
      assert.match(cut.code, /^MODEL_|INVALID_TOKENIZER/);
      const changed = good.slice();
      changed[at] ^= 1 << (at % 8);
      await BitLlama.load(changed, { backend }).then(
        (other) => other.destroy(),
        (error) => assert.match(error.code, /^MODEL_|INVALID_TOKENIZER/, `byte ${at}: ${error}`),
      );
    }
  });

  it('refuse what is no source', async () => {
    for (const source of [undefined, null, 7, {}, [], new Float32Array(4).buffer === 0]) {
      await rejects(() => BitLlama.load(source, { backend }), 'INVALID_ARGUMENT');
    }
    const shared = new Uint8Array(new SharedArrayBuffer(64));
    await rejects(() => BitLlama.load(shared, { backend }), 'INVALID_ARGUMENT', /Shared/);
    fails(() => new BitLlama(), 'INVALID_ARGUMENT');
    fails(() => new Session(), 'INVALID_ARGUMENT');
  });

  it('that are destroyed leave their sessions alive', async () => {
    const other = await load(backend);
    const session = other.createSession();
    other.destroy();
    other.destroy();
    assert.ok(other.destroyed);
    fails(() => other.createSession(), 'DESTROYED', /the model/);
    fails(() => other.pack(), 'DESTROYED');
    assert.equal((await collect(session.generate(PROMPT, { maxTokens: 5 }))).tokens.length, 5);
    session.destroy();
  });
});

onEachBackend('sessions', (backend) => {
  let model;
  let session;
  before(async () => (model = await load(backend)));
  beforeEach(() => (session = model.createSession()));
  afterEach(() => session.destroy());
  after(() => model.destroy());

  it('read a text in any pieces to the same bits', () => {
    const ids = model.tokenizer.encode(text.slice(0, 2000));
    const whole = session.read(ids);
    const state = session.save();
    for (const size of [1, 7, 64, 65]) {
      session.reset();
      const p = [];
      for (let at = 0; at < ids.length; at += size) {
        p.push(...session.read([...ids.subarray(at, at + size)]).logProbabilities);
      }
      sameBits(Float32Array.from(p), whole.logProbabilities, `pieces of ${size}`);
      sameBits(session.save(), state);
    }
    assert.equal(session.tokensSeen, ids.length);
    assert.equal(session.stateSize, state.length);
  });

  it('forks and others do not touch each other', async () => {
    session.read([5, 6, 7]);
    const fork = session.fork();
    sameBits(fork.save(), session.save());
    const before = session.save();
    await collect(fork.generate(PROMPT, { maxTokens: 20 }));
    sameBits(session.save(), before);
    fork.destroy();
    fails(() => fork.read([1]), 'DESTROYED', /the session/);
    session.read([8]);
  });

  it('draws depend on what was read, options and seed alone', async () => {
    session.read([5, 6, 7]);
    const draw = (seed) => session.draw({ seed, temperature: 1.2, topP: 1 });
    assert.equal(draw(4), draw(4));
    assert.equal(draw(4n), draw(4));
    assert.ok(new Set(Array.from({ length: 40 }, (_, seed) => draw(seed))).size > 5);
    const logits = session.logits();
    const likeliest = logits.indexOf(Math.max(...logits));
    assert.equal(session.draw({ temperature: 0 }), likeliest);
    const allowed = [...logits.keys()].sort((a, b) => logits[b] - logits[a]).slice(0, 3);
    for (let seed = 0; seed < 30; seed++) {
      assert.ok(allowed.includes(session.draw({ temperature: 5, topK: 3, seed })));
    }
  });

  it('draws by default as documented', () => {
    session.read(Array.from({ length: 60 }, (_, i) => 3 + 6 * i)); // recent ones among the likely
    const usual = { temperature: 0.7, topK: 0, topP: 1, minP: 0.1, repetitionPenalty: 1.1 };
    const differs = new Set();
    for (let seed = 0; seed < 60; seed++) {
      const drawn = session.draw({ seed });
      assert.equal(drawn, session.draw({ ...usual, seed }));
      for (const [name, other] of [
        ['temperature', 1.4],
        ['minP', 0],
        ['repetitionPenalty', 10],
      ]) {
        if (session.draw({ ...usual, [name]: other, seed }) !== drawn) differs.add(name);
      }
    }
    assert.equal(differs.size, 3, [...differs].join());
  });

  it('observe gives tokens, texts, probabilities and surprise, and begins a document', async () => {
    const found = await session.observe('Tom ran to the café 🙂!');
    assert.equal(found[0].token, model.tokenizer.endOfText);
    assert.equal(
      found
        .slice(1)
        .map((one) => one.text)
        .join(''),
      'Tom ran to the café 🙂!',
    );
    const [first] = found;
    assert.ok(Math.abs(first.logProbability + Math.log(model.config.vocabSize)) < 1e-4);
    assert.ok(found.every((one) => one.logProbability < 0 && one.surprise >= 0));
    const more = await session.observe(' And again.');
    assert.notEqual(more[0].token, model.tokenizer.endOfText);
    session.reset();
    const raw = await session.observe('Tom', { raw: true });
    assert.notEqual(raw[0].token, model.tokenizer.endOfText);
    assert.deepEqual(await session.observe(''), []);
  });

  it('learn while they read, unless frozen', async () => {
    const passage = model.tokenizer.encode(text.slice(0, 400));
    const mean = ({ surprise }) => surprise.reduce((a, b) => a + b, 0) / passage.length;
    session.read([0]);
    const [first, second] = [mean(session.read(passage)), mean(session.read(passage))];
    assert.ok(second < first, `${first} ${second}`);
    session.reset();
    session.freeze();
    session.read([0]);
    const frozen = [mean(session.read(passage)), mean(session.read(passage))];
    assert.ok(Math.abs(frozen[0] - frozen[1]) < 0.02, `${frozen}`);
    session.freeze(false);
  });

  it('stop at strings, which are not given out, and at maxTokens', async () => {
    const { text: all, tokens } = await collect(
      session.generate(PROMPT, { maxTokens: 60, stopTokens: [] }),
    );
    assert.equal(tokens.length, 60);
    for (const stop of [all.slice(20, 24), all.slice(7, 8), all.slice(30, 50)]) {
      session.reset();
      const options = { maxTokens: 60, stop: ['never there', stop], stopTokens: [] };
      const result = await collect(session.generate(PROMPT, options));
      assert.equal(result.text, all.slice(0, all.indexOf(stop)));
      assert.equal(result.reason, 'stop');
    }
    session.reset();
    const none = await collect(session.generate(PROMPT, { maxTokens: 0 }));
    assert.deepEqual([none.text, none.tokens, none.reason], ['', [], 'length']);
  });

  it('tokens are heard of, and those that end a text are not read', async () => {
    const heard = [];
    session.read([0]);
    const likeliest = session.draw({ temperature: 0 });
    const options = { temperature: 0, stopTokens: [likeliest], onToken: (id) => heard.push(id) };
    const result = await collect(session.generate([], options));
    assert.deepEqual([result.reason, result.tokens, heard], ['stop', [], []]);
    assert.equal(session.tokensSeen, 1);
  });

  it('give whole characters, joined the text of the tokens', async () => {
    const plain = { topP: 1, minP: 0, repetitionPenalty: 1 };
    const options = { maxTokens: 300, temperature: 3, ...plain, seed: 2, stopTokens: [] };
    const { pieces, text: all, tokens } = await collect(session.generate(PROMPT, options));
    assert.ok(pieces.every((piece) => piece !== ''));
    const { vocabSize } = model.tokenizer;
    assert.equal(all, model.tokenizer.decode(tokens.filter((id) => id < vocabSize)));
  });

  it('an abort ends a generation and an observation; the session lives on', async () => {
    const controller = new AbortController();
    const generation = session.generate(PROMPT, {
      maxTokens: 1e6,
      signal: controller.signal,
      stopTokens: [],
    });
    await generation.next();
    controller.abort('enough');
    const error = await rejects(() => collect(generation), 'ABORTED');
    assert.equal(error.cause, 'enough');
    assert.equal(error.name, 'AbortError');
    const { signal } = controller;
    await rejects(() => session.observe('x', { signal }), 'ABORTED');
    await rejects(() => session.generate('x', { signal }).next(), 'ABORTED');
    session.read([1, 2]);
  });

  it('are busy while they write, and destroyed afterwards if asked', async () => {
    const generation = session.generate(PROMPT, { maxTokens: 1e6, stopTokens: [] });
    await generation.next();
    for (const use of [
      () => session.read([1]),
      () => session.save(),
      () => session.fork(),
      () => session.logits(),
      () => session.draw(),
      () => session.reset(),
      () => session.freeze(),
    ]) {
      fails(use, 'BUSY', /the session/);
    }
    await rejects(() => session.observe('x'), 'BUSY');
    await generation.return();
    session.read([1]);
    const other = session.generate(PROMPT, { maxTokens: 1e6, stopTokens: [] });
    await other.next();
    session.destroy();
    await rejects(() => collect(other), 'DESTROYED');
    fails(() => session.save(), 'DESTROYED');
    fails(() => session.tokensSeen, 'DESTROYED');
    await rejects(() => session.observe('x'), 'DESTROYED');
  });

  it('leave the event loop free', async () => {
    const observing = await turnsDuring(() => session.observe(text.slice(0, 100_000)));
    const options = { maxTokens: 20_000, stopTokens: [] };
    const writing = await turnsDuring(() => collect(session.generate('', options)));
    // One every 4 ms, of which both take many on any machine.
    assert.ok(observing >= 5 && writing >= 5, `${observing} and ${writing} turns`);
  });

  it('refuse tokens that are none, and nothing is read', () => {
    const before = session.save();
    for (const bad of [512, -1, 1.5, NaN, '3', null, undefined, 2 ** 32, 1n]) {
      fails(() => session.read([1, 2, bad]), 'INVALID_TOKEN', /tokens\[2\]/);
    }
    for (const bad of [undefined, null, 3, 'abc', {}]) {
      fails(() => session.read(bad), 'INVALID_ARGUMENT');
    }
    sameBits(session.save(), before);
    assert.equal(session.read([]).surprise.length, 0);
  });

  it('refuse options out of range or of the wrong type', async () => {
    const cases = [
      ['temperature', -1, 'INVALID_OPTION'],
      ['temperature', NaN, 'INVALID_OPTION'],
      ['temperature', '1', 'INVALID_ARGUMENT'],
      ['topK', 1.5, 'INVALID_OPTION'],
      ['topP', 0, 'INVALID_OPTION'],
      ['topP', 1.1, 'INVALID_OPTION'],
      ['minP', 2, 'INVALID_OPTION'],
      ['repetitionPenalty', 0.5, 'INVALID_OPTION'],
      ['seed', -1, 'INVALID_OPTION'],
      ['seed', 2n ** 64n, 'INVALID_OPTION'],
      ['seed', 'x', 'INVALID_ARGUMENT'],
      ['maxTokens', -1, 'INVALID_OPTION'],
      ['maxTokens', null, 'INVALID_ARGUMENT'],
      ['stop', 'x', 'INVALID_ARGUMENT'],
      ['stop', [''], 'INVALID_ARGUMENT'],
      ['stopTokens', [1e9], 'INVALID_TOKEN'],
      ['signal', {}, 'INVALID_ARGUMENT'],
      ['onToken', 3, 'INVALID_ARGUMENT'],
      ['raw', 1, 'INVALID_ARGUMENT'],
    ];
    for (const [name, value, code] of cases) {
      const next = () => session.generate('x', { [name]: value }).next();
      await rejects(next, code, new RegExp(name === 'stopTokens' ? 'stopTokens' : name));
    }
    await rejects(() => session.generate(7).next(), 'INVALID_ARGUMENT', /prompt/);
    await rejects(() => session.generate('x', 7).next(), 'INVALID_ARGUMENT');
    session.read([1]); // still idle
  });

  it('restore nothing that is damaged or of another model', async () => {
    session.read([1, 2, 3]);
    const good = session.save();
    const step = Math.ceil(good.length / 100);
    for (let at = 0; at < good.length; at += step) {
      const changed = good.slice();
      changed[at] ^= 1 << (at % 8);
      const error = fails(() => session.restore(changed), undefined);
      assert.match(error.code, /^STATE_(DAMAGED|VERSION)$/);
      fails(() => session.restore(good.subarray(0, at)), 'STATE_DAMAGED');
    }
    sameBits(session.save(), good);
    const trainer = await smallTrainer({ backend });
    const other = trainer.model();
    const foreign = other.createSession();
    fails(() => session.restore(foreign.save()), 'STATE_WEIGHTS', /another model/);
    for (const one of [trainer, other, foreign]) one.destroy();
  });
});

// Sessions of the addon read long texts on another thread: the same bits as at once, a session that is busy
// meanwhile, and what an abort, a destroy and a failure leave behind.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { BitLlama, Trainer, TTT } from 'bit-ttt';

import { backends, fails, rejects, sameBits, turnsDuring } from './support/backends.mjs';
import { addon } from './support/raw-addon.mjs';
import { collect, smallTrainer } from './support/small-llama.mjs';

/** So many weights that eight tokens are work enough for another thread, and 200 are two shares. */
const CONFIG = { vocabSize: 16384, hiddenDim: 256, headDim: 64 };
const TEXT = Uint32Array.from({ length: 200 }, (_, i) => (i * i) % 1000);

describe('reading on another thread', () => {
  let model, reads;

  /** The addon, some functions of whose sessions are others. */
  const withSessions = (sessions) => ({ ...addon, sessions: { ...addon.sessions, ...sessions } });

  before(async function () {
    if (!backends.includes('native')) this.skip();
    const tokens = Array.from({ length: 64 }, (_, i) => i);
    const trainer = await smallTrainer({ backend: 'native', tokens, config: CONFIG });
    const trained = trainer.model();
    const file = trained.pack();
    trained.destroy();
    trainer.destroy();
    const counted = withSessions({
      readAsync: (session, ids, ...rest) => {
        reads.push(ids.length);
        return addon.sessions.readAsync(session, ids, ...rest);
      },
    });
    model = await BitLlama.load(file, { backend: 'native', nativeBinding: counted });
  });
  after(() => model?.destroy());
  beforeEach(() => {
    reads = [];
  });

  const sum = (numbers) => numbers.reduce((all, one) => all + one, 0);

  it('gives what reading at once gives, and lets the event loop run', async () => {
    const [one, two] = [model.createSession(), model.createSession()];
    const expected = one.read(TEXT);
    assert.deepEqual(reads, []);
    let found;
    const turns = await turnsDuring(async () => {
      found = await two.observe(TEXT);
    });
    assert.ok(turns > 1, `${turns} turns`);
    assert.equal(sum(reads), TEXT.length);
    const floats = (name) => Float32Array.from(found, (token) => token[name]);
    sameBits(floats('logProbability'), expected.logProbabilities);
    sameBits(floats('surprise'), expected.surprise);
    sameBits(two.save(), one.save());
    for (const session of [one, two]) session.destroy();
  });

  it('generates what it does after the prompt was read at once', async () => {
    const [one, two] = [model.createSession(), model.createSession()];
    one.read(TEXT);
    const options = { maxTokens: 5, seed: 3 };
    const expected = await collect(one.generate([], options));
    assert.deepEqual(reads, []);
    const found = await collect(two.generate(TEXT, options));
    assert.deepEqual(found.tokens, expected.tokens);
    assert.equal(sum(reads), TEXT.length);
    for (const session of [one, two]) session.destroy();
  });

  it('leaves the session busy, which still tells what it knows', async () => {
    const session = model.createSession();
    session.read([1, 2, 3]);
    const reading = session.observe(TEXT);
    while (reads.length === 0) await new Promise((resolve) => setImmediate(resolve));
    for (const call of ['read', 'save', 'fork', 'reset', 'logits', 'draw', 'freeze']) {
      fails(() => session[call]([1]), 'BUSY');
    }
    await rejects(() => session.observe([1]), 'BUSY');
    const { tokensSeen, stateSize, recall } = session;
    assert.ok(tokensSeen >= 3 && tokensSeen <= 203, `${tokensSeen}`);
    assert.equal(recall, 32768);
    assert.equal((await reading).length, TEXT.length);
    assert.equal(session.tokensSeen, 203);
    assert.ok(session.stateSize > stateSize);
    assert.equal(session.save().length, session.stateSize);
    session.destroy();
  });

  it('an abort leaves read what was read', async () => {
    const session = model.createSession();
    const controller = new AbortController();
    const reading = session.observe(TEXT, { signal: controller.signal });
    while (reads.length === 0) await new Promise((resolve) => setImmediate(resolve));
    controller.abort();
    await rejects(() => reading, 'ABORTED');
    const { tokensSeen } = session;
    assert.equal(tokensSeen, sum(reads));
    assert.ok(tokensSeen < TEXT.length);
    const other = model.createSession();
    other.read(TEXT.subarray(0, tokensSeen));
    sameBits(session.save(), other.save());
    session.destroy();
    other.destroy();
  });

  it('a destroy waits for its end', async () => {
    const session = model.createSession();
    const reading = session.observe(TEXT);
    while (reads.length === 0) await new Promise((resolve) => setImmediate(resolve));
    session.destroy();
    assert.equal(session.destroyed, true);
    fails(() => session.tokensSeen, 'DESTROYED');
    assert.equal((await reading).length, TEXT.length);
    fails(() => session.read([1]), 'DESTROYED');
  });

  it('a failure is an error, and the session is idle again', async () => {
    const later = (status) => (_session, _ids, _first, _second, done) => {
      setImmediate(() => done(status, undefined, undefined));
      return 0;
    };
    for (const readAsync of [later(6), () => 6]) {
      const nativeBinding = withSessions({ readAsync });
      const own = await BitLlama.load(model.pack(), { backend: 'native', nativeBinding });
      const session = own.createSession();
      await rejects(() => session.observe(TEXT), 'OUT_OF_MEMORY');
      await rejects(() => collect(session.generate(TEXT)), 'OUT_OF_MEMORY');
      assert.equal(session.read(TEXT).surprise.length, TEXT.length);
      own.destroy();
    }
  });
});

describe('an engine that lacks a part', () => {
  it('says which', async function () {
    if (!backends.includes('native')) this.skip();
    const { trainers, layers, ...others } = addon;
    const options = { backend: 'native', nativeBinding: others };
    await rejects(
      () => TTT.create({ ...options, hiddenDim: 16 }),
      'BACKEND_UNAVAILABLE',
      /the native engine has no layers/,
    );
    const tokens = Array.from({ length: 64 }, (_, i) => i);
    const training = { batch: 1, context: 16 };
    await rejects(
      () => Trainer.create({ ...options, tokens, training }),
      'BACKEND_UNAVAILABLE',
      /has no trainers/,
    );
  });
});

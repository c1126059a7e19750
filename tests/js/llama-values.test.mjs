// Models and sessions given anything that JavaScript can pass: arrays of other realms, detached,
// shared and resizable ones, lists that lie, getters that destroy what is at work, objects that are
// no longer there. Every failure is a TTTError and leaves the session as it was.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import vm from 'node:vm';

import { BitLlama, Session, Tokenizer, trainBpe } from 'bit-ttt';

import { fails, onEachBackend, rejects, sameBits } from './support/backends.mjs';
import { collect, loadSmall, smallModel, smallTrainer, text } from './support/small-llama.mjs';

const dispose = Symbol.dispose ?? Symbol.for('Symbol.dispose');
const shared = (length) => new Uint8Array(new SharedArrayBuffer(length));
function detached(array) {
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}
const canResize = 'resizable' in ArrayBuffer.prototype;
const resizable = (Type, length) =>
  new Type(new ArrayBuffer(length * Type.BYTES_PER_ELEMENT, { maxByteLength: 1 << 12 }));

onEachBackend('values given to a session', (backend) => {
  let model, session;
  before(async () => (model = await loadSmall(backend)));
  after(() => model.destroy());
  beforeEach(() => {
    session = model.createSession();
    session.read([5, 6, 7]);
  });
  afterEach(() => session.destroy());

  const unharmed = async (attempt) => {
    const before = session.save();
    await attempt();
    sameBits(session.save(), before);
  };

  it('tokens may be any list of numbers, of any realm', () => {
    const ids = [1, 2, 300, 4];
    const expected = session.fork().read(ids);
    const lists = [
      Uint32Array.from(ids),
      Int32Array.from(ids),
      Float64Array.from(ids),
      vm.runInNewContext('[1, 2, 300, 4]'),
      vm.runInNewContext('Uint32Array.of(1, 2, 300, 4)'),
      { length: 4, ...ids },
      new Proxy(ids, {}),
      Uint32Array.from([0, ...ids, 0]).subarray(1, 5),
    ];
    for (const list of lists) {
      const found = session.fork().read(list);
      sameBits(found.logProbabilities, expected.logProbabilities);
      sameBits(found.surprise, expected.surprise);
    }
    assert.equal(session.read([]).surprise.length, 0);
  });

  it('tokens that are no list of ids are refused, and nothing is read', async () => {
    await unharmed(async () => {
      for (const value of [undefined, null, 5, true, 'text', 1n, Symbol('x'), () => 1, {}]) {
        fails(() => session.read(value), 'INVALID_ARGUMENT', /array of token ids/);
      }
      for (const length of [-1, 0.5, NaN, Infinity, '2', 2 ** 60]) {
        fails(() => session.read({ length }), 'INVALID_ARGUMENT', /array of token ids/);
      }
      fails(() => session.read({ length: 2 ** 52 }), 'OUT_OF_MEMORY');
      for (const id of [-1, 384, 0.5, NaN, '1', 1n, null, undefined, {}]) {
        fails(() => session.read([1, 2, id]), 'INVALID_TOKEN', /^tokens\[2\] is /);
      }
      fails(() => session.read(new BigUint64Array(1)), 'INVALID_TOKEN');
      fails(() => session.read(detached(new Uint32Array(4))), 'INVALID_ARGUMENT', /detached/);
      fails(() => session.read(shared(4)), 'INVALID_ARGUMENT', /SharedArrayBuffer/);
      fails(() => session.read(new DataView(new ArrayBuffer(4))), 'INVALID_ARGUMENT');
      if (canResize)
        fails(() => session.read(resizable(Uint32Array, 4)), 'INVALID_ARGUMENT', /resizable/);
      await rejects(() => session.observe([1, 999]), 'INVALID_TOKEN', /\[1\] is 999/);
      await rejects(() => session.observe(5), 'INVALID_ARGUMENT');
      await rejects(() => session.generate([1, -1]).next(), 'INVALID_TOKEN');
      await rejects(() => session.generate(null).next(), 'INVALID_ARGUMENT');
      await rejects(
        () => session.generate('x', { stopTokens: [384] }).next(),
        'INVALID_TOKEN',
        /stopTokens/,
      );
    });
  });

  it('a list whose getters destroy the session, or throw, is no crash', () => {
    const error = new Error('mine');
    const throwing = {
      length: 2,
      0: 1,
      get 1() {
        throw error;
      },
    };
    assert.equal(
      fails(() => session.read(throwing), 'INVALID_ARGUMENT', /tokens\[1\] cannot be read/).cause,
      error,
    );
    session.read([1]);
    const killing = {
      length: 2,
      0: 1,
      get 1() {
        session.destroy();
        return 2;
      },
    };
    fails(() => session.read(killing), 'DESTROYED');
    const other = model.createSession();
    const options = {
      get temperature() {
        other.destroy();
        return 1;
      },
    };
    fails(() => other.draw(options), 'DESTROYED');
  });

  it('a state may be any bytes that are ours alone', async () => {
    const state = session.save();
    const draw = session.draw({ seed: 9 });
    session.reset();
    const foreign = vm.runInNewContext('(length) => new Uint8Array(length)');
    const far = foreign(state.length);
    far.set(state);
    for (const bytes of [state, Buffer.from(state), state.buffer, far]) {
      session.restore(bytes);
      assert.equal(session.draw({ seed: 9 }), draw);
      session.reset();
    }
    await unharmed(() => {
      fails(() => session.restore(foreign(0)), 'STATE_DAMAGED');
      for (const value of [undefined, null, 'x', 5, [], new Float32Array(4)]) {
        fails(() => session.restore(value), 'INVALID_ARGUMENT');
      }
      fails(() => session.restore(detached(state.slice())), 'INVALID_ARGUMENT', /detached/);
      fails(() => session.restore(shared(state.length)), 'INVALID_ARGUMENT');
      if (canResize) fails(() => session.restore(resizable(Uint8Array, 64)), 'INVALID_ARGUMENT');
    });
  });

  it('texts may hold anything', async () => {
    for (const prompt of ['', '\ud800', 'a\0b', '\ufeff', '<|endoftext|>', '😀'.repeat(200)]) {
      const fresh = model.createSession();
      const {
        tokens,
        reason,
        text: written,
      } = await collect(fresh.generate(prompt, { maxTokens: 8 }));
      assert.ok(tokens.length <= 8 && ['stop', 'length'].includes(reason));
      assert.equal(written.isWellFormed?.() ?? true, true);
      fresh.destroy();
      const seen = await session.observe(prompt);
      assert.equal(seen.map((one) => one.text).join(''), prompt.replace('\ud800', '\ufffd'));
    }
  });

  it('a prompt of nothing begins a document, unless it is raw', async () => {
    const { endOfText } = model.tokenizer;
    const read = async (prompt, options) => {
      const fresh = model.createSession();
      await collect(fresh.generate(prompt, { maxTokens: 0, ...options }));
      const found = [fresh.tokensSeen, fresh.draw({ temperature: 0 })];
      fresh.destroy();
      return found;
    };
    const expected = await read([endOfText]);
    assert.equal(expected[0], 1);
    for (const prompt of ['', [], undefined]) {
      assert.deepEqual(await read(prompt), expected);
      assert.equal((await read(prompt, { raw: true }))[0], 0);
    }
    const before = session.tokensSeen;
    await collect(session.generate('', { maxTokens: 0 }));
    assert.equal(session.tokensSeen, before, 'not at the start: nothing is put before it');
  });

  it('tokens that the tokenizer does not have are read and written as nothing', async () => {
    const tokenizer = Tokenizer.from((await trainBpe(text, { vocabSize: 300 })).json);
    const trainer = await smallTrainer({ backend, tokenizer, config: { vocabSize: 4096 } });
    const wide = trainer.model();
    const other = wide.createSession();
    const options = { maxTokens: 60, temperature: 100, topP: 1, stopTokens: [] };
    const { tokens, text: written } = await collect(other.generate('Alice', options));
    assert.ok(tokens.some((id) => id >= 300));
    const known = tokens.filter((id) => id < 300);
    assert.equal(written, tokenizer.decode(known));
    const seen = await other.observe([4000, 40]);
    assert.deepEqual(
      seen.map((one) => one.text),
      ['', tokenizer.decode([40])],
    );
    for (const one of [trainer, wide, other]) one.destroy();
  });

  it('what a callback throws ends the generation, and the session goes on', async () => {
    const error = new Error('mine');
    const onToken = () => {
      throw error;
    };
    await assert.rejects(collect(session.generate('x', { onToken, stopTokens: [] })), error);
    session.read([1]);
    for await (const _ of session.generate('x', { maxTokens: 500, stopTokens: [] })) break;
    session.read([1]);
  });
});

onEachBackend('what is no longer there', (backend) => {
  it('a destroyed session refuses everything', async () => {
    const model = await loadSmall(backend);
    const session = model.createSession();
    const state = session.save();
    session.destroy();
    session.destroy();
    session[dispose]();
    assert.equal(session.destroyed, true);
    for (const call of [
      () => session.read([1]),
      () => session.logits(),
      () => session.draw(),
      () => session.save(),
      () => session.restore(state),
      () => session.fork(),
      () => session.reset(),
      () => session.freeze(true),
      () => session.tokensSeen,
      () => session.stateSize,
    ]) {
      fails(call, 'DESTROYED', /the session was destroyed/);
    }
    await rejects(() => session.observe('x'), 'DESTROYED');
    await rejects(() => session.generate('x').next(), 'DESTROYED');
    model.destroy();
    model.destroy();
    model[dispose]();
    assert.equal(model.destroyed, true);
    for (const call of [() => model.createSession(), () => model.pack()]) {
      fails(call, 'DESTROYED', /the model was destroyed/);
    }
    assert.ok(model.config.vocabSize > 0, 'what was known stays known');
  });

  it('methods borrowed by other objects find nothing', async () => {
    const model = await loadSmall(backend);
    for (const [Class, names] of [
      [
        Session,
        ['read', 'logits', 'draw', 'save', 'restore', 'fork', 'reset', 'freeze', 'destroy'],
      ],
      [BitLlama, ['createSession', 'pack', 'destroy']],
    ]) {
      for (const name of names) {
        for (const self of [{}, Object.create(Class.prototype), null]) {
          fails(
            () => Class.prototype[name].call(self, [1]),
            'INVALID_ARGUMENT',
            /was called on a Proxy|must be called on/,
          );
        }
      }
      fails(() => new Class(), 'INVALID_ARGUMENT', /are made by/);
    }
    model.destroy();
  });

  it('thousands of sessions share one model', async () => {
    const model = await loadSmall(backend);
    const sessions = Array.from({ length: 1000 }, () => model.createSession());
    const expected = sessions[0].fork();
    expected.read([7, 8, 9]);
    for (const [i, session] of sessions.entries()) session.read([i % 2 ? 7 : 1, 8, 9]);
    sameBits(sessions[999].save(), expected.save());
    sameBits(sessions[1].logits(), expected.logits());
    for (const session of [...sessions, expected]) session.destroy();
    model.destroy();
  });
});

onEachBackend('values given to BitLlama.load', (backend) => {
  it('are copied when it begins', async () => {
    const bytes = (await smallModel()).slice();
    const loading = BitLlama.load(bytes, { backend });
    const reference = await loadSmall(backend);
    const model = await loading;
    assert.equal(model.fingerprint, reference.fingerprint);
    for (const one of [model, reference]) one.destroy();
  });

  it('that are no model are refused by name', async () => {
    const bytes = await smallModel();
    const load = (source, options) => BitLlama.load(source, { ...options, backend });
    for (const value of [undefined, null, 5, true, {}, [], Symbol('x'), new Float32Array(4)]) {
      await rejects(() => load(value), 'INVALID_ARGUMENT');
    }
    await rejects(() => load(new Uint8Array(0)), 'MODEL_FORMAT', /empty/);
    await rejects(() => load(detached(bytes.slice())), 'INVALID_ARGUMENT', /detached/);
    await rejects(() => load(shared(64)), 'INVALID_ARGUMENT', /Shared/);
    for (const place of [
      '',
      './no/such.bitt',
      'http://[',
      'nope:x',
      'file:///no/such.bitt',
      'http://127.0.0.1:1/x.bitt',
    ]) {
      await rejects(() => load(place), 'MODEL_UNAVAILABLE', /cannot read the model/);
    }
    await rejects(() => load(new URL('file:///no/such.bitt')), 'MODEL_UNAVAILABLE');
    await rejects(() => load('./package.json'), 'MODEL_FORMAT', /^\.\/package\.json: /);
    await rejects(() => load(bytes, { signal: AbortSignal.abort() }), 'ABORTED');
    await rejects(() => load(bytes, { signal: 5 }), 'INVALID_ARGUMENT');
    await rejects(() => load(bytes, { config: 5 }), 'INVALID_ARGUMENT');
    await rejects(() => load(bytes, { tokenizer: '{}' }), 'INVALID_TOKENIZER');
    await rejects(() => BitLlama.load(bytes, 5), 'INVALID_ARGUMENT');
    const large = (await trainBpe(text, { vocabSize: 400 })).json;
    await rejects(
      () => load(bytes, { tokenizer: large }),
      'INVALID_TOKENIZER',
      /400 tokens, the model 384/,
    );
  });
});

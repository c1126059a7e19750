// Sessions with recall: its options, what is remembered and what is not, saved and forked, and the mixture that
// logits and log-probabilities are of; the same bits on both engines.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { evaluateText, getInfo, recallConformanceHash, setKernel } from 'bit-ttt';

import { backends, fails, onEachBackend, rejects, root, sameBits } from './support/backends.mjs';
import { collect, loadMixed, loadSmall, text } from './support/small-llama.mjs';

const USUAL = 32768;
const mean = (numbers) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length;
const nats = (session, ids) => -mean(session.read(ids).logProbabilities);

/** log softmax(logits) of one token. */
function logProbability(logits, id) {
  const most = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const sum = logits.reduce((all, one) => all + Math.exp(one - most), 0);
  return logits[id] - most - Math.log(sum);
}

onEachBackend('one hash of the recall', (backend) => {
  it('on every kernel', async () => {
    const [golden] = readFileSync(`${root}tests/golden/recall.txt`, 'utf8').match(
      /^[0-9a-f]{16}$/m,
    );
    const { kernels, kernel } = await getInfo({ backend });
    for (const name of kernels) {
      await setKernel(name, { backend });
      assert.equal(await recallConformanceHash({ backend }), golden, name);
    }
    await setKernel(kernel, { backend });
  });
});

describe('sessions with recall on all backends', () => {
  const options = { maxTokens: 60, seed: 7, temperature: 1 };
  const recalls = [undefined, 256, { capacity: 512, generated: true }, false];

  for (const recall of recalls) {
    it(`write the same text and have the same state: ${JSON.stringify(recall)}`, async () => {
      const found = [];
      for (const backend of backends) {
        const model = await loadMixed(backend);
        const session = model.createSession({ recall });
        const readings = session.read(model.tokenizer.encode(text.slice(0, 2500)));
        const written = await collect(session.generate('Alice', options));
        const again = await collect(session.generate(' And', options));
        const texts = [written.text, again.text];
        found.push({ ...readings, logits: session.logits(), state: session.save(), texts });
        session.destroy();
        model.destroy();
      }
      const [first, ...others] = found;
      for (const other of others) {
        for (const key of ['logProbabilities', 'surprise', 'logits', 'state']) {
          sameBits(other[key], first[key], key);
        }
        assert.deepEqual(other.texts, first.texts);
      }
    });
  }
});

onEachBackend('recall', (backend) => {
  let model, ids, passage;
  before(async () => {
    model = await loadSmall(backend);
    ids = model.tokenizer.encode(text.slice(0, 3000));
    passage = ids.subarray(400, 528);
  });
  after(() => model.destroy());

  const made = [];
  const create = (recall) => {
    made.push(model.createSession(recall === undefined ? undefined : { recall }));
    return made.at(-1);
  };
  afterEach(() => {
    for (const session of made.splice(0)) session.destroy();
  });

  it('has the size that is asked for', () => {
    for (const recall of [
      undefined,
      true,
      {},
      { capacity: undefined },
      { generated: true },
      USUAL,
    ]) {
      assert.equal(create(recall).recall, USUAL);
    }
    assert.equal(model.createSession({ recall: undefined }).recall, USUAL);
    assert.equal(model.createSession({}).recall, USUAL);
    assert.equal(create(false).recall, false);
    for (let capacity = 256; capacity <= 4194304; capacity *= 2) {
      assert.equal(create(capacity).recall, capacity);
      assert.equal(create({ capacity }).fork().recall, capacity);
    }
  });

  it('refuses nonsense', () => {
    const bad = [0, -1, 1, 128, 255, 257, 1000, 256.5, 8388608, 2 ** 32, -256, NaN, Infinity];
    for (const capacity of bad) {
      const sentence = /must be a power of two from 256 to 4194304, not/;
      fails(() => create(capacity), 'INVALID_OPTION', sentence);
      fails(() => create({ capacity }), 'INVALID_OPTION', /recall\.capacity must be a power/);
    }
    for (const recall of ['256', null, 256n, Symbol('x'), () => 256]) {
      fails(() => create(recall), 'INVALID_ARGUMENT', /recall must be/);
    }
    for (const capacity of ['256', null, true, {}]) {
      fails(() => create({ capacity }), 'INVALID_ARGUMENT', /recall\.capacity must be/);
    }
    fails(() => create({ generated: 1 }), 'INVALID_ARGUMENT', /recall\.generated/);
    fails(() => create({ capacities: 256 }), 'INVALID_ARGUMENT', /did you mean recall\.capacity/);
    fails(() => model.createSession({ recal: 256 }), 'INVALID_ARGUMENT', /did you mean recall/);
    fails(() => model.createSession(256), 'INVALID_ARGUMENT');
    fails(() => model.createSession(null), 'INVALID_ARGUMENT');
  });

  it('foresees what was read before', () => {
    const [session, alone] = [create(), create(false)];
    for (const one of [session, alone]) one.read(ids.subarray(0, 400));
    const first = nats(session, passage);
    const second = nats(session, passage);
    assert.ok(second < 0.5 && second < first / 4, `${first} ${second}`);
    nats(alone, passage);
    assert.ok(nats(alone, passage) > 2 * second);
  });

  it('holds the latest tokens only', () => {
    const small = create(256);
    small.read(passage);
    small.read(ids.subarray(600, 1200));
    const gone = nats(small, passage);
    assert.ok(gone > 1, `${gone}`);
    assert.ok(nats(small, passage) < 0.5);
  });

  it('does not remember what the session writes, unless it is asked to', async () => {
    const options = { maxTokens: 120, seed: 5, temperature: 1.2, minP: 0, stopTokens: [] };
    const foreseen = {};
    for (const generated of [false, true]) {
      const session = create({ capacity: 1024, generated });
      session.read(ids.subarray(0, 300));
      const { tokens } = await collect(session.generate([], options));
      foreseen[generated] = nats(session, tokens);
    }
    assert.ok(foreseen.true < 0.6 && foreseen.false > 3 * foreseen.true, JSON.stringify(foreseen));
  });

  it('by hand, with draw and write, is as generate', async () => {
    const [session, twin, reader] = [create(), create(), create()];
    for (const one of [session, twin, reader]) one.read(ids);
    const sampling = { seed: 4, temperature: 0.9 };
    const { tokens } = await collect(
      session.generate([], { ...sampling, maxTokens: 25, stopTokens: [] }),
    );
    const drawn = tokens.map(() => {
      const token = twin.draw(sampling);
      assert.equal(twin.write([token]), undefined);
      return token;
    });
    assert.deepEqual(drawn, tokens);
    sameBits(twin.save(), session.save());
    reader.read(tokens);
    assert.notDeepEqual(reader.save(), session.save());
    const whole = create();
    whole.read(ids);
    whole.write(tokens); // in one call
    sameBits(whole.save(), session.save());
  });

  it('write refuses what read refuses, and reads nothing then', () => {
    const session = create();
    session.read([1, 2]);
    const state = session.save();
    for (const bad of [model.config.vocabSize, -1, 1.5, NaN, '3', null]) {
      fails(() => session.write([1, bad]), 'INVALID_TOKEN', /tokens\[1\]/);
    }
    for (const bad of [undefined, null, 3, 'abc'])
      fails(() => session.write(bad), 'INVALID_ARGUMENT');
    session.write([]);
    sameBits(session.save(), state);
    assert.equal(session.tokensSeen, 2);
  });

  it('depends on the text, not on how it is cut into calls', async () => {
    const whole = create();
    const expected = whole.read(ids).logProbabilities;
    const state = whole.save();
    for (const size of [1, 15, 64, 1000]) {
      const pieces = create();
      const found = [];
      for (let at = 0; at < ids.length; at += size) {
        found.push(...pieces.read(ids.subarray(at, at + size)).logProbabilities);
      }
      sameBits(Float32Array.from(found), expected, `pieces of ${size}`);
      sameBits(pieces.save(), state);
    }
    const observed = create();
    const one = await observed.observe(ids);
    sameBits(
      Float32Array.from(one, (token) => token.logProbability),
      expected,
    );
    sameBits(observed.save(), state);
    const unscored = create();
    await collect(unscored.generate(ids, { maxTokens: 0 }));
    sameBits(unscored.save(), state);
  });

  it('and the model are mixed in the logits as in the log-probabilities', () => {
    const session = create(1024);
    session.read(ids.subarray(0, 500));
    let differs = 0;
    for (const id of ids.subarray(300, 400)) {
      const expected = logProbability(session.logits(), id);
      const [found] = session.read([id]).logProbabilities;
      assert.ok(Math.abs(found - expected) < 1e-5, `${found} ${expected}`);
      differs = Math.max(differs, Math.abs(found + Math.log(model.config.vocabSize)));
    }
    assert.ok(differs > 1);
    const fresh = [create(), create(false)].map((one) => one.logits());
    sameBits(fresh[0], fresh[1]);
  });

  it('is the chief part of a draw where the text repeats', () => {
    const session = create();
    session.read(ids.subarray(0, 600));
    session.read(passage.subarray(0, 100));
    const alone = create(false);
    alone.read(ids.subarray(0, 600));
    alone.read(passage.subarray(0, 100));
    const right = (one) => {
      let count = 0;
      for (const id of passage.subarray(100)) {
        if (one.draw({ temperature: 0 }) === id) count++;
        one.read([id]);
      }
      return count;
    };
    const [found, without] = [right(session), right(alone)];
    assert.ok(found >= 24 && found > without, `${found} and ${without} of 28`);
  });

  it('does not change while the session is frozen', () => {
    const session = create();
    session.read(ids.subarray(0, 200));
    const before = session.stateSize;
    session.freeze();
    nats(session, passage);
    const second = nats(session, passage);
    session.freeze(false);
    assert.ok(second > 0.5, `${second}`);
    assert.equal(session.stateSize, before);
  });

  it('is forked, reset, saved and restored with the session', () => {
    const session = create();
    session.read(ids);
    const state = session.save();
    const fork = session.fork();
    sameBits(fork.save(), state);
    assert.ok(nats(fork, passage) < 0.5);
    sameBits(session.save(), state);
    const restored = create();
    restored.restore(state);
    sameBits(restored.save(), state);
    const expected = session.read(passage).logProbabilities;
    sameBits(restored.read(passage).logProbabilities, expected);
    assert.ok(-mean(expected) < 0.5);
    session.reset();
    sameBits(session.save(), create().save());
    fork.destroy();
  });

  it('makes a saved session no larger than what was read needs', () => {
    const [session, alone] = [create(), create(false)];
    const fixed = alone.stateSize;
    assert.ok(
      session.stateSize - fixed < 8000,
      `${session.stateSize - fixed} bytes with nothing read`,
    );
    const sizes = [0, 1000, 2000].map((at) => {
      session.read(ids.subarray(at, at + 1000));
      assert.equal(session.save().length, session.stateSize);
      return session.stateSize;
    });
    assert.ok(sizes[0] < sizes[1]);
    const small = create(256);
    const most = [0, 1, 2].map(() => {
      small.read(ids);
      return small.stateSize;
    });
    assert.equal(most[2], most[0]);
    alone.read(ids);
    assert.equal(alone.stateSize, fixed);
  });

  it('of another size refuses a saved session, and nothing changes', () => {
    const [session, small, alone] = [create(), create(512), create(false)];
    session.read(ids.subarray(0, 50));
    for (const one of [small, alone]) one.read(ids.subarray(0, 30));
    const state = session.save();
    const before = [small, alone].map((one) => one.save());
    fails(() => small.restore(state), 'STATE_RECALL', /another size than this one's, 512 tokens/);
    fails(() => alone.restore(state), 'STATE_RECALL', /and this one has none/);
    assert.equal(fails(() => alone.restore(state), 'STATE_RECALL').status, 26);
    [small, alone].forEach((one, i) => sameBits(one.save(), before[i]));
  });

  it('takes a state without recall, and has then nothing remembered', () => {
    const [session, alone, other] = [create(), create(false), create(false)];
    alone.read(passage);
    session.read(ids);
    session.restore(alone.save());
    assert.equal(session.tokensSeen, passage.length);
    sameBits(session.read([5, 6]).surprise, alone.read([5, 6]).surprise);
    assert.ok(nats(session, passage) > 0.5);
    assert.ok(nats(session, passage) < 0.5);
    other.restore(create(false).save());
  });

  it('any changed byte of a saved session is noticed', () => {
    const session = create();
    session.read(ids.subarray(0, 300));
    const state = session.save();
    const target = create();
    const before = target.save();
    for (let at = 0; at < state.length; at += Math.ceil(state.length / 97)) {
      const damaged = state.slice();
      damaged[at] ^= 1 << (at % 8);
      const { code } = fails(() => target.restore(damaged), undefined);
      assert.match(code, /^STATE_/);
      fails(() => target.restore(state.subarray(0, at)), 'STATE_DAMAGED');
    }
    sameBits(target.save(), before);
  });

  it('is part of an evaluation, unless it is switched off', async () => {
    const twice = text.slice(0, 1500).replaceAll('<|endoftext|>', '').repeat(2);
    const score = async (options) => (await evaluateText(model, twice, options)).bitsPerByte;
    const [usual, same, alone] = [
      await score(),
      await score({ recall: USUAL }),
      await score({ recall: false }),
    ];
    assert.equal(usual, same);
    assert.ok(usual < 0.7 * alone, `${usual} ${alone}`);
    await rejects(() => score({ recall: 100 }), 'INVALID_OPTION', /power of two/);
    await rejects(() => score({ recall: 'yes' }), 'INVALID_ARGUMENT');
  });
});

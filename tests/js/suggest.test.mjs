// Completing words: the same on both engines, whatever was typed and asked, and nothing is learned by asking.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { BitLlama, Tokenizer, trainBpe } from 'bit-ttt';

import {
  backends,
  fails,
  onEachBackend,
  rejects,
  sameBits,
  turnsDuring,
} from './support/backends.mjs';
import { loadSmall, smallModel, smallTrainer, text } from './support/small-llama.mjs';

const STORY = 'The fox met a walnut seller in Quarrington. The walnut seller sang to the fox. ';
const wordsOf = (list) => list.map((one) => one.text);

describe('suggestions on all backends', () => {
  it('are the same, to the last bit', async () => {
    const found = [];
    for (const backend of backends) {
      const model = await loadSmall(backend);
      const session = model.createSession();
      await session.observe(STORY.repeat(2));
      const asked = [];
      for (const before of ['', 'The', 'The ', 'The fox met a', 'so said the king; "']) {
        for (const typed of ['', 'w', 'wal', 'Q', 'é', "don'", ' f']) {
          const options = { count: 8, minProbability: 0 };
          asked.push(session.suggest(before, typed, options));
          assert.deepEqual(await session.suggestAsync(before, typed, options), asked.at(-1));
        }
      }
      found.push(asked);
      model.destroy();
      session.destroy();
    }
    assert.ok(found[0].flat().length > 50);
    for (const other of found) assert.deepEqual(other, found[0]);
  });
});

onEachBackend('suggestions', (backend) => {
  let model;
  let session;
  before(async () => (model = await loadSmall(backend)));
  beforeEach(async () => {
    session = model.createSession();
    await session.observe(STORY.repeat(2));
  });
  afterEach(() => session.destroy());
  after(() => model.destroy());

  it('complete what was read, wherever the tokenizer cuts it', () => {
    for (const typed of ['w', 'wa', 'wal', 'waln', 'walnu', 'walnut']) {
      const [first] = session.suggest('Then the fox met a', typed);
      assert.equal(first.text, 'walnut', typed);
    }
    assert.equal(session.suggest('The walnut seller lives in', 'Qu')[0].text, 'Quarrington');
    assert.equal(session.suggest('The walnut', '')[0].text, 'seller');
  });

  it('do not depend on the space at the end of the text before', () => {
    for (const typed of ['', 's', 'wal']) {
      const options = { count: 5 };
      const spaced = session.suggest('The walnut ', typed, options);
      assert.deepEqual(
        wordsOf(spaced)[0],
        wordsOf(session.suggest('The walnut', typed, options))[0],
      );
    }
  });

  it('are written as people write them', async () => {
    const own = model.createSession();
    const first = (before, typed) => own.suggest(before, typed)[0]?.text;
    await own.observe(
      'Paris is big. We saw Paris. The walnut don’t sing, said the ‘walnut’. '.repeat(3),
    );
    assert.equal(first('We saw', 'P'), 'Paris');
    assert.ok(!wordsOf(own.suggest('We saw', '')).includes('paris'));
    assert.equal(first('The walnut', 'do'), 'don’t');
    assert.equal(first('The walnut', 'don’'), 'don’t');
    assert.equal(first('The walnut', "don'"), "don't");
    assert.equal(first('said the', 'WAL'), 'WALNUT');
    assert.equal(first('said the', 'Wal'), 'Walnut');
    assert.equal(first('said the ‘', 'wal'), 'walnut');
    assert.deepEqual(own.suggest('We saw   ', ''), own.suggest('We saw', ''));
    own.destroy();
  });

  it('are whole words, the likeliest first, as many as are asked for', () => {
    for (const count of [1, 2, 7, 32]) {
      const list = session.suggest('The', '', { count, minProbability: 0 });
      assert.equal(list.length, count);
      list.forEach(({ text: word, probability }, i) => {
        assert.match(word, /\S/);
        assert.ok(probability > 0 && probability <= 1, `${word} ${probability}`);
        if (i > 0) assert.ok(probability <= list[i - 1].probability);
      });
      assert.equal(new Set(wordsOf(list)).size, count);
    }
    assert.equal(session.suggest('The', '', { minProbability: 0 }).length, 3);
    const usual = session.suggest('The', '', { count: 32 });
    assert.ok(
      usual.length > 0 && usual.every(({ probability }) => probability >= Math.fround(0.003)),
    );
    assert.deepEqual(session.suggest('The', '', { count: 32, minProbability: 0.003 }), usual);
    const likely = session.suggest('The', '', { count: 32, minProbability: 0.05 });
    assert.ok(likely.length < 32 && likely.every(({ probability }) => probability >= 0.05));
    assert.deepEqual(session.suggest('The', '', { minProbability: 1 }), []);
  });

  it('begin with the letters typed', () => {
    for (const typed of ['f', 'wa', 'The', "I'", 'zz']) {
      for (const word of wordsOf(session.suggest('and', typed, { count: 9, minProbability: 0 }))) {
        assert.ok(word.toLowerCase().startsWith(typed.toLowerCase()), `${typed}: ${word}`);
      }
    }
  });

  it('change nothing', async () => {
    const [state, token, { tokensSeen }] = [session.save(), session.draw(), session];
    session.suggest('a b c', 'd');
    await session.suggestAsync('a b c', 'd');
    sameBits(session.save(), state);
    assert.equal(session.draw(), token);
    assert.equal(session.tokensSeen, tokensSeen);
  });

  it('come also from sessions that are new, frozen, or without recall', () => {
    const others = [
      model.createSession(),
      model.createSession({ recall: false }),
      session.fork(),
      session.fork(),
    ];
    others[2].freeze();
    for (const one of others) {
      assert.equal(one.suggest('', '', { minProbability: 0 }).length, 3);
      assert.ok(one.suggest('Alice was', 't').length > 0);
    }
    assert.deepEqual(others[3].suggest('The fox', 'm'), session.suggest('The fox', 'm'));
    assert.equal(others[2].suggest('The fox met a', 'w')[0].text, 'walnut');
    for (const one of others) one.destroy();
  });

  it('refuse what makes no sense', async () => {
    const both = async (args, code, pattern) => {
      fails(() => session.suggest(...args), code, pattern);
      await rejects(() => session.suggestAsync(...args), code, pattern);
    };
    for (const bad of [undefined, null, 5, {}, [], Symbol('x'), new Uint32Array(3)]) {
      await both([bad, 'a'], 'INVALID_ARGUMENT', /before must be a string/);
      await both(['a', bad], 'INVALID_ARGUMENT', /typed must be a string/);
    }
    await both(['', 'a'.repeat(201)], 'INVALID_ARGUMENT', /200 bytes/);
    await both(['', 'é'.repeat(101)], 'INVALID_ARGUMENT', /200 bytes/);
    await both(['', 'a\0'], 'INVALID_ARGUMENT', /U\+0000/);
    assert.deepEqual(session.suggest('', 'a'.repeat(200)), []);
    for (const count of [0, 33, -1, 1.5, NaN, Infinity]) {
      await both(['', '', { count }], 'INVALID_OPTION', /count must be an integer from 1 to 32/);
    }
    for (const minProbability of [-0.1, 1.1, NaN]) {
      await both(['', '', { minProbability }], 'INVALID_OPTION', /minProbability/);
    }
    await both(['', '', { count: '3' }], 'INVALID_ARGUMENT');
    await both(['', '', { counts: 3 }], 'INVALID_ARGUMENT', /did you mean count/);
    await both(['', '', null], 'INVALID_ARGUMENT');
    assert.deepEqual(session.suggest('\ud800', '\udfff'), session.suggest('\ufffd', '\ufffd'));
  });

  it('need the tokenizer in the file of the model', async () => {
    const { json } = await trainBpe(text, { vocabSize: 300 });
    const other = await BitLlama.load(await smallModel(), { backend, tokenizer: json });
    const tokens = Array.from({ length: 64 }, (_, i) => i);
    const trainer = await smallTrainer({ backend, tokens, config: { vocabSize: 384 } });
    const bare = trainer.model();
    const repaired = await BitLlama.load(other.pack(), { backend });
    for (const one of [other, bare]) {
      const its = one.createSession();
      fails(() => its.suggest('a', 'b'), 'INVALID_TOKENIZER');
      await rejects(() => its.suggestAsync('a', 'b'), 'INVALID_TOKENIZER');
    }
    assert.ok(Tokenizer.from(json).vocabSize === repaired.tokenizer.vocabSize);
    assert.equal(repaired.createSession().suggest('a', '', { minProbability: 0 }).length, 3);
    for (const one of [other, bare, repaired, trainer]) one.destroy();
  });

  it('can be aborted, and the session is busy until then', async () => {
    await rejects(() => session.suggestAsync('a', 'b', { signal: AbortSignal.abort() }), 'ABORTED');
    const controller = new AbortController();
    const asking = session.suggestAsync('a', 'b', { signal: controller.signal });
    fails(() => session.suggest('a', 'b'), 'BUSY');
    fails(() => session.read([1]), 'BUSY');
    controller.abort('enough');
    assert.equal((await rejects(() => asking, 'ABORTED')).cause, 'enough');
    session.read([1]);
    const last = session.suggestAsync('The', '', { minProbability: 0 });
    session.destroy();
    assert.equal((await last).length, 3);
    fails(() => session.suggest('The', ''), 'DESTROYED');
    await rejects(() => session.suggestAsync('The', ''), 'DESTROYED');
  });

  it('wait for their turn aside', async () => {
    const found = [];
    const turns = await turnsDuring(async () => {
      // A single answer may be there before the turn begins.
      while (found.length < 8) found.push(await session.suggestAsync('The', 'w'));
    });
    assert.ok(turns >= 1);
    for (const one of found) assert.deepEqual(one, session.suggest('The', 'w'));
  });
});

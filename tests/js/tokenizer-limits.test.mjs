// Large and odd tokenizer.json files: work grows with the file alone, there are limits, what is harmless is
// accepted, and what has no effect is said.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { fails, randomness, rejects, stories, Tokenizer, trainBpe } from './support/tokenizer.mjs';

let json;
before(async () => {
  ({ json } = await trainBpe(stories(60), { vocabSize: 290 }));
});

/** The file with so many added tokens more, that begin alike. */
function withAdded(count, fields = {}, textOf = (i) => `<custom_token_${i}>`) {
  const more = Array.from({ length: count }, (_, i) => ({
    id: 290 + i,
    content: textOf(i),
    ...fields,
  }));
  return { ...json, added_tokens: [...json.added_tokens, ...more] };
}

/** The file after a change. */
function changed(change) {
  const copy = structuredClone(json);
  change(copy);
  return copy;
}

const ofLists = ['find', 'filter', 'some', 'includes', 'indexOf', 'sort', 'map'];

/**
 * Runs something and counts what it does with strings, lists and patterns: calls of their methods, those of lists
 * as often as these are long, and characters of patterns that are made.
 */
function workOf(run) {
  let work = 0;
  const undo = [];
  const replace = (object, key, value) => {
    const before = Object.getOwnPropertyDescriptor(object, key);
    undo.push(() => Object.defineProperty(object, key, before));
    Object.defineProperty(object, key, { ...before, value });
  };
  const count = (prototype, key, weigh) => {
    const method = prototype[key];
    replace(prototype, key, function (...args) {
      work += weigh(this);
      return Reflect.apply(method, this, args);
    });
  };
  for (const key of Object.getOwnPropertyNames(String.prototype)) {
    if (key !== 'constructor' && typeof String.prototype[key] === 'function')
      count(String.prototype, key, () => 1);
  }
  for (const key of ofLists) count(Array.prototype, key, (list) => list.length ?? 0);
  const Pattern = RegExp;
  replace(
    globalThis,
    'RegExp',
    new Proxy(Pattern, {
      construct(target, args) {
        work += String(args[0]).length;
        return Reflect.construct(target, args);
      },
    }),
  );
  try {
    run();
  } finally {
    undo.forEach((one) => one());
  }
  return work;
}

describe('tokenizer limits: many added tokens', () => {
  const few = 300;
  const many = 30_000;

  it('encoding costs the same however many there are', () => {
    const texts = ['ten chars!', `the dog <custom_token_7> ${'saw the big tree. '.repeat(800)}`];
    for (const special of [true, false]) {
      for (const options of [{}, { specialTokens: true }]) {
        const [small, large] = [few, many].map((count) =>
          Tokenizer.from(withAdded(count, { special })),
        );
        for (const text of texts) {
          for (const tokenizer of [small, large]) tokenizer.encode(text, options); // words are remembered
          const [one, other] = [small, large].map((tokenizer) =>
            workOf(() => tokenizer.encode(text, options)),
          );
          assert.ok(
            other < 1.5 * one + 100,
            `${one} steps with ${few} tokens, ${other} with ${many}`,
          );
        }
      }
    }
  });

  it('so does decoding', () => {
    const ids = Array.from({ length: 200 }, (_, i) => 200 + i);
    const works = [few, many].map((count) => {
      const tokenizer = Tokenizer.from(withAdded(count));
      return workOf(() => tokenizer.decode(ids));
    });
    assert.ok(works[1] < 1.5 * works[0] + 100, works.join(', '));
  });

  it('loading grows as the file does', () => {
    const works = [few, 10 * few, 100 * few].map((count) => {
      const file = JSON.stringify(withAdded(count));
      return workOf(() => Tokenizer.from(file)) / file.length;
    });
    assert.ok(Math.max(...works) < 4, `steps for each byte: ${works.join(', ')}`);
  });

  it('three hundred thousand work', () => {
    const tokenizer = Tokenizer.from(JSON.stringify(withAdded(300_000, { special: true })));
    const text = 'the dog <custom_token_299999><custom_token_2> <custom_token_';
    const ids = tokenizer.encode(text, { specialTokens: true });
    assert.ok(ids.includes(290 + 299_999) && ids.includes(292));
    assert.equal(tokenizer.decode(ids), text);
    assert.equal(tokenizer.vocabSize, 300_290);
  });

  it('of several that begin at one place the longest is found, as by definition', () => {
    const { next } = randomness(11);
    for (let round = 0; round < 60; round++) {
      const texts = new Set(Array.from({ length: 1 + next(12) }, () => word(1 + next(5))));
      const list = [...texts].filter((text) => text.length > 1);
      const tokenizer = Tokenizer.from(withAdded(list.length, {}, (i) => list[i]));
      const text = word(200);
      const found = [...tokenizer.encode(text)]
        .filter((id) => id >= 290)
        .map((id) => list[id - 290]);
      const pattern = list.sort((a, b) => b.length - a.length).join('|');
      const wanted = pattern === '' ? [] : (text.match(new RegExp(pattern, 'g')) ?? []);
      assert.deepEqual(found, wanted);
    }
    function word(length) {
      return Array.from({ length }, () => 'ab\ud83d'[next(2)]).join('');
    }
  });

  it('near misses of long tokens cost no more than these are long', () => {
    const file = withAdded(1000, {}, (i) => `${'a'.repeat(i + 1)}b`);
    const tokenizer = Tokenizer.from(file);
    const text = 'a'.repeat(5000);
    const work = workOf(() => tokenizer.encode(text));
    assert.ok(work < text.length * 1024 * 12, `${work} steps`);
    assert.equal(tokenizer.decode(tokenizer.encode(text)), text);
  });
});

describe('tokenizer limits: above them is an error', () => {
  it('tokens, merges, added tokens', () => {
    const limit = 2 ** 20;
    const highest = { ...json, added_tokens: [{ id: limit, content: '<x>' }] };
    fails(
      () => Tokenizer.from(highest),
      'INVALID_TOKENIZER',
      /id must be an integer from 0 to 1048575/,
    );
    const repeated = { ...json, added_tokens: Array(limit + 1).fill({}) };
    fails(
      () => Tokenizer.from(repeated),
      'INVALID_TOKENIZER',
      /added_tokens has more than 1048576 entries/,
    );
    const merges = Array(2 ** 22 + 1).fill('');
    const file = { ...json, model: { ...json.model, merges } };
    fails(
      () => Tokenizer.from(file),
      'INVALID_TOKENIZER',
      /model\.merges has more than 4194304 entries/,
    );
  });

  it('bytes', () => {
    const large = new Uint8Array(2 ** 26 + 1);
    fails(() => Tokenizer.from(large), 'INVALID_TOKENIZER', /is larger than 64 MiB/);
    fails(() => Tokenizer.from(large.buffer), 'INVALID_TOKENIZER', /is larger than 64 MiB/);
  });

  it('depth: what was loaded can be written', () => {
    const nested = (depth) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
    const fileOf = (depth) =>
      JSON.stringify({ ...json, foreign: 0 }).replace('"foreign":0', `"foreign":${nested(depth)}`);
    for (const depth of [101, 10_000, 1_000_000]) {
      fails(
        () => Tokenizer.from(fileOf(depth)),
        'INVALID_TOKENIZER',
        /is nested more than 100 deep/,
      );
    }
    const tokenizer = Tokenizer.from(fileOf(99));
    assert.equal(JSON.stringify(tokenizer), fileOf(99));
    const inToken = changed((file) => (file.added_tokens[0].more = JSON.parse(nested(5000))));
    fails(
      () => Tokenizer.from(inToken),
      'INVALID_TOKENIZER',
      /is nested more than 100 deep|cannot be written/,
    );
  });

  it('but not breadth: half a million values side by side are no call of as many arguments', () => {
    const wide = JSON.stringify({ ...json, foreign: Array(500_000).fill([]) });
    assert.equal(Tokenizer.from(wide).vocabSize, 290);
  });

  it('special tokens to train with, so that the file can be loaded', async () => {
    const longest = 'x'.repeat(1024);
    const trained = await trainBpe('a b a b', { specialTokens: [longest] });
    assert.deepEqual([...Tokenizer.from(trained.json).specialTokens.keys()], [longest]);
    const options = { specialTokens: ['<x>', `${longest}x`] };
    await rejects(
      trainBpe('a b', options),
      'INVALID_CONFIG',
      /specialTokens\[1\] must have at most 1024 characters/,
    );
  });
});

describe('tokenizer limits: what is harmless is accepted', () => {
  const text = "the dog didn't <|endoftext|>";
  const same = (file) => {
    const ids = Tokenizer.from(json).encode(text, { specialTokens: true });
    assert.deepEqual(Tokenizer.from(file).encode(text, { specialTokens: true }), ids);
  };
  const sequence = (list, ...steps) => ({ type: 'Sequence', [list]: steps });

  it('a Sequence of ByteLevel alone', () => {
    same(changed((file) => (file.pre_tokenizer = sequence('pretokenizers', file.pre_tokenizer))));
    same(changed((file) => (file.decoder = sequence('decoders', file.decoder))));
    const spaced = changed((file) => {
      file.pre_tokenizer = sequence('pretokenizers', {
        ...file.pre_tokenizer,
        add_prefix_space: true,
      });
    });
    assert.equal(Tokenizer.from(spaced).decode(Tokenizer.from(spaced).encode('dog')), ' dog');
  });

  it('a Sequence of no normaliser', () => {
    same(changed((file) => (file.normalizer = sequence('normalizers'))));
    same(changed((file) => (file.normalizer = sequence('normalizers', sequence('normalizers')))));
  });

  it('an added token that stands twice the same', () => {
    same(changed((file) => file.added_tokens.push({ ...file.added_tokens[0] })));
  });

  it('others are still refused', () => {
    const refuse = (change, pattern) =>
      fails(() => Tokenizer.from(changed(change)), 'INVALID_TOKENIZER', pattern);
    refuse(
      (file) => (file.normalizer = sequence('normalizers', { type: 'NFC' })),
      /normalizer must be null, not the string "NFC"/,
    );
    refuse(
      (file) => (file.normalizer = sequence('normalizers', 5)),
      /a step of normalizer must be an object, not 5/,
    );
    refuse(
      (file) => (file.normalizer = { type: 'Sequence' }),
      /normalizer\.normalizers must be an array/,
    );
    const split = { type: 'Split', behavior: 'Isolated' };
    refuse(
      (file) => (file.pre_tokenizer = sequence('pretokenizers', split)),
      /must be "ByteLevel", not the string "Split"/,
    );
    refuse(
      (file) => (file.pre_tokenizer = sequence('pretokenizers', split, file.pre_tokenizer)),
      /one step, "ByteLevel", not 2/,
    );
    refuse(
      (file) => (file.pre_tokenizer = sequence('pretokenizers')),
      /one step, "ByteLevel", not 0/,
    );
    refuse(
      (file) => (file.decoder = sequence('decoders', file.decoder, { type: 'Fuse' })),
      /decoder must be one step/,
    );
  });
});

describe('tokenizer limits: what has no effect is said', () => {
  const ignored = (fields) => Tokenizer.from({ ...json, ...fields }).ignored;

  it('nothing in files of our own', () => {
    assert.deepEqual(ignored({}), []);
    assert.deepEqual(ignored({ post_processor: { type: 'ByteLevel', trim_offsets: false } }), []);
  });

  it('truncation, padding, post-processors, unknown parts', () => {
    assert.deepEqual(ignored({ truncation: { max_length: 5 } }), ['truncation']);
    const more = {
      padding: {},
      truncation: {},
      post_processor: { type: 'TemplateProcessing' },
      foreign: 1,
      none: null,
    };
    assert.deepEqual(ignored(more), ['truncation', 'padding', 'post_processor', 'foreign']);
  });

  it('an unknown token, where it could be needed', () => {
    const unknown = { ...json.model, unk_token: '<|endoftext|>' };
    assert.deepEqual(ignored({ model: unknown }), []);
    const file = changed((copy) => {
      const { vocab } = copy.model;
      const [last] = Object.entries(vocab).find(([, id]) => id === 289);
      copy.model.merges = copy.model.merges.filter(
        (parts) => !parts.includes('Q') && parts.join('') !== last,
      );
      vocab[last] = vocab.Q;
      delete vocab.Q;
      vocab[last] = 2 + Object.keys(vocab).length; // replaced below
      const tokens = Object.keys(vocab).sort((a, b) => vocab[a] - vocab[b]);
      copy.model.vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
      copy.model.unk_token = '<|endoftext|>';
    });
    assert.deepEqual(Tokenizer.from(file).ignored, ['model.unk_token']);
  });
});

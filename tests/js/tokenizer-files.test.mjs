// Damaged and foreign tokenizer.json files: each is refused with what is wrong, or works.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import vm from 'node:vm';

import {
  fails,
  oddText,
  randomness,
  stories,
  Tokenizer,
  TTTError,
  trainBpe,
} from './support/tokenizer.mjs';

let json;
let text;

before(async () => {
  ({ json } = await trainBpe(stories(60), { vocabSize: 290 }));
  text = JSON.stringify(json);
});

/** The file after a change must be refused. */
function refused(change, pattern) {
  const copy = JSON.parse(text);
  change(copy);
  refusedSource(copy, pattern);
}

function refusedSource(source, pattern) {
  fails(() => Tokenizer.from(source), 'INVALID_TOKENIZER', pattern);
}

describe('tokenizer files: ways to give one', () => {
  it('an object, a string, bytes', () => {
    const bytes = new TextEncoder().encode(text);
    const sources = [
      json,
      text,
      `\ufeff${text}`,
      bytes,
      Buffer.from(text),
      bytes.buffer,
      Buffer.from(`\ufeff${text}`),
      new Uint8Array([1, ...bytes, 2]).subarray(1, -1),
      vm.runInNewContext(`(${text})`),
    ];
    for (const source of sources) assert.equal(Tokenizer.from(source).vocabSize, 290);
  });

  it('other things are refused', () => {
    for (const source of [undefined, null, 5, true, Symbol('x'), () => json]) {
      fails(
        () => Tokenizer.from(source),
        'INVALID_ARGUMENT',
        /a tokenizer must be an object, or a file/,
      );
    }
    for (const source of [new Float32Array(4), new DataView(new ArrayBuffer(8))]) {
      fails(
        () => Tokenizer.from(source),
        'INVALID_ARGUMENT',
        /must be a Uint8Array or an ArrayBuffer/,
      );
    }
    const shared = new Uint8Array(new SharedArrayBuffer(8));
    fails(() => Tokenizer.from(shared), 'INVALID_ARGUMENT', /SharedArrayBuffer/);
  });

  it('is copied: later changes to the object change nothing', () => {
    const mine = structuredClone(json);
    const tokenizer = Tokenizer.from(mine);
    const ids = tokenizer.encode('the dog saw the big tree');
    mine.model.merges.length = 0;
    mine.model.vocab = {};
    tokenizer.toJSON().model.merges.length = 0;
    assert.deepEqual(tokenizer.encode('the dog saw the big tree'), ids);
    assert.equal(tokenizer.decode(tokenizer.encode('a new word')), 'a new word');
    assert.deepEqual(tokenizer.toJSON(), JSON.parse(text));
    assert.equal(JSON.stringify(tokenizer), text);
  });

  it('what cannot be written as JSON is refused', () => {
    const endless = { ...json };
    endless.self = endless;
    fails(() => Tokenizer.from(endless), 'INVALID_TOKENIZER', /cannot be written as JSON/);
  });
});

describe('tokenizer files: what is wrong is named', () => {
  it('text that is no JSON', () => {
    refusedSource('', /is empty/);
    refusedSource(' \n', /is empty/);
    refusedSource(text.slice(0, -1), /is not JSON/);
    refusedSource(Buffer.from([0x7b, 0xff, 0x7d]), /is not UTF-8/);
    refusedSource(new Uint8Array(0), /is empty/);
    refusedSource('[1]', /the file must be an object, not an Array/);
    refusedSource('null', /the file must be an object, not null/);
    refusedSource('['.repeat(100_000), /is not JSON/);
  });

  it('other files', () => {
    refusedSource({ vocab_size: 2048, hidden_dim: 128 }, /has no "model"/);
    refused(
      (file) => (file.model.type = 'Unigram'),
      /model\.type must be "BPE", not the string "Unigram"/,
    );
    refused((file) => (file.model.byte_fallback = true), /model\.byte_fallback/);
    refused((file) => (file.model.dropout = 0.1), /model\.dropout is 0\.1/);
    refused(
      (file) => (file.model.end_of_word_suffix = '</w>'),
      /model\.end_of_word_suffix is the string/,
    );
    refused(
      (file) => (file.model.continuing_subword_prefix = '##'),
      /model\.continuing_subword_prefix/,
    );
    refused(
      (file) => (file.normalizer = { type: 'NFC' }),
      /normalizer must be null, not the string "NFC"/,
    );
    refused((file) => (file.pre_tokenizer = null), /pre_tokenizer must be an object, not null/);
    refused((file) => delete file.pre_tokenizer, /pre_tokenizer must be an object, not undefined/);
    refused(
      (file) => (file.pre_tokenizer = { type: 'Metaspace' }),
      /pre_tokenizer\.type must be "ByteLevel"/,
    );
    refused(
      (file) => (file.pre_tokenizer.use_regex = false),
      /pre_tokenizer\.use_regex must be true/,
    );
    refused(
      (file) => (file.pre_tokenizer.add_prefix_space = 'no'),
      /add_prefix_space must be true or false/,
    );
    refused(
      (file) => (file.decoder = { type: 'WordPiece' }),
      /decoder\.type must be "ByteLevel", not/,
    );
  });

  it('the vocabulary', () => {
    refused((file) => (file.model = []), /model must be an object, not an Array/);
    refused((file) => delete file.model.vocab, /model\.vocab must be an object, not undefined/);
    refused((file) => (file.model.vocab = {}), /model\.vocab is empty/);
    for (const id of [-1, 1.5, '5', null, 2 ** 20, 1e300]) {
      refused((file) => (file.model.vocab.e = id), /model\.vocab\["e"\] must be an integer from 0/);
    }
    refused((file) => (file.model.vocab.e = 5), /both ".*" and ".*" have the id 5/);
    refused(
      (file) => (file.model.vocab.e = 5000),
      /no token has the id 70, although there are 290 tokens/,
    );
    refused((file) => delete file.model.vocab.e, /no token has the id 70|needs the token "e"/);
    refused(
      (file) => (file.model.vocab['漢'] = 290),
      /token "漢" \(id 290\) is not made of byte-level symbols/,
    );
    refused(
      (file) => (file.model.vocab['a b'] = 290),
      /token "a b" \(id 290\) is not made of byte-level/,
    );
    refused((file) => (file.model.vocab[''] = 290), /token "" \(id 290\)/);
  });

  it('the merges', () => {
    refused((file) => delete file.model.merges, /model\.merges must be an array, not undefined/);
    for (const merge of [['a'], ['a', 'b', 'c'], 'ab', 'a b c', [1, 2], null, 5, {}]) {
      refused(
        (file) => (file.model.merges[3] = merge),
        /model\.merges\[3\] must be two tokens, not/,
      );
    }
    refused(
      (file) => (file.model.merges[2] = ['Q', 'X']),
      /model\.merges\[2\] needs the token "QX"/,
    );
    refused(
      (file) => (file.model.merges[2] = ['漢', 'X']),
      /model\.merges\[2\] needs the token "漢"/,
    );
    refused((file) => {
      file.model.vocab.QX = 290;
      file.added_tokens.push({ id: 290, content: 'QX', special: true });
      file.model.merges.push(['Q', 'X']);
    }, /needs the token "QX"/);
  });

  it('the added tokens', () => {
    refused((file) => (file.added_tokens = {}), /added_tokens must be an array, not an Object/);
    refused((file) => (file.added_tokens[1] = 'x'), /added_tokens\[1\] must be an object/);
    refused((file) => (file.added_tokens[1].content = ''), /added_tokens\[1\]\.content must be/);
    refused(
      (file) => (file.added_tokens[1].content = 'x'.repeat(1025)),
      /must be a string of 1 to 1024/,
    );
    refused((file) => delete file.added_tokens[1].id, /added_tokens\[1\]\.id must be an integer/);
    refused((file) => (file.added_tokens[1].id = 7), /both ".*" and "<\|padding\|>" have the id 7/);
    refused((file) => (file.added_tokens[1].id = 290), /has the id 290, but 1 in model\.vocab/);
    refused(
      (file) => (file.added_tokens[1].special = 'yes'),
      /\[1\]\.special must be true or false/,
    );
    refused(
      (file) => (file.added_tokens[1].lstrip = true),
      /\[1\]\.lstrip is not supported .token/,
    );
    refused((file) => (file.added_tokens[1].single_word = true), /single_word is not supported/);
    for (const other of [{ id: 1 }, { special: false }]) {
      const change = (file) => file.added_tokens.push({ ...file.added_tokens[0], ...other });
      refused(change, /added_tokens\[2\] repeats "<\|endoftext\|>" with another id or meaning/);
    }
    refused(
      (file) => file.added_tokens.push({ id: 70, content: 'e' }),
      /"e" \(id 70\) also stands for a byte/,
    );
    refused(
      (file) => file.added_tokens.push({ id: 400, content: '<x>' }),
      /no token has the id 290/,
    );
  });
});

/** Whether a tokenizer that was accepted does what is promised. */
function checkAccepted(tokenizer, random) {
  const sample = `the dog saw ${oddText(random)}`;
  let ids;
  try {
    ids = tokenizer.encode(sample);
  } catch (error) {
    assert.ok(
      error instanceof TTTError && /no token for the byte/.test(error.message),
      error.stack,
    );
    return;
  }
  const spaced = tokenizer.toJSON().pre_tokenizer.add_prefix_space ? ` ${sample}` : sample;
  assert.equal(tokenizer.decode(ids), spaced);
  assert.ok(ids.every((id) => id < tokenizer.vocabSize));
}

/** Loads a damaged file: refused with the one code, or accepted and right. */
function attempt(source, random) {
  let tokenizer;
  try {
    tokenizer = Tokenizer.from(source);
  } catch (error) {
    assert.ok(error instanceof TTTError, `${error.stack}`);
    assert.equal(error.code, 'INVALID_TOKENIZER');
    return 'refused';
  }
  checkAccepted(tokenizer, random);
  return 'accepted';
}

describe('tokenizer files: mutations', () => {
  it('truncated anywhere', () => {
    const bytes = Buffer.from(text);
    for (let length = 0; length < bytes.length; length += 13) {
      assert.equal(attempt(bytes.subarray(0, length), randomness(1)), 'refused');
    }
  });

  it('any byte changed', () => {
    const random = randomness(2);
    const seen = { refused: 0, accepted: 0 };
    for (let i = 0; i < 1000; i++) {
      const bytes = Buffer.from(text);
      bytes[random.next(bytes.length)] = random.next(256);
      if (random.next(2)) bytes[random.next(bytes.length)] = random.next(256);
      seen[attempt(bytes, random)]++;
    }
    assert.ok(seen.refused > 100 && seen.accepted > 0, JSON.stringify(seen));
  });

  /** All places of a parsed file: containers with keys. */
  function placesOf(value, places = []) {
    if (typeof value !== 'object' || value === null) return places;
    for (const key of Object.keys(value)) {
      places.push([value, key]);
      placesOf(value[key], places);
    }
    return places;
  }

  it('any value replaced, removed or exchanged', () => {
    const random = randomness(3);
    const values = [
      null,
      true,
      false,
      0,
      1,
      -1,
      1.5,
      1e300,
      '',
      'a',
      'Ġ',
      '漢',
      [],
      ['a', 'b'],
      {},
      { id: 1 },
    ];
    const seen = { refused: 0, accepted: 0 };
    for (let i = 0; i < 2000; i++) {
      const file = JSON.parse(text);
      const deep = placesOf(file);
      // Most places are tokens and merges; every other change is to one of the rest.
      const shallow = deep.filter(
        ([parent]) => parent !== file.model.vocab && !Array.isArray(parent),
      );
      const [parent, key] = random.pick(random.next(2) ? deep : shallow);
      const [other, otherKey] = random.pick(deep);
      const action = random.next(4);
      if (action === 0) delete parent[key];
      else if (action === 1) parent[key] = structuredClone(other[otherKey]);
      else parent[key] = random.pick(values);
      seen[attempt(JSON.stringify(file), random)]++;
    }
    assert.ok(seen.refused > 300 && seen.accepted > 100, JSON.stringify(seen));
  });
});

// The tokenizer: every string comes back, ids are those of the library, long texts and streams.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import {
  fails,
  oddText,
  Reference,
  randomness,
  rejects,
  stories,
  Tokenizer,
  trainBpe,
} from './support/tokenizer.mjs';

const END = '<|endoftext|>';

/** Trained on stories and odd texts alike, so that tokens end in the middle of characters. */
let json;
let tokenizer;
let reference;

/** The same file with some fields replaced. */
function changed(change) {
  const copy = structuredClone(json);
  change(copy);
  return copy;
}

/** The file with special tokens as ordinary text: without them. */
function withoutSpecials(file) {
  return { ...file, added_tokens: file.added_tokens.filter((token) => !token.special) };
}

function sameIds(actual, expected, what) {
  assert.ok(actual instanceof Uint32Array);
  assert.deepEqual(Array.from(actual), Array.from(expected), what);
}

before(async () => {
  const random = randomness(5);
  const odd = Array.from({ length: 800 }, () => oddText(random)).join(' ');
  ({ json } = await trainBpe([stories(400), odd, ' the   end\n\n\n'], { vocabSize: 700 }));
  tokenizer = Tokenizer.from(json);
  reference = new Reference(withoutSpecials(json));
});

function check(text) {
  const ids = tokenizer.encode(text);
  sameIds(ids, reference.encode(text), JSON.stringify(text.slice(0, 200)));
  assert.equal(tokenizer.decode(ids), text);
  return ids;
}

describe('tokenizer: round trips, with the ids of the library', () => {
  it('odd texts', () => {
    const random = randomness(99);
    for (let i = 0; i < 4000; i++) check(oddText(random));
  });

  it('every character of the first plane, alone and between letters', () => {
    for (let code = 0; code < 0x10000; code++) {
      if (code >= 0xd800 && code <= 0xdfff) continue;
      const text = String.fromCharCode(code);
      assert.equal(tokenizer.decode(tokenizer.encode(text)), text, code.toString(16));
      if (code % 29 === 0) check(`a${text}b ${text}${text}'${text}s`);
    }
  });

  it('characters of the other planes', () => {
    for (let code = 0x10000; code <= 0x10ffff; code += 251) {
      check(`${String.fromCodePoint(code)}x ${String.fromCodePoint(code)}`);
    }
  });

  it('what decoders like to tidy up', () => {
    const tidy = [
      " ' s",
      "I 'm n't . , ! ?",
      ' .',
      'a  b',
      ' a',
      'a ',
      '\ufeffa',
      '\r\n',
      '\r',
      ' \n ',
      '',
    ];
    for (const text of tidy) check(text);
  });

  it('a lone surrogate becomes U+FFFD', () => {
    for (const text of ['\ud800', 'a\udc00b', '\udc00\ud800', '\ud800 \ud800\ud83d\ude00']) {
      const clean = Buffer.from(text).toString();
      assert.ok(clean.includes('\ufffd'));
      assert.equal(tokenizer.decode(tokenizer.encode(text)), clean);
      sameIds(tokenizer.encode(text), tokenizer.encode(clean));
    }
  });

  it('names that objects have anyway', () => {
    for (const text of ['__proto__', 'constructor', 'toString', ' hasOwnProperty __proto__'])
      check(text);
  });
});

describe('tokenizer: long texts', () => {
  it('of words', () => {
    const random = randomness(3);
    const text = stories(1500) + Array.from({ length: 6000 }, () => oddText(random)).join('');
    assert.ok(text.length > 150_000);
    check(text);
  });

  it('with a border of every kind at every place', () => {
    const borders = [
      ' ',
      '\n',
      "'s ",
      '!',
      '1',
      'é',
      '漢',
      '😀',
      ' \n ',
      '"\'',
      "'",
      ' ' + END,
      'e\u0301',
    ];
    for (let shift = 0; shift < 26; shift++) {
      const border = borders[shift % borders.length];
      check(('x'.repeat(2030 + shift) + border).repeat(4) + border + 'y');
    }
  });

  it('without the end of a word', () => {
    for (const part of ['漢', '😀', ' ', '\n', '!', '1', "'", 'ab', ' \n\t', 'é'])
      check(part.repeat(6000));
  });

  it('whose words are longer than the longest piece, where no merge crosses the cut', () => {
    const { next } = randomness(17);
    const rare = Array.from({ length: 70_000 }, () => 'QXZJKVWY'[next(8)]).join('');
    assert.ok(!json.model.merges.some((parts) => /[QXZJKVWY] [QXZJKVWY]/.test(parts.join(' '))));
    check(rare);
    check('漢字かな'.repeat(17_000).replaceAll('字', 'Q') + ' end');
    for (let shift = 0; shift < 4; shift++) check('Q'.repeat(shift) + 'theQ'.repeat(17_000));
    for (let shift = 0; shift < 2; shift++) check(`${'~'.repeat(65_535 + shift)}'s it`);
    for (let shift = 0; shift < 2; shift++) check('Q'.repeat(shift) + '𐌀'.repeat(33_000));
  });

  it('whose words are longer than the longest piece come back in any case', () => {
    for (const part of ['a', '\n', 'é']) {
      const text = `x ${part.repeat(35_001)}${part.repeat(35_001)}`;
      assert.equal(tokenizer.decode(tokenizer.encode(text)), text);
    }
  });

  it('of ten megabytes', () => {
    const part = stories(2000);
    const times = Math.ceil(10e6 / part.length);
    const text = part.repeat(times);
    const ids = tokenizer.encode(text);
    assert.equal(tokenizer.decode(ids), text);
    const once = tokenizer.encode(part);
    assert.equal(ids.length, once.length * times);
    sameIds(ids.subarray(-once.length), once);
  });

  it('asynchronously, with the event loop running in between', async () => {
    const text = stories(2000).repeat(20);
    let turns = 0;
    let running = true;
    const count = () => {
      if (!running) return;
      turns++;
      setImmediate(count);
    };
    count();
    const ids = await tokenizer.encodeAsync(text, { specialTokens: true });
    running = false;
    sameIds(ids, tokenizer.encode(text, { specialTokens: true }));
    assert.ok(turns > 1, `${turns} turns`);
    sameIds(await tokenizer.encodeAsync(''), []);
  });

  it('asynchronously, aborted', async () => {
    const controller = new AbortController();
    const promise = tokenizer.encodeAsync(stories(2000).repeat(50), { signal: controller.signal });
    controller.abort('enough');
    const error = await rejects(promise, 'ABORTED', /encoding the text was aborted/);
    assert.equal(error.cause, 'enough');
    await rejects(
      tokenizer.encodeAsync('a', { signal: 5 }),
      'INVALID_ARGUMENT',
      /signal must be an object/,
    );
    await rejects(tokenizer.encodeAsync(5), 'INVALID_ARGUMENT', /text must be a string, not 5/);
  });
});

describe('tokenizer: special tokens', () => {
  const text = `${END}a ${END} b<|padding|>${END}${END} <|endoftext|`;

  it('are ordinary text unless asked for', () => {
    const ids = check(text);
    assert.ok(ids.every((id) => id > 1));
    sameIds(tokenizer.encode(text, { specialTokens: false }), ids);
  });

  it('are found when asked for, as by the library', () => {
    const ids = tokenizer.encode(text, { specialTokens: true });
    sameIds(ids, new Reference(json).encode(text));
    assert.deepEqual(
      Array.from(ids).filter((id) => id < 2),
      [0, 0, 1, 0, 0],
    );
    assert.equal(tokenizer.decode(ids), text);
    assert.equal(tokenizer.decode(ids, { skipSpecialTokens: true }), 'a  b <|endoftext|');
  });

  it('are found in long texts, never cut', () => {
    const library = new Reference(json);
    for (let shift = 0; shift < 20; shift++) {
      const long = `${'x'.repeat(2030 + shift)}${END}${'y!'.repeat(1012)}${END}`.repeat(3);
      const ids = tokenizer.encode(long, { specialTokens: true });
      sameIds(ids, library.encode(long));
      assert.equal(tokenizer.decode(ids), long);
    }
  });

  it('are found in long words', () => {
    const file = changed((copy) =>
      copy.added_tokens.push({ id: 700, content: 'QWQ', special: true }),
    );
    const text = `${'Z'.repeat(65_534)}QWQ${'Z'.repeat(3000)}`;
    sameIds(
      Tokenizer.from(file).encode(text, { specialTokens: true }),
      new Reference(file).encode(text),
    );
  });

  it('are listed', () => {
    assert.deepEqual(
      [...tokenizer.specialTokens],
      [
        [END, 0],
        ['<|padding|>', 1],
      ],
    );
    assert.equal(tokenizer.endOfText, 0);
    assert.equal(tokenizer.vocabSize, json.model.merges.length + 258);
  });

  it('the end of a text by other names, or none', async () => {
    const of = async (specialTokens) =>
      Tokenizer.from((await trainBpe('ab ab', { specialTokens })).json);
    assert.equal((await of(['<s>', '</s>'])).endOfText, 1);
    assert.equal((await of(['<s>'])).endOfText, undefined);
    const plain = await of([]);
    assert.equal(plain.endOfText, undefined);
    assert.equal(plain.decode(plain.encode(END, { specialTokens: true })), END);
  });
});

describe('tokenizer: decoding', () => {
  /** Ids in no sensible order: their bytes are mostly no UTF-8. */
  function anyIds({ next }, length) {
    return Array.from({ length }, () => (next(40) === 0 ? next(2) : next(tokenizer.vocabSize)));
  }

  it('any ids as the library does, at once and one by one', () => {
    const random = randomness(7);
    const library = new Reference(json);
    for (let i = 0; i < 3000; i++) {
      const ids = anyIds(random, random.next(30));
      const text = library.decode(ids);
      assert.equal(tokenizer.decode(ids), text);
      assert.equal([...tokenizer.pieces(ids)].join(''), text, ids.join());
    }
  });

  it('single bytes in any order', () => {
    const { next } = randomness(8);
    for (let i = 0; i < 3000; i++) {
      const ids = Array.from({ length: 1 + next(12) }, () => 190 + next(68));
      const text = reference.decode(ids);
      assert.equal([...tokenizer.pieces(ids)].join(''), text, ids.join());
    }
  });

  it('many ids', () => {
    const library = new Reference(json);
    for (const ids of [anyIds(randomness(1), 30_000), tokenizer.encode('😀é漢'.repeat(9000))]) {
      const text = library.decode(ids);
      assert.equal(tokenizer.decode(ids), text);
      assert.equal([...tokenizer.pieces(ids)].join(''), text);
    }
    const [lead, follow] = [0xe6, 0xbc].map((byte) => byteId(byte));
    for (const ids of [
      Array(9000).fill(follow),
      [...Array(4095).fill(65), lead, follow, follow, follow, 65],
    ]) {
      assert.equal(tokenizer.decode(ids), library.decode(ids));
    }
  });

  function byteId(byte) {
    const ids = Array.from({ length: 256 }, (_, i) => i + 2);
    return ids.find((id) => tokenizer.tokenBytes(id)[0] === byte);
  }

  it('leaves special tokens out if asked, across a character', () => {
    const [a, b, c] = [0xe2, 0x82, 0xac].map(byteId);
    const options = { skipSpecialTokens: true };
    assert.equal(tokenizer.decode([a, 0, b, 1, c], options), '€');
    assert.deepEqual([...tokenizer.pieces([a, 0, b, 1, c], options)], ['', '', '', '', '€']);
    assert.equal(tokenizer.decode([a, b, 0, c]), `\ufffd${END}\ufffd`);
    assert.equal([...tokenizer.pieces([a, b, 0, c])].join(''), `\ufffd${END}\ufffd`);
    assert.equal(tokenizer.decode([0, 1, 0], options), '');
  });

  it('one by one gives whole characters only', () => {
    const random = randomness(21);
    for (let i = 0; i < 500; i++) {
      const text = oddText(random).replaceAll('\ufffd', '');
      const bytes = Array.from(Buffer.from(text), byteId);
      const pieces = [...tokenizer.pieces(bytes)];
      assert.equal(pieces.join(''), text);
      assert.equal(pieces.length, bytes.length);
      assert.ok(
        pieces.every((piece) => piece === '' || [...piece].length === 1),
        JSON.stringify(pieces),
      );
    }
  });

  it('a decoder gives a piece per token, and starts anew after flush', () => {
    const decoder = tokenizer.createDecoder();
    const [a, b, c] = [0xe2, 0x82, 0xac].map(byteId);
    assert.deepEqual(
      [decoder.push(a), decoder.push(b), decoder.push(c), decoder.flush()],
      ['', '', '€', ''],
    );
    assert.deepEqual([decoder.push(a), decoder.flush()], ['', '\ufffd']);
    assert.deepEqual([decoder.push(c), decoder.flush()], ['\ufffd', '']);
    assert.equal(decoder.push(a), '');
    fails(
      () => decoder.push(700),
      'INVALID_ARGUMENT',
      /id must be an integer from 0 to 699, not 700/,
    );
    assert.equal(decoder.push(b) + decoder.push(c), '€');
    assert.equal([...tokenizer.pieces([a])].length, 2);
  });

  it('takes arrays, typed arrays and other iterables; nothing gives nothing', () => {
    const ids = tokenizer.encode('hello there');
    for (const list of [ids, [...ids], new Set(ids), Int32Array.from(ids), ids.values()]) {
      assert.equal(tokenizer.decode(list), 'hello there');
    }
    assert.equal(tokenizer.decode([]), '');
    assert.deepEqual([...tokenizer.pieces([])], []);
  });

  it('refuses what is no id', () => {
    for (const id of [-1, 700, 1.5, NaN, Infinity, '5', null, undefined, 5n, 2 ** 32]) {
      const pattern = /ids\[1\] must be an integer from 0 to 699, not /;
      fails(() => tokenizer.decode([5, id]), 'INVALID_ARGUMENT', pattern);
      fails(() => [...tokenizer.pieces([5, id])], 'INVALID_ARGUMENT', pattern);
      fails(() => tokenizer.tokenBytes(id), 'INVALID_ARGUMENT', /id must be an integer/);
    }
    for (const ids of [undefined, null, 5, '5', {}]) {
      fails(() => tokenizer.decode(ids), 'INVALID_ARGUMENT', /ids must be an array of ids, not/);
    }
    fails(
      () => tokenizer.encode(undefined),
      'INVALID_ARGUMENT',
      /text must be a string, not undefined/,
    );
    fails(
      () => tokenizer.encode('a', { specialTokens: 1 }),
      'INVALID_ARGUMENT',
      /specialTokens must be true/,
    );
    fails(() => tokenizer.decode([5], null), 'INVALID_ARGUMENT', /options must be an object/);
  });
});

describe('tokenizer: bytes of tokens', () => {
  it('add up to the text', () => {
    const random = randomness(31);
    for (let i = 0; i < 300; i++) {
      const text = oddText(random);
      const ids = tokenizer.encode(text);
      const bytes = Buffer.concat(Array.from(ids, (id) => tokenizer.tokenBytes(id)));
      assert.equal(bytes.toString(), text);
      assert.equal(
        ids.reduce((sum, id) => sum + tokenizer.byteLengths[id], 0),
        bytes.length,
      );
    }
  });

  it('are none for special tokens, whose names can be had', () => {
    assert.equal(tokenizer.byteLengths.length, tokenizer.vocabSize);
    assert.deepEqual([...tokenizer.byteLengths.subarray(0, 3)], [0, 0, 1]);
    assert.equal(Buffer.from(tokenizer.tokenBytes(0)).toString(), END);
  });

  it('are copies', () => {
    tokenizer.tokenBytes(70).fill(0);
    assert.equal(tokenizer.decode([70]), 'e');
    assert.deepEqual([...tokenizer.tokenBytes(70)], [0x65]);
  });
});

describe('tokenizer: other files that can be honoured', () => {
  function sameAsLibrary(file, texts = 300) {
    const mine = Tokenizer.from(file);
    const library = new Reference(withoutSpecials(file));
    const random = randomness(41);
    const list = Array.from({ length: texts }, () => oddText(random));
    for (const text of [
      ...list,
      stories(300),
      '',
      ' ',
      ' a',
      'x'.repeat(5000) + ' y',
      'x1'.repeat(3000),
    ]) {
      sameIds(mine.encode(text), library.encode(text), JSON.stringify(text.slice(0, 200)));
    }
    return mine;
  }

  it('merges as strings', () => {
    sameAsLibrary(
      changed((file) => (file.model.merges = file.model.merges.map((parts) => parts.join(' ')))),
    );
  });

  it('a space put before the text', () => {
    const file = changed((copy) => (copy.pre_tokenizer.add_prefix_space = true));
    const mine = sameAsLibrary(file);
    assert.equal(mine.decode(mine.encode('a b')), ' a b');
    assert.equal(mine.decode(mine.encode(' a b')), ' a b');
    const text = `a${END}b${END} c${END}${END}${'x'.repeat(3000)} d`;
    sameIds(mine.encode(text, { specialTokens: true }), new Reference(file).encode(text));
  });

  it('words that are tokens but not merged', () => {
    const file = changed((copy) => {
      copy.model.ignore_merges = true;
      copy.model.merges = copy.model.merges.slice(0, 100);
    });
    const mine = sameAsLibrary(file);
    const text = stories(20);
    file.model.ignore_merges = false;
    assert.ok(mine.encode(text).length < Tokenizer.from(file).encode(text).length);
    assert.equal(mine.decode(mine.encode(text)), text);
  });

  it('added tokens that are ordinary', () => {
    const file = changed((copy) => {
      copy.added_tokens.push({ id: 700, content: '  ', special: false });
      copy.added_tokens.push({ id: 701, content: ' été', special: false });
    });
    const mine = sameAsLibrary(file);
    const text = 'a  b   c un été  .';
    assert.ok(mine.encode(text).includes(701));
    assert.equal(mine.decode(mine.encode(text)), text);
    assert.equal([...mine.pieces(mine.encode(text))].join(''), text);
    assert.deepEqual([...mine.byteLengths.subarray(700)], [2, 6]);
    assert.ok(!mine.specialTokens.has('  '));
  });

  it('a special token that reads like a word', () => {
    const file = changed((copy) => {
      copy.added_tokens.push({ id: 700, content: 'hello', special: true });
      copy.model.ignore_merges = true;
      copy.model.vocab.hello = 700;
    });
    const mine = Tokenizer.from(file);
    assert.ok(!mine.encode('hello').includes(700));
    assert.equal(mine.decode(mine.encode('hello')), 'hello');
    sameIds(mine.encode('hello', { specialTokens: true }), [700]);
  });

  it('a vocabulary that lacks bytes: an error for texts that have them', () => {
    const file = changed((copy) => {
      const tokens = Object.entries(copy.model.vocab)
        .sort((a, b) => a[1] - b[1])
        .map(([token]) => token);
      const kept = tokens.filter((token) => !/[ðŁ]/.test(token));
      copy.model.vocab = Object.fromEntries(kept.map((token, id) => [token, id]));
      copy.model.merges = copy.model.merges.filter((parts) => !/[ðŁ]/.test(parts.join('')));
    });
    const mine = Tokenizer.from(file);
    assert.equal(mine.decode(mine.encode('naïve café')), 'naïve café');
    const message = /no token for the byte 0xF0, which the text has in "(?: 😀|😀)"/;
    fails(() => mine.encode('a 😀'), 'INVALID_ARGUMENT', message);
    fails(() => mine.encode('b😀'), 'INVALID_ARGUMENT', message);
  });
});

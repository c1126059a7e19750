// Training a tokenizer: the merges of other implementations, texts in pieces, odd texts, aborts.
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
  trainBpeSteps,
  trainSlowly,
} from './support/tokenizer.mjs';

const END = '<|endoftext|>';
const SPECIALS = [END, '<|padding|>'];

/** Symbols of the bytes: printable Latin-1 first, then U+0100 to U+0143 for all others. */
const alphabet = [
  ...Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i)),
  ...Array.from({ length: 12 }, (_, i) => String.fromCharCode(0xa1 + i)),
  ...Array.from({ length: 82 }, (_, i) => String.fromCharCode(0xae + i)),
  ...Array.from({ length: 68 }, (_, i) => String.fromCharCode(0x100 + i)),
];

const goldenText =
  'The hen sat on the hot hill. "Hello, hen," said the hare, "the hill isn\'t hot; it\'s cool!" The hen ' +
  "didn't hear: she'd seen 12 herons, 112 geese and a naïve café owner. Aaaaah, aaaah, aaah! " +
  '漢字漢字 😀😀😀 -- the  hen   left.';

/** What HuggingFace's native library (0.23.2) learns from it, down to pairs that occur once. */
const goldenMerges =
  "h e|a a|Ġ he|Ġ h|t he|Ġ s|Ġhe n|l l|ð Ł|Ġ the|ĺ Ģ|ðŁ ĺĢ|' t|1 2|T he|a r|e e|i d|i ll|o n|o t|¢ å|" +
  '¼ ¢å|æ ¼¢å|Ġ "|Ġ a|Ġ c|Ġ i|Ġ aa|Ń Ĺ|aa h|Ġh ill|Ġh ot|Ġs a|ðŁĺĢ ðŁĺĢ|æ¼¢å ŃĹ|! "|\' d|\' s|, "|' +
  '- -|1 12|A aa|H e|a f|a h|a Ã|d id|e f|e r|g ee|l ef|n d|n aÃ|n er|o l|o w|o ol|r on|s e|s n|v e|' +
  '¯ ve|Ã ©|Ġ Ġ|Ġ 12|Ġ The|Ġ on|Ġ ðŁĺĢðŁĺĢ|Ġ æ¼¢åŃĹ|Ġ --|Ġ 112|Ġ Aaa|Ġ did|Ġ gee|Ġ lef|Ġ naÃ|Ġ ow|' +
  'Ġhe ar|Ġhe ron|Ġh ar|Ġs he|Ġs ee|ll o|Ġa nd|Ġc af|Ġc ool|Ġi t|Ġi sn|Ġaa aah|Ġaa ah|Ġsa t|Ġsa id|' +
  'He llo|ĠðŁĺĢðŁĺĢ ðŁĺĢ|Ġæ¼¢åŃĹ æ¼¢åŃĹ|ĠAaa aah|Ġdid n|Ġgee se|Ġlef t|ĠnaÃ ¯ve|Ġow ner|Ġheron s|' +
  'Ġhar e|Ġsee n|Ġcaf Ã©';

function mergesOf(trained) {
  return trained.json.model.merges.map((parts) => parts.join(' '));
}

/** Tokens by id. */
function tokensOf(trained) {
  return Object.entries(trained.json.model.vocab)
    .sort((a, b) => a[1] - b[1])
    .map(([token]) => token);
}

async function sameAsSlowly(text, { vocabSize = 400, minFrequency = 2 } = {}) {
  const trained = await trainBpe(text, { vocabSize, minFrequency });
  const slow = trainSlowly(text, { vocabSize, minFrequency, specials: SPECIALS, alphabet });
  assert.deepEqual(
    mergesOf(trained),
    slow.merges.map((parts) => parts.join(' ')),
  );
  assert.deepEqual(tokensOf(trained), slow.tokens);
  return trained;
}

describe('tokenizer training: merges', () => {
  it('are those of the native library', async () => {
    const trained = await trainBpe(goldenText, { minFrequency: 1 });
    assert.deepEqual(mergesOf(trained), goldenMerges.split('|'));
  });

  it('are those of the definition, on stories', async () => {
    const trained = await sameAsSlowly(stories(300));
    assert.ok(trained.vocabSize > 350, `only ${trained.vocabSize} tokens`);
  });

  it('are those of the definition, on odd texts', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const random = randomness(seed);
      const text = Array.from({ length: 60 }, () => oddText(random)).join(
        random.pick(['', ' ', '\n']),
      );
      await sameAsSlowly(text, { minFrequency: 1 + (seed % 3) });
    }
  });

  it('are those of the definition where pairs overlap and tokens come about in two ways', async () => {
    for (let seed = 1; seed <= 40; seed++) {
      const { next, pick } = randomness(seed);
      let text = '';
      for (let i = 0; i < 40; i++) {
        for (let length = next(12) + 1; length > 0; length--)
          text += pick(seed % 2 ? ['a'] : ['a', 'b']);
        text += pick([' ', '', '.']);
      }
      await sameAsSlowly(text, { minFrequency: 1 });
    }
  });

  it('stop at minFrequency', async () => {
    const text = 'ab '.repeat(5) + 'cd '.repeat(3) + 'ef '.repeat(2);
    const learnt = async (minFrequency) => mergesOf(await trainBpe(text, { minFrequency }));
    assert.deepEqual(await learnt(5), ['a b']);
    assert.deepEqual(await learnt(3), ['a b', 'Ġ ab', 'c d', 'Ġ cd']);
    assert.deepEqual(await learnt(undefined), ['a b', 'Ġ ab', 'c d', 'Ġ cd', 'e f', 'Ġ ef']);
    assert.deepEqual(await learnt(6), []);
  });
});

describe('tokenizer training: the file', () => {
  it('has the structure that the libraries expect', async () => {
    const { json, vocabSize } = await trainBpe('aa aa', { vocabSize: 300 });
    const special = (id, content) => ({
      id,
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    });
    const byteLevel = (space) => ({
      type: 'ByteLevel',
      add_prefix_space: space,
      trim_offsets: true,
      use_regex: true,
    });
    const tokens = [...SPECIALS, ...alphabet, 'aa'];
    assert.equal(vocabSize, tokens.length);
    assert.deepEqual(JSON.parse(JSON.stringify(json)), {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [special(0, END), special(1, '<|padding|>')],
      normalizer: null,
      pre_tokenizer: byteLevel(false),
      post_processor: null,
      decoder: byteLevel(true),
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: null,
        end_of_word_suffix: null,
        fuse_unk: false,
        byte_fallback: false,
        ignore_merges: false,
        vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
        merges: [['a', 'a']],
      },
    });
  });

  it('is loaded by the library, and makes the text shorter', async () => {
    const text = stories(400);
    const { json, bytes } = await trainBpe(text);
    const library = new Reference(JSON.parse(JSON.stringify(json)));
    const ids = library.encode(text);
    assert.equal(library.decode(ids), text);
    assert.equal(ids.filter((id) => id === 0).length, 20);
    assert.equal(bytes, Buffer.byteLength(text.replaceAll(END, '')));
    assert.ok(ids.length < bytes / 3, `${ids.length} tokens for ${bytes} bytes`);
  });

  it('counts the words', async () => {
    const trained = await trainBpe(`one two two${END}one two\u00e9`);
    // 'one', ' two' twice, 'one', ' twoé'
    assert.equal(trained.words, 5);
    assert.equal(trained.differentWords, 3);
    assert.equal(trained.bytes, 3 + 4 + 4 + 3 + 6);
    assert.equal(trained.wantedVocabSize, 2048);
  });
});

describe('tokenizer training: special tokens', () => {
  it('separate and are not learnt from', async () => {
    const { json } = await trainBpe(`ab${END}cd${END}`.repeat(50), { vocabSize: 600 });
    assert.deepEqual(json.model.merges, [
      ['a', 'b'],
      ['c', 'd'],
    ]);
  });

  it('parts of their texts are learnt from', async () => {
    const merges = mergesOf(await trainBpe('<|endoftext|'.repeat(3), { vocabSize: 600 }));
    assert.ok(merges.includes('< |'), merges.join());
  });

  it("of one's own get the first ids; the longest is found first", async () => {
    const specialTokens = ['<s>', '<s>x', '(.*)'];
    const trained = await trainBpe('ab<s>xcd(.*)ab<s>cd<s>xcd<s>xab', {
      vocabSize: 600,
      specialTokens,
    });
    assert.deepEqual(tokensOf(trained), [...specialTokens, ...alphabet, 'ab', 'cd']);
    assert.deepEqual(
      trained.json.added_tokens.map((token) => token.content),
      specialTokens,
    );
    const none = await trainBpe(`a${END}`, { specialTokens: [], minFrequency: 1, vocabSize: 256 });
    assert.deepEqual(tokensOf(none), alphabet);
  });

  it('are never the result of a merge', async () => {
    const specialTokens = ['Ġab'];
    const { json } = await trainBpe(' ab'.repeat(9), { vocabSize: 600, specialTokens });
    assert.deepEqual(json.model.merges, [['a', 'b']]);
  });
});

describe('tokenizer training: pieces', () => {
  const text =
    stories(250) + Array.from({ length: 200 }, (_, i) => oddText(randomness(i))).join('');
  let whole;
  before(async () => {
    whole = await trainBpe(text, { vocabSize: 500 });
    assert.equal(whole.vocabSize, 500);
  });

  it('may be cut anywhere', async () => {
    for (const longest of [1, 3, 40, 5000, 100_000]) {
      const { next } = randomness(longest);
      const pieces = [];
      for (let at = 0; at < text.length; ) {
        const end = Math.min(at + next(longest + 1), text.length);
        pieces.push(text.slice(at, end));
        at = end;
      }
      assert.equal(pieces.join(''), text);
      assert.deepEqual(
        await trainBpe(pieces, { vocabSize: 500 }),
        whole,
        `pieces up to ${longest}`,
      );
    }
  });

  it('may come one by one and late', async () => {
    async function* slowly() {
      for (let at = 0; at < text.length; at += 7777) {
        await new Promise((resolve) => setImmediate(resolve));
        yield text.slice(at, at + 7777);
      }
    }
    assert.deepEqual(await trainBpe(slowly(), { vocabSize: 500 }), whole);
  });

  it('of a text without an end of a word give the same as the whole', async () => {
    const endless =
      '漢字'.repeat(60_000) + "x'".repeat(3) + '😀'.repeat(90_000) + ' \n'.repeat(50_000);
    const expected = await trainBpe(endless, { vocabSize: 290 });
    const pieces = endless.match(/[^]{1,9973}/g);
    assert.deepEqual(await trainBpe(pieces, { vocabSize: 290 }), expected);
    assert.equal(expected.bytes, Buffer.byteLength(endless));
  });

  it('that are no strings are refused, and the source is closed', async () => {
    let closed = 0;
    function* mixed() {
      try {
        yield 'a';
        yield Buffer.from('b');
      } finally {
        closed++;
      }
    }
    await rejects(
      trainBpe(mixed()),
      'INVALID_ARGUMENT',
      /piece 1 of the text must be a string, not/,
    );
    await rejects(trainBpe([3]), 'INVALID_ARGUMENT', /piece 0 of the text must be a string, not 3/);
    assert.equal(closed, 1);
  });

  it('a source that fails ends the training with its error', async () => {
    const failure = new Error('the disk is gone');
    async function* failing() {
      yield 'a';
      throw failure;
    }
    await assert.rejects(trainBpe(failing()), (error) => error === failure);
  });
});

describe('tokenizer training: odd and bad input', () => {
  it('empty texts', async () => {
    for (const text of ['', [], [''], ['', '', '']]) {
      await rejects(trainBpe(text), 'INVALID_ARGUMENT', /the text to train on is empty/);
    }
    for (const text of [END, [END, END.slice(0, 4), END.slice(4)]]) {
      await rejects(trainBpe(text), 'INVALID_ARGUMENT', /nothing but special tokens/);
    }
  });

  it('things that are no text', async () => {
    for (const text of [undefined, null, 5, true, {}, () => 'x', Symbol('x')]) {
      await rejects(trainBpe(text), 'INVALID_ARGUMENT', /text must be a string or an iterable/);
    }
  });

  it('one character, and white space', async () => {
    assert.equal((await trainBpe('a')).vocabSize, 258);
    assert.deepEqual(mergesOf(await trainBpe('\n\n\n\n')), ['Ċ Ċ']);
  });

  it('lone surrogates count as U+FFFD, and NULs as themselves', async () => {
    const odd = '\ud800a \udc00\ud800b\0\0 \0\0'.repeat(50);
    const clean = '\ufffda \ufffd\ufffdb\0\0 \0\0'.repeat(50);
    assert.deepEqual(await trainBpe(odd), await trainBpe(clean));
    assert.ok(mergesOf(await trainBpe(odd)).includes('Ā Ā'));
  });

  it('long words count as several', async () => {
    const trained = await trainBpe('a'.repeat(1_000_000), { vocabSize: 1000 });
    // Pieces of 65,536 at most, words of 10,000 at most: 15 pieces of 6 words and a rest each.
    assert.equal(trained.words, 15 * 7 + 2);
    assert.equal(trained.bytes, 1_000_000);
    assert.deepEqual(mergesOf(trained).slice(0, 3), ['a a', 'aa aa', 'aaaa aaaa']);
  });

  it('more tokens than the text has: stops early and says so', async () => {
    const trained = await trainBpe('abcabc abc', { vocabSize: 5000, minFrequency: 1 });
    assert.equal(trained.wantedVocabSize, 5000);
    assert.equal(trained.vocabSize, 258 + trained.json.model.merges.length);
    assert.equal(Object.keys(trained.json.model.vocab).length, trained.vocabSize);
    assert.equal(trained.json.model.merges.length, 4); // ab, abc, abcabc, Ġabc
  });

  it('options out of range', async () => {
    for (const vocabSize of [257, 0, -1, 300.5, NaN, Infinity, 2 ** 20 + 1]) {
      const pattern = /vocabSize must be an integer from 258 to 1048576, not/;
      await rejects(trainBpe('a', { vocabSize }), 'INVALID_CONFIG', pattern);
    }
    for (const minFrequency of [0, -1, 1.5, NaN]) {
      const pattern = /minFrequency must be an integer from 1/;
      await rejects(trainBpe('a', { minFrequency }), 'INVALID_CONFIG', pattern);
    }
    await rejects(
      trainBpe('a', { vocabSize: 256, specialTokens: ['<s>'] }),
      'INVALID_CONFIG',
      /from 257 /,
    );
    assert.equal((await trainBpe('aaaa', { vocabSize: 258 })).json.model.merges.length, 0);
  });

  it('options of the wrong type', async () => {
    const wrong = [
      [{ vocabSize: '2048' }, /vocabSize must be an integer .* not the string "2048"/],
      [
        { vocabSize: null, minFrequency: 2n },
        /minFrequency must be an integer .* not the bigint 2n/,
      ],
      [{ specialTokens: '<s>' }, /specialTokens must be an array of strings/],
      [{ specialTokens: ['<s>', ''] }, /specialTokens\[1\] must be a string that is not empty/],
      [{ specialTokens: [7] }, /specialTokens\[0\] must be a string/],
      [{ signal: {} }, /signal must be an AbortSignal/],
      [{ onProgress: 5 }, /onProgress must be a function/],
      [null, /options must be an object/],
    ];
    for (const [options, pattern] of wrong) {
      await rejects(trainBpe('a', options), 'INVALID_ARGUMENT', pattern);
    }
    await rejects(
      trainBpe('a', { specialTokens: ['<s>', '<s>'] }),
      'INVALID_CONFIG',
      /\[1\] repeats/,
    );
    await rejects(
      trainBpe('a', { specialTokens: ['Ġ'] }),
      'INVALID_CONFIG',
      /also stands for a byte/,
    );
  });
});

describe('tokenizer training: progress and aborts', () => {
  const text = stories(40_000);

  it('reports what it does, and the event loop runs in between', async () => {
    const reports = [];
    let turns = 0;
    let running = true;
    const count = () => {
      if (!running) return;
      turns++;
      setImmediate(count);
    };
    count();
    const trained = await trainBpe(text, {
      onProgress: (progress) => reports.push({ ...progress, turns }),
    });
    running = false;
    const counting = reports.filter(({ phase }) => phase === 'count');
    const merging = reports.filter(({ phase }) => phase === 'merge');
    assert.deepEqual(reports, [...counting, ...merging]);
    assert.ok(counting.length > 2 && merging.length > 0, `${counting.length}, ${merging.length}`);
    assert.equal(counting.at(-1).units, text.length);
    assert.equal(counting.at(-1).words, trained.words);
    assert.equal(merging.at(-1).tokens, trained.vocabSize);
    assert.equal(merging.at(-1).target, 2048);
    for (const [key, list] of [
      ['units', counting],
      ['words', counting],
      ['tokens', merging],
    ]) {
      assert.ok(
        list.every((item, i) => i === 0 || item[key] >= list[i - 1][key]),
        key,
      );
    }
    assert.ok(
      turns >= reports.length - 2,
      `${turns} turns of the event loop, ${reports.length} reports`,
    );
  });

  for (const missing of [['setImmediate'], ['setImmediate', 'MessageChannel']]) {
    it(`works without ${missing.join(' and ')}, as in browsers`, async () => {
      const kept = missing.map((name) => globalThis[name]);
      for (const name of missing) delete globalThis[name];
      try {
        let reports = 0;
        const trained = await trainBpe(text, { vocabSize: 300, onProgress: () => reports++ });
        assert.equal(trained.vocabSize, 300);
        assert.ok(reports > 2, `${reports} reports`);
      } finally {
        missing.forEach((name, i) => (globalThis[name] = kept[i]));
      }
    });
  }

  it('steps through the same training', async () => {
    const steps = trainBpeSteps(text, { vocabSize: 400 });
    let step;
    do step = await steps.next();
    while (!step.done);
    assert.deepEqual(step.value, await trainBpe(text, { vocabSize: 400 }));
  });

  it('an abort before the start', async () => {
    const signal = AbortSignal.abort('enough');
    const error = await rejects(
      trainBpe(text, { signal }),
      'ABORTED',
      /training the tokenizer was aborted/,
    );
    assert.equal(error.name, 'AbortError');
    assert.equal(error.cause, 'enough');
  });

  for (const phase of ['count', 'merge']) {
    it(`an abort in the phase '${phase}'`, async () => {
      const controller = new AbortController();
      const seen = [];
      const onProgress = (progress) => {
        seen.push(progress.phase);
        if (progress.phase === phase) controller.abort();
      };
      // Rare words without end, so that the merges take more than one slice.
      const words = Array.from({ length: 20_000 }, (_, i) => (i * 7919 + 1).toString(26).repeat(3));
      const options = { vocabSize: 20_000, minFrequency: 1, onProgress, signal: controller.signal };
      await rejects(trainBpe(words.join(' ').replace(/\d/g, 'z'), options), 'ABORTED', /aborted/);
      assert.equal(seen.filter((name) => name === phase).length, 1);
    });
  }

  it('an abort while the source does not answer', async () => {
    const controller = new AbortController();
    let returned = 0;
    const silent = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => setImmediate(() => controller.abort())),
        return: () => {
          returned++;
          return new Promise(() => {});
        },
      }),
    };
    await rejects(trainBpe(silent, { signal: controller.signal }), 'ABORTED', /aborted/);
    assert.equal(returned, 1);
  });

  it('an abort just before the source does not answer', async () => {
    const controller = new AbortController();
    const silent = {
      [Symbol.asyncIterator]: () => ({
        next: () => {
          controller.abort();
          return new Promise(() => {});
        },
      }),
    };
    await rejects(trainBpe(silent, { signal: controller.signal }), 'ABORTED', /aborted/);
  });

  it('an error of onProgress, and leaving the loop, close the source', async () => {
    let closed = 0;
    async function* source() {
      try {
        for (;;) yield stories(200);
      } finally {
        closed++;
      }
    }
    const failure = new Error('stop');
    const onProgress = () => {
      throw failure;
    };
    await assert.rejects(trainBpe(source(), { onProgress }), (error) => error === failure);
    assert.equal(closed, 1);
    for await (const progress of trainBpeSteps(source())) {
      assert.equal(progress.phase, 'count');
      break;
    }
    assert.equal(closed, 2);
  });

  it('leaves no listener on the signal', async () => {
    const { signal } = new AbortController();
    let listeners = 0;
    const watched = {
      get aborted() {
        return signal.aborted;
      },
      addEventListener: () => listeners++,
      removeEventListener: () => listeners--,
    };
    async function* source() {
      yield 'one two';
      yield 'three';
    }
    await trainBpe(source(), { signal: watched });
    assert.equal(listeners, 0);
  });

  it('makes tokenizers', async () => {
    const { json } = await trainBpe(text, { vocabSize: 300 });
    assert.equal(Tokenizer.from(json).vocabSize, 300);
    fails(() => Tokenizer.from({}), 'INVALID_TOKENIZER', /has no "model"/);
  });
});

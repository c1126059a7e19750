// The commands with recall: what is read is remembered word for word, in eval, adapt, generate, chat
// and the files of their sessions.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { BitLlama, evaluateText } from 'bit-ttt';

import { backends } from './support/backends.mjs';
import { importSource, json, output, refuses, temporaryFolder } from './support/cli.mjs';
import { alice, objects, trainSmall } from './support/cli-llama.mjs';

const folder = temporaryFolder();
const model = folder.path('tiny.bitt');
const text = readFileSync(alice, 'utf8');
const usual = 32768;

let loaded;
before(async () => {
  await trainSmall(model, ['--steps', '20']);
  loaded = await BitLlama.load(readFileSync(model));
});
after(() => loaded.destroy());

describe('eval with recall', () => {
  const passage = text.slice(0, 1500).trim();
  const file = folder.write('twice.txt', `${passage}\n\n${passage}`);
  const evaluate = (...more) => json(['eval', file, '--model', model, ...more]);

  it('is the usual, and --no-recall measures the model alone', async () => {
    const sizes = { usual: [], small: ['--recall', '256'], none: ['--no-recall'] };
    const wanted = { usual: usual, small: 256, none: false };
    const found = {};
    for (const [name, more] of Object.entries(sizes)) {
      found[name] = await evaluate(...more);
      const { bitsPerByte } = await evaluateText(loaded, readFileSync(file, 'utf8'), {
        recall: wanted[name],
      });
      assert.ok(Math.abs(found[name].bits_per_byte - bitsPerByte) < 1e-12, name);
      assert.equal(found[name].recall, wanted[name] || null);
    }
    const { usual: all, small, none } = found;
    // The second half is the first: with all of it remembered, hardly more than half remains.
    assert.ok(all.bits_per_byte < 0.7 * none.bits_per_byte, JSON.stringify(found));
    assert.ok(all.bits_per_byte < small.bits_per_byte, JSON.stringify(found));
  });

  it('begins each document with nothing remembered', async () => {
    const both = folder.write('both.txt', `${passage}\n<|endoftext|>\n${passage}\n`);
    const one = folder.write('one.txt', passage);
    const [found, alone] = [
      await json(['eval', both, '--model', model]),
      await json(['eval', one, '--model', model]),
    ];
    assert.equal(found.documents, 2);
    assert.ok(Math.abs(found.bits_per_byte - alone.bits_per_byte) < 1e-12);
  });

  it('says which it measured', async () => {
    const args = ['eval', file, '--model', model];
    assert.match(await output(args), /bits per byte, with a recall of 32,768 tokens\n/);
    assert.match(await output([...args, '--no-recall']), /bits per byte, the model alone\n/);
  });
});

describe('adapt with recall', () => {
  const plan = ['--passage', '48', '--passages', '4', '--places', '2', '--before', '200'];
  const args = ['adapt', alice, '--model', model, ...plan, '--after', '64'];

  it('measures with and without it', async () => {
    const found = await json(args);
    const { alone, passages, rest } = found;
    assert.equal(found.recall, usual);
    assert.ok(passages.second < 0.5 * alone.passages.second, JSON.stringify(found));
    assert.ok(passages.second_frozen < 0.5 * alone.passages.second, JSON.stringify(found));
    assert.equal(passages.second_fresh, passages.first);
    assert.deepEqual(
      [passages.restored_same_bits, alone.passages.restored_same_bits],
      [true, true],
    );
    assert.ok(rest.learned < alone.rest.learned, JSON.stringify(found));
    const without = await json([...args, '--no-recall']);
    assert.deepEqual(
      [without.recall, without.alone, without.passages, without.rest],
      [null, null, alone.passages, alone.rest],
    );
  });

  it('shows both side by side, and one where one was measured', async () => {
    const both = await output(args);
    assert.match(both, /^ +with recall +model alone\n +first reading +\d\.\d{3} +\d\.\d{3}\n/m);
    assert.match(both, /second reading( +\d\.\d{3} {2}[+\u2212]\d\.\d{3}){2}\n/);
    const one = await output([...args, '--no-recall']);
    assert.match(one, /^ +model alone\n +first reading +\d\.\d{3}\n/m);
  });
});

/** What is told, and the beginning of it, that the model which ships can go on with. */
const told = 'My parrot is called Quixby.';
const asked = 'My parrot is called';

describe('sessions with recall', () => {
  const rest = ['--model', model, '--max-tokens', '8', '--temperature', '0'];
  const save = async (name, prompt, ...more) => {
    const file = folder.path(name);
    await json(['generate', prompt, ...rest, '--save', file, ...more]);
    return file;
  };

  it('remember what they were told and not what they wrote, also in their file', async () => {
    const file = await save('told.session', told);
    const { tokens, recall, remembered } = await json(['info', file]);
    const prompt = loaded.tokenizer.encode(told).length + 1; // with the token before a text
    assert.deepEqual([tokens, recall, remembered], [prompt + 8, usual, prompt]);
    assert.match(await output(['info', file]), /recall +32,768\n +remembered +\d+\n/);
  });

  it('repeat what they were told when it is asked for', async () => {
    const file = folder.path('shipped.session');
    const rest = ['--max-tokens', '8', '--temperature', '0'];
    await json(['generate', told, ...rest, '--save', file]);
    const again = ['generate', `\n${asked}`, ...rest, '--load', file];
    assert.match((await json(again)).text, /^ Quixby\./);
    await json(['generate', told, ...rest, '--save', file, '--no-recall']);
    assert.doesNotMatch((await json([...again, '--no-recall'])).text, /Quixby/);
  });

  it('go on with the recall of their file, and refuse another', async () => {
    const file = await save('small.session', told, '--recall', '256');
    assert.equal((await json(['info', file])).recall, 256);
    const next = folder.path('next.session');
    const load = ['generate', ' and', ...rest, '--load', file];
    await json([...load, '--save', next]);
    assert.equal((await json(['info', next])).recall, 256);
    assert.equal((await json([...load, '--recall', '256'])).tokens.length, 8);
    const says = /small\.session with --recall 512: its recall is of 256 tokens/;
    await refuses([...load, '--recall', '512'], 1, says);
    await refuses([...load, '--no-recall'], 1, /small\.session with --no-recall: its recall/);
  });

  it('without recall save what earlier versions saved, which goes on with or without one', async () => {
    const file = await save('old.session', told, '--no-recall');
    const { recall, remembered, state_bytes: bytes } = await json(['info', file]);
    assert.deepEqual([recall, remembered], [null, 0]);
    const session = loaded.createSession({ recall: false });
    assert.equal(bytes, session.stateSize);
    session.destroy();
    const next = folder.path('next.session');
    const load = ['generate', ' and', ...rest, '--load', file, '--save', next];
    for (const [more, size, prompt] of [
      [[], usual, loaded.tokenizer.encode(' and').length],
      [['--recall', '512'], 512, loaded.tokenizer.encode(' and').length],
      [['--no-recall'], null, 0],
    ]) {
      await json([...load, ...more]);
      const found = await json(['info', next]);
      assert.deepEqual([found.recall, found.remembered], [size, prompt], more.join(' '));
    }
  });

  it('are described without a model, bare and damaged ones too', async () => {
    const session = loaded.createSession({ recall: 512 });
    await session.observe(told);
    const state = session.save();
    const bare = folder.write('bare.state', state);
    const found = await json(['info', bare]);
    assert.deepEqual(
      [found.kind, found.recall, found.remembered, found.state_bytes],
      ['state of a session', 512, session.tokensSeen, state.length],
    );
    session.destroy();
    for (const length of [8, 63, 64, state.length - 1]) {
      const cut = folder.write('cut.state', state.subarray(0, length));
      const { recall, remembered } = await json(['info', cut]);
      assert.deepEqual([recall, remembered], [null, 0], String(length));
      await refuses(['generate', ...rest, '--load', cut], 1, /cannot load \S+cut\.state/);
    }
  });

  it('remember no more than they have room for', async () => {
    const long = folder.path('long.session');
    const input = text.slice(0, 3000);
    await json(['generate', '-', ...rest, '--recall', '256', '--save', long], { input });
    const { tokens, remembered } = await json(['info', long]);
    assert.ok(tokens > 1000 && remembered > 200 && remembered <= 256, `${tokens} ${remembered}`);
  });
});

describe('chat with recall', () => {
  const args = ['chat', '--model', model, '--max-tokens', '6', '--temperature', '0'];

  it('says what it remembers when it saves and loads', async () => {
    const file = folder.path('talk.session');
    const input = `${told}\n/save ${file}\n/reset\n/load ${file}\n`;
    const said = await output(args, { input });
    const { tokens, remembered } = await json(['info', file]);
    assert.equal(remembered, tokens - 6);
    const words = `${tokens} tokens, ${remembered} of them word for word`;
    assert.ok(said.includes(`saved ${words}, to ${file}`), said);
    assert.ok(said.includes(`loaded ${file}: ${words}\n`), said);
  });

  it('answers from what it was told, on every backend, and not after /reset', async () => {
    const ask = async (lines, more = [], env = {}) => {
      const chat = ['chat', '--max-tokens', '6', '--temperature', '0', '--json', ...more];
      return objects(await output(chat, { input: lines.join('\n'), env })).at(-1).text;
    };
    for (const backend of backends) {
      const said = await ask([told, asked], [], { BIT_TTT_BACKEND: backend });
      assert.match(said, /^ Quixby\./, backend);
    }
    assert.doesNotMatch(await ask([told, asked], ['--no-recall']), /Quixby/);
    assert.doesNotMatch(await ask([told, '/reset', asked]), /Quixby/);
  });

  it('takes over the recall of what it loads, and keeps its own if that fails', async () => {
    const [small, kept] = [folder.path('small.talk'), folder.path('kept.talk')];
    await output([...args, '--recall', '256', '--save', small], { input: 'Alice\n' });
    const input = `/load ${small}\n/load nowhere\nAlice\n`;
    const said = await output([...args, '--save', kept], { input });
    assert.match(said, /nowhere: no such file/);
    assert.equal((await json(['info', kept])).recall, 256);
    const refused = await output([...args, '--no-recall'], { input: `/load ${small}\nAlice\n` });
    assert.match(refused, /with --no-recall: its recall is of 256 tokens\n/);
  });

  it('greets with what it remembers', async () => {
    const { greeting } = await importSource('cli/commands/chat');
    assert.match(greeting({ recall: 256 }), /^what you write is remembered .*\/help lists/);
    assert.match(greeting({ recall: false }), /^\/help lists/);
  });
});

describe('the options of the recall', () => {
  it('are checked before any work', async () => {
    const missing = ['--model', folder.path('missing.bitt')];
    for (const command of [['eval', alice], ['adapt', alice], ['generate', 'x'], ['chat']]) {
      const args = [...command, ...missing, '--recall', '300'];
      await refuses(args, 2, /--recall must be a power of two, such as 256, not "300"/);
    }
    const run = (more, pattern) => refuses(['chat', ...missing, ...more], 2, pattern);
    await run(['--recall', '128'], /--recall must be an integer from 256 to 4194304/);
    await run(['--recall', '8388608'], /--recall must be an integer/);
    await run(['--recall', 'all'], /--recall must be an integer/);
    await run(['--recall', '512', '--no-recall'], /--recall and --no-recall exclude each other/);
    await run(['--no-recal'], /unknown option --no-recal; did you mean --no-recall\?/);
    await run(['--no-recall=yes'], /--no-recall takes no value/);
    await refuses(['train', alice, '--no-recall'], 2, /unknown option --no-recall/);
  });
});

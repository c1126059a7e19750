// The commands that write, generate and chat, end to end, with a small model trained on a text.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { BitLlama } from 'bit-ttt';

import { backends } from './support/backends.mjs';
import { bitTtt, json, output, refuses, temporaryFolder } from './support/cli.mjs';
import { alice, objects, trainSmall } from './support/cli-llama.mjs';

const folder = temporaryFolder();
const model = folder.path('tiny.bitt');
const text = readFileSync(alice, 'utf8');
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/u;

let trained;
before(async () => {
  trained = await trainSmall(model, ['--steps', '60']);
});

describe('generate', () => {
  const args = ['generate', 'Alice was', '--model', model, '--max-tokens', '40'];

  it('writes the same for the same seed, on every backend', async () => {
    const written = [];
    for (const backend of backends) {
      const env = { BIT_TTT_BACKEND: backend };
      written.push(await json([...args, '--seed', '5'], { env }));
    }
    for (const one of written) assert.deepEqual(one, written[0]);
    const { text: said, tokens, seed, prompt } = written[0];
    assert.deepEqual([seed, prompt, tokens.length], ['5', 'Alice was', 40]);
    const loaded = await BitLlama.load(readFileSync(model));
    assert.equal(loaded.tokenizer.decode(tokens), said);
    loaded.destroy();
    const other = await json([...args, '--seed', '6']);
    assert.notEqual(other.text, said);
    const { stdout } = await bitTtt([...args, '--seed', '5', '--no-color']);
    assert.ok(stdout.startsWith(`Alice was${said.slice(0, 10)}`), stdout);
    assert.doesNotMatch(stdout, control);
  });

  it('takes its prompt in three ways, and tells of its own if there is none', async () => {
    const rest = ['--model', model, '--max-tokens', '12', '--seed', '1', '--temperature', '0'];
    const first = await json(['generate', 'The Queen', ...rest]);
    assert.deepEqual(await json(['generate', '--prompt', 'The Queen', ...rest]), first);
    assert.deepEqual(await json(['generate', '-', ...rest], { input: 'The Queen' }), first);
    const own = await json(['generate', ...rest]);
    assert.equal(own.prompt, '');
    assert.equal(own.tokens.length, 12);
    assert.deepEqual(await json(['generate', '--prompt', '', ...rest]), own);
    assert.deepEqual(await json(['generate', '-', ...rest], { input: '' }), own);
    await refuses(['generate', 'a', '--prompt', 'b', ...rest], 2, /takes one PROMPT/);
    const { seed } = await json(['generate', '--model', model, '--max-tokens', '1']);
    assert.match(seed, /^\d+$/);
  });

  it('takes a prompt far longer than what it was trained on at a time', async () => {
    const file = folder.path('long.session');
    const rest = ['--model', model, '--max-tokens', '12', '--seed', '1', '--no-recall'];
    const input = text.slice(0, 20_000);
    const { tokens } = await json(['generate', '-', ...rest, '--save', file], { input });
    assert.equal(tokens.length, 12);
    const short = folder.path('short.session');
    await json(['generate', 'Alice', ...rest, '--save', short]);
    const [long, few] = [await json(['info', file]), await json(['info', short])];
    assert.ok(long.tokens > 100 * few.tokens, `${long.tokens}`);
    assert.equal(long.state_bytes, few.state_bytes);
  });

  it('stops where it is told to', async () => {
    const long = await json([...args, '--seed', '5', '--max-tokens', '80']);
    const [early, late] = [long.text.slice(12, 15), long.text.slice(30, 34)];
    const stop = ['--stop', late, '--stop', early, '--seed', '5', '--max-tokens', '80'];
    const { text: said, reason } = await json([...args, ...stop]);
    assert.ok(long.text.startsWith(said) && !said.includes(early), said);
    assert.match(reason, /stop/);
  });

  it('goes on from a session that was saved', async () => {
    const file = folder.path('story.session');
    const rest = ['--model', model, '--max-tokens', '10', '--seed', '3'];
    await json(['generate', 'Alice and the Rabbit', ...rest, '--save', file]);
    const { kind, model: fingerprint, tokens } = await json(['info', file]);
    assert.deepEqual([kind, fingerprint], ['session', trained.at(-1).fingerprint]);
    assert.ok(tokens > 10);
    const again = ['generate', ' and', ...rest, '--load', file];
    const next = await json(again);
    assert.deepEqual(await json(again), next);
    assert.notDeepEqual((await json(['generate', ' and', ...rest])).tokens, next.tokens);
    const bytes = readFileSync(file);
    for (const at of [25, bytes.length - 5]) {
      const changed = Buffer.from(bytes);
      changed[at] ^= 1;
      const bad = folder.write('bad.session', changed);
      await refuses(['generate', ...rest, '--load', bad], 1, /bad\.session/);
    }
    await refuses(['generate', ...rest, '--load', model], 1, /no session file/);
    const bare = folder.write('bare.state', bytes.subarray(bytes.indexOf(10) + 1));
    assert.deepEqual(await json(['generate', ' and', ...rest, '--load', bare]), next);
    assert.equal((await json(['info', bare])).kind, 'state of a session');
    const other = folder.path('other.bitt');
    await trainSmall(other, ['--steps', '1', '--seed', '9']);
    const foreign = ['generate', '--model', other, '--load', file];
    await refuses(foreign, 1, /belongs to another model/);
  });

  it('names what is wrong with a model', async () => {
    const bytes = readFileSync(model);
    const missing = ['generate', '--model', folder.path('missing.bitt')];
    await refuses(missing, 1, /cannot load .*missing\.bitt: no such file/);
    for (const length of [0, 100, bytes.length - 1]) {
      const cut = folder.write('cut.bitt', bytes.subarray(0, length));
      await refuses(['generate', '--model', cut], 1, /cut\.bitt/);
    }
    await refuses(['info', folder.path('cut.bitt')], 1, /cut\.bitt/);
    await refuses(['generate', '--model', alice], 1, /alice\.txt/);
    const { stderr } = await refuses(['generate', '--model', '\x1b[2J\n'], 1, /no such file/);
    assert.doesNotMatch(stderr, control);
    await refuses(['generate', '--model', dirname(alice)], 1, /without a model\.safetensors/);
    await refuses(['generate', '--temperature', '-1'], 2, /--temperature/);
    await refuses(['generate', '--top-p', '0'], 2, /--top-p must be/);
  });

  it('ends quietly when its reader goes away', async () => {
    const { status, stderr } = await bitTtt([...args, '--max-tokens', '100000'], {
      input(child) {
        child.stdin.end();
        child.stdout.once('data', () => child.stdout.destroy());
      },
    });
    assert.deepEqual([status, stderr], [0, '']);
  });

  it('Ctrl-C ends it', async function () {
    if (process.platform === 'win32') this.skip();
    const { status, stdout, stderr } = await bitTtt([...args, '--max-tokens', '1000000'], {
      input(child) {
        child.stdin.end();
        let pieces = 0;
        child.stdout.on('data', () => ++pieces === 3 && child.kill('SIGINT')); // in the middle
      },
    });
    assert.deepEqual([status, stderr], [130, '']);
    assert.match(stdout, /^Alice was/);
  });
});

describe('chat', () => {
  const args = ['chat', '--model', model, '--seed', '2', '--max-tokens', '8'];

  it('answers each line of a pipe, and remembers', async () => {
    const file = folder.path('talk.session');
    const said = await output([...args, '--json'], {
      input: `Alice\n the cat\n/save ${file}\n and then\n/load ${file}\n and then\n`,
    });
    const [first, second, third, again] = objects(said);
    assert.deepEqual(
      [first, second, third].map((one) => one.prompt),
      ['Alice', ' the cat', ' and then'],
    );
    assert.equal(first.tokens.length, 8);
    assert.deepEqual(again, third);
    assert.equal((await json(['info', file])).kind, 'session');
  });

  it('goes on with the same text after a stop string', async () => {
    const sampling = { maxTokens: 30, seed: 2, stop: ['e'] };
    const input = 'Alice\n the cat\n';
    const [first, second] = objects(
      await output(
        ['chat', '--model', model, '--seed', '2', '--max-tokens', '30', '--stop', 'e', '--json'],
        { input },
      ),
    );
    const loaded = await BitLlama.load(model);
    const session = loaded.createSession();
    const write = async (prompt) => {
      let text = '';
      for await (const piece of session.generate(prompt, sampling)) text += piece;
      return text;
    };
    assert.equal(first.reason, 'stop');
    assert.equal(first.text, await write('Alice'));
    assert.equal(second.text, await write('\n the cat'));
    session.destroy();
    loaded.destroy();
  });

  it('takes the names of files as they are, but for blanks around them', async () => {
    const at = folder.path('names');
    mkdirSync(at);
    for (const [typed, name] of [
      ['my  file', 'my  file'],
      ['  led', 'led'],
      ['trailed  ', 'trailed'],
      ['tab\there', 'tab\there'],
      ['ends.\r', 'ends.'],
    ]) {
      await output(args, { input: `Alice\n/save ${typed}\n/load ${typed}\n`, cwd: at });
      assert.deepEqual(readdirSync(at), [name]);
      rmSync(join(at, name));
    }
  });

  it('obeys commands and says what it does not know', async () => {
    const input = '/help\n/temp 0\n/temp hot\n/save\n/load nowhere\n/rest\nAlice\n/quit\nmore\n';
    const { status, stdout, stderr } = await bitTtt(args, { input });
    assert.deepEqual([status, stderr], [0, '']);
    assert.match(stdout, /\/save FILE/);
    assert.match(stdout, /temperature 0\n/);
    assert.match(stdout, /\/temp needs a number/);
    assert.match(stdout, /\/save needs a FILE/);
    assert.match(stdout, /nowhere: no such file/);
    assert.match(stdout, /unknown command \/rest; did you mean \/reset\?/);
    assert.doesNotMatch(stdout, control);
  });

  it('Ctrl-C stops an answer, and leaves if there is none', async function () {
    if (process.platform === 'win32') this.skip();
    const long = ['chat', '--model', model, '--seed', '2', '--max-tokens', '1000000'];
    for (const [more, status, end] of [
      ['/temp 0\n/quit\n', 0, /\ntemperature 0\n$/],
      [undefined, 130, /once more, or \/quit, leaves\n\n$/],
    ]) {
      const result = await bitTtt(long, {
        input(child) {
          const interrupt = () => child.kill('SIGINT');
          child.stdin.write('Alice\n');
          child.stdout.once('data', () => {
            interrupt();
            child.stdin.write(more ?? '/help\n'); // after the answer
            if (more !== undefined) return;
            child.stdout.on('data', (data) => {
              if (/quit {2}|leaves/.test(data)) setTimeout(interrupt, 20);
            });
          });
        },
      });
      assert.equal(result.status, status, result.stdout.slice(-200));
      assert.match(result.stdout, end);
    }
  });

  it('forgets everything when it is told to', async () => {
    const said = await output([...args, '--json'], { input: 'Alice\n/reset\nAlice\n' });
    const [first, second] = objects(said);
    assert.deepEqual(second, first);
  });
});

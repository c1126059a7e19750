// What people see on a terminal: lines of whole words while a text comes, two voices, which model it is, and
// where a text was cut; and that programs get the bare text.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { bitTtt, command, importSource, json, output, temporaryFolder } from './support/cli.mjs';
import { alice, small } from './support/cli-llama.mjs';
import { bare, hasTerminal, inTerminal } from './support/pseudo-terminal.mjs';

const folder = temporaryFolder();
const bitTttOn = (args, options) =>
  inTerminal(`'${process.execPath}' '${command}' ${args}`, options);

describe('screen: lines of whole words', () => {
  const wordsOf = (text) => text.split(/[ \n\t]+/).filter((word) => word !== '');

  /** What is written of a text that comes in these pieces. */
  async function written(pieces, width, paint) {
    const { Wrapper } = await importSource('cli/screen/wrap');
    let screen = '';
    const wrapper = new Wrapper(
      (part) => (screen += part),
      () => width,
    );
    for (const piece of pieces) wrapper.push(piece, paint);
    wrapper.end();
    return screen;
  }

  it('are the same however the text is cut into pieces, and keep to the width', async () => {
    const text =
      'One line, and\n\n  an indented one with  two blanks; incomprehensibilities 日本語の文です end \n';
    for (const width of [7, 12, 20, 33, 79]) {
      const whole = await written([text], width);
      for (const size of [1, 2, 5, 11]) {
        const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'gu'));
        assert.equal(await written(pieces, width), whole, `${width}, pieces of ${size}`);
      }
      const { displayWidth } = await importSource('cli/screen/terminal');
      for (const line of whole.split('\n')) assert.ok(displayWidth(line) <= width, line);
      assert.equal(whole.replace(/\s/g, ''), text.replace(/\s/g, ''));
    }
    const wide = await written([text], 100);
    assert.equal(wide, text.replace(' \n', '\n'));
    const western = text.replace('日本語の文です', '');
    assert.deepEqual(wordsOf(await written([western], 33)), wordsOf(western));
  });

  it('breaks before a word, and a word only where it is longer than a line', async () => {
    assert.equal(await written(['aaa bbb', 'bb ccc'], 7), 'aaa\nbbbbb\nccc');
    assert.equal(await written(['aaa bbb'], 7), 'aaa bbb');
    assert.equal(await written(['abcdefghijkl mn'], 5), 'abcde\nfghij\nkl mn');
    assert.equal(await written(['a\tb'], 20), 'a       b');
  });

  it('keeps the paint of each part of a word', async () => {
    const { Wrapper } = await importSource('cli/screen/wrap');
    let screen = '';
    const wrapper = new Wrapper(
      (part) => (screen += part),
      () => 8,
    );
    wrapper.push('my Ali', (text) => `<${text}>`);
    assert.equal(screen, '<my>', 'the word is not known yet');
    wrapper.push('ce, who');
    assert.equal(screen, '<my>\n<Ali>ce,');
    wrapper.end('…', (text) => `{${text}}`);
    assert.equal(screen, '<my>\n<Ali>ce,\nwho{…}');
  });
});

describe('screen: generate and chat', () => {
  const args = "generate 'The cat' -m stories --seed 3 --max-tokens 60";

  before(function () {
    if (!hasTerminal) this.skip();
  });

  it('writes at the width of the terminal what a pipe gets bare', async () => {
    const list = ['generate', 'The cat', '-m', 'stories', '--seed', '3', '--max-tokens', '60'];
    const plain = await bitTtt(list);
    assert.equal(plain.stderr, '');
    assert.doesNotMatch(plain.stdout, /[…\x1b]|weights/);
    assert.ok(plain.stdout.split('\n').some((line) => line.length > 79));
    for (const columns of [40, 80, 200]) {
      const screen = bare(await bitTttOn(args, { columns }));
      const [head, text] = screen.split('\n\n', 2);
      assert.match(
        head.replaceAll('\n', ' '),
        /^the stories' model, 4.84 M weights: short stories$/,
      );
      const body = screen.slice(head.length + 2);
      assert.ok(text.startsWith('The cat'));
      assert.equal(body.replace(/\s+/g, ' '), plain.stdout.trimEnd().replace(/\s+/g, ' ') + '… ');
      for (const line of screen.split('\n')) assert.ok(line.length < columns, line);
    }
    const { reason } = await json(list);
    assert.equal(reason, 'length');
  });

  it('has a colour for the voice of the person, unless none are wanted', async () => {
    const screen = await bitTttOn(args);
    assert.match(screen, /\x1b\[35mcat\x1b\[39m jumped/);
    const plain = await bitTttOn(args, { env: { NO_COLOR: '1' } });
    assert.doesNotMatch(plain, /\x1b/);
    assert.equal(plain, bare(screen));
  });

  it('marks no text that has come to its end', async () => {
    const ended = await bitTttOn("generate 'The cat' -m stories --seed 3 --stop jumped");
    assert.doesNotMatch(ended, /…/);
    assert.match(bare(ended), /\nThe cat\n$/);
  });

  it('chat says who writes, and tells the voices apart', async () => {
    const chat = 'chat -m stories --temperature 0 -n 20 --no-recall';
    const keys = [
      [/> /, 'The little dog\n'],
      [/> /, '/quit\n'],
    ];
    const screen = await bitTttOn(chat, { columns: 40, keys });
    assert.match(bare(screen), /^the stories' model, 4.84 M weights:\nshort stories\n\/help lists/);
    assert.match(
      screen,
      /\x1b\[35m> .*The little dog\r?\n\x1b\[39m[^\s\x1b>][^\x1b>]*\n[^\x1b]*\x1b\[2m…/,
    );
    assert.ok(screen.endsWith('\x1b[39m'), 'the colour does not stay');
    const plain = await bitTttOn(chat, { columns: 40, keys, env: { NO_COLOR: '1' } });
    assert.doesNotMatch(plain, /\x1b\[\d*m/);
    const piped = await output(chat.split(' '), { input: 'The little dog\n' });
    assert.doesNotMatch(piped, /weights|…|\x1b/);
    const body = bare(plain)
      .split(/The little dog\r?\n/)[1]
      .split('…')[0];
    assert.match(piped, /^ \w/); // the text as it is
    assert.equal(body.replace(/\s+/g, ' '), piped.trim().replace(/\s+/g, ' '));
  });
});

describe('screen: eval', () => {
  it('counts documents where there are several', async function () {
    if (!hasTerminal) this.skip();
    const text = readFileSync(alice, 'utf8').repeat(3); // long enough that something is shown
    const two = folder.write('two.txt', `${text}\n<|endoftext|>\n${text}`);
    assert.doesNotMatch(await bitTttOn(`eval '${alice}' -m stories`), / of 1 /);
    assert.match(await bitTttOn(`eval '${two}' -m stories`), /1 of 2 documents/);
  });
});

describe('screen: train', () => {
  it('shows what the model writes, on a terminal in its width, and where it goes on', async function () {
    if (!hasTerminal) this.skip();
    const model = folder.path('shown.bitt');
    const args = `train '${alice}' ${small.join(' ')} --steps 4 --out '${model}'`;
    const screen = bare(
      await bitTttOn(`${args} --checkpoint '${folder.path('kept')}'`, { columns: 60 }),
    );
    const samples = screen.split('\n').filter((line) => /^ {10}\S/.test(line));
    assert.ok(samples.length >= 3, screen);
    for (const line of samples) assert.ok(line.length < 60, line);
    const again = ['--resume', '--checkpoint', folder.path('kept'), '--steps', '6', '--out', model];
    const resumed = await output(['train', alice, ...again]);
    assert.match(resumed, /\ngoing on from step 4\n/);
    assert.match(resumed, /\n {10}\S/);
  });
});

// What the command line reads as a text: encodings, and what is none; files, pipes and a standard
// input that is not there.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { root } from './support/backends.mjs';
import { command, json, output, refuses, temporaryFolder } from './support/cli.mjs';

const folder = temporaryFolder();

describe('command line: what is no text', () => {
  it('says why a file cannot be read', async () => {
    await refuses(['surprise', folder.path('missing.log')], 1, /missing\.log: no such file/);
    mkdirSync(folder.path('a-folder'));
    await refuses(['surprise', folder.path('a-folder')], 1, /a-folder: is a directory/);
    await refuses(['surprise', folder.path('a-folder/x/y')], 1, /no such file/);
    await refuses(['surprise', folder.write('empty', '')], 1, /empty is empty/);
    await refuses(['surprise', '-'], 1, /standard input is empty/);
    await refuses(['surprise', folder.write('mark', '\ufeff')], 1, /no lines to learn from/);
  });

  it('refuses binary and compressed files', async () => {
    await refuses(['surprise', process.execPath], 1, /is not text/);
    const packed = gzipSync(gzipSync('hello'));
    await refuses(['surprise', folder.write('x.gz', packed)], 1, /zcat/);
    await refuses(['surprise', '-'], 1, /xzcat/, { input: Buffer.from('fd377a585a00', 'hex') });
    await refuses(['surprise', '-'], 1, /bzcat/, { input: Buffer.from('BZh91AY&SY') });
    await refuses(['surprise', '-'], 1, /full of zero bytes/, { input: Buffer.alloc(100) });
    const noise = Buffer.from(
      Array.from({ length: 3000 }, (_, i) => ((i * i * 31 + i * 7) % 255) + 1),
    );
    await refuses(['surprise', folder.write('noise', noise)], 1, /full of control characters/);
  });

  it('reads what is text in some way', async () => {
    const lines = async (bytes) => {
      const args = ['surprise', '-', '--all', '--json'];
      const printed = await output(args, { input: Buffer.from(bytes) });
      const all = printed.trimEnd().split('\n').map(JSON.parse);
      return [all.at(-1).line, ...all.map((one) => one.text)];
    };
    assert.deepEqual(await lines('a\nb'), [2, 'a', 'b']);
    assert.deepEqual(await lines('a\r\nb\r\n'), [2, 'a', 'b']);
    assert.deepEqual(await lines('\ufeffa\n\nb\n'), [3, 'a', '', 'b']);
    const utf16 = Buffer.from('\ufeffa\nb', 'utf16le');
    assert.deepEqual(await lines(utf16), [2, 'a', 'b']);
    assert.deepEqual(await lines(utf16.swap16()), [2, 'a', 'b']);
    assert.deepEqual(await lines([0x61, 0xff, 0x0a, 0xe2, 0x82]), [2, 'a\ufffd', '\ufffd']);
    assert.deepEqual(await lines('x'), [1, 'x']);
    // U+4E00 has its zero where blanks have none.
    const chinese = ['一天早上，他从不安的睡梦中醒来', '第一章 一个人在一个房间里等一个人'];
    const scripts = ['日本語 テキスト', 'μ ñ 🙂', 'Съешь ещё', ...chinese];
    assert.deepEqual(await lines(scripts.join('\n')), [scripts.length, ...scripts]);
    for (const text of ['a\nb', 'hi', ...scripts, 'x'.repeat(9000), `${scripts.join('\n')}\n`]) {
      const wide = Buffer.from(text, 'utf16le'); // without a byte order mark
      const wanted = text.trimEnd().split('\n');
      if (!wide.includes(0)) continue; // nothing tells what it is
      assert.deepEqual((await lines(wide)).slice(1), wanted);
      assert.deepEqual((await lines(Buffer.from(wide).swap16())).slice(1), wanted);
    }
  });

  const utf32 = (text, bigEndian) => {
    const bytes = Buffer.alloc(4 * [...text].length);
    [...text].forEach((char, i) =>
      bytes[bigEndian ? 'writeUInt32BE' : 'writeUInt32LE'](char.codePointAt(0), 4 * i),
    );
    return bytes;
  };

  it('names UTF-32, and tells UTF-16 from what is no text', async () => {
    const says =
      /standard input is UTF-32; try: iconv -f UTF-32 -t UTF-8 FILE \| bit-ttt surprise -$/m;
    for (const text of ['\ufeffhello', 'hello', 'a', 'μ ñ 🙂\n'])
      for (const bigEndian of [false, true])
        await refuses(['surprise', '-'], 1, says, { input: utf32(text, bigEndian) });
    const notText = [
      Buffer.from(Uint16Array.from({ length: 500 }, (_, i) => i % 30).buffer), // small numbers
      Buffer.from(Float64Array.from({ length: 500 }, (_, i) => i).buffer),
      Buffer.concat([Buffer.from('text\n'.repeat(20)), Buffer.alloc(20)]),
      Buffer.from('ab\0cd\0\0ef\0'.repeat(50)),
      Buffer.from('a/path/of one\0a/path/of/two\0'.repeat(50)), // of find -print0
      Buffer.from('\ud800x'.repeat(50), 'utf16le'), // halves of characters
    ];
    for (const input of notText)
      await refuses(['surprise', '-'], 1, /full of (zero bytes|control characters)/, { input });
  });

  it('texts that are read whole know the same encodings', async () => {
    const text = 'Down, down, down. Would the fall never come to an end?';
    const known = await json(['eval', folder.write('8.txt', text)]);
    const wide = Buffer.from(text, 'utf16le');
    for (const bytes of [wide, Buffer.from(wide).swap16(), Buffer.from(`\ufeff${text}`, 'utf16le')])
      assert.equal(
        (await json(['eval', folder.write('16.txt', bytes)])).nats_per_token,
        known.nats_per_token,
      );
    await refuses(
      ['eval', folder.write('32.txt', utf32(text))],
      1,
      /32\.txt is UTF-32; .* bit-ttt eval -$/m,
    );
    const odd = Buffer.concat([wide, Buffer.from('x')]);
    await refuses(
      ['eval', folder.write('odd.txt', odd)],
      1,
      /odd\.txt is not UTF-16LE throughout; --lossy/,
    );
    assert.ok((await json(['eval', folder.write('odd.txt', odd), '--lossy'])).bytes > text.length);
  });
});

describe('command line: standard input', () => {
  const commands = [
    ['surprise', '-'],
    ['generate', '-'],
    ['chat'],
    ['suggest', '-'],
    ['suggest', 'x', '--read', '-'],
    ['train', '-', '--out', folder.path('never.bitt')],
    ['eval', '-'],
    ['adapt', '-'],
    ['tokenizer', 'train', '-', '--out', folder.path('never.json')],
  ];
  const run = (args, redirection) => {
    const words = [process.execPath, command, ...args].map((word) => `'${word}'`).join(' ');
    const { status, stdout, stderr } = spawnSync('sh', ['-c', `${words} ${redirection}`]);
    return [status, String(stdout), String(stderr)];
  };
  before(function () {
    if (process.platform === 'win32') this.skip(); // no such shell
  });

  it('that is closed is an error', () => {
    for (const args of commands) {
      const says = 'bit-ttt: cannot read standard input: it is closed\n';
      assert.deepEqual(run(args, '<&-'), [1, '', says], args.join(' '));
    }
  });

  it('that is a folder is one, too', () => {
    for (const args of commands) {
      const says = 'bit-ttt: cannot read standard input: is a directory\n';
      assert.deepEqual(run(args, '</'), [1, '', says], args.join(' '));
    }
  });

  it('that is empty is none where nothing is needed', () => {
    const empty = '< /dev/null';
    assert.equal(run(['generate', '-', '--max-tokens', '1'], empty)[0], 0);
    assert.deepEqual(run(['chat'], empty), [0, '', '']);
    assert.match(run(['surprise', '-'], empty)[2], /standard input is empty/);
  });

  it('and pipes are read where a file is named', async () => {
    const pipe = folder.path('pipe');
    spawnSync('mkfifo', [pipe]);
    for (const [args, says] of [
      [['surprise', pipe], /pipe: 653 lines/],
      [['eval', pipe], /pipe: 1 document, [\d,]+ tokens, 32,010 bytes/],
    ]) {
      const alice = join(root, 'examples/alice.txt');
      const input = () => void spawn('sh', ['-c', `cat '${alice}' > '${pipe}'`]);
      assert.match(await output(args, { input }), says);
    }
  });

  it('without an end is too much for what is read whole', async () => {
    const words = [process.execPath, command].map((word) => `'${word}'`).join(' ');
    const { stderr } = spawnSync('sh', ['-c', `yes 'some words' | ${words} eval -`]);
    const limit = `it has more than ${2 ** 29 - 25} bytes`;
    assert.equal(String(stderr), `bit-ttt: standard input is too large: ${limit}\n`);
  });
});

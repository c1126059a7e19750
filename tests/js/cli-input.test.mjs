// The command line under bad input: wrong options, files that are no text, hostile text, pipes that
// close, and files far larger than the memory that may be used.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

import { root } from './support/backends.mjs';
import { makeLog, makeRepetitive } from './support/cli-logs.mjs';
import { bitTtt, command, importSource, json, output, refuses, temporaryFolder } from './support/cli.mjs';

const folder = temporaryFolder();
const text = (lines) => `${lines.join('\n')}\n`;

describe('command line: what is wrong is said', () => {
  it('helps', async () => {
    const help = await output(['--help']);
    for (const name of ['surprise', 'doctor', 'bench']) {
      assert.match(help, new RegExp(`bit-ttt ${name}`));
      const own = await output([name, '--help']);
      assert.match(own, new RegExp(`^Usage: bit-ttt ${name}`));
      assert.match(own, /--json/);
      for (const line of own.split('\n')) assert.ok(line.length <= 100, line);
    }
    const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    assert.equal(await output(['--version']), `${version}\n`);
    const { status, stdout, stderr } = await bitTtt([]);
    assert.deepEqual([status, stdout, stderr], [2, '', help]);
  });

  it('helps in each way that one may ask', async () => {
    const help = await output(['--help']);
    const names = [...new Set([...help.matchAll(/^  bit-ttt ([a-z]+)/gm)].map(([, name]) => name))];
    assert.equal(names.length, 11);
    for (const name of names) {
      assert.match(await output(['help', name]), new RegExp(`^Usage: bit-ttt ${name}`));
    }
    assert.equal(await output(['--help', 'chat']), await output(['chat', '--help']));
    assert.equal(await output(['help', 'tokenizer', 'train']), await output(['tokenizer', '--help']));
    for (const args of [['help'], ['-h'], ['help', 'help'], ['help', '--help']])
      assert.equal(await output(args), help, args.join(' '));
    await refuses(['help', 'suprise'], 2, /unknown command suprise; did you mean surprise\?/);
  });

  it('suggests what was probably meant', async () => {
    await refuses(['suprise', 'x'], 2, /unknown command suprise; did you mean surprise\?/);
    await refuses(['docter'], 2, /did you mean doctor\?/);
    await refuses(['zzzzzz'], 2, /unknown command zzzzzz \(/);
    await refuses(['--frobnicate'], 2, /unknown option --frobnicate/);
    await refuses(['surprise', 'x', '--jsn'], 2, /unknown option --jsn; did you mean --json\?/);
    await refuses(['surprise', 'x', '--qqqqqqq'], 2, /unknown option --qqqqqqq$/m);
    await refuses(['doctor', '-x'], 2, /unknown option -x/);
    await refuses(['surprise', 'x', '--__proto__'], 2, /unknown option/);
    await refuses(['constructor'], 2, /unknown command constructor/);
  });

  it('refuses senseless values', async () => {
    const bad = {
      '--top': ['-1', '1.5', 'ten', '1e9', '0x10', ' '],
      '--dim': ['3', '0', '4.5', 'NaN', '99999999'],
      '--lr': ['-0.1', '2', 'Infinity', 'fast'],
      '--seed': ['-1', '1.5', '18446744073709551616', 'x'],
      '--by': ['letter', 'lines', 'Line'],
    };
    for (const [option, values] of Object.entries(bad)) {
      for (const value of values) {
        await refuses(
          ['surprise', 'x', `${option}=${value}`],
          2,
          new RegExp(`^bit-ttt: ${option} must be`),
        );
      }
      await refuses(['surprise', 'x', option], 2, /needs a value/);
      await refuses(['surprise', 'x', option, '--json'], 2, /needs a value, but --json follows/);
    }
    await refuses(['surprise', 'x', '--json=yes'], 2, /--json takes no value/);
    await refuses(['surprise'], 2, /needs a FILE/);
    await refuses(['surprise', 'a', 'b'], 2, /reads one FILE, but "b"/);
    await refuses(['doctor', 'x'], 2, /takes no arguments/);
    await refuses(['bench', 'x'], 2, /takes no arguments/);
    await refuses(['bench', '--dims', '64,,128'], 2, /--dims must be/);
  });
});

describe('command line: what is no text', () => {
  it('says why a file cannot be read', async () => {
    await refuses(['surprise', folder.path('missing.log')], 1, /missing\.log: no such file/);
    mkdirSync(folder.path('a-folder'));
    await refuses(['surprise', folder.path('a-folder')], 1, /a-folder: is a directory/);
    await refuses(['surprise', folder.path('a-folder/x/y')], 1, /no such file/);
    await refuses(['surprise', folder.write('empty', '')], 1, /empty is empty/);
    await refuses(['surprise', '-'], 1, /standard input is empty/);
    await refuses(['surprise', folder.write('blank', ' \n\n\t\r\n')], 1, /no lines to learn from/);
    const dots = folder.write('dots', '... !!\n');
    await refuses(['surprise', dots, '--by', 'word'], 1, /no words to learn from/);
  });

  it('refuses binary and compressed files', async () => {
    await refuses(['surprise', process.execPath], 1, /is not text/);
    await refuses(['surprise', folder.write('x.gz', gzipSync('hello'))], 1, /zcat/);
    await refuses(['surprise', '-'], 1, /zstdcat/, { input: Buffer.from('28b52ffd24', 'hex') });
    await refuses(['surprise', '-'], 1, /full of zero bytes/, { input: Buffer.alloc(100) });
    const noise = Buffer.from(Array.from({ length: 3000 }, (_, i) => (i * i * 31 + i * 7) % 255 + 1));
    await refuses(['surprise', folder.write('noise', noise)], 1, /full of control characters/);
  });

  it('reads what is text in some way', async () => {
    const lines = async (bytes) => {
      const { lines: count, top } = await json(['surprise', '-'], { input: Buffer.from(bytes) });
      return [count, ...top.sort((a, b) => a.line - b.line).map((one) => one.text)];
    };
    assert.deepEqual(await lines('a\nb'), [2, 'a', 'b']);
    assert.deepEqual(await lines('a\r\nb\r\n'), [2, 'a', 'b']);
    assert.deepEqual(await lines('\ufeffa\n\nb\n'), [3, 'a', 'b']);
    const utf16 = Buffer.from('\ufeffa\nb', 'utf16le');
    assert.deepEqual(await lines(utf16), [2, 'a', 'b']);
    assert.deepEqual(await lines(utf16.swap16()), [2, 'a', 'b']);
    assert.deepEqual(await lines([0x61, 0xff, 0x0a, 0xe2, 0x82]), [2, 'a\ufffd', '\ufffd']);
    assert.deepEqual(await lines('x'), [1, 'x']);
    const scripts = ['日本語 テキスト', 'μ ñ 🙂'];
    assert.deepEqual(await lines(scripts.join('\n')), [2, ...scripts]);
    for (const text of ['a\nb', 'hi', ...scripts, 'x'.repeat(9000), `${scripts.join('\n')}\n`]) {
      const wide = Buffer.from(text, 'utf16le'); // without a byte order mark
      const wanted = text.trimEnd().split('\n');
      if (!wide.includes(0)) continue; // nothing tells what it is
      assert.deepEqual((await lines(wide)).slice(1), wanted.map((line) => shown(line)));
      assert.deepEqual((await lines(Buffer.from(wide).swap16())).slice(1), wanted.map(shown));
    }
  });

  const shown = (line) => (line.length > 1000 ? `${line.slice(0, 1000)}…` : line);
  const utf32 = (text, bigEndian) => {
    const bytes = Buffer.alloc(4 * [...text].length);
    [...text].forEach((char, i) =>
      bytes[bigEndian ? 'writeUInt32BE' : 'writeUInt32LE'](char.codePointAt(0), 4 * i),
    );
    return bytes;
  };

  it('names UTF-32, and tells UTF-16 from what is no text', async () => {
    const says = /standard input is UTF-32; try: iconv -f UTF-32 -t UTF-8 FILE \| bit-ttt surprise -$/m;
    for (const text of ['\ufeffhello', 'hello', 'a', 'μ ñ 🙂\n'])
      for (const bigEndian of [false, true])
        await refuses(['surprise', '-'], 1, says, { input: utf32(text, bigEndian) });
    const notText = [
      Buffer.from(Uint16Array.from({ length: 500 }, (_, i) => i % 30).buffer), // small numbers
      Buffer.from(Float64Array.from({ length: 500 }, (_, i) => i).buffer),
      Buffer.concat([Buffer.from('text\n'.repeat(20)), Buffer.alloc(20)]),
      Buffer.from('ab\0cd\0\0ef\0'.repeat(50)),
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
      assert.equal((await json(['eval', folder.write('16.txt', bytes)])).nats_per_token, known.nats_per_token);
    await refuses(['eval', folder.write('32.txt', utf32(text))], 1, /32\.txt is UTF-32; .* bit-ttt eval -$/m);
    const odd = Buffer.concat([wide, Buffer.from('x')]);
    await refuses(['eval', folder.write('odd.txt', odd)], 1, /odd\.txt is not UTF-16LE throughout; --lossy/);
    assert.ok((await json(['eval', folder.write('odd.txt', odd), '--lossy'])).bytes > text.length);
  });
});

describe('command line: standard input', () => {
  const commands = [
    ['surprise', '-'],
    ['generate', '-'],
    ['chat'],
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
      [['eval', pipe], /pipe: 1 document, 11,348 tokens/],
    ]) {
      const alice = join(root, 'examples/alice.txt');
      const input = () => void spawn('sh', ['-c', `cat '${alice}' > '${pipe}'`]);
      assert.match(await output(args, { input }), says);
    }
  });

  it('without an end is too much for what is read whole', async function () {
    this.timeout(120000);
    const { status, stderr } = await bitTtt(['eval', '/dev/zero']);
    assert.deepEqual([status, stderr], [1, 'bit-ttt: /dev/zero is too large to be read at once\n']);
  });

  it('reads a line of 10 MB in pieces', async () => {
    const long = 'lorem ipsum '.repeat(870000);
    const { lines, units, top } = await json(['surprise', '-'], {
      input: `first\n${long}\nlast\n`,
    });
    assert.equal(lines, 3);
    assert.equal(units, 2 + Math.ceil(long.length / 65536));
    for (const { text: piece } of top) assert.ok(piece.length <= 1002);
    const inside = top.filter(({ line }) => line === 2);
    assert.ok(inside.length > 0);
    for (const { column } of inside) assert.equal((column - 1) % 65536, 0);
  });
});

describe('command line: text that is hostile to a terminal', () => {
  const hostile = '\x1b[2J\x1b]0;owned\x07 \x9b31m \u202egnp.exe \x00\x08\x7f end';

  it('prints no control character of the text', async () => {
    const lines = [...makeRepetitive(100, 50, `danger ${hostile} here`)];
    for (const args of [[], ['--all'], ['--by', 'word'], ['--json'], ['--all', '--json']]) {
      const printed = await output(['surprise', '-', '--no-color', ...args], {
        input: text(lines),
      });
      assert.doesNotMatch(
        printed,
        /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/u,
        args.join(' '),
      );
      assert.match(printed, /danger/);
    }
  });

  it('colours only where it should', async () => {
    const input = text(makeRepetitive(100, 50, 'danger'));
    const coloured = async (args, env) =>
      (await output(['surprise', '-', ...args], { input, env })).includes('\x1b[');
    assert.equal(await coloured([]), false, 'a pipe is no terminal');
    assert.equal(await coloured(['--color']), true);
    assert.equal(await coloured([], { FORCE_COLOR: '1' }), true);
    assert.equal(await coloured([], { FORCE_COLOR: '1', NO_COLOR: '1' }), false);
    assert.equal(await coloured(['--no-color', '--color'], { FORCE_COLOR: '1' }), false);
    assert.equal(await coloured(['--json', '--color']), false);
    for (const [env, wanted] of [
      [{ FORCE_COLOR: '' }, false],
      [{ FORCE_COLOR: '0', CLICOLOR_FORCE: '1' }, false],
      [{ FORCE_COLOR: '', CLICOLOR_FORCE: '1' }, true],
      [{ CLICOLOR_FORCE: '0' }, false],
      [{ CLICOLOR_FORCE: '' }, false],
      [{ CLICOLOR_FORCE: '1', NO_COLOR: '1' }, false],
      [{ CLICOLOR_FORCE: '1', NO_COLOR: '' }, true],
    ]) {
      assert.equal(await coloured([], env), wanted, JSON.stringify(env));
    }
    const { wantsColor } = await importSource('terminal');
    const terminal = (env) => wantsColor({ isTTY: true }, new Set(), { TERM: 'xterm', ...env });
    assert.deepEqual(
      [{}, { CLICOLOR: '0' }, { CLICOLOR: '' }, { CLICOLOR: '1' }, { TERM: 'dumb' }].map(terminal),
      [true, false, true, true, false],
    );
  });

  it('keeps to the width it is given', async () => {
    const lines = makeRepetitive(200, 100, `strange ${'wide 日本 '.repeat(50)}`);
    const { displayWidth } = await importSource('terminal');
    for (const by of ['line', 'word']) {
      for (const COLUMNS of ['60', '90', '140']) {
        const printed = await output(['surprise', '-', '--by', by], {
          input: text(lines),
          env: { COLUMNS },
        });
        for (const line of printed
          .split('\n')
          .filter((one) => !/^(memory|standard|native|wasm)/.test(one))) {
          assert.ok(displayWidth(line) <= Number(COLUMNS), `${by} ${COLUMNS}: ${line}`);
        }
        assert.match(printed, /strange/);
      }
    }
  });
});

describe('command line: progress', () => {
  /** What a progress line writes to a terminal with so many columns. */
  async function written(columns, enabled) {
    const { Progress } = await importSource('terminal');
    let screen = '';
    const progress = new Progress({ columns, write: (part) => (screen += part) }, enabled, 0);
    progress.update(() => `12,345 lines ${'and more '.repeat(20)}`);
    progress.update(() => 'too soon for this');
    progress.clear();
    return screen;
  }

  it('is one line, rewritten in place and wiped at the end', async () => {
    const wipe = '\r\x1b[2K';
    for (const columns of [40, 80, 0, undefined]) {
      const screen = await written(columns, true);
      assert.ok(screen.startsWith(`${wipe}12,345 lines`) && screen.endsWith(`…${wipe}`), screen);
      assert.equal(screen.length, 2 * wipe.length + (columns || 80) - 1);
    }
  });

  it('is silent where there is no terminal', async () => {
    assert.equal(await written(80, false), '');
  });
});

describe('command line: pipes', () => {
  it('ends quietly when its reader goes away', async () => {
    const input = text(makeLog('web', 20000, 1).lines);
    for (const args of [['--all'], ['--all', '--json'], ['--top', '1000']]) {
      const { status, stderr } = await bitTtt(['surprise', '-', ...args], {
        input(child) {
          child.stdout.once('data', () => child.stdout.destroy());
          child.stdin.end(input);
        },
      });
      assert.deepEqual([status, stderr], [0, ''], args.join(' '));
    }
  });
});

describe('command line: constant memory', () => {
  /*
   * Prints the peak resident size in KB when the process ends. Not getrusage's: that one counts
   * from before exec, when the child still was a copy of this process.
   */
  const reporter = `
    const { readFileSync } = require('node:fs');
    process.on('exit', () => {
      let peak = process.resourceUsage().maxRSS;
      try {
        peak = readFileSync('/proc/self/status', 'utf8').match(/VmHWM:\\s*(\\d+)/)[1];
      } catch {}
      process.stderr.write('peak ' + peak);
    });`;

  /** Peak resident size, in MB, of reading so many megabytes of a log. */
  async function peak(megabytes) {
    const log = text(makeLog('app', 9000, 3).lines);
    const file = folder.write(`${megabytes}.log`, '');
    for (let written = 0; written < megabytes * 1e6; written += log.length) {
      appendFileSync(file, log);
    }
    const { status, stdout, stderr } = await bitTtt(
      ['surprise', file, '--dim', '64', '--json'],
      // A small heap: the size of the process then shows what is held, not what is yet to be freed.
      {
        node: [
          '--max-old-space-size=40',
          '--max-semi-space-size=2',
          '--require',
          folder.write('report.cjs', reporter),
        ],
      },
    );
    assert.equal(status, 0, stderr);
    assert.equal(JSON.parse(stdout).top.length, 10);
    return Number(stderr.match(/peak (\d+)/)[1]) / 1024;
  }

  it('ten times the file takes hardly more', async function () {
    this.timeout(300000);
    const small = await peak(6);
    const large = await peak(60);
    assert.ok(large < small + 20, `${small} MB for 6 MB, ${large} MB for 60 MB`);
  });
});

describe('command line: the line splitter', () => {
  it('finds the same lines however the bytes are cut', async () => {
    const { LineSplitter } = await importSource('lines');
    const source = Buffer.from(
      '\ufeffeins\r\n\r\nzwei äöü 🙂\n\r\rdrei\u2028x\n日本\r\n\xff'.repeat(2) + 'end',
    );
    const read = (cut) => {
      const splitter = new LineSplitter('test');
      const lines = [];
      for (let at = 0; at < source.length; at += cut) {
        lines.push(...splitter.push(source.subarray(at, at + cut)));
      }
      return [...lines, ...splitter.end()];
    };
    const whole = read(source.length);
    assert.deepEqual(
      whole.slice(0, 4).map((line) => line.text),
      ['eins', '', 'zwei äöü 🙂', '\r\rdrei\u2028x'],
    );
    assert.deepEqual(
      whole.map((line) => line.number),
      whole.map((_, i) => i + 1),
    );
    for (let cut = 1; cut < 40; cut++) assert.deepEqual(read(cut), whole, `pieces of ${cut}`);
  });

  it('cuts long lines, never through a character', async () => {
    const { LineSplitter, MAX_LINE } = await importSource('lines');
    for (const filler of ['x', '🙂', 'a🙂']) {
      const long = filler.repeat(Math.ceil((3 * MAX_LINE) / filler.length)) + 'z';
      for (const size of [1000, 65536, 1 << 20]) {
        const splitter = new LineSplitter('test');
        const bytes = Buffer.from(`${long}\r\nnext`);
        const lines = [];
        for (let at = 0; at < bytes.length; at += size) {
          lines.push(...splitter.push(bytes.subarray(at, at + size)));
        }
        lines.push(...splitter.end());
        const pieces = lines.filter((line) => line.number === 1);
        assert.equal(pieces.map((line) => line.text).join(''), long);
        let column = 1;
        for (const piece of pieces) {
          assert.ok(piece.text.length <= MAX_LINE);
          assert.equal(piece.column, column);
          assert.doesNotMatch(piece.text, /^[\udc00-\udfff]|[\ud800-\udbff]$/);
          column += piece.text.length;
        }
        assert.deepEqual(lines.at(-1), { number: 2, column: 1, text: 'next' });
      }
    }
  });
});

// The command line under bad input: wrong options, hostile text, pipes that close, and files far
// larger than the memory that may be used. What is no text: cli-text.test.mjs.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './support/backends.mjs';
import { bitTtt, importSource, output, refuses, temporaryFolder } from './support/cli.mjs';
import { makeLog, makeRepetitive } from './support/planted-logs.mjs';

const folder = temporaryFolder();
const text = (lines) => `${lines.join('\n')}\n`;

describe('command line: what is wrong is said', () => {
  it('helps', async () => {
    const help = await output(['--help']);
    for (const name of ['surprise', 'signal', 'doctor', 'bench']) {
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
    const names = [
      ...new Set([...help.matchAll(/^ {2}bit-ttt ([a-z]+)/gm)].map(([, name]) => name)),
    ];
    assert.equal(names.length, 14);
    for (const name of names) {
      assert.match(await output(['help', name]), new RegExp(`^Usage: bit-ttt ${name}`));
    }
    assert.equal(await output(['--help', 'chat']), await output(['chat', '--help']));
    assert.equal(
      await output(['help', 'tokenizer', 'train']),
      await output(['tokenizer', '--help']),
    );
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
      '--alarm': ['0', '-0.1', '2', 'Infinity', 'NaN', 'often'],
      '--context': ['-1', '4.5', '101', 'all'],
      '--since': ['yesterday', '2y', '-2h'],
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
    await refuses(['doctor', 'x'], 2, /takes no arguments/);
    await refuses(['bench', 'x'], 2, /takes no arguments/);
    await refuses(['bench', '--dims', '64,,128'], 2, /--dims must be/);
  });
});

describe('command line: text that is hostile to a terminal', () => {
  const hostile = '\x1b[2J\x1b]0;owned\x07 \x9b31m \u202egnp.exe \x00\x08\x7f end';

  it('prints no control character of the text', async () => {
    const lines = [...makeRepetitive(100, 50, `danger ${hostile} here`)];
    for (const args of [[], ['--all'], ['--context', '3'], ['--json'], ['--all', '--json']]) {
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
    const { wantsColor } = await importSource('cli/screen/terminal');
    const terminal = (env) => wantsColor({ isTTY: true }, new Set(), { TERM: 'xterm', ...env });
    assert.deepEqual(
      [{}, { CLICOLOR: '0' }, { CLICOLOR: '' }, { CLICOLOR: '1' }, { TERM: 'dumb' }].map(terminal),
      [true, false, true, true, false],
    );
  });

  it('keeps to the width it is given, but for the lines that are found', async () => {
    const long = `strange ${'wide 日本 '.repeat(50)}`;
    const lines = makeRepetitive(600, 400, long).map((line) =>
      line === long ? line : `${line} `.repeat(9),
    );
    const { displayWidth } = await importSource('cli/screen/terminal');
    for (const COLUMNS of ['60', '90', '140']) {
      const printed = await output(['surprise', '-', '--context', '2'], {
        input: text(lines),
        env: { COLUMNS },
      });
      assert.ok(printed.replace(/[«»]/g, '').includes(`\n    ${long}\n`));
      for (const line of printed.split('\n').filter((one) => !/strange/.test(one)))
        assert.ok(displayWidth(line) <= Number(COLUMNS), `${COLUMNS}: ${line}`);
    }
  });
});

describe('command line: progress', () => {
  /** What a progress line writes to a terminal with so many columns. */
  async function written(columns, enabled) {
    const { Progress } = await importSource('cli/screen/terminal');
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
      ['surprise', file, '--json'],
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
    assert.ok(JSON.parse(stdout).lines > 5e3 * megabytes);
    return Number(stderr.match(/peak (\d+)/)[1]) / 1024;
  }

  it('ten times the file takes hardly more', async () => {
    const small = await peak(6);
    const large = await peak(60);
    assert.ok(large < small + 20, `${small} MB for 6 MB, ${large} MB for 60 MB`);
  });
});

describe('command line: the line splitter', () => {
  it('finds the same lines however the bytes are cut', async () => {
    const { LineSplitter } = await importSource('cli/files/lines');
    const source = Buffer.from(
      '\ufeffeins\r\n\r\nzwei äöü 🙂\n\r\rdrei\u2028x\n日本\r\n\xff'.repeat(2) + 'end',
    );
    const read = (cut) => {
      const splitter = new LineSplitter('test', 'surprise');
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
    const { LineSplitter } = await importSource('cli/files/lines');
    const { MAX_LINE } = await importSource('detect/lines');
    for (const filler of ['x', '🙂', 'a🙂']) {
      const long = filler.repeat(Math.ceil((3 * MAX_LINE) / filler.length)) + 'z';
      for (const size of [1000, 65536, 1 << 20]) {
        const splitter = new LineSplitter('test', 'surprise');
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

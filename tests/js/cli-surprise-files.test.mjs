// `bit-ttt surprise`: the files that it reads. Several, compressed, growing and hostile ones.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

import { bitTtt, command, json, output, refuses, temporaryFolder } from './support/cli.mjs';
import { fifo } from './support/cli-signals.mjs';
import { makeLog, makeRepetitive } from './support/planted-logs.mjs';
import { zstd } from './support/zstd.mjs';

const folder = temporaryFolder();
const text = (lines) => `${lines.join('\n')}\n`;
const objects = (printed) => printed.trimEnd().split('\n').map(JSON.parse);
const log = makeLog('syslog', 3000, 2, { injected: 2, after: 0.5 });
const usual = makeRepetitive(600, 0, '');
const STRANGE = 'disk failing';

/** What was found, without the names of files. */
async function found(args, options) {
  const { files: _, ...rest } = await json(['surprise', ...args], options);
  return rest;
}

describe('surprise: several files', () => {
  it('are read one after another, with one memory', async () => {
    const [one, two] = [usual, makeRepetitive(700, 300, STRANGE)].map((lines, i) =>
      folder.write(`${i}.log`, text(lines)),
    );
    const { files, lines, findings } = await json(['surprise', one, two, '--context', '1']);
    assert.deepEqual([files, lines], [[one, two], 1300]);
    assert.deepEqual(
      findings.map((finding) => [finding.file, finding.line, finding.text]),
      [[two, 300, STRANGE]],
    );
    const printed = await output(['surprise', one, two]);
    assert.match(printed, /^2 files: 1,300 lines, 1 stands out/);
    assert.match(printed, /^\S+1\.log:300 {2}score \d\.\d, /m);
    const all = objects(await output(['surprise', one, two, '--all', '--json']));
    assert.deepEqual([all.length, all[600].file, all[600].line], [1300, two, 1]);
  });

  it('what is around a line is in its file', async () => {
    const one = folder.write('around-1.log', text(usual));
    const two = folder.write('around-2.log', text([STRANGE, ...usual]));
    const three = folder.write('around-3.log', text([...usual, 'fan stopped']));
    const { findings } = await json(['surprise', one, two, three, one, '--context', '2']);
    const around = (file) => findings.find((finding) => finding.file === file);
    assert.deepEqual(around(two).before ?? [], []);
    assert.deepEqual(around(two).after, usual.slice(0, 2));
    assert.deepEqual(around(three).before, usual.slice(-2));
    assert.deepEqual(around(three).after ?? [], []);
  });

  it('standard input may be one, and one that is not there ends it', async () => {
    const one = folder.write('first.log', text(usual));
    const { lines } = await json(['surprise', one, '-'], { input: 'one more\n' });
    assert.equal(lines, 601);
    await refuses(['surprise', one, folder.path('missing')], 1, /missing: no such file/);
    const empty = folder.write('empty', '');
    await refuses(['surprise', empty, empty], 1, /none of the files has lines to learn from/);
    assert.equal((await json(['surprise', empty, one])).lines, 600);
  });
});

describe('surprise: compressed files', () => {
  const bytes = Buffer.from(log.text);

  it('gzip and zstd are read as what is in them, whatever their names', async () => {
    const expected = await found([folder.write('plain.log', bytes)]);
    assert.ok(expected.findings.length >= 2);
    for (const [name, packed] of Object.entries({
      'log.gz': gzipSync(bytes),
      'log.zst': zstd(bytes),
      'small-blocks.zst': zstd(bytes, 1000),
      'without-an-ending': gzipSync(bytes),
      'members.gz': Buffer.concat([
        gzipSync(bytes.subarray(0, 7777)),
        gzipSync(bytes.subarray(7777)),
      ]),
      'frames.zst': Buffer.concat([zstd(bytes.subarray(0, 7777)), zstd(bytes.subarray(7777))]),
    }))
      assert.deepEqual(await found([folder.write(name, packed)]), expected, name);
    for (const packed of [gzipSync(bytes), zstd(bytes)])
      for (const size of [1, 100_000]) {
        const part = packed.subarray(0, size);
        const input = ({ stdin }) => {
          stdin.write(part);
          setTimeout(() => stdin.end(packed.subarray(size)), 50);
        };
        assert.deepEqual(await found(['-'], { input }), expected, `a pipe, ${size} first`);
      }
  });

  it('damaged ones are refused, and nothing is saved', async () => {
    const memory = folder.path('never.memory');
    const [gzip, frame] = [gzipSync(bytes), zstd(bytes)];
    const changed = (from, at, mask) => {
      const copy = Buffer.from(from);
      copy[at] ^= mask;
      return copy;
    };
    const cases = {
      'gzip|cut': gzip.subarray(0, gzip.length - 9),
      'gzip|half': gzip.subarray(0, gzip.length >> 1),
      'gzip|head': gzip.subarray(0, 3),
      'gzip|changed': changed(gzip, gzip.length >> 1, 0x10),
      'gzip|sum': changed(gzip, gzip.length - 6, 1),
      'gzip|more': Buffer.concat([gzip, Buffer.from('trailing')]),
      'zstd|cut': frame.subarray(0, frame.length - 9),
      'zstd|half': frame.subarray(0, frame.length >> 1),
      'zstd|head': frame.subarray(0, 5),
      'zstd|block': changed(frame, 6, 6), // of a reserved kind
      'zstd|more': Buffer.concat([frame, Buffer.from('trailing')]),
    };
    for (const [name, damaged] of Object.entries(cases)) {
      const file = folder.write(`damaged-${name.replace('|', '.')}`, damaged);
      const says = new RegExp(`its ${name.split('|')[0]} data is damaged or cut short`);
      await refuses(['surprise', file, '--save', memory], 1, says);
    }
    assert.throws(() => readFileSync(memory), /ENOENT/);
    await refuses(
      ['surprise', folder.write('nothing.gz', gzipSync(''))],
      1,
      /nothing\.gz is empty/,
    );
    await refuses(['surprise', folder.write('nothing.zst', zstd(Buffer.alloc(0)))], 1, /is empty/);
    const twice = folder.write('twice.gz', gzipSync(gzip));
    await refuses(['surprise', twice], 1, /twice\.gz is (compressed|not text)/);
  });
});

describe('surprise: a file that grows', () => {
  /** Follows a file that begins with `first`: `act` gets what was printed so far, and a way to wait for more. */
  async function follow(name, first, act, ...args) {
    const file = folder.write(name, first);
    const child = spawn(process.execPath, [command, 'surprise', file, '--follow', ...args]);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (part) => (stdout += part));
    child.stderr.on('data', (part) => (stderr += part));
    const ended = new Promise((resolve) => child.on('close', resolve));
    const until = async (pattern) => {
      while (!pattern.test(stdout)) {
        assert.equal(child.exitCode, null, stderr);
        await sleep(10);
      }
    };
    try {
      await act(file, until);
    } finally {
      child.kill('SIGTERM');
    }
    return { status: await ended, stdout, stderr };
  }

  before(function () {
    if (process.platform === 'win32') this.skip(); // no signals there
  });

  it('is read as it grows, and the findings told at once', async () => {
    const { status, stdout, stderr } = await follow(
      'grows.log',
      text(usual),
      async (file, until) => {
        appendFileSync(file, 'disk fai');
        await sleep(300);
        appendFileSync(file, `ling\n`);
        await until(/disk failing/);
        appendFileSync(file, `${text(usual)}fan stopped\n`);
        await until(/fan stopped/);
      },
      '--json',
    );
    assert.deepEqual([status, stderr], [143, 'bit-ttt: interrupted after line 1,202\n']);
    assert.deepEqual(
      objects(stdout).map((one) => [one.line, one.text]),
      [
        [601, STRANGE],
        [1202, 'fan stopped'],
      ],
    );
  });

  it('begins with nothing, and prints a report at the end', async () => {
    const { stdout } = await follow('begins.log', '', async (file, until) => {
      await sleep(300);
      appendFileSync(file, text(makeRepetitive(700, 700, STRANGE)));
      await until(/700 {2}score \d\.\d, .*\n {4}«disk failing»\n/);
    });
    assert.match(stdout, /begins\.log: 700 lines, 1 stands out; the rest is usual\n/);
  });

  it('--all tells of every line', async () => {
    const { stdout } = await follow(
      'all.log',
      'one\ntwo\n',
      async (file, until) => {
        await until(/"two"/);
        appendFileSync(file, 'three\n');
        await until(/"three"/);
      },
      ...['--all', '--json'],
    );
    assert.deepEqual(
      objects(stdout).map(({ line, text: t }) => [line, t]),
      [
        [1, 'one'],
        [2, 'two'],
        [3, 'three'],
      ],
    );
  });

  it('is read anew when it was cut short, the old line ended', async () => {
    const { stdout } = await follow(
      'cut.log',
      'one\ntwo\nhalf a li',
      async (file, until) => {
        await until(/"two"/);
        truncateSync(file, 0);
        await sleep(600);
        appendFileSync(file, 'new\n');
        await until(/"new"/);
      },
      ...['--all', '--json'],
    );
    assert.deepEqual(
      objects(stdout).map((one) => one.text),
      ['one', 'two', 'half a li', 'new'],
    );
  });

  it('goes on with the file that has taken its name, and loses nothing of the old one', async () => {
    const { stdout } = await follow(
      'rotated.log',
      'one\n',
      async (file, until) => {
        const writer = await open(file, 'a');
        await until(/"one"/);
        renameSync(file, `${file}.1`);
        await sleep(300); // no file has the name
        await writer.write('two\n');
        await until(/"two"/);
        await writer.write('three\n');
        writeFileSync(file, 'four\n');
        await until(/"four"/);
        await writer.close();
        for (const line of ['five', 'six']) {
          renameSync(file, `${file}.1`);
          writeFileSync(file, `${line}\n`);
          await until(new RegExp(`"${line}"`));
        }
      },
      ...['--all', '--json'],
    );
    assert.deepEqual(
      objects(stdout).map(({ line, text: t }) => [line, t]),
      ['one', 'two', 'three', 'four', 'five', 'six'].map((line, i) => [i + 1, line]),
    );
  });

  it('saves what it has read, on the way and at the end', async () => {
    const memory = folder.path('followed.memory');
    const saves = ['--save', memory, '--save-every', '0.05'];
    const { status, stderr } = await follow(
      'saved.log',
      'one\ntwo\n',
      async (file) => {
        const lines = async () => (await json(['info', memory])).lines;
        while ((await lines().catch(() => 0)) !== 2) await sleep(20);
        appendFileSync(file, 'three\nhalf');
        while ((await lines()) !== 3) await sleep(20);
      },
      ...saves,
    );
    const says = 'bit-ttt: interrupted after line 3; the memory was saved\n';
    assert.deepEqual([status, stderr], [143, says]);
    assert.equal((await json(['info', memory])).lines, 3);
  });

  it('that cannot be followed is said to be', async () => {
    await refuses(['surprise', folder.path('none'), '--follow'], 1, /none: no such file/);
    mkdirSync(folder.path('dir'));
    await refuses(['surprise', folder.path('dir'), '--follow'], 1, /dir: is a directory/);
    const packed = folder.write('follow.gz', gzipSync(log.text));
    await refuses(['surprise', packed, '--follow'], 1, /follow\.gz is compressed/);
  });

  it('a pipe with a name is followed, too', async () => {
    const pipe = fifo(folder.path('pipe'));
    const { status, stdout } = await bitTtt(['surprise', pipe, '--all', '--json'], {
      async input(child) {
        const writer = await open(pipe, 'w');
        await writer.write('one\n');
        child.stdout.once('data', async () => {
          await writer.write('two\n');
          await writer.close();
        });
      },
    });
    assert.equal(status, 0);
    assert.equal(objects(stdout).length, 2);
  });
});

describe('surprise: hostile files', () => {
  const texts = async (bytes) => {
    const input = Buffer.from(bytes);
    const printed = await output(['surprise', '-', '--all', '--json'], { input });
    return objects(printed).map((one) => one.text);
  };

  it('a line of ten megabytes, in pieces', async () => {
    const long = 'lorem ipsum '.repeat(870_000);
    const all = objects(
      await output(['surprise', '-', '--all', '--json'], { input: `first\n${long}\nlast\n` }),
    );
    assert.equal(all.length, 2 + Math.ceil(long.length / 65536));
    const pieces = all.filter(({ line }) => line === 2);
    assert.equal(pieces.map((one) => one.text).join(''), long);
    assert.deepEqual(pieces[1].column, 65537);
    assert.equal(all.at(-1).line, 3);
    const strange = `${'x '.repeat(40_000)}`;
    const { findings, lines } = await json(['surprise', '-'], {
      input: text([...usual, strange, ...usual]),
    });
    assert.equal(lines, 1201);
    for (const { text: kept, because } of findings) {
      assert.ok(kept.length <= 16385);
      for (const part of because) assert.equal(part.text, kept.slice(part.start, part.end));
    }
  });

  it('control characters, zeros, invalid UTF-8 and halves of characters', async () => {
    const wanted = ['a \x1b[2J b', 'c \x07\x08 d', 'e \u2028 f \u202e g', 'h \ufffd i', 'j \ufffd'];
    const bytes = Buffer.concat([
      Buffer.from(text(wanted.slice(0, 3))),
      Buffer.from('h \xff i\nj \xe2\x82', 'latin1'),
    ]);
    assert.deepEqual(await texts(bytes), wanted);
    const zeros = Array.from({ length: 400 }, (_, i) =>
      i === 300 ? 'a \0 b' : `line ${i} of a log`,
    );
    assert.deepEqual(await texts(text(zeros)), zeros);
    const printed = await output(['surprise', '-', '--all'], { input: bytes });
    assert.doesNotMatch(printed, /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/);
  });

  it('any encoding and any line end', async () => {
    assert.deepEqual(await texts('a\r\nb\r\n'), ['a', 'b']);
    assert.deepEqual(await texts('a\nb'), ['a', 'b']);
    assert.deepEqual(await texts('a\rb\n\r\n'), ['a\rb', '']);
    assert.deepEqual(await texts('\ufeffa\n\nb\n'), ['a', '', 'b']);
    const wide = Buffer.from('\ufeffa\u0301 日本\nb', 'utf16le');
    for (const bytes of [wide, Buffer.from(wide).swap16()])
      assert.deepEqual(await texts(bytes), ['a\u0301 日本', 'b']);
  });

  it('an empty one, a folder, and standard input that is closed', async () => {
    await refuses(['surprise', '-'], 1, /standard input is empty/, { input: '' });
    await refuses(['surprise', folder.write('no-bytes', '')], 1, /no-bytes is empty/);
    await refuses(['surprise', folder.write('bom', '\ufeff')], 1, /bom has no lines to learn from/);
    mkdirSync(folder.path('folder'));
    await refuses(['surprise', folder.path('folder')], 1, /folder: is a directory/);
    if (process.platform === 'win32') return;
    const shell = `'${process.execPath}' '${command}' surprise - <&-`;
    const { status, stderr } = spawnSync('sh', ['-c', shell]);
    const says = 'bit-ttt: cannot read standard input: it is closed\n';
    assert.deepEqual([status, String(stderr)], [1, says]);
  });
});

// The transport for pino, with the real pino: in a worker thread and in the process itself.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';

import { LogDetector, TTTError } from 'bit-ttt';
import transport, { watchPino } from 'bit-ttt/pino';
import pino from 'pino';

import { rejects, root } from './support/backends.mjs';
import { cleanEnvironment, output } from './support/child.mjs';
import { valuesOf } from './support/kinds.mjs';
import { randomOf } from './support/planted-logs.mjs';

const require = createRequire(import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'bit-ttt-pino-'));
after(() => rmSync(folder, { recursive: true }));

let files = 0;
const newFile = () => join(folder, `file-${files++}`);
const recordsOf = (file) =>
  readFileSync(file, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

const KINDS = ['burst', 'line', 'missing', 'session', 'silence', 'spike'];
const ODD = 'certificate of the issuer has expired';
const USUAL = [
  (log, below) => log.info({ ms: below(90), id: below(1e9) }, 'request completed'),
  (log, below) => log.info({ user: below(400) }, 'cart renewed'),
  (log, below) => log.debug({ key: `item:${below(400)}` }, 'cache hit'),
  (log, below) => log.info({ count: below(40) }, 'sessions cleaned'),
];

/** Writes usual lines with a logger, and what `odd` has for their numbers. */
function use(log, count, odd = {}, seed = 1) {
  const random = randomOf(seed);
  const below = (n) => Math.floor(random() * n);
  for (let i = 0; i < count; i++) (odd[i] ?? USUAL[below(USUAL.length)])(log, below);
}

const oddLine = (log) => log.error({ host: 'pay.example.com' }, ODD);

/** The text that a logger writes. */
function textOf(count, odd, seed) {
  let text = '';
  use(pino({ level: 'debug' }, { write: (line) => (text += line) }), count, odd, seed);
  return text;
}

async function endOf(stream) {
  stream.end();
  await once(stream, 'close');
}

/** Findings of a text, written in one piece. */
async function findingsOf(text, options) {
  const found = [];
  const stream = await transport({ onFinding: (finding) => void found.push(finding), ...options });
  stream.write(text);
  await endOf(stream);
  return found;
}

describe('bit-ttt/pino in a worker thread', () => {
  const loggerOf = (stream) => pino({ level: 'debug' }, stream);

  it('writes a finding for a planted line to a file, in the form of pino', async () => {
    const [destination, app] = [newFile(), newFile()];
    const stream = pino.transport({
      targets: [
        { target: 'pino/file', level: 'debug', options: { destination: app } },
        { target: 'bit-ttt/pino', level: 'debug', options: { destination } },
      ],
    });
    const before = Date.now();
    use(loggerOf(stream), 2500, { 1900: oddLine });
    await endOf(stream);
    assert.equal(recordsOf(app).length, 2500);
    const records = recordsOf(destination);
    const lines = records.filter(({ bitTtt }) => bitTtt.kind === 'line');
    assert.equal(lines.length, 1, JSON.stringify(records));
    const [{ level, time, msg, bitTtt }] = lines;
    assert.deepEqual([level, msg], [40, `odd line: ${ODD}`]);
    assert.ok(time >= before && time <= Date.now());
    assert.deepEqual([bitTtt.line, bitTtt.lines, bitTtt.level], [1901, 1, '50']);
    assert.equal(JSON.parse(bitTtt.text).msg, ODD);
    assert.ok(bitTtt.score > 2.5);
    assert.equal(bitTtt.cause, 'words');
    const said = `${ODD} pay.example.com`;
    assert.ok(bitTtt.because.length > 0);
    for (const part of bitTtt.because) assert.ok(said.includes(part), part);
    assert.deepEqual(
      Object.keys(lines[0]).filter((key) => key !== 'bitTtt'),
      ['level', 'time', 'msg'],
    );
  });

  it('writes nothing for usual lines', async () => {
    const destination = newFile();
    const stream = pino.transport({ target: 'bit-ttt/pino', options: { destination } });
    use(loggerOf(stream), 2500);
    await endOf(stream);
    assert.deepEqual(recordsOf(destination), []);
  });

  it('takes regular expressions, and their sources, as options', async () => {
    const found = [];
    for (const mask of [/user-\w+/, 'user-\\w+', ['user-\\w+', /never/]]) {
      const destination = newFile();
      const options = { destination, mask, session: 'req-(\\d+)', level: 'error' };
      const stream = pino.transport({ target: 'bit-ttt/pino', options });
      use(loggerOf(stream), 2000, { 1500: (log) => log.info('user-hxqz has left the building') });
      await endOf(stream);
      found.push(recordsOf(destination).map(({ time, ...record }) => record));
      assert.ok(found[0].length >= 1 && found[0].every(({ level }) => level === 50));
    }
    const texts = found.map((records) => records.map(({ msg, bitTtt }) => [msg, bitTtt.score]));
    assert.deepEqual(texts[1], texts[0]);
    assert.deepEqual(texts[2], texts[0]);
  });

  it('is a single target, with levels of its own, and one of a pipeline', async () => {
    const odd = { 1900: (log) => log.notice(ODD) };
    for (const how of [
      (options) => ({ target: 'bit-ttt/pino', options }),
      (options) => ({ pipeline: [{ target: 'bit-ttt/pino', options }] }),
      (options) => ({ targets: [{ target: 'bit-ttt/pino', options, level: 'notice' }] }),
    ]) {
      const destination = newFile();
      const levels = { notice: 35 };
      const stream = pino.transport({ ...how({ destination, level: 35 }), levels, dedupe: true });
      use(pino({ level: 'debug', customLevels: levels }, stream), 2500, odd);
      await endOf(stream);
      const records = recordsOf(destination);
      const some = how({}).targets === undefined ? 1 : 0; // of one line nothing is known
      assert.equal(records.length, some);
      assert.ok(records.every(({ level }) => level === 35));
    }
  });

  it('tells of a wrong option by an error of the transport', async () => {
    const stream = pino.transport({ target: 'bit-ttt/pino', options: { alarmrate: 0.01 } });
    const [error] = await once(stream, 'error');
    assert.match(error.message, /unknown option alarmrate.*alarmRate/);
  });

  it('tells and saves when the program just ends, to the standard output', async () => {
    const save = newFile();
    const program = `
      import pino from 'pino';
      const log = pino({ transport: { targets: [
        { target: 'bit-ttt/pino', options: { save: ${JSON.stringify(save)} } },
      ] } });
      for (let i = 0; i < 2000; i++) log.info({ ms: i % 7 }, 'request completed');
      log.error('${ODD}');`;
    const args = ['--input-type=module', '-e', program];
    const printed = await output(process.execPath, args, { cwd: root, env: cleanEnvironment() });
    const records = printed.trim().split('\n').map(JSON.parse);
    assert.deepEqual(
      records.map(({ msg }) => msg),
      [`odd line: ${ODD}`],
    );
    const log = await LogDetector.load(readFileSync(save));
    assert.equal(log.lines, 2001);
    log.destroy();
  });
});

describe('bit-ttt/pino in the process', () => {
  it('is one function, imported and required', () => {
    assert.equal(transport, watchPino);
    assert.equal(require('bit-ttt/pino').default, transport);
    assert.equal(require('bit-ttt/pino').watchPino, transport);
  });

  it('calls onFinding, as one of the streams of a multistream', async () => {
    const found = [];
    let written = 0;
    const stream = await transport({ onFinding: (finding) => void found.push(finding) });
    const streams = [
      { level: 'debug', stream: { write: () => written++ } },
      { level: 'debug', stream },
    ];
    const log = pino({ level: 'debug' }, pino.multistream(streams));
    use(log, 2500, { 1900: oddLine });
    await endOf(stream);
    assert.equal(written, 2500);
    assert.deepEqual(
      found.map(({ kind, line }) => [kind, line]),
      [['line', 1901]],
    );
    const [{ text, because }] = found;
    assert.ok(because.every(({ start, end }) => text.slice(start, end).length > 0));
  });

  it('tells of a line soon, though none comes after it', async () => {
    let tell;
    const told = new Promise((resolve) => (tell = resolve));
    const stream = await transport({ onFinding: tell });
    use(pino({ level: 'debug' }, stream), 2001, { 2000: oddLine });
    assert.equal((await told).line, 2001);
    await endOf(stream);
  });

  it('finds the same however the lines are cut, in text and in bytes', async () => {
    const text = textOf(2500, { 1900: (log) => log.error(`ungültig: ${ODD} ∞`) });
    const expected = await findingsOf(text);
    assert.equal(expected.length, 1);
    for (const size of [7, 1000, 70000]) {
      const found = [];
      const stream = await transport({ onFinding: (finding) => void found.push(finding) });
      const bytes = Buffer.from(text);
      for (let at = 0; at < bytes.length; at += size) {
        if (!stream.write(bytes.subarray(at, at + size))) await once(stream, 'drain');
      }
      await endOf(stream);
      assert.deepEqual(found, expected);
    }
  });

  it('tells the last line, with no end, and reads what is no JSON as text', async () => {
    const odd = '{"level":50,"msg":"torn in the mid';
    const found = await findingsOf(`${textOf(2000)}${odd}`);
    assert.deepEqual(
      found.map(({ line, text }) => [line, text]),
      [[2001, odd]],
    );
  });

  it('does not read its own lines', async () => {
    const seen = [];
    const lines = newFile();
    let log;
    const stream = await transport({
      destination: lines,
      onFinding(finding) {
        seen.push(finding);
        log.warn({ bitTtt: finding }, 'something odd');
      },
    });
    log = pino({ level: 'debug' }, stream);
    use(log, 2500, { 1900: oddLine });
    while (!existsSync(lines) || !readFileSync(lines, 'utf8').endsWith('\n'))
      await new Promise((resolve) => setTimeout(resolve, 50));
    stream.write(readFileSync(lines, 'utf8').repeat(50));
    await endOf(stream);
    assert.equal(seen.length, 1);
    assert.equal(recordsOf(lines).length, 1);
    // A text that only speaks of the key is a line as others are.
    const speaking = `${textOf(2000)}{"level":50,"msg":"no key \\"bitTtt\\" was found here"}\n`;
    assert.equal((await findingsOf(speaking)).length, 1);
  });

  it('reads only the beginning of a very long line', async () => {
    const long = `${JSON.stringify({ level: 50, msg: 'unheard of '.repeat(300000) })}\n`;
    const found = await findingsOf(`${textOf(2000)}${long}${textOf(100, {}, 2)}`);
    assert.equal(found.filter(({ kind }) => kind === 'line').length, 1);
    assert.ok(found[0].text.length <= 65536);
  });

  it('holds back who writes, while a finding is told', async () => {
    let go;
    const gate = new Promise((resolve) => (go = resolve));
    let told = 0;
    const onFinding = () => {
      told++;
      return gate;
    };
    const stream = await transport({ onFinding });
    stream.write(textOf(2000));
    stream.write(`{"level":50,"msg":"${ODD}"}\n`);
    stream.write(`{"level":30,"msg":"sessions cleaned"}\n`);
    while (told === 0) await new Promise((resolve) => setImmediate(resolve));
    let full = false;
    for (let i = 0; i < 100 && !full; i++) full = !stream.write(textOf(100, {}, i));
    assert.ok(full);
    await new Promise((resolve) => setTimeout(resolve, 50));
    assert.ok(stream.writableNeedDrain);
    go();
    await once(stream, 'drain');
    await endOf(stream);
  });

  it('saves at the end, and goes on from there', async () => {
    const memory = newFile();
    const options = { load: memory, save: memory };
    assert.deepEqual(await findingsOf(textOf(2000), options), []);
    assert.equal(statSync(memory).mode & 0o777, 0o600);
    const again = await findingsOf(textOf(200, { 20: oddLine }, 2), options);
    assert.deepEqual(
      again.map(({ line }) => line),
      [21],
    );
    const log = await LogDetector.load(readFileSync(memory));
    assert.equal(log.lines, 2200);
    log.destroy();
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.endsWith('.tmp')),
      [],
    );
    // Without the memory so few lines are too few for alarms.
    assert.deepEqual(await findingsOf(textOf(200, { 20: oddLine }, 2)), []);
  });

  it('tells by an error of the stream that it could not save', async () => {
    const gone = mkdtempSync(join(folder, 'gone-'));
    const stream = await transport({ save: join(gone, 'memory'), onFinding() {} });
    stream.write(textOf(300));
    rmSync(gone, { recursive: true });
    stream.end();
    await assert.rejects(finished(stream), { code: 'ENOENT' });
  });

  it('saves now and then', async () => {
    const save = newFile();
    const stream = await transport({ save, saveEvery: 1, onFinding() {} });
    stream.write(textOf(300));
    for (let i = 0; i < 100 && !existsSync(save); i++)
      await new Promise((resolve) => setTimeout(resolve, 100));
    const log = await LogDetector.load(readFileSync(save));
    assert.ok(log.lines > 0);
    log.destroy();
    await endOf(stream);
  });

  it('has a message for findings of every kind', async () => {
    const destination = newFile();
    const stream = await transport({ destination, session: '"req":"(\\w+)"', alarmRate: 0.002 });
    const STEPS = ['opened', 'checked', 'stored', 'closed'];
    let time = Date.UTC(2026, 2, 3, 8);
    let [text, requests] = ['', 0];
    const line = (ms, fields) => {
      time += ms;
      text += `${JSON.stringify({ level: 30, time, ...fields })}\n`;
    };
    const request = (order) => {
      const req = `r${(requests++).toString(36)}x`;
      for (const step of order) line(2000, { req, msg: `request ${STEPS[step]}` });
    };
    const usual = (count) => {
      for (let i = 0; i < count; i++) request([0, 1, 2, 3]);
    };
    usual(1500);
    request([0, 2, 2, 2, 1, 2, 1, 3, 0]);
    usual(100);
    for (let i = 0; i < 1500; i++) line(20, { msg: 'request checked', req: 'flood' });
    usual(20);
    time += 3600e3;
    usual(20);
    request([3, 3, 2, 2, 0, 0, 1, 1]);
    stream.write(text);
    await endOf(stream);
    const said = {};
    for (const { msg, bitTtt } of recordsOf(destination)) (said[bitTtt.kind] ??= []).push(msg);
    assert.deepEqual(Object.keys(said).sort(), KINDS);
    const forms = {
      burst: /^\d+ more odd lines? up to line \d+$/,
      line: /^odd line: request \w+$/,
      missing: /^missing: none in \d+ seconds, usual is one in [\d.]+ to [\d.]+: request \w+$/,
      session: /^odd session: (?:r\w+x|flood)$/,
      silence: /^silence: no line for \d+ seconds, usual are (?:[\d.]+|up) to [\d.]+ in a minute$/,
      spike: /^spike: \d+ lines in a minute, usual are (?:[\d.]+|up) to [\d.]+$/,
    };
    for (const [kind, messages] of Object.entries(said))
      for (const message of messages) assert.match(message, forms[kind]);
  });

  it('refuses options that are wrong, in plain sentences', async () => {
    const refuse = (options, pattern, code = 'INVALID_ARGUMENT') =>
      rejects(() => transport(options), code, pattern);
    const nowhere = join(folder, 'nowhere/file');
    await refuse({ alarmRate: 2 }, /^alarmRate must be /, 'INVALID_OPTION');
    await refuse({ mask: '(' }, /^mask is not a regular expression: /);
    await refuse({ mask: [/a/, '('] }, /^mask\[1\] is not a regular expression: /);
    await refuse({ mask: 3 }, /^mask must be a regular expression/);
    await refuse({ session: '[' }, /^session is not a regular expression: /);
    await refuse({ session: 7 }, /^session must be a regular expression/);
    await refuse({ onFinding: 'log' }, /^onFinding must be a function, not /);
    await refuse({ level: 'loud' }, /^level must be a number or one of trace, debug, info, /);
    await refuse({ destination: -1 }, /^destination must be the path of a file or a descriptor/);
    await refuse({ destination: '' }, /^destination must be the path of a file/);
    await refuse({ destination: nowhere }, /^destination .*nowhere.* cannot be written to: ENOENT/);
    await refuse({ destination: 9999 }, /^destination 9999 cannot be written to: EBADF/);
    await refuse({ load: 1 }, /^load must be the path of a file, not /);
    await refuse({ load: folder }, /^load: .* cannot be read: EISDIR/);
    await refuse({ save: nowhere }, /^save: .*nowhere.* cannot be written: ENOENT/);
    await refuse({ save: folder }, /^save: .* cannot be written: it is a folder/);
    await refuse({ saveEvery: 5 }, /^saveEvery is given, but no file to save to$/);
    await refuse({ save: newFile(), saveEvery: 0 }, /^saveEvery must be /, 'INVALID_OPTION');
    await refuse({ savEvery: 5 }, /unknown option savEvery.*saveEvery/);
    await refuse('warn', /^options must be an object/);
    const damaged = newFile();
    writeFileSync(damaged, 'not a memory');
    await refuse({ load: damaged }, /^load: .*file-/, 'STATE_DAMAGED');
  });

  it('takes or refuses values of every kind', async () => {
    const here = process.cwd();
    process.chdir(folder); // where the files go that texts name
    const names = [
      'alarmRate',
      'level',
      'load',
      'mask',
      'onFinding',
      'save',
      'session',
      'saveEvery',
    ];
    const values = Object.entries(valuesOf(names));
    const given = values.flatMap(([kind, make]) => [
      [kind, make],
      ...[...names, 'other'].map((name) => [`${name}: ${kind}`, () => ({ [name]: make() })]),
      [`destination: ${kind}`, () => (typeof make() === 'number' ? {} : { destination: make() })],
    ]);
    try {
      for (const [what, make] of given) {
        const made = transport(make());
        assert.ok(made instanceof Promise);
        const stream = await made.catch((error) => {
          assert.ok(error instanceof TTTError, `${what}: ${error?.stack}`);
        });
        if (stream) await endOf(stream);
      }
    } finally {
      process.chdir(here);
    }
  });

  it('is destroyed by what onFinding throws, and by a destination that breaks', async () => {
    const text = textOf(2500, { 1900: oddLine });
    for (const onFinding of [
      () => assert.fail('broken'),
      async () => assert.fail('broken'), // of a promise
    ]) {
      const stream = await transport({ onFinding });
      stream.end(text);
      await assert.rejects(finished(stream), /broken/);
    }
    if (!existsSync('/dev/full')) return;
    const stream = await transport({ destination: '/dev/full' });
    stream.end(text);
    await assert.rejects(finished(stream), /ENOSPC/);
  });

  it('is destroyed in the middle without harm', async () => {
    const stream = await transport({ onFinding() {} });
    stream.write(textOf(2000));
    stream.destroy();
    await once(stream, 'close');
    assert.ok(stream.destroyed);
    const unused = await transport({ onFinding() {} });
    await endOf(unused);
  });
});

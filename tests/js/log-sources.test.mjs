// LogDetector: what it reads from, hostile lines, and what it refuses.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import { LogDetector } from 'bit-ttt';

import { backends, fails, rejects } from './support/backends.mjs';
import { makeLog } from './support/planted-logs.mjs';

const made = [];
after(() => made.forEach((log) => log.destroy()));

async function detector(options) {
  const log = await LogDetector.create(options);
  made.push(log);
  return log;
}

async function gather(source) {
  const found = [];
  for await (const finding of source) found.push(finding);
  return found;
}

const { text, events } = makeLog('app', 2600, 5);
const bytes = new TextEncoder().encode(text);

function* cut(whole, size) {
  for (let at = 0; at < whole.length; at += size) yield whole.slice(at, at + size);
}

async function* linesOf(whole) {
  for (const line of whole.split('\n')) yield `${line}\n`;
}

describe('LogDetector: sources', () => {
  const webStream = (pieces) =>
    new ReadableStream({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece);
        controller.close();
      },
    });
  const sources = {
    'its text': () => text,
    'its bytes': () => bytes,
    'a list of lines': () => text.trimEnd().split('\n'),
    'bytes in pieces of 7': () => cut(bytes, 7),
    'a stream of Node, of text': () =>
      Readable.from(cut(text, 1000), { objectMode: false, encoding: 'utf8' }),
    'a stream of Node, of bytes': () => Readable.from(cut(bytes, 777), { objectMode: false }),
    readline: () => createInterface({ input: Readable.from([bytes], { objectMode: false }) }),
    'a web stream, of text': () => webStream(cut(text, 999)),
    'a web stream, of bytes': () => webStream(cut(bytes, 4096)),
    'an async generator of lines': () => linesOf(text),
  };
  let expected;
  before(async () => {
    expected = await gather((await detector()).watch(text));
    assert.ok(expected.length >= 2);
  });
  for (const [name, make] of Object.entries(sources))
    it(name, async () => {
      const log = await detector();
      assert.deepEqual(await gather(log.watch(make())), expected);
    });

  it('a transform of web streams, also in a pipeline of Node', async () => {
    const stream = webStream(cut(bytes, 500)).pipeThrough((await detector()).transform());
    assert.deepEqual(await gather(stream), expected);
    const log = await detector();
    const found = [];
    await pipeline(Readable.toWeb(Readable.from(cut(text, 50))), log.transform(), async (from) => {
      for await (const finding of from) found.push(finding);
    });
    assert.deepEqual(found, expected);
  });

  it('tells an event while the source is silent, and closes it when the loop is left', async () => {
    const log = await detector({ alarmRate: 0.01 });
    for (const event of events.slice(0, 1500)) log.read(event);
    let closed = false;
    async function* silent() {
      try {
        yield 'kernel: out of memory, killed process 4711';
        await new Promise(() => setInterval(() => undefined, 1000).unref());
      } finally {
        closed = true;
      }
    }
    const source = silent();
    for await (const { kind, line } of log.watch(source)) {
      assert.deepEqual([kind, line], ['line', 1]);
      void source.return(); // it waits for the source, which never answers: the loop must not
      break;
    }
    assert.equal(closed, false);
  }).timeout(20000);

  it('passes on what a source throws, and refuses what is none', async () => {
    const log = await detector();
    async function* broken() {
      yield 'a\n';
      throw new Error('the cable');
    }
    await assert.rejects(() => gather(log.watch(broken())), /the cable/);
    for (const source of [undefined, null, 7, {}, () => 'a']) {
      await rejects(() => gather(log.watch(source)), 'INVALID_ARGUMENT', /source must be a text/);
    }
    await rejects(() => gather(log.watch([7])), 'INVALID_ARGUMENT', /a piece of the log/);
  });
});

describe('LogDetector: hostile lines', () => {
  it('any line at all, the same on every backend', async () => {
    const lines = [
      ...['', ' ', '\0', '\0\0\0', '\x1b[31mred\x1b[0m', '\ud800', '\udfff\ud800', '\ufeffx', '\r'],
      ...[
        '{',
        '}',
        '{}',
        '{"a":}',
        '{"a":{"a":{"a":1}}}',
        '{"":""}',
        `${'{"a":'.repeat(99)}1${'}'.repeat(99)}`,
      ],
      ...['9'.repeat(5000), '1.'.repeat(5000), '-'.repeat(5000), 'a:'.repeat(5000), '0x', '::::'],
      ...[
        'x'.repeat(100_000),
        'word '.repeat(40_000),
        '\u4e00'.repeat(70_000),
        `${'ab1-'.repeat(9000)}`,
      ],
      ...['2026-99-99T99:99:99', '0000-00-00 00:00:00', '9999999999', '31/Feb/2026:25:61:61 +9999'],
      ...[
        '"\\',
        '{"a":"\\"}',
        '{"time":1e400}',
        '{"time":"x","ts":-1}',
        '\n\n\n',
        'a\n\tat b\n\tat c',
      ],
    ];
    const logs = await Promise.all(backends.map((backend) => detector({ backend })));
    for (let round = 0; round < 12; round++)
      for (const line of lines) {
        const [first, ...others] = logs.map((log) => log.read(line));
        assert.ok(first.score >= 0 && first.score < 20, line.slice(0, 40));
        assert.ok(first.surprise >= 0 && first.surprise <= 1);
        for (const { start, end, share } of first.because) {
          assert.ok(start < end && end <= line.length && share > 0 && share <= 1);
        }
        for (const other of others) assert.deepEqual(other, first);
      }
    for (const log of logs) await LogDetector.load(log.save()).then((one) => one.destroy());
  });

  it('a line of ten megabytes, and its memory stays bounded', async () => {
    const log = await detector();
    const found = await gather(log.watch(`${'long '.repeat(2_000_000)}\nshort\n`));
    assert.ok(Array.isArray(found));
    for (let i = 0; i < 60_000; i++)
      log.read(`user u${(i * 2654435761) % 1e9} did x${i % 977}y${i}`);
    assert.ok(log.save().length < 6e6, String(log.save().length));
  });
});

describe('LogDetector: what it refuses', () => {
  it('options that are none', async () => {
    const bad = (options, pattern, code = 'INVALID_ARGUMENT') =>
      rejects(() => LogDetector.create(options), code, pattern);
    await bad({ alarmrate: 0.1 }, /unknown option alarmrate.*alarmRate/);
    await bad({ alarmRate: '0.1' }, /alarmRate must be a number/);
    for (const alarmRate of [0, 1, NaN, -0.001, 0.2, 0.00001]) {
      await bad({ alarmRate }, /alarmRate must be a number from 0.0001 to 0.1/, 'INVALID_OPTION');
    }
    await bad({ mask: 'x' }, /mask must be a regular expression or a list/);
    await bad({ mask: [/a/, 'x'] }, /mask\[1\] must be a regular expression/);
    await bad({ mask: Array(33).fill(/a/) }, /33 elements, at most 32/);
    await bad({ mask: new RegExp('x'.repeat(10_001)) }, /mask has 10001 characters, at most 10000/);
    await bad({ session: 'x' }, /session must be a regular expression/);
    await bad({ backend: 'gpu' }, /backend/);
  });

  it('lines that are none, and calls after its end', async () => {
    const log = await detector();
    for (const line of [undefined, null, 7, {}, ['a'], new Uint8Array(1)]) {
      fails(() => log.read(line), 'INVALID_ARGUMENT', /line must be a string/);
    }
    fails(() => log.tick('now'), 'INVALID_ARGUMENT', /seconds must be a finite number/);
    fails(() => log.endSessions(7), 'INVALID_ARGUMENT', /name must be a string/);
    fails(() => new LogDetector(), 'INVALID_ARGUMENT', /LogDetector.create/);
    assert.equal(log.lines, 0);
    log.destroy();
    log.destroy();
    assert.equal(log.destroyed, true);
    for (const call of ['findings', 'endSessions', 'save', 'transform']) {
      fails(() => log[call](), 'DESTROYED', /destroyed/);
    }
    fails(() => log.read('a'), 'DESTROYED', /destroyed/);
  });

  it('every changed byte and every truncation of what was saved', async () => {
    const log = await detector({ session: /c(\d)/ });
    for (let i = 0; i < 60; i++) log.read(`2026-01-01T00:00:${10 + (i % 40)}Z a b c${i % 3}`);
    const good = log.save();
    const options = { session: /c(\d)/, backend: backends[0] };
    const refused = (state) =>
      assert.rejects(
        () => LogDetector.load(state, options),
        ({ code }) => code === 'STATE_DAMAGED' || code === 'STATE_VERSION',
      );
    for (let at = 0; at < good.length; at += at < 200 ? 1 : 911) {
      const changed = good.slice();
      changed[at] ^= 1 << (at % 8);
      await refused(changed);
      await refused(good.slice(0, at));
    }
    await refused(Uint8Array.of(...good, 0));
    const twin = await LogDetector.load(good, options);
    assert.deepEqual(twin.save(), good);
    twin.destroy();
    await rejects(() => LogDetector.load(good), 'INVALID_OPTION', /mask and session must be/);
    await rejects(() => LogDetector.load('x'), 'INVALID_ARGUMENT', /the state/);
    const other = await LogDetector.load(good, { ...options, alarmRate: 0.05 });
    assert.equal(other.alarmRate, 0.05);
    other.destroy();
  });
});

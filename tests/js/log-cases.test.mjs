// LogDetector: cases that once went wrong. Clocks, sessions, events and long lines.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { LogDetector } from 'bit-ttt';

import { randomOf } from './support/planted-logs.mjs';

const made = [];
after(() => made.forEach((log) => log.destroy()));

async function detector(options) {
  const log = await LogDetector.create(options);
  made.push(log);
  return log;
}

const start = Date.UTC(2026, 10, 20, 8) / 1000;
const iso = (seconds) => new Date(1000 * seconds).toISOString();

/** Reads `minutes` of a log with some fifty lines a minute, each made by `line(seconds)`. */
function read(log, from, minutes, line, random) {
  for (let minute = 0; minute < minutes; minute++) {
    const count = 40 + Math.floor(20 * random());
    for (let i = 0; i < count; i++)
      log.read(line(from + 60 * minute + Math.floor((60 * i) / count)));
  }
}

describe('LogDetector: clocks', () => {
  const line = (seconds) => `${iso(seconds)} GET /items/${seconds % 900} 200`;
  const silences = (log) => log.findings().filter(({ kind }) => kind === 'silence');

  it('one line from the future is no silence and no spike, and hides none', async () => {
    const log = await detector();
    const random = randomOf(1);
    read(log, start, 60, line, random);
    log.read(line(start + 60 * 70));
    log.read(line(Date.UTC(2099, 0) / 1000));
    read(log, start + 3600, 30, line, random);
    assert.deepEqual(log.findings(), []);
    read(log, start + 3600 + 60 * 150, 5, line, random);
    assert.equal(silences(log).length, 1);
  });

  it('a clock that is set back an hour begins anew', async () => {
    const log = await detector();
    const random = randomOf(2);
    read(log, start, 90, line, random);
    read(log, start + 60 * 30, 90, line, random);
    assert.deepEqual(log.findings(), []);
    read(log, start + 60 * 240, 5, line, random);
    assert.equal(silences(log).length, 1);
  });

  it('midnight in times without a date is not odd, nor New Year in dates without a year', async () => {
    const clock = (seconds) => `${iso(seconds).slice(11, 19)} GET /items/${seconds % 900} 200`;
    const dated = (seconds) => {
      const date = new Date(1000 * seconds);
      const name = date.toUTCString().slice(8, 11);
      return `${name} ${String(date.getUTCDate()).padStart(2)} ${clock(seconds)}`;
    };
    for (const make of [clock, dated]) {
      const log = await detector();
      const newYear = Date.UTC(2027, 0) / 1000;
      let odd = 0;
      for (let i = -3000; i < 300; i++) {
        const { score, cause } = log.read(make(newYear + 10 * i));
        if (i >= 0 && cause === 'time' && score > 2) odd++;
      }
      assert.equal(odd, 0);
    }
  });

  it('a time in the middle of a line is not that of its head', async () => {
    const log = await detector();
    const text = 'Nov 20 23:00:00 host app: certificate expires 2027-03-01T00:00:00Z';
    assert.equal(new Date(1000 * log.read(text).time).getUTCMonth(), 10);
    assert.equal(log.read('no time at the head, but 2027-03-01T00:00:00Z in it').time, 1803859200);
  });
});

describe('LogDetector: sessions', () => {
  it('the oddest of many that are alike has the highest score', async () => {
    for (const count of [200, 500, 1000, 3000]) {
      const log = await detector({ session: /r=(\w+)/, alarmRate: 0.01 });
      for (let i = 0; i < count; i++) {
        for (const step of ['start', 'load', 'render', 'done']) log.read(`r=a${i} ${step}`);
        log.endSessions(`a${i}`);
      }
      for (const step of ['start', 'kernel', 'panic']) log.read(`r=BAD ${step}`);
      const [{ score, alarm }] = log.endSessions('BAD');
      assert.ok(alarm && score > 2 && score < 15, `${count}: ${score}`);
    }
  });

  it('of a field of JSON only the name is left out', async () => {
    const log = await detector({ session: /request (\w+)/ });
    const line = (text) => JSON.stringify({ level: 'info', msg: text });
    for (let i = 0; i < 600; i++) log.read(line(`request a${i} finished`));
    const { score, session } = log.read(line('request a5 kernel panic, disk on fire'));
    assert.equal(session, 'a5');
    assert.ok(score > 3, String(score));
  });

  it('the name is where the group matched', async () => {
    const log = await detector({ session: /worker1 job (\d+)/ });
    const patterns = [1, 2, 31].map((job) => log.read(`worker1 job ${job} done`).pattern);
    assert.equal(new Set(patterns).size, 1);
  });
});

describe('LogDetector: what belongs together', () => {
  const countOf = async (text) => {
    const log = await detector();
    for await (const _ of log.watch(text)) assert.ok(_);
    return log.lines;
  };

  it('lines of a log that is indented as a whole are events of their own', async () => {
    const stamped = Array.from({ length: 500 }, (_, i) => `  ${iso(start + i)} INFO hello ${i}`);
    assert.equal(await countOf(`${stamped.join('\n')}\n`), 500);
    const plain = Array.from({ length: 2000 }, (_, i) => `  hello ${i}`);
    assert.ok((await countOf(`${plain.join('\n')}\n`)) > 1500);
  });

  it('what follows an object is read, too', async () => {
    const log = await detector();
    for (let i = 0; i < 600; i++) log.read(`{"a":"ok","n":${i}}`);
    assert.ok(log.read('{"a":"ok","n":7} panic: out of memory {x}').score > 2.5);
  });

  it('masks that overlap each other or a time', async () => {
    const log = await detector({ mask: [/user-\w+/, /^.*user-\w/] });
    const patterns = ['anna', 'boris'].map(
      (name) => log.read(`${iso(start)} user-${name} in`).pattern,
    );
    assert.equal(new Set(patterns).size, 1);
  });
});

describe('LogDetector: long lines', () => {
  it('are read to their limit, whatever the characters are', async () => {
    // With work that grows by the square of the length this would take minutes.
    const log = await detector();
    for (const unit of [
      'a-',
      'a:',
      'ab-1',
      '1-',
      '1.',
      '"',
      '\\',
      '{',
      '[',
      '{"a":',
      ' ',
      '\t',
      '\u4e00',
    ]) {
      const long = unit.repeat(65000 / unit.length);
      for (const text of [long, `{"a":[${long}]}`, `{"a":"${long}"}`]) {
        assert.ok(Number.isFinite(log.read(text).score), unit);
      }
    }
  });
});

// LogDetector: what it finds, how often it gives alarms, and that it says the same on every backend.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { LogDetector } from 'bit-ttt';

import { backends } from './support/backends.mjs';
import { LOG_KINDS, makeLog, randomOf } from './support/planted-logs.mjs';

const made = [];
after(() => made.forEach((log) => log.destroy()));

async function detector(options) {
  const log = await LogDetector.create(options);
  made.push(log);
  return log;
}

async function findingsOf(log, source) {
  const found = [];
  for await (const finding of log.watch(source)) found.push(finding);
  return found;
}

/** Lines of a shop; `odd` has others at some places. */
function shop(count, seed, odd = {}) {
  const random = randomOf(seed);
  const below = (n) => Math.floor(random() * n);
  const usual = [
    () => `nginx: GET /items/${below(500)} 200 ${below(90)} ms`,
    () => `orders: order ${1000 + below(9000)} accepted for user ${below(400)}`,
    () => `cache: hit user:${below(400)}`,
    () => `cron: cleaned ${below(40)} sessions`,
  ];
  return Array.from({ length: count }, (_, i) => odd[i] ?? usual[below(usual.length)]());
}

const DISK = 'kernel: sda: write error, sector 1845, remounting read-only';

describe('LogDetector: what it finds', () => {
  for (const kind of LOG_KINDS)
    it(`the planted lines of a log of ${kind}, and little else`, async () => {
      for (const seed of [1, 2, 3]) {
        const { text, planted } = makeLog(kind, 3000, seed, { injected: 2, after: 0.5 });
        const found = await findingsOf(await detector(), text);
        const lines = found.filter((one) => one.kind === 'line').map(({ line }) => line);
        for (const { line } of planted) assert.ok(lines.includes(line), `${line} in ${lines}`);
        assert.ok(lines.length <= planted.length + 2, `${kind} ${seed}: ${lines}`);
      }
    });

  it('an error with its stack trace is one event', async () => {
    const { text, planted } = makeLog('app', 3000, 1, { injected: 1, after: 0.5 });
    const found = await findingsOf(await detector(), text);
    const trace = found.find(({ line }) => line === planted[0].line);
    assert.equal(trace.lines, 5);
    assert.equal(trace.text, planted[0].text);
    assert.equal(trace.level, 'ERROR');
    assert.equal(trace.time, Date.parse(trace.text.slice(0, 24)) / 1000);
  });

  it('names the words that made a line odd, and the pattern that it is like', async () => {
    const log = await detector();
    for (const line of shop(2000, 1)) log.read(line);
    const odd = 'orders: order 4711 rejected for user 12, card stolen';
    const { alarm, cause, because, like, score, surprise, warm } = log.read(odd);
    assert.deepEqual([alarm, cause, warm], [true, 'words', true]);
    const words = because.map(({ start, end }) => odd.slice(start, end));
    assert.ok(words.includes('rejected') && words.includes('stolen'), words.join());
    assert.ok(!words.includes('order') && !words.includes('user'), words.join());
    assert.ok(because.reduce((sum, { share }) => sum + share, 0) <= 1 + 1e-9);
    assert.equal(like, 'orders: order <n> accepted for user <n>');
    assert.ok(score > 3 && surprise > 0.1, `${score} ${surprise}`);
    const again = log.read('cache: hit user:17');
    assert.ok(again.score < 2 && !again.alarm && again.like === 'cache: hit user:<n>');
  });

  it('a number a thousand times too large', async () => {
    const log = await detector();
    for (const line of shop(3000, 2)) log.read(line);
    const { alarm, cause, because } = log.read('nginx: GET /items/17 200 44000 ms');
    assert.deepEqual([alarm, cause], [true, 'number']);
    assert.equal(because.length, 1);
    assert.equal(because[0].share, 1);
  });

  it('a known line in an unusual place', async () => {
    const log = await detector({ alarmRate: 0.005 });
    const steps = ['open connection', 'send request', 'wait for answer', 'close connection'];
    for (let i = 0; i < 3000; i++) log.read(steps[i % 4]);
    const { score, cause, alarm, because } = log.read(steps[2]);
    assert.deepEqual([alarm, cause, because], [true, 'order', []]);
    assert.ok(score > 2.5, String(score));
  });

  it('a time that goes back', async () => {
    const log = await detector({ alarmRate: 0.005 });
    const line = (second) =>
      `${new Date(1.78e12 + 1000 * second).toISOString()} job ${second} done`;
    for (let i = 0; i < 2000; i++) log.read(line(i));
    const back = log.read(line(1500));
    assert.deepEqual([back.cause, back.alarm], ['time', true]);
    assert.deepEqual(back.because, [{ start: 0, end: 24, share: 1 }]);
  });

  it('reads JSON field by field: the order of the fields does not count', async () => {
    const log = await detector();
    const random = randomOf(5);
    const line = (turned) => {
      const fields = [
        ['time', new Date(1.78e12).toISOString()],
        ['level', 'info'],
        ['msg', 'item added'],
        ['ms', Math.floor(random() * 90)],
      ];
      return JSON.stringify(Object.fromEntries(turned ? fields.reverse() : fields));
    };
    const patterns = new Set();
    for (let i = 0; i < 1000; i++) patterns.add(log.read(line(i % 2 === 1)).pattern);
    assert.equal(patterns.size, 1);
    const other = log.read('{"time":"2026-11-30T10:00:00Z","level":"info","msg":"ms","item":4}');
    assert.equal(patterns.has(other.pattern), false);
    assert.ok(other.score > 3, String(other.score));
  });

  it('masks: what they match counts as one and the same', async () => {
    const names = ['anna', 'boris', 'chen', 'dora', 'emil', 'fatima'];
    const patterns = async (mask) => {
      const log = await detector({ mask });
      return new Set(names.map((name) => log.read(`user ${name} logged in`).pattern)).size;
    };
    assert.equal(await patterns(undefined), 6);
    assert.equal(await patterns(/(?<=user )\w+/), 1);
    assert.equal(await patterns([/anna|boris|chen/, /dora|emil|fatima/g]), 1);
  });

  it('sessions: a step that is missing', async () => {
    const log = await detector({ session: /^req-(\d+)/, alarmRate: 0.01 });
    const random = randomOf(3);
    const steps = ['accepted', 'authorised', 'charged', 'sent', 'closed'];
    const open = [];
    let next = 0;
    const scores = [];
    while (scores.length < 300) {
      if (open.length < 5) open.push({ id: ++next, at: 0, skip: next === 290 ? 2 : -1 });
      const i = Math.floor(random() * open.length);
      const request = open[i];
      if (request.at === request.skip) request.at++;
      const reading = log.read(`req-${request.id} order ${steps[request.at++]}`);
      assert.equal(reading.session, String(request.id));
      if (request.at < steps.length) continue;
      open.splice(i, 1);
      const [ended] = log.endSessions(String(request.id));
      scores.push({ id: request.id, ...ended });
    }
    const top = scores.slice(60).reduce((a, b) => (b.score > a.score ? b : a));
    assert.deepEqual([top.id, top.alarm], [290, true]);
    assert.deepEqual(log.endSessions('of nobody'), []);
    assert.equal(log.endSessions().length, open.filter(({ at }) => at > 0).length);
  });
});

describe('LogDetector: how often', () => {
  it('alarms are as frequent as asked for, within a factor of two', async () => {
    const logs = [shop(4000, 1), ...LOG_KINDS.map((kind) => makeLog(kind, 4000, 4).events)];
    for (const rate of [0.01, 0.03])
      for (const [i, lines] of logs.entries()) {
        const log = await detector({ alarmRate: rate });
        const alarms = lines.filter((line) => log.read(line).alarm).length / lines.length;
        assert.ok(alarms >= rate / 2 && alarms <= 2 * rate, `log ${i}: ${alarms} for ${rate}`);
      }
  });

  it('nothing is an alarm while it is not warm', async () => {
    const log = await detector({ alarmRate: 0.1 });
    const random = randomOf(1);
    for (let i = 0; i < 200; i++) {
      const { alarm, warm } = log.read(`line ${'abcdefgh'[Math.floor(random() * 8)]}${i}x`);
      assert.deepEqual([alarm, warm], [false, false]);
    }
    assert.equal(log.read('one more').warm, true);
    assert.equal(log.lines, 201);
  });

  it('a flood is not usual at once, and is in the end', async () => {
    const log = await detector();
    for (const line of shop(3000, 3)) log.read(line);
    const flood = Array.from({ length: 1000 }, (_, i) => log.read(`disk sdb: error ${i} of many`));
    assert.ok(
      flood.slice(0, 4).every(({ score }) => score > 2.5),
      'the first are odd',
    );
    assert.ok(
      flood.slice(500).every(({ score }) => score < 1.5),
      'the last are usual',
    );
  });

  it('what is odd stays odd until it has come back, and is usual after a while', async () => {
    const log = await detector();
    for (const line of shop(3000, 4)) log.read(line);
    const first = log.read(DISK).score;
    for (const line of shop(50, 5)) log.read(line);
    const second = log.read(DISK).score;
    assert.ok(first > 3 && second > 2.5, `${first} ${second}`);
    for (let i = 0; i < 40; i++) {
      log.read(DISK);
      for (const line of shop(20, 6 + i)) log.read(line);
    }
    assert.ok(log.read(DISK).score < 2);
  });

  it('tells spikes, silences and lines that stay away', async () => {
    const log = await detector();
    const random = randomOf(9);
    const start = Date.UTC(2026, 0, 5) / 1000;
    const lines = [];
    for (let minute = 0; minute < 120; minute++) {
      const count = minute === 80 ? 600 : minute >= 100 && minute < 103 ? 0 : 40 + random() * 20;
      for (let i = 0; i < count; i++) {
        const seconds = start + 60 * minute + Math.floor((60 * i) / count);
        lines.push([seconds, `GET /items/${Math.floor(random() * 900)} 200`]);
      }
      if (minute < 60) lines.push([start + 60 * minute + 30, 'backup: heartbeat']);
    }
    lines.sort((a, b) => a[0] - b[0]);
    for (const [seconds, text] of lines)
      log.read(`${new Date(1000 * seconds).toISOString()} ${text}`);
    const found = log.findings();
    const minuteOf = ({ from }) => Math.floor((from - start) / 60);
    const of = (kind) => found.filter((one) => one.kind === kind);
    assert.deepEqual(of('spike').map(minuteOf), [80]);
    assert.ok(of('spike')[0].count > 500 && of('spike')[0].expected[1] < 200);
    assert.deepEqual(of('silence').map(minuteOf), [100]);
    assert.equal(of('silence')[0].to, start + 103 * 60);
    const missing = of('missing').find(({ like }) => like?.includes('heartbeat'));
    assert.ok(
      missing !== undefined && missing.from === start + 59 * 60 + 30,
      JSON.stringify(found),
    );
    assert.deepEqual(log.findings(), []);
    log.tick(start + 60 * 125);
    assert.equal(log.findings().filter(({ kind }) => kind === 'silence').length, 1);
  });
});

describe('LogDetector: the same everywhere', () => {
  it('every backend says the same, to the last bit, and saves the same', async () => {
    if (backends.length < 2) return;
    for (const kind of LOG_KINDS) {
      const { events } = makeLog(kind, 1500, 7);
      const [one, two] = await Promise.all(backends.map((backend) => detector({ backend })));
      for (const event of events) assert.deepEqual(one.read(event), two.read(event));
      assert.deepEqual(one.save(), two.save());
    }
  });

  it('goes on from what was saved as if it had never stopped', async () => {
    const options = { session: /user:?\s?(\d+)/, mask: [/nginx|cache/] };
    const lines = shop(1200, 8, { 700: DISK, 900: DISK });
    const whole = await detector(options);
    const expected = lines.map((line) => whole.read(line));
    for (const [from, to] of [backends, [...backends].reverse()]) {
      const first = await detector({ ...options, backend: from });
      for (const [i, line] of lines.slice(0, 650).entries()) {
        assert.deepEqual(first.read(line), expected[i]);
      }
      const second = await LogDetector.load(first.save(), { ...options, backend: to ?? from });
      made.push(second);
      for (const [i, line] of lines.slice(650).entries()) {
        assert.deepEqual(second.read(line), expected[650 + i], String(650 + i));
      }
      assert.deepEqual(second.save(), whole.save());
    }
  });
});

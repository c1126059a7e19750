// `bit-ttt surprise`: what it finds and reports, and that it says the same everywhere. Which files it reads:
// cli-surprise-files.test.mjs; what it remembers: cli-surprise-memory.test.mjs.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { backends } from './support/backends.mjs';
import { bitTtt, json, output, refuses, temporaryFolder } from './support/cli.mjs';
import { LOG_KINDS, makeLog, makeRepetitive } from './support/planted-logs.mjs';

const folder = temporaryFolder();

const text = (lines) => `${lines.join('\n')}\n`;
const surprise = (input, args = []) => json(['surprise', '-', ...args], { input });
const report = (input, args = []) => output(['surprise', '-', ...args], { input });
const objects = (printed) => printed.trimEnd().split('\n').map(JSON.parse);
const every = async (input, args = []) =>
  objects(await report(input, ['--all', '--json', ...args]));

/** A log with two events out of place, once there was enough to learn from. */
const planted = (kind, seed = 1) => makeLog(kind, 3000, seed, { injected: 2, after: 0.5 });
const usual = makeLog('json', 1500, 4, { injected: 0 }).text;

describe('surprise: what it finds', () => {
  for (const kind of LOG_KINDS)
    it(`the events out of place in a ${kind} log, and little else`, async () => {
      const log = planted(kind);
      const { findings, alarms, lines, events } = await surprise(log.text);
      for (const { line, text: whole } of log.planted) {
        const found = findings.find((one) => one.line === line);
        assert.equal(found?.text, whole, `line ${line}`);
        assert.equal(found.lines, whole.split('\n').length);
      }
      assert.ok(findings.length <= log.planted.length + 1, JSON.stringify(findings));
      assert.deepEqual(
        [alarms, lines, events],
        [findings.length, log.lines.length, log.events.length],
      );
    });

  it('says why: words, a number, an order', async () => {
    const { findings } = await surprise(planted('json').text);
    const [words, number] = ['words', 'number'].map((cause) =>
      findings.find((one) => one.cause === cause),
    );
    const named = words.because.map((part) => part.text);
    for (const word of ['card', 'declined', 'issuer'])
      assert.ok(named.includes(word), named.join());
    assert.equal(words.like.match(/"service":"billing"/)?.index > 0, true);
    assert.equal(number.because[0].text, '48213000');
    for (const { because, text: whole } of findings)
      for (const { start, end, share, text: part } of because) {
        assert.equal(whole.slice(start, end), part);
        assert.ok(share > 0 && share <= 1);
      }
    const swapped = makeRepetitive(3000, 2403, 'worker finished, sleeping 60 seconds');
    const [order] = (await surprise(text(swapped), ['--above', '2.5'])).findings;
    assert.deepEqual([order.line, order.cause, order.because], [2403, 'order', []]);
  });

  it('nothing in a usual log, and nothing in the first 200 lines', async () => {
    assert.match(await report(usual), /^standard input: 1,500 lines, nothing stands out\n/);
    const { findings, alarms, early } = await surprise(usual);
    assert.deepEqual([findings, alarms, early], [[], 0, []]);
    const short = text(makeRepetitive(150, 100, 'disk sda1 is failing'));
    const printed = await report(short);
    assert.match(printed, /^standard input: only 150 lines so far, too few to tell what is odd/);
    assert.match(printed, /^100 {2}score .*\n {4}«disk sda1 is failing»$/m);
    const found = await surprise(short);
    assert.deepEqual([found.findings, found.alarms, found.early.length], [[], 0, 3]);
    assert.equal(found.early[0].text, 'disk sda1 is failing');
    assert.match(await report('\n \n'), /^standard input: only 2 lines so far, .* odd\n/);
  });

  it('folds what is alike', async () => {
    const lines = makeRepetitive(1000, 0, '');
    for (let i = 0; i < 25; i++) lines.splice(600 + 2 * i, 0, `panic in worker, stack at ${i}`);
    const args = ['--above', '1'];
    const { findings } = await surprise(text(lines), args);
    const first = findings.find(({ line }) => line === 601);
    assert.ok(first.more > 0 && first.more <= 24, String(first.more));
    assert.ok(!findings.some(({ line, text: t }) => line > 601 && t.startsWith('panic')));
    const alike = `    +${first.more} alike, up to line ${first.last}`;
    assert.ok((await report(text(lines), args)).includes(alike));
  });
});

describe('surprise: options', () => {
  it('--alarm is the share of alarms, --above a score instead', async () => {
    const { text: log, lines } = makeLog('app', 4000, 3);
    for (const rate of [0.01, 0.03]) {
      const found = await surprise(log, ['--alarm', String(rate)]);
      assert.equal(found.alarm_rate, rate);
      const alarms = (await every(log, ['--alarm', String(rate)])).filter((one) => one.alarm);
      const share = alarms.length / lines.length;
      assert.ok(share >= rate / 2 && share <= 2 * rate, `${share} for ${rate}`);
    }
    for (const { alarm, warm, score } of await every(log, ['--above', '1.5']))
      assert.equal(alarm, warm && score >= 1.5 - 5e-5, String(score));
    const none = await surprise(log, ['--above', '10']);
    assert.deepEqual([none.alarms, none.findings], [0, []]);
  });

  it('--check ends with 1 for an alarm, 0 for none', async () => {
    const run = async (input, ...args) =>
      (await bitTtt(['surprise', '-', '--check', ...args], { input })).status;
    const { text: log } = planted('syslog');
    for (const args of [[], ['--json'], ['--all'], ['--all', '--json'], ['--top', '0']]) {
      assert.equal(await run(log, ...args), 1, args.join(' '));
      assert.equal(await run(usual, ...args), 0, args.join(' '));
    }
    assert.equal(await run(log, '--frobnicate'), 2);
    const { status, stderr } = await bitTtt(['surprise', '-'], { input: log });
    assert.deepEqual([status, stderr], [0, '']);
  });

  it('--context shows the lines around', async () => {
    const lines = makeRepetitive(1000, 700, 'disk failing');
    const { findings } = await surprise(text(lines), ['--context', '2']);
    const [{ line, before, after }] = findings;
    assert.deepEqual([line, before, after], [700, lines.slice(697, 699), lines.slice(700, 702)]);
    const printed = await report(text(lines), ['--context', '1']);
    const around = [lines[698], '«disk failing»', lines[700]];
    assert.ok(printed.includes(around.map((one) => `    ${one}\n`).join('')), printed);
    const last = await surprise(text(lines.slice(0, 700)), ['--context', '3']);
    assert.deepEqual(last.findings[0].after, []);
    assert.equal(last.findings[0].before.length, 3);
  });

  it('--since hides what is earlier, which is learnt all the same', async () => {
    for (const [kind, at] of [
      ['json', (whole) => JSON.parse(whole).time.slice(0, 19)],
      ['app', (whole) => whole.slice(0, 19)],
      ['web', (whole) => `2024-03-01T${whole.match(/2024:(\S+)/)[1]}`],
      ['syslog', (whole) => `2024-03-01T${whole.slice(7, 15)}`],
    ]) {
      const log = planted(kind);
      const [one, two] = ['one', 'two'].map((name) => folder.path(`${kind}-${name}.memory`));
      const all = await surprise(log.text, ['--save', one]);
      const since = at(log.planted[1].text);
      const later = await surprise(log.text, ['--since', since, '--save', two]);
      assert.deepEqual(
        later.findings,
        all.findings.filter(({ line }) => line >= log.planted[1].line),
        `${kind} since ${since}`,
      );
      assert.deepEqual(
        (await every('x\n', ['--load', one])).at(-1),
        (await every('x\n', ['--load', two])).at(-1),
      );
    }
    const none = await surprise(planted('json').text, ['--since', '2024-03-02']);
    assert.deepEqual([none.alarms, none.findings], [0, []]);
  });

  it('--since takes an age', async () => {
    const now = Date.now();
    const lines = makeRepetitive(1000, 0, '').map((line, i) => {
      const time = new Date(now - (1000 - i) * 14_400).toISOString(); // of four hours
      return `${time} ${i === 450 ? 'disk failing' : i === 750 ? 'fan stopped' : line}`;
    });
    const shown = async (age) =>
      (await surprise(text(lines), ['--since', age])).findings.map(({ line }) => line);
    assert.deepEqual(await shown('2h'), [751]);
    assert.deepEqual(await shown('120m'), [751]);
    assert.deepEqual(await shown('7200s'), [751]);
    assert.deepEqual(await shown('1d'), [451, 751]);
  });

  it('--mask makes one of what it matches', async () => {
    const names = 'ada bob cy dee eve fay gus hal ida joe kim leo'.split(' ');
    const lines = Array.from({ length: 300 }, (_, i) => `login of ${names[i % 11]}-x by ssh`);
    const log = text([...lines, 'login of walter-x by ssh']);
    const last = async (...args) => (await every(log, args)).at(-1);
    assert.ok((await last()).surprise > 0.5);
    const masked = await last('--mask', '\\w+-x', '--mask', 'never');
    assert.ok(masked.surprise < 0.1, String(masked.surprise));
    assert.deepEqual([masked.alarm, masked.because], [false, []]);
  });

  it('--session judges each session as a whole, and names it', async () => {
    const lines = [];
    for (let i = 0; i < 400; i++) {
      const parts =
        i === 350 ? ['open', 'write', 'write', 'write', 'write'] : ['open', 'read', 'close'];
      for (const part of parts) lines.push(`req-${1000 + i} ${part} of a file`);
    }
    const args = ['--session', 'req-(\\d+)'];
    const all = await every(text(lines), args);
    assert.deepEqual([all[0].session, all[0].line], ['1000', 1]);
    const ended = all.filter(({ line }) => line === undefined);
    assert.equal(ended.length, 400);
    const oddest = ended.reduce((a, b) => (b.score > a.score ? b : a));
    assert.deepEqual([oddest.session, oddest.lines, oddest.alarm], ['1350', 5, true]);
    const { findings } = await surprise(text(lines), [...args, '--alarm', '0.01']);
    const session = findings.find((one) => one.kind === 'session');
    assert.deepEqual([session?.session, session?.lines], ['1350', 5]);
    const printed = await report(text(lines), [...args, '--alarm', '0.01']);
    assert.match(printed, /^session 1350, 5 lines: score \d+\.\d$/m);
  });

  it('--top is how many are shown, of the oddest, in their order', async () => {
    const { text: log } = makeLog('app', 4000, 3);
    const whole = await surprise(log);
    assert.ok(whole.findings.length > 3);
    const two = await surprise(log, ['-n', '2']);
    assert.equal(two.alarms, whole.alarms);
    const scores = whole.findings.map(({ score }) => score).sort((a, b) => b - a);
    assert.equal(two.findings.length, 2);
    assert.ok(two.findings.every(({ score }) => score >= scores[1]));
    assert.ok(two.findings[0].line < two.findings[1].line);
    const printed = await report(log, ['--top', '0']);
    assert.match(printed, new RegExp(`${whole.alarms} stand out \\(0 shown\\); the rest is usual`));
    assert.doesNotMatch(printed, /score \d/);
  });

  it('refuses what makes no sense', async () => {
    const wrong = async (pattern, ...args) =>
      await refuses(['surprise', ...args], 2, pattern, { input: 'x\n' });
    for (const value of ['0', '0.2', '1e-9', 'often'])
      await wrong(/--alarm must be/, 'x', '--alarm', value);
    for (const value of ['11', 'high']) await wrong(/--above must be/, 'x', '--above', value);
    for (const value of ['101', '1.5']) await wrong(/--context must be/, 'x', '--context', value);
    for (const value of ['yesterday', '2y', '2h ago', '25:00'])
      await wrong(/--since must be a time such as/, 'x', '--since', value);
    await wrong(/--mask must be a regular expression, not "\("/, 'x', '--mask', '(');
    await wrong(/--session must be a regular expression, not "\[z-a\]"/, 'x', '--session', '[z-a]');
    await wrong(/at most 32 of --mask/, '-', ...Array(33).fill(['--mask', 'x']).flat());
    await wrong(/--save-every needs --save FILE/, '-', '--save-every', '5');
    await wrong(/--follow takes one FILE/, 'a', 'b', '--follow');
    await wrong(/--follow takes one FILE; standard input is followed anyway/, '-', '--follow');
    await wrong(/standard input can be read once/, '-', '-');
    await wrong(/at most 1000 files/, ...Array(1001).fill('x'));
    await wrong(/needs a FILE, or - for standard input/);
    for (const gone of ['--by=line', '--dim=64', '--lr=0.1', '--seed=1'])
      await wrong(/unknown option/, 'x', gone);
  });
});

describe('surprise: what it prints', () => {
  it('the document that is described', async () => {
    const log = planted('app');
    const file = folder.write('app.log', log.text);
    const found = await json(['surprise', file]);
    assert.deepEqual(Object.keys(found), [
      ...['files', 'lines', 'events', 'alarm_rate', 'alarms', 'findings', 'early', 'sparkline'],
      'memory',
    ]);
    assert.deepEqual([found.files, found.alarm_rate], [[file], 0.001]);
    assert.deepEqual(found.memory, { loaded: null, saved: null, lines: log.events.length });
    assert.ok(found.sparkline.length >= 64 && found.sparkline.length <= 128);
    const trace = found.findings.find(({ lines }) => lines > 1);
    const { kind, line, warm, alarm, level, cause, time } = trace;
    assert.deepEqual(
      [kind, line, warm, alarm, level, cause],
      [
        'line',
        log.planted.find(({ text: t }) => t.includes('\n')).line,
        true,
        true,
        'ERROR',
        'words',
      ],
    );
    assert.equal(time, Date.parse(trace.text.slice(0, 24)) / 1000);
    assert.ok(trace.score > 2.5 && trace.surprise > 0.5);
  });

  it('--all --json: an object for every event, of the same findings', async () => {
    const log = planted('app');
    const all = await every(log.text);
    assert.deepEqual(
      all.map((one) => one.text),
      log.events,
    );
    let line = 1;
    for (const one of all) {
      assert.equal(one.line, line);
      line += one.lines ?? 1;
      for (const key of ['score', 'surprise']) assert.equal(typeof one[key], 'number');
      assert.ok(one.surprise >= 0 && one.surprise <= 1);
      assert.deepEqual([typeof one.alarm, Array.isArray(one.because)], ['boolean', true]);
    }
    assert.equal(line, log.lines.length + 1);
    const { findings } = await surprise(log.text);
    const alarms = all.filter((one) => one.alarm);
    for (const { kind: _, lines: _lines, ...finding } of findings) {
      const { lines: _more, ...same } = alarms.find((one) => one.line === finding.line);
      assert.deepEqual(same, finding);
    }
  });

  it('surprise is 1 for what was never read, and little for what often was', async () => {
    const all = await every(text(makeRepetitive(100, 0, '')));
    assert.ok(all[0].surprise > 0.95 && all.at(-1).surprise < 0.1);
  });

  it('--all: every line with its score, then the report', async () => {
    const log = planted('syslog');
    const printed = (await report(log.text, ['--all'])).split('\n');
    for (const [i, line] of log.lines.entries()) {
      const [, , mark, shown] = /^(\d\.\d\d)([! ]) (.*)$/.exec(printed[i]);
      assert.equal(shown.replace(/[«»]/g, ''), line);
      if (log.anomalies.has(i + 1)) assert.equal(mark, '!');
    }
    assert.match(printed[log.lines.length], /^standard input: 3,002 lines, \d stands? out/);
  });

  it('--all answers while the input is still open', async () => {
    const printed = await output(['surprise', '-', '--all', '--json'], {
      input(child) {
        child.stdin.write('one line\n');
        child.stdout.once('data', () => child.stdin.end('another\n'));
      },
    });
    assert.deepEqual(
      objects(printed).map((one) => one.text),
      ['one line', 'another'],
    );
  });

  it('whole lines, the odd words marked or coloured and the time dimmed', async () => {
    const log = planted('app');
    const plain = await report(log.text, ['--no-color']);
    for (const { text: whole } of log.planted)
      for (const line of whole.split('\n'))
        assert.ok(plain.replace(/[«»]/g, '').includes(`    ${line.replace('\t', '    ')}\n`), line);
    assert.match(plain, /«feature flag»|«java»|«checksum mismatch»/);
    const coloured = await report(log.text, ['--color']);
    assert.match(coloured, /\x1b\[2m2024-03-01T[\d:.]+Z\x1b\[22m ERROR/);
    assert.doesNotMatch(coloured, /[«»]/);
    const bare = coloured.replace(/\x1b\[\d+m/g, '');
    const seconds = /native.*|wasm.*/;
    assert.equal(bare.replace(seconds, ''), plain.replace(/[«»]/g, '').replace(seconds, ''));
  });

  it('a very long event is folded in the report alone', async () => {
    const trace = Array.from(
      { length: 100 },
      (_, i) => `\tat com.acme.Deep.call${i}(Deep.java:${i})`,
    );
    const lines = [...makeLog('app', 1000, 1, { injected: 0 }).lines];
    lines.splice(800, 0, '2024-03-01T01:05:00.000Z FATAL [main] stack overflow', ...trace);
    const printed = await report(text(lines));
    assert.match(printed, /^ {4}\.\.\. 85 lines more$/m);
    assert.match(printed, /Deep\.java:99/);
    const { findings } = await surprise(text(lines));
    assert.equal(findings.find(({ line }) => line === 801).lines, 101);
  });
});

describe('surprise: the same everywhere', () => {
  it('every backend and kernel prints and saves the same bytes', async () => {
    const input = makeLog('app', 1200, 6).text;
    const runs = [];
    if (backends.includes('wasm')) runs.push({ BIT_TTT_BACKEND: 'wasm' });
    if (backends.includes('native')) {
      const { kernels } = await json(['doctor'], { env: { BIT_TTT_BACKEND: 'native' } });
      for (const BIT_TTT_KERNEL of kernels)
        runs.push({ BIT_TTT_BACKEND: 'native', BIT_TTT_KERNEL });
    }
    const outputs = [];
    for (const env of runs)
      outputs.push(await output(['surprise', '-', '--all', '--json'], { input, env }));
    assert.ok(outputs.length >= 1 && objects(outputs[0]).length > 1200);
    for (const one of outputs) assert.equal(one, outputs[0]);
  });

  it('however the input comes in: a file, or a pipe in pieces of any size', async () => {
    const { text: log } = planted('app', 5);
    const bytes = Buffer.from(log);
    const { files: _, ...expected } = await json(['surprise', folder.write('whole.log', log)]);
    for (const size of [7, 1000, 65536]) {
      const input = ({ stdin }) => {
        for (let at = 0; at < bytes.length; at += size) stdin.write(bytes.subarray(at, at + size));
        stdin.end();
      };
      const { files, ...found } = await json(['surprise', '-'], { input });
      assert.deepEqual(files, ['-']);
      assert.deepEqual(found, expected);
    }
  });
});

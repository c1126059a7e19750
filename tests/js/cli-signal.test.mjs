// bit-ttt signal: which columns it reads and how, what it prints, and what it refuses. Files and pipes:
// cli-signal-files.test.mjs.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { SignalDetector } from 'bit-ttt';

import { bitTtt, importSource, json, output, refuses, temporaryFolder } from './support/cli.mjs';
import { table, timeAt } from './support/signals.mjs';

const folder = temporaryFolder();
const ROWS = 1500;
const ODD = 1200;

const rowsOf = (text) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const all = async (input, ...args) =>
  rowsOf(await output(['signal', '-', '--all', '--json', ...args], { input }));

describe('bit-ttt signal', () => {
  const file = () => folder.write('a.csv', table(ROWS, { value: ODD }));

  it('shows what stands out, with its time and what was expected', async () => {
    const text = await output(['signal', file()]);
    assert.match(text, /a\.csv: 1,500 values, 2026-01-05 00:00:00 to 2026-01-10 04:55:00\n/);
    assert.match(text, /[\u2581-\u2588]{30}/);
    assert.match(text, /\d+ values? stands? out of 1,500 \(asked for: 1 in 1,000\)/);
    assert.match(text, /time +row +value +expected +score\n/);
    assert.match(text, /2026-01-09 04:00:00 +1,201 +60\.\d+ +-?[\d.]+ to [\d.]+ +[5-7]\.\d\n/);
    assert.match(text, /\d s, [\d.]+ k? ?values\/s\n$/);
    assert.doesNotMatch(text, /\x1b/);
    const coloured = await output(['signal', file(), '--color']);
    assert.ok(coloured.includes('\x1b[31m'));
  });

  it('prints the findings as one JSON document', async () => {
    const found = await json(['signal', file()]);
    assert.deepEqual(found.columns, { time: 'time', values: ['value'], by: null });
    assert.equal(found.rows, ROWS);
    const [series] = found.series;
    assert.deepEqual([series.values, series.missing, series.warm], [ROWS, 0, true]);
    assert.equal(series.alarm_rate, 0.001);
    assert.equal(found.findings.length, series.alarms);
    const odd = found.findings.find(({ row }) => row === ODD + 1);
    assert.equal(odd.time, timeAt(ODD));
    assert.equal(odd.alarm, true);
    assert.ok(odd.score >= 5 && odd.expected[1] < odd.value);
  });

  it('prints one object a row, with the readings of the class', async () => {
    const text = table(ROWS, { value: ODD });
    const rows = await all(text);
    assert.equal(rows.length, ROWS);
    const detector = await SignalDetector.create();
    text
      .trim()
      .split('\n')
      .slice(1)
      .forEach((line, i) => {
        const [time, value] = line.split(',');
        const seconds = Date.parse(`${time.replace(' ', 'T')}Z`) / 1000;
        const { score, alarm, expected } = detector.read(Number(value), seconds);
        const row = rows[i];
        assert.deepEqual(Object.keys(row), ['row', 'time', 'value', 'score', 'alarm', 'expected']);
        assert.deepEqual([row.row, row.time, row.value], [i + 1, time, Number(value)]);
        assert.deepEqual([row.score, row.alarm], [Number(score.toFixed(6)), alarm]);
        if (i < 2) assert.equal(row.expected, null);
        else assert.ok(Math.abs(row.expected[1] - expected[1]) < 1e-3);
      });
  });

  it('prints rows as text, the odd ones marked', async () => {
    const text = await output(['signal', file(), '--all']);
    assert.match(text, /^ {2}0\.0 2026-01-05 00:00:00 [\d.]+$/m);
    assert.match(text, /^! [5-7]\.\d 2026-01-09 04:00:00 60\.\d+ \(expected .* to .*\)$/m);
  });

  it('--alarm, --above and --top choose the findings', async () => {
    const some = await json(['signal', file(), '--alarm', '0.01']);
    assert.ok(some.series[0].alarms >= 6 && some.series[0].alarms <= 27);
    const above = await json(['signal', file(), '--above', '2.5']);
    assert.ok(above.findings.every(({ score }) => score >= 2.5));
    const top = await json(['signal', file(), '--above', '0.5', '--top', '3']);
    assert.equal(top.findings.length, 3);
    assert.equal(top.findings_left_out, top.series[0].findings - 3);
    assert.ok(top.findings.some(({ row }) => row === ODD + 1));
    const rows = top.findings.map(({ row }) => row);
    assert.deepEqual(
      rows,
      rows.toSorted((a, b) => a - b),
    );
  });

  it('--check ends with 1 if something stands out', async () => {
    const quiet = folder.write('quiet.csv', 'value\n' + '5\n'.repeat(400));
    assert.equal((await bitTtt(['signal', quiet, '--check'])).status, 0);
    const { status, stdout, stderr } = await bitTtt(['signal', file(), '--check']);
    assert.deepEqual([status, stderr], [1, '']);
    assert.match(stdout, /stand/);
    assert.equal((await bitTtt(['signal', file(), '--check', '--above', '9'])).status, 0);
  });

  it('says when nothing stands out, and when it is not warm yet', async () => {
    const quiet = await output(['signal', '-'], { input: `value\n${'5\n'.repeat(400)}` });
    assert.match(quiet, /\nNothing stands out\.\n/);
    const cold = await output(['signal', '-'], { input: '1\n2\n3\n' });
    assert.match(cold, /Only 3 values so far: the first 150 of a series are only learnt\./);
    assert.doesNotMatch(cold, /stands out/);
  });
});

describe('bit-ttt signal: columns', () => {
  const first = async (input, ...args) => (await all(input, ...args))[0];

  it('are found by their names or places', async () => {
    const day = '2026-01-05 10:00';
    for (const [input, time, value] of [
      [`timestamp,value\n${day},1.5\n`, day, 1.5],
      [`value,timestamp\n1.5,${day}\n`, day, 1.5],
      [`host,Value,Time\na,1.5,${day}\n`, day, 1.5],
      [`when it was,how much\n${day},1.5\n`, day, 1.5],
      [`${day},1.5\n`, day, 1.5],
      [`1767607200,1.5\n`, '1767607200', 1.5],
      ['value\n1.5\n', undefined, 1.5],
      ['1.5\n', undefined, 1.5],
      [`time;value\n${day};1,5\n`, day, 1.5],
      [`time\tvalue\n${day}\t1.5\n`, day, 1.5],
      [`sep=;\ntime;value\n${day};1.5\n`, day, 1.5],
      [`\ufefftime,value\r\n${day},1.5\r\n`, day, 1.5],
      [`"time","value"\n"${day}","1.5"\n`, day, 1.5],
      [`\n\ntime,value\n\n${day},1.5\n`, day, 1.5],
      [`time,value\n,1.5\n`, null, 1.5],
    ]) {
      const row = await first(input);
      assert.deepEqual([row.time, row.value], [time, value], JSON.stringify(input));
    }
  });

  it('are read as they are asked for: by name, in any case, or by number', async () => {
    const input = 'a,b,c,"d, e"\n1,2,3,4\n';
    const values = async (...args) => (await all(input, ...args)).map(({ value }) => value);
    assert.deepEqual(await values('--value', 'b'), [2]);
    assert.deepEqual(await values('--value', 'C'), [3]);
    assert.deepEqual(await values('--value', '4'), [4]);
    assert.deepEqual(await values('--value', 'd, e'), [4]);
    assert.deepEqual(await values('--value', 'b,c', '--value', '4'), [2, 3, 4]);
    const row = await first(input, '--time', 'a', '--value', 'c');
    assert.deepEqual([row.time, row.value], ['1', 3]);
  });

  it('several are several series', async () => {
    const lines = table(ROWS, { web: ODD, db: 700 });
    const found = await json(['signal', '-', '--value', 'web,db'], { input: lines });
    assert.deepEqual(
      found.series.map(({ series, values }) => [series, values]),
      [
        ['web', ROWS],
        ['db', ROWS],
      ],
    );
    const has = (name, at) =>
      found.findings.some(({ series, row }) => series === name && row === at + 1);
    assert.ok(has('web', ODD) && has('db', 700));
    const text = await output(['signal', '-', '--value', 'web,db'], { input: lines });
    assert.match(text, /3,000 values of 2 series/);
    assert.match(text, /1,201 +web +60/);
  });

  it('--by reads one series for each of its names', async () => {
    const lines = ['time,host,value'];
    for (let i = 0; i < 600; i++) {
      for (const host of ['a', 'b'])
        lines.push(`${timeAt(i)},${host},${i === 400 && host === 'b' ? 9 : 5}`);
    }
    const found = await json(['signal', '-', '--by', 'host'], { input: lines.join('\n') });
    assert.deepEqual(
      found.findings.map(({ series, row }) => [series, row]),
      [['b', 802]],
    );
    const input = 'time,host,x,y\n2026-01-05,a,1,2\n';
    const rows = await all(input, '--by', 'host', '--value', 'x,y');
    assert.deepEqual(
      rows.map(({ series }) => series),
      ['a x', 'a y'],
    );
    const many = Array.from({ length: 501 }, (_, i) => `2026-01-05,h${i},1`);
    await refuses(['signal', '-', '--by', 'host'], 1, /more than 500 series: is --by host/, {
      input: `time,host,value\n${many.join('\n')}\n`,
    });
  });

  it('missing values and short rows are told apart from numbers', async () => {
    const cells = ['', 'NaN', 'null', 'NA', 'n/a', '-', '1e3', '-.5', '+2.'];
    const rows = await all(
      `time,value\n${cells.map((cell) => `2026-01-05,${cell}\n`).join('')}2026-01-05\n`,
    );
    const none = [null, null, null, null, null, null];
    assert.deepEqual(
      rows.map(({ value }) => value),
      [...none, 1000, -0.5, 2, null],
    );
    const text = await output(['signal', '-'], { input: 'value,x\n1,\n,2\n2,2\n' });
    assert.match(text, /2 values, 1 missing/);
  });

  it('a header that comes again is skipped', async () => {
    assert.equal((await all('time,value\n2026-01-05,1\ntime,value\n2026-01-06,2\n')).length, 2);
  });
});

describe('bit-ttt signal: what it refuses', () => {
  const refused = (input, pattern, ...args) =>
    refuses(['signal', '-', ...args], 1, pattern, { input });

  it('cells that are no number or no time, by line and column', async () => {
    const head = 'time,value\n2026-01-05 10:00,1\n';
    await refused(
      `${head}2026-01-05 10:01,x\n`,
      /standard input, line 3, column 2 \(value\): "x" is no number/,
    );
    await refused(`${head}2026-01-05 10:01,1e999\n`, /line 3, column 2 .* too large/);
    await refused(`${head}\n\nyesterday,1\n`, /line 5, column 1 \(time\): "yesterday" is no time/);
    await refused('2026-01-05,1\n2026-02-30,1\n', /line 2, column 1: "2026-02-30" is no time/);
    await refused(`${head}"2026-\n01-05",x\n`, /line 3, column 1/);
    await refused(`${head}2026-01-05 10:00,\x1b[31m\n`, /\u241b\[31m" is no number/);
    const path = folder.write('bad.csv', `${head}1,2,3\n4,y\n`);
    await refuses(['signal', path], 1, /bad\.csv, line 4, column 2/);
  });

  it('columns that are not there or not clear', async () => {
    const input = 'time,cpu,memory\n2026-01-05,1,2\n';
    await refused(input, /say with --value which column .*; its columns are time, cpu, memory/);
    await refused(input, /no column "cpuu"; did you mean cpu\?/, '--value', 'cpuu');
    await refused(input, /no column "disk"; its columns are time, cpu, memory/, '--value', 'disk');
    await refused(input, /no column "4"/, '--value', '4');
    await refused(input, /"cpu" is asked for twice/, '--value', 'cpu,cpu');
    await refused('1,2\n', /no column "x"; it has 2 columns and no header/, '--time', 'x');
  });

  it('tables without values', async () => {
    await refused('', /standard input is empty/);
    await refused('time,value\n', /standard input has no values/);
    await refused('time,value\n2026-01-05,\n', /standard input has no values/);
    await refused('time,value\n"2026', /line 2: a quoted cell has no end/);
    await refused(`time,value\n${'x'.repeat(70000)}\n`, /line 2: longer than 65536 characters/);
    await refuses(['signal', folder.path('none.csv')], 1, /cannot read .*none\.csv: no such file/);
  });

  it('wrong options', async () => {
    await refuses(['signal'], 2, /signal needs a FILE/);
    await refuses(['signal', 'a', 'b'], 2, /reads one FILE/);
    await refuses(
      ['signal', 'a', '--alarm', '1'],
      2,
      /--alarm must be a number from 0.0001 to 0.1/,
    );
    await refuses(['signal', 'a', '--above', 'x'], 2, /--above must be a number/);
    await refuses(['signal', 'a', '--save-every', '5'], 2, /--save-every needs --save/);
    await refuses(
      ['signal', 'a', '--values', 'x'],
      2,
      /unknown option --values; did you mean --value\?/,
    );
    await refuses(['signal', 'a.svg', '--plot', 'a.svg'], 2, /it is the file to be read/);
  });
});

describe('the cells of a table', () => {
  it('times', async () => {
    const { timeIn } = await importSource('detect/cells');
    const noon = Date.UTC(2026, 1, 14, 12) / 1000;
    for (const text of [
      ...['2026-02-14 12:00', '2026-02-14 12:00:00', '2026-02-14T12:00:00Z', '2026/02/14 12:00'],
      ...[
        '2026-2-14 12:00',
        '14.02.2026 12:00',
        '2026-02-14T13:00:00+01:00',
        '2026-02-14 06:30-0530',
      ],
      ...['14/Feb/2026:12:00:00 +0000', '2026-02-14T12:00:00.000', '2026-02-14 12:00:00 UTC'],
      ...[`${noon}`, `${noon}000`, `${noon}000000`, `${noon}000000000`, `${noon}.0`],
    ]) {
      assert.equal(timeIn(text, ','), noon, text);
    }
    assert.equal(timeIn('2026-02-14', ','), noon - 43200);
    assert.equal(timeIn('2026-02-14 12:00:00.25', ','), noon + 0.25);
    const wrong = [
      '2026-13-01',
      '2026-02-30',
      '10:20:30',
      '02/03/2026',
      '2026-02-14 25:00',
      'x',
      '1e30',
    ];
    for (const text of wrong) assert.equal(timeIn(text, ','), undefined, text);
  });

  it('quotes, separators and pieces of any size', async () => {
    const { CsvReader } = await importSource('cli/files/csv');
    const text = 'a,"b ""c""","d\r\ne", f \r\n\r\n"1",2,,"4"x\n';
    const bytes = Buffer.from(text);
    for (const size of [1, 3, 7, bytes.length]) {
      const reader = new CsvReader('test', 'signal');
      const records = [];
      for (let i = 0; i < bytes.length; i += size) {
        records.push(...reader.push(bytes.subarray(i, i + size)));
      }
      records.push(...reader.end());
      assert.deepEqual(records, [
        { line: 1, cells: ['a', 'b "c"', 'd\ne', 'f'] },
        { line: 4, cells: ['1', '2', '', '4x'] },
      ]);
    }
  });
});

// The suite detection of the benchmark: its metrics, anomalies, logs, baselines and scores, on cases whose
// answers are known.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Drain } from '../../bench/lib/detection/drain.mjs';
import { injectAnomalies, KINDS } from '../../bench/lib/detection/inject.mjs';
import { Chain, Frequency, maskLine, Ppm } from '../../bench/lib/detection/line-baselines.mjs';
import { parseCsv, readLogs } from '../../bench/lib/detection/log-files.mjs';
import { rankMetrics } from '../../bench/lib/detection/metrics.mjs';
import { WittenBell } from '../../bench/lib/detection/ngram.mjs';
import { EventChain, EventCounts } from '../../bench/lib/detection/sequences.mjs';
import { aboveQuantile } from '../../bench/lib/detection/sorted.mjs';
import { FORMAT_NAMES, makeLog, makePlainLog } from '../../bench/lib/detection/synthetic.mjs';
import { publishable } from '../../bench/lib/publish.mjs';
import { suiteTables } from '../../bench/lib/report.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const near = (actual, expected) =>
  assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}, not ${expected}`);
const hashOf = (value) =>
  createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);

describe('bench detection: metrics', () => {
  it('the area and the average precision of a ranking', () => {
    const { auc, ap } = rankMetrics([4, 3, 2, 1], [1, 0, 1, 0]);
    near(auc, 3 / 4);
    near(ap, (1 + 2 / 3) / 2);
    assert.deepEqual(rankMetrics([1, 2, 3], [0, 0, 1]), { auc: 1, ap: 1 });
  });

  it('equal scores are half right, and found at once, in whatever order they stand', () => {
    for (const labels of [
      [1, 0, 1, 0],
      [0, 1, 1, 0],
    ]) {
      const { auc, ap } = rankMetrics([2, 2, 1, 0], labels);
      near(auc, 2.5 / 4);
      near(ap, 0.5 * (1 / 2) + 0.5 * (2 / 3));
    }
    const same = rankMetrics([1, 1, 1, 1], [0, 0, 1, 0]);
    near(same.auc, 0.5);
    near(same.ap, 0.25);
  });

  it('there is no figure where nothing or everything is labelled', () => {
    assert.ok(Number.isNaN(rankMetrics([1, 2], [0, 0]).ap));
    assert.ok(Number.isNaN(rankMetrics([1, 2], [1, 1]).auc));
  });

  it('a running quantile lets so many through', () => {
    assert.deepEqual(aboveQuantile([1, 2, 1, 3, 3], 0.5), [false, true, false, true, true]);
    // all that rise at first, then the greatest of each ten
    const rising = Array.from({ length: 50 }, (_, i) => i % 10);
    assert.equal(aboveQuantile(rising, 0.1).filter(Boolean).length, 9 + 4);
  });
});

/** Rows of four kinds of lines, in turn. */
const rowsOf = (count) =>
  Array.from({ length: count }, (_, i) => {
    const texts = [
      `user ${i} logged in`,
      `query took ${i % 70} ms on table items`,
      `user ${i} logged out`,
      `cache holds entries=${i % 90} of many`,
    ];
    return { head: `${i} `, text: texts[i % 4], event: i % 4 };
  });

describe('bench detection: anomalies put into logs', () => {
  const options = { foreign: ['nothing of this log'], words: ['giraffe'], seed: 3 };

  it('the same seed gives the same lines, on every machine; another seed others', () => {
    const { lines, labels } = injectAnomalies(rowsOf(2000), options);
    assert.equal(hashOf([lines, labels]), 'f1b28a6f963e34b4');
    const again = injectAnomalies(rowsOf(2000), options);
    assert.deepEqual(again, { lines, labels });
    assert.notDeepEqual(injectAnomalies(rowsOf(2000), { ...options, seed: 4 }).lines, lines);
  });

  it('each kind is what its name says, and stands beside the line that it was made of', () => {
    const rows = rowsOf(2000);
    const { lines, labels } = injectAnomalies(rows, options);
    const usual = rows.map(({ head, text }) => head + text);
    const kept = lines.filter((_, i) => labels[i] === null || labels[i] === 'swapped pair');
    assert.deepEqual(kept.toSorted(), usual.toSorted());
    const tests = {
      'foreign line': (line) => line.endsWith('nothing of this log'),
      'unseen word': (line) => line.includes('giraffe'),
      'known word in a wrong place': (line, before) => line !== before,
      'number x1000': (line) => /\d{4,}|\b7\b/.test(line.replace(/^\d+/, '')),
      truncated: (line, before) => before.startsWith(line) && line.length < before.length,
      'repeated line': (line, before) => line === before,
      'swapped pair': () => true,
    };
    assert.deepEqual(Object.keys(tests), KINDS);
    for (const [kind, test] of Object.entries(tests)) {
      const places = labels.flatMap((label, i) => (label === kind ? [i] : []));
      assert.ok(places.length >= 4 && places[0] >= 300, `${kind}: ${places.length}`);
      for (const i of places) assert.ok(test(lines[i], lines[i - 1]), `${kind}: ${lines[i]}`);
    }
  });

  it('a log that is too short for them is refused', () => {
    assert.throws(() => injectAnomalies(rowsOf(400), options), /400 lines are too few/);
  });
});

describe('bench detection: logs that are made', () => {
  const HASHES = {
    nginx: '83bba97932616bfe',
    json: 'b514fec34a6acc73',
    syslog: '857b28055fdedc5e',
    java: '9f4f31cb49154f22',
    logfmt: '0337a0ac3abca882',
  };

  for (const format of FORMAT_NAMES)
    it(`${format}: the same on every machine, with every kind of anomaly`, () => {
      const { lines, labels } = makeLog(format, 1500, 5);
      assert.equal(hashOf([lines, labels]), HASHES[format]);
      assert.equal(lines.length, 1500);
      assert.equal(labels.length, 1500);
      const odd = labels.filter(Boolean).length;
      assert.ok(odd > 40 && odd < 90, `${odd}`);
      assert.deepEqual([...new Set(labels.filter(Boolean))].toSorted(), KINDS.toSorted());
      assert.ok(labels.slice(0, 300).every((label) => label === null));
      const plain = makePlainLog(format, 500, 5);
      assert.ok(new Set(plain.map(maskLine)).size < 200);
      assert.ok(plain.every((line) => !/[{}]/.test(line) || format === 'json'));
    });

  it('a log may be short, and a format must be known', () => {
    assert.equal(makeLog('json', 400, 1).lines.length, 400);
    assert.throws(() => makeLog('xml', 400, 1), /no format 'xml': nginx, json/);
  });
});

describe('bench detection: baselines of lines', () => {
  it('masks numbers, addresses and ids', () => {
    assert.equal(maskLine('at 10:20:30.5 from 10.0.0.7:22'), 'at # from #');
    assert.equal(maskLine('0x7f3a id 3fa9c01b worker7 took 12ms'), '# id # worker# took #ms');
  });

  it('frequency: minus the logarithm of the share of equal lines', () => {
    const frequency = new Frequency();
    near(frequency.score('took 5 ms'), -Math.log(0.5 / 1));
    near(frequency.score('took 7 ms'), -Math.log(1.5 / 2));
    near(frequency.score('failed'), -Math.log(0.5 / 3));
  });

  it('Witten and Bell: what is unseen gets a share for each symbol seen', () => {
    const counts = new WittenBell(4);
    near(counts.bits([''], 'a'), 2);
    counts.learn([''], 'a');
    counts.learn([''], 'a');
    counts.learn([''], 'b');
    near(2 ** -counts.bits([''], 'a'), (2 + 2 / 4) / 5);
    near(2 ** -counts.bits([''], 'c'), 2 / 4 / 5);
    counts.learn(['', 'x'], 'c');
    const alone = (1 + 3 / 4) / 7;
    near(2 ** -counts.bits(['', 'x'], 'c'), (1 + alone) / 2);
    near(2 ** -counts.bits(['', 'y'], 'c'), alone);
  });

  it('the chain knows what comes after what', () => {
    const chain = new Chain();
    for (let i = 0; i < 20; i++) for (const line of ['open', 'read', 'close']) chain.score(line);
    const [usual, turned] = [chain.score('open'), chain.score('close')];
    assert.ok(usual < 0.2 && turned > 4, `${usual} ${turned}`);
  });

  it('Drain: words that differ become wildcards, other lengths other templates', () => {
    const drain = new Drain();
    const first = drain.clusterOf('user alice logged in from home');
    assert.equal(drain.clusterOf('user alice logged in from work'), first);
    assert.deepEqual(first.words, ['user', 'alice', 'logged', 'in', 'from', '*']);
    assert.notEqual(drain.clusterOf('user alice logged in from'), first);
    assert.notEqual(drain.clusterOf('user alice changed password at night'), first);
    assert.notEqual(drain.clusterOf('group alice logged in from home'), first);
    assert.equal(drain.clusterOf('user # logged in'), drain.clusterOf('user # logged in'));
  });

  it('PPM: a line costs less each time, another one more', () => {
    const ppm = new Ppm(2);
    near(ppm.score('a'), Math.log2(200));
    for (let i = 0; i < 10; i++) ppm.score('cache hit for item');
    const [known, other] = [ppm.score('cache hit for item'), ppm.score('quota exceeded')];
    assert.ok(known < 1 && other > 4, `${known} ${other}`);
  });

  it('event counts, and a chain of events', () => {
    const counts = new EventCounts();
    counts.score(['a', 'b', 'b']);
    near(counts.score(['a', 'b', 'b']), -2 * Math.log(1.5 / 2));
    near(counts.score(['a', 'b']), -Math.log(2.5 / 3) - Math.log(0.5 / 3));
    const chain = new EventChain((bits) => Math.max(...bits));
    for (let i = 0; i < 20; i++) chain.score(['a', 'b', 'c']);
    assert.ok(chain.score(['a', 'b', 'c']) < 0.2 && chain.score(['a', 'c', 'b']) > 3);
  });
});

describe('bench detection: the folder, and the report', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bit-ttt-'));
  after(() => rmSync(folder, { recursive: true }));

  it('reads logs with their parts', () => {
    assert.deepEqual(parseCsv('a,b\n"x, ""y""\nz",\n'), [
      ['a', 'b'],
      ['x, "y"\nz', ''],
    ]);
    const logs = join(folder, 'logs');
    mkdirSync(logs);
    writeFileSync(join(logs, 'BGL_2k.log'), '- 12:00 up\nKERN 12:01 disk, down\n');
    writeFileSync(
      join(logs, 'BGL_2k.csv'),
      'LineId,Content,EventId\r\n1,up,E1\r\n2,"disk, down",E2\r\n',
    );
    const [{ name, rows, tags, messages }] = readLogs(logs);
    assert.equal(name, 'BGL');
    assert.deepEqual(rows[1], { head: '12:01 ', text: 'disk, down', event: 'E2' });
    assert.deepEqual(tags, ['-', 'KERN']);
    assert.deepEqual(messages, ['up', 'disk, down']);
    assert.deepEqual(readLogs(join(folder, 'none')), []);
  });

  it('tables by column have their best in bold; what lacked data is not published', () => {
    const row = (contestant, column, median) => ({
      chart: 'c',
      column,
      contestant,
      unit: 'AUC',
      higherIsBetter: true,
      median,
    });
    const rows = [row('ours', 'x', 0.9), row('ours', 'y', 0.5), row('theirs', 'x', 0.8)];
    rows.push({ ...row('theirs', 'y', null), problem: 'none' });
    const suite = { name: 'detection', rows, targets: [], notes: [], unpublished: true };
    const text = suiteTables(suite);
    assert.match(text, /\| AUC \| x \| y \|/);
    assert.match(text, /\| ours \| \*\*0\.9\*\* \| 0\.5 \|/);
    assert.match(text, /\| theirs: not measured: none \| 0\.8 \| - \|/);
    const left = publishable({ suites: [suite, { name: 'size' }] }, { 'detection.svg': '' });
    assert.deepEqual(left, { results: { suites: [{ name: 'size' }] }, charts: {} });
  });

  it('the command measures logs that it makes, and says what it lacks', function () {
    this.timeout(300_000);
    const args = ['bench/run.mjs', '--only', 'detection', '--rounds', '1', '--out', folder];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    const [suite] = JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')).suites;
    const ours = suite.rows.filter(({ contestant }) => contestant === 'bit-ttt LogDetector');
    assert.ok(ours.length > 20, `${ours.length}`);
    const [words] = ours.filter(({ column }) => column === 'odd words, four kinds');
    assert.ok(words.median > 0.9, `${words.median}`);
    assert.match(suite.notes.join('\n'), /No folder was named by --data/);
    assert.equal(suite.unpublished, true);
  });
});

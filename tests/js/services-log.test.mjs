// The log that ships in examples/: what made it makes it again, and the command finds its faults and nothing else.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { LOG_FILE, servicesLog } from '../../scripts/services-log.mjs';
import { root } from './support/backends.mjs';
import { json, temporaryFolder } from './support/cli.mjs';

/** What `bit-ttt surprise FILE` finds must be these faults: two lines, and one that stays away. */
function checkFindings({ alarms, findings }, [odd, unheard, number]) {
  assert.equal(alarms, 3, JSON.stringify(findings, null, 1));
  const [first, second, third] = findings;
  assert.deepEqual([first.kind, first.line, first.cause], ['line', odd.line, 'words']);
  assert.deepEqual([third.kind, third.line, third.cause], ['line', number.line, 'number']);
  assert.equal(second.kind, 'missing');
  assert.match(second.like, /replica is <n> ms behind/);
  const time = Date.parse(unheard.text.split(' ')[0]) / 1000;
  assert.ok(Math.abs(second.from - time) < 0.001, `${second.from}, not ${time}`);
}

describe('examples/services.log', () => {
  const folder = temporaryFolder();
  const text = readFileSync(join(root, LOG_FILE), 'utf8');

  it('is what scripts/services-log.mjs makes', () => {
    assert.equal(text, servicesLog().text);
  });

  it('has 2,000 lines in the order of their times, of nine services', () => {
    const lines = text.trimEnd().split('\n');
    assert.equal(lines.length, 2000);
    const times = lines.map((line) => line.slice(0, 24));
    assert.deepEqual(times, [...times].sort());
    const services = new Set(lines.map((line) => line.slice(31).split(' ')[0]));
    assert.equal(services.size, 9);
  });

  it('has three faults, each of which is there once', () => {
    const lines = text.trimEnd().split('\n');
    const { faults } = servicesLog();
    for (const { line, text } of faults) assert.equal(lines[line - 1], text);
    const [odd, unheard, number] = faults;
    assert.equal(lines.filter((line) => line.includes('ERROR')).length, 1);
    assert.match(odd.text, / ERROR /);
    assert.ok(!lines.slice(unheard.line).some((line) => line.includes('ms behind')));
    const cents = (line) => Number(/charged (\d+) cents/.exec(line)?.[1] ?? 0);
    assert.deepEqual(
      lines.filter((line) => cents(line) > 24000),
      [number.text],
    );
  });

  it('is read by the command, which shows these and nothing else', async () => {
    checkFindings(await json(['surprise', join(root, LOG_FILE)]), servicesLog().faults);
  });

  it('is not a lucky one: those of other seeds give the same', async () => {
    for (const seed of [2, 3, 4, 5]) {
      const { text, faults } = servicesLog(seed);
      checkFindings(await json(['surprise', folder.write(`${seed}.log`, text)]), faults);
    }
  });
});

// `bit-ttt surprise`: what it remembers, saves and loads.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { LogDetector } from 'bit-ttt';

import { backends, root } from './support/backends.mjs';
import { bitTtt, importSource, json, output, refuses, temporaryFolder } from './support/cli.mjs';
import { makeLog, makeRepetitive } from './support/planted-logs.mjs';

const alice = join(root, 'examples/alice.txt');
const folder = temporaryFolder();

const text = (lines) => `${lines.join('\n')}\n`;
const surprise = (lines, args = []) => json(['surprise', '-', ...args], { input: text(lines) });

describe('surprise: the memory', () => {
  it('what was read before is known, what was not is still strange', async () => {
    const day = makeLog('syslog', 1900, 1, { injected: 0 });
    const memory = folder.path('syslog.memory');
    const first = await json(['surprise', folder.write('day1.log', day.text), '--save', memory]);
    assert.deepEqual(first.memory, { loaded: null, saved: memory, lines: 1900 });
    const next = makeLog('syslog', 500, 2, { injected: 3 });
    const later = (lines) => lines.map((line) => line.replace(' 01:0', ' 01:1'));
    const taught = await surprise(later(next.lines), ['--load', memory]);
    assert.deepEqual(taught.memory, { loaded: memory, saved: null, lines: 1900 + 503 });
    assert.ok(taught.findings.length >= 2, JSON.stringify(taught.findings));
    const others = taught.findings.filter(({ line }) => !next.anomalies.has(line));
    assert.deepEqual(others, []);
    const printed = await output(['surprise', '-', '--load', memory], {
      input: text(later(day.lines.slice(0, 100))),
    });
    assert.match(printed, /^standard input: 100 lines, nothing stands out/);
    assert.match(printed, /^memory: 2,000 lines remembered, loaded from \S+syslog\.memory$/m);
  });

  it('reading in two parts with a memory between is reading in one', async () => {
    for (const [kind, args] of [
      ['web', []],
      ['app', ['--mask', 'worker-\\d']],
    ]) {
      const { events } = makeLog(kind, 900, 8);
      const [whole, joined] = [folder.path('whole.memory'), folder.path('joined.memory')];
      await surprise(events, ['--save', whole, ...args]);
      await surprise(events.slice(0, 333), ['--save', joined, ...args]);
      await surprise(events.slice(333), ['--load', joined, '--save', joined, ...args]);
      assert.ok(readFileSync(whole).equals(readFileSync(joined)), kind);
      assert.equal((await json(['info', joined])).kind, 'memory');
    }
  });

  it('keeps its rate of alarms, unless another is asked for', async () => {
    const memory = folder.path('rate.memory');
    await surprise(['one'], ['--save', memory, '--alarm', '0.02']);
    assert.equal((await surprise(['two'], ['--load', memory])).alarm_rate, 0.02);
    const other = await surprise(['two'], ['--load', memory, '--alarm', '0.01']);
    assert.equal(other.alarm_rate, 0.01);
  });

  it('holds a state that the library loads, whatever engine wrote it', async () => {
    const { loadMemory } = await importSource('cli/files/memory-file');
    const saved = [];
    for (const writer of backends) {
      const memory = folder.path(`${writer}.memory`);
      const env = { BIT_TTT_BACKEND: writer };
      await json(['surprise', '-', '--save', memory], {
        input: text(makeRepetitive(50, 0, '')),
        env,
      });
      saved.push(readFileSync(memory));
      for (const backend of backends) {
        const log = await LogDetector.load(await loadMemory(memory), { backend });
        assert.equal(log.lines, 50);
        log.destroy();
      }
    }
    for (const bytes of saved) assert.deepEqual(bytes, saved[0]);
  });

  it('of an earlier version is refused with a sentence', async () => {
    const { headedParts } = await importSource('cli/files/headed-file');
    const fields = { features: 4, by: 'line', hiddenDim: 32, innerLr: 0.2, seed: '42' };
    const old = Buffer.concat(headedParts('memory', fields, [Buffer.from('BitTTT\r\n and more')]));
    const file = folder.write('old.memory', old);
    const says =
      /old\.memory was made by an earlier version, .*: read the log again and save a new/;
    await refuses(['surprise', '-', '--load', file], 1, says, { input: 'x\n' });
    await json(['surprise', '-', '--save', file], { input: 'x\n' }); // it may be replaced
    await json(['surprise', '-', '--load', file], { input: 'x\n' });
  });

  it('refuses every changed byte, every truncation and what comes after its end', async () => {
    const { loadMemory } = await importSource('cli/files/memory-file');
    const memory = folder.path('tiny.memory');
    await output(['surprise', '-', '--save', memory], { input: 'one\ntwo\nthree\n' });
    const good = readFileSync(memory);
    const load = async (bytes) => {
      const state = await loadMemory(folder.write('bad.memory', bytes));
      (await LogDetector.load(state)).destroy();
    };
    await load(good);
    const head = good.indexOf(10) + 1;
    const bits = Array.from({ length: 8 * head }, (_, bit) => bit);
    const step = Math.max(1, Math.floor((good.length - head) / 400));
    for (let at = head; at < good.length; at += step) bits.push(8 * at + (at % 8));
    for (const bit of bits) {
      const changed = Buffer.from(good);
      changed[bit >> 3] ^= 1 << (bit & 7);
      await assert.rejects(load(changed), `bit ${bit} of ${8 * good.length}`);
    }
    for (let length = 0; length < good.length; length += length < head ? 1 : step)
      await assert.rejects(load(good.subarray(0, length)), `${length} of ${good.length} bytes`);
    const bare = good.subarray(head);
    for (const bytes of [
      Buffer.concat([good, Buffer.from('x')]),
      bare,
      Buffer.from('bit-ttt memory {}\n'),
    ])
      await assert.rejects(load(bytes));
  });

  it('damaged ones are refused in one sentence, before anything is read', async () => {
    const memory = folder.path('sound.memory');
    const options = { input: 'one\ntwo\nthree\n' };
    await output(['surprise', '-', '--save', memory], options);
    const good = readFileSync(memory);
    const changed = (at) => {
      const copy = Buffer.from(good);
      copy[at] ^= 1;
      return copy;
    };
    for (const bytes of [
      good.subarray(0, 0),
      good.subarray(0, 40),
      good.subarray(0, good.length - 1),
      changed(20),
      changed(good.length - 1),
      changed(good.length >> 1),
      Buffer.concat([good, Buffer.from('x')]),
      Buffer.from('bit-ttt memory null\n'),
      Buffer.from('bit-ttt memory {"format":9,"features":1}\n'),
    ]) {
      const file = folder.write('bad.memory', bytes);
      const { stdout } = await refuses(
        ['surprise', '-', '--load', file],
        1,
        /bad\.memory/,
        options,
      );
      assert.equal(stdout, '');
    }
  });

  it('a failed save leaves the old memory and no litter', async () => {
    const memory = folder.path('kept.memory');
    await output(['surprise', '-', '--save', memory], { input: 'one\ntwo\n' });
    const before = readFileSync(memory);
    await refuses(
      ['surprise', folder.path('missing'), '--save', memory],
      1,
      /missing: no such file/,
    );
    await refuses(['surprise', '-', '--save', memory], 1, /empty/, { input: '' });
    assert.ok(readFileSync(memory).equals(before));
    const litter = readdirSync(dirname(memory)).filter((name) => name.includes('.tmp'));
    assert.deepEqual(litter, []);
  });

  it('saves over a memory or an empty file, and over nothing else', async () => {
    const options = { input: 'one\ntwo\n' };
    const precious = folder.write('precious.txt', 'a text that nobody has twice\n');
    await refuses(['surprise', '-', '--save', precious], 1, /precious.*no memory file/, options);
    await refuses(['surprise', precious, '--save', precious], 2, /precious.*to be read/);
    await refuses(['surprise', precious, '--save', folder.path('./precious.txt')], 2, /to be read/);
    assert.equal(readFileSync(precious, 'utf8'), 'a text that nobody has twice\n');
    const memory = folder.write('empty.memory', '');
    await output(['surprise', '-', '--save', memory], options);
    await output(['surprise', '-', '--load', memory, '--save', memory], options);
  });

  it('is saved although the reader of the output has gone away', async () => {
    const memory = folder.path('unread.memory');
    const { lines } = makeLog('web', 6000, 1);
    const input = text(lines);
    for (const args of [['--all'], ['--all', '--json']]) {
      const { status, stderr } = await bitTtt(['surprise', '-', ...args, '--save', memory], {
        input(child) {
          child.stdout.once('data', () => child.stdout.destroy());
          child.stdin.end(input);
        },
      });
      assert.deepEqual([status, stderr], [0, ''], args.join(' '));
      const { memory: found } = await json(['surprise', '-', '--load', memory], { input: 'end\n' });
      assert.equal(found.lines, lines.length + 1);
    }
  });

  it('does not begin to read what it could not save', async () => {
    const options = { input: 'one\n' };
    await refuses(
      ['surprise', '-', '--save', folder.path('none/x')],
      1,
      /cannot save .*no such/,
      options,
    );
    await refuses(
      ['surprise', '-', '--save', dirname(folder.path('x'))],
      1,
      /regular file/,
      options,
    );
    await refuses(
      ['surprise', '-', '--load', folder.path('none')],
      1,
      /cannot load .*no such/,
      options,
    );
    const other = folder.path('other');
    copyFileSync(alice, other);
    await refuses(['surprise', '-', '--load', other], 1, /no memory file/, options);
    writeFileSync(other, '');
    await refuses(['surprise', '-', '--load', other], 1, /no memory file/, options);
  });
});

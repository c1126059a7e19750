// `bit-ttt surprise`: what it remembers, saves and loads.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

import { TTT } from 'bit-ttt';

import { backends, root } from './support/backends.mjs';
import { bitTtt, importSource, json, output, refuses, temporaryFolder } from './support/cli.mjs';
import { makeLog, makeRepetitive } from './support/planted-logs.mjs';

const alice = join(root, 'examples/alice.txt');
const folder = temporaryFolder();

const text = (lines) => `${lines.join('\n')}\n`;
const surprise = (lines, args = []) => json(['surprise', '-', ...args], { input: text(lines) });

describe('surprise: the memory', () => {
  it('a second reading is less surprising, by line and by word', async () => {
    for (const by of ['line', 'word']) {
      const part = folder.write(`part-${by}.txt`, readFileSync(alice).subarray(0, 15000));
      const memory = folder.path(`${by}.memory`);
      const first = await json(['surprise', part, '--by', by, '--save', memory]);
      const second = await json(['surprise', part, '--load', memory]);
      assert.ok(second.mean < 0.9 * first.mean, `${by}: ${first.mean} then ${second.mean}`);
      assert.equal(second.by, by);
      assert.equal(first.memory.saved, memory);
      assert.equal(second.memory.loaded, memory);
      assert.equal(second.memory.tokens, 2 * first.memory.tokens);
    }
  });

  it('what was read before is known, what was not is still strange', async () => {
    const day = makeLog('syslog', 3000, 1, 0);
    const memory = folder.path('syslog.memory');
    await json(['surprise', folder.write('day1.log', text(day.lines)), '--save', memory]);
    const next = makeLog('syslog', 500, 2);
    const fresh = await surprise(next.lines);
    const taught = await surprise(next.lines, ['--load', memory, '--top', '10']);
    assert.ok(taught.mean < 0.8 * fresh.mean, `${fresh.mean} then ${taught.mean}`);
    assert.ok(
      taught.top.every(({ line }) => next.anomalies.has(line)),
      JSON.stringify(taught.top),
    );
  });

  it('reading in two parts with a memory between is reading in one', async () => {
    const { lines } = makeLog('web', 900, 8);
    const [whole, joined] = [folder.path('whole.memory'), folder.path('joined.memory')];
    await surprise(lines, ['--save', whole]);
    await surprise(lines.slice(0, 333), ['--save', joined]);
    await surprise(lines.slice(333), ['--load', joined, '--save', joined]);
    assert.ok(readFileSync(whole).equals(readFileSync(joined)));
  });

  it('holds a state that the library loads, whatever engine wrote it', async () => {
    const memory = folder.path('library.memory');
    await surprise(makeRepetitive(50, 0, ''), ['--save', memory, '--dim', '64', '--seed', '7']);
    const bytes = readFileSync(memory);
    const state = bytes.subarray(bytes.indexOf(10) + 1);
    for (const backend of backends) {
      const options = { hiddenDim: 64, innerLr: 0.2, objective: 'predict', seed: 7, backend };
      const layer = await TTT.create(options);
      layer.loadState(state);
      assert.equal(layer.tokensSeen, 100);
      layer.destroy();
    }
  });

  it('a mismatch is an error that names what differs', async () => {
    const memory = folder.path('small.memory');
    const options = { input: 'one\ntwo\nthree\n' };
    await output(['surprise', '-', '--save', memory], options);
    const load = (...args) => ['surprise', '-', '--load', memory, ...args];
    await refuses(load('--dim', '64'), 1, /small\.memory.*hiddenDim/, options);
    await refuses(load('--lr', '0.7'), 1, /small\.memory.*innerLr/, options);
    await refuses(load('--seed', '9'), 1, /small\.memory.*(weights|seed)/, options);
    await refuses(load('--by', 'word'), 1, /--by line.*--by word/, options);
    const { hidden_dim: dim } = await json(load('--dim', '32', '--lr', '0.2'), options);
    assert.equal(dim, 32);
  });

  it('refuses every truncation and every changed byte', async () => {
    const memory = folder.path('tiny.memory');
    const options = { input: 'one\ntwo\nthree\n' };
    await output(['surprise', '-', '--save', memory], options);
    const good = readFileSync(memory);
    const bad = [];
    for (let at = 0; at < good.length; at += 13) {
      bad.push(good.subarray(0, at));
      const changed = Buffer.from(good);
      changed[at] ^= 1 << (at % 8);
      bad.push(changed);
    }
    bad.push(Buffer.concat([good, Buffer.from('x')]), Buffer.from('bit-ttt memory {}\n'));
    bad.push(
      Buffer.from('bit-ttt memory null\n'),
      Buffer.from('bit-ttt memory {"format":9,"features":1}\n'),
    );
    for (const [i, bytes] of bad.entries()) {
      const file = folder.write('bad.memory', bytes);
      await refuses(['surprise', '-', '--load', file], 1, /bad\.memory/, options).catch((error) => {
        error.message += ` (case ${i}, ${bytes.length} of ${good.length} bytes)`;
        throw error;
      });
    }
  });

  it('refuses every changed bit and every truncation of the first line', async () => {
    const { loadMemory } = await importSource('cli/files/memory-file');
    const memory = folder.path('line.memory');
    await output(['surprise', '-', '--save', memory], { input: 'one\ntwo\n' });
    const good = readFileSync(memory);
    await loadMemory(memory);
    for (let bit = 0; bit < 8 * (good.indexOf(10) + 1); bit++) {
      const changed = Buffer.from(good);
      changed[bit >> 3] ^= 1 << (bit & 7);
      const file = folder.write('bad.memory', changed);
      await assert.rejects(() => loadMemory(file), /bad\.memory/, `bit ${bit}`);
    }
    for (let length = 0; length < good.length; length++) {
      const file = folder.write('bad.memory', good.subarray(0, length));
      await assert.rejects(() => loadMemory(file), /bad\.memory/, `${length} bytes`);
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
    const { lines } = makeLog('web', 20000, 1);
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
      assert.equal(found.tokens, 2 * lines.length + 2);
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

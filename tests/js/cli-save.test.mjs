// How the command replaces files: every call of the writer that ships fails once, and the process is
// killed before each of them. What was there, or what is new, is there afterwards, whole.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { root } from './support/backends.mjs';
import { bitTtt, output, temporaryFolder } from './support/cli.mjs';

const folder = temporaryFolder();
const preload = ['--import', pathToFileURL(join(root, 'tests/js/support/failing-files.mjs')).href];
const input = 'one line\nand another one\n';

/** Empties a folder and gives it. */
function freshFolder(name) {
  const path = folder.path(name);
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  return path;
}

const surprise = (target) => ['surprise', '-', '--save', target];

/**
 * What can be where something is saved. Each gives the target, the folder that it is in if that is
 * another one, the name of a link that is to stay, and a second name of the old file.
 */
const places = {
  'a new file': (at) => ({ target: join(at, 'memory') }),
  'a file that is replaced': (at, old) => {
    const target = join(at, 'memory');
    writeFileSync(target, old);
    return { target };
  },
  'a file of another mode': (at, old) => {
    const target = join(at, 'memory');
    writeFileSync(target, old);
    chmodSync(target, 0o640);
    return { target, mode: 0o640 };
  },
  'a link to a file': (at, old) => {
    const there = join(freshFolder('elsewhere'), 'kept');
    writeFileSync(there, old);
    symlinkSync('../elsewhere/kept', join(at, 'memory'));
    return { target: join(at, 'memory'), watched: dirname(there), keeps: 'memory' };
  },
  'a link to a file that is not there yet': (at) => {
    const there = freshFolder('elsewhere');
    symlinkSync('../elsewhere/kept', join(at, 'memory'));
    return { target: join(at, 'memory'), watched: there, keeps: 'memory' };
  },
  'a file with two names': (at, old) => {
    const target = join(at, 'memory');
    writeFileSync(target, old);
    linkSync(target, join(at, 'second'));
    return { target, second: join(at, 'second') };
  },
};

const START = ['open temporary', ...Array(6).fill('write temporary')];
const MODE = 'fchmod temporary';
const END = [
  'fsync temporary',
  'close temporary',
  'rename',
  'open folder',
  'fsync folder',
  'close folder',
];

/** A run with a plan. */
const planned = (args, plan, options) =>
  bitTtt(args, { input, node: preload, ...options, env: { FILE_PLAN: JSON.stringify(plan) } });

const contents = (path) => {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
};
const litter = (path) => readdirSync(path).filter((name) => name.endsWith('.tmp'));

let old;
let wanted;
before(async () => {
  const [first, second] = [folder.path('first'), folder.path('second')];
  await output(surprise(first), { input: 'something else\n' });
  await output(surprise(second), { input });
  [old, wanted] = [readFileSync(first), readFileSync(second)];
});

describe('saving: the calls', () => {
  for (const [name, make] of Object.entries(places))
    it(`${name}: is written beside it, reaches the disk, and is renamed`, async () => {
      const at = freshFolder('calls');
      const { target, watched = at, keeps, mode = 0o600, second } = make(at, old);
      const isNew = contents(target) === undefined;
      const log = folder.path('log.json');
      const { status, stderr } = await planned(surprise(target), {
        folder: watched,
        log,
        umask: 0,
      });
      assert.deepEqual([status, stderr], [0, '']);
      const { calls, widest } = JSON.parse(readFileSync(log, 'utf8'));
      assert.deepEqual(calls, isNew ? [...START, ...END] : [...START, MODE, ...END]);
      assert.equal(widest, 0o600);
      assert.deepEqual(readFileSync(target), wanted);
      if (!isNew) assert.equal(statSync(target).mode & 0o777, mode === 0o600 ? 0o644 : mode);
      else assert.equal(statSync(target).mode & 0o777, 0o600);
      if (keeps !== undefined) assert.ok(lstatSync(join(at, keeps)).isSymbolicLink());
      if (second !== undefined) assert.deepEqual(readFileSync(second), old);
    });

  it('a link at the temporary name is not followed', async () => {
    const at = freshFolder('calls');
    const victim = folder.write('victim', 'precious');
    const target = join(at, 'memory');
    const { status, stderr } = await planned(surprise(target), { folder: at, inWay: victim });
    assert.deepEqual([status, stderr], [0, '']);
    assert.equal(readFileSync(victim, 'utf8'), 'precious');
    assert.deepEqual(readFileSync(target), wanted);
    assert.equal(litter(at).length, 1); // the link: whoever made it may remove it
  });
});

describe('saving: calls that fail', () => {
  const calls = [...START, MODE, ...END];
  const RENAME = calls.indexOf('rename');
  const make = places['a file that is replaced'];

  for (const code of ['EIO', 'ENOSPC'])
    it(`${code} of any call leaves the old file, or the new one, and says so`, async () => {
      for (const [at, call] of calls.entries()) {
        const here = freshFolder('failing');
        const { target } = make(here, old);
        const { status, stdout, stderr } = await planned(surprise(target), {
          folder: here,
          fail: { at, code },
        });
        assert.equal(status, 1, `${call}: ${stderr}`);
        assert.match(stderr, /^bit-ttt: cannot save \S+memory: [^\n]+\n$/, call);
        assert.match(stdout, /only 2 lines so far/, 'the report comes all the same');
        assert.doesNotMatch(stdout, /saved to/);
        assert.deepEqual(readFileSync(target), at <= RENAME ? old : wanted, call);
        assert.deepEqual(readdirSync(here), ['memory'], call);
      }
    });

  it('EINTR of any call is no failure', async () => {
    for (const [at, call] of calls.entries()) {
      const here = freshFolder('failing');
      const { target } = make(here, old);
      const times = call.startsWith('close') ? 1 : 3;
      const fail = { at, code: 'EINTR', times };
      const { status, stderr } = await planned(surprise(target), { folder: here, fail });
      assert.deepEqual([status, stderr], [0, ''], call);
      assert.deepEqual(readFileSync(target), wanted, call);
      assert.deepEqual(readdirSync(here), ['memory'], call);
    }
  });

  it('a folder that cannot be synced is none either', async () => {
    for (const code of ['EINVAL', 'EISDIR', 'EPERM']) {
      const here = freshFolder('failing');
      const { target } = make(here, old);
      const fail = { at: calls.indexOf('fsync folder'), code };
      const { status } = await planned(surprise(target), { folder: here, fail });
      assert.equal(status, 0, code);
      assert.deepEqual(readFileSync(target), wanted);
    }
  });
});

describe('saving: kills', () => {
  let kills = 0;
  before(function () {
    if (process.platform === 'win32') this.skip(); // no signals there
  });

  const { 'a file of another mode': _same, ...different } = places;
  for (const [name, make] of Object.entries(different))
    it(`${name}: before every call`, async () => {
      for (let at = 0, more = true; more; at++) {
        const here = freshFolder('killed');
        const { target, watched = here, second } = make(here, old);
        const before = contents(target);
        const { status, signal } = await planned(surprise(target), { folder: watched, kill: at });
        if (signal !== 'SIGKILL') {
          assert.equal(status, 0);
          more = false;
        }
        kills += Number(more);
        const calls = before === undefined ? [...START, ...END] : [...START, MODE, ...END];
        if (more) {
          const after = at <= calls.indexOf('rename') ? before : wanted;
          assert.deepEqual(contents(target), after, `${calls[at]}`);
        } else {
          assert.equal(at, calls.length);
        }
        await output(surprise(target), { input });
        assert.deepEqual(readFileSync(target), wanted);
        assert.deepEqual(litter(watched), [], calls[at]);
        if (second !== undefined) assert.deepEqual(readFileSync(second), old);
      }
    });

  it('were more than fifty', () => assert.ok(kills > 50, String(kills)));
});

describe('saving: what killed saves have left', () => {
  const left = (at, pid, name = 'memory') => join(at, `.${name}.${pid}.1700000000000.tmp`);

  it('is removed if it is of that file, and its process is gone', async () => {
    const at = freshFolder('stale');
    const target = join(at, 'memory');
    const gone = 2 ** 22 + 5; // above the largest process id of Linux
    const kept = [
      left(at, process.pid), // this process lives
      left(at, gone, 'memory2'),
      left(at, gone, 'memory.old'),
      join(at, '.memory.tmp'),
      join(at, `.memory.${gone}.x.tmp`),
      join(at, `memory.${gone}.1.tmp`),
    ];
    for (const path of [left(at, gone), ...kept]) writeFileSync(path, 'half');
    const victim = folder.write('pointed-at', 'precious');
    symlinkSync(victim, left(at, gone + 1));
    mkdirSync(left(at, gone + 2));
    await output(surprise(target), { input });
    const names = readdirSync(at).map((name) => join(at, name));
    assert.deepEqual(
      names.sort(),
      [...kept, target, left(at, gone + 1), left(at, gone + 2)].sort(),
    );
    assert.equal(readFileSync(victim, 'utf8'), 'precious');
  });

  it('a name as long as a file system takes can be saved', async () => {
    const at = freshFolder('long');
    for (const name of ['m'.repeat(255), 'é'.repeat(127)]) {
      await output(surprise(join(at, name)), { input });
      assert.deepEqual(readFileSync(join(at, name)), wanted);
    }
    assert.deepEqual(litter(at), []);
  });
});

// Loaded before the command (--import): watches the calls with which it writes files of one folder,
// and lets one of them fail, or kills the process before it, as the environment's FILE_PLAN says:
//
//   folder   where files are watched
//   fail     {at, code, times}: call number `at` fails with `code`, so many times
//   kill     the process is killed before this call (counted from 0)
//   inWay    a link to this file stands in the way of the first temporary file
//   log      where to write what was called, and the widest mode that a file had on the way
//   umask    the process's
//
// Every write is short: a third of what it was given at most.
// SPDX-License-Identifier: MIT
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { basename, dirname, resolve } from 'node:path';

const plan = JSON.parse(process.env.FILE_PLAN);
const real = { ...fs };
const files = new Map(); // descriptor: what it is
const calls = [];
let widest = 0;
if (plan.umask !== undefined) process.umask(plan.umask);

/** What a path is to a save; undefined for what is only read, or is elsewhere. */
function roleOf(path, flags) {
  const full = resolve(String(path));
  if (full === plan.folder && flags === 'r') return calls.length > 0 ? 'folder' : undefined;
  if (dirname(full) !== plan.folder || flags === 'r' || flags === undefined) return undefined;
  return /^\..*\.\d+\.\d+\.tmp$/.test(basename(full)) ? 'temporary' : 'target';
}

/** Counts a call; throws, or ends the process, if it is that one's turn. */
function count(name) {
  const at = calls.push(name) - 1;
  if (at === plan.kill) process.kill(process.pid, 'SIGKILL');
  const { fail } = plan;
  if (fail === undefined || at < fail.at || at >= fail.at + (fail.times ?? 1)) return;
  throw Object.assign(new Error(`${name} was made to fail`), { code: fail.code });
}

fs.openSync = (path, flags, mode) => {
  const role = roleOf(path, flags);
  if (role === undefined) return real.openSync(path, flags, mode);
  if (plan.inWay !== undefined && role === 'temporary') {
    real.symlinkSync(plan.inWay, path);
    delete plan.inWay;
  }
  count(`open ${role}`);
  const file = real.openSync(path, flags, mode);
  files.set(file, role);
  if (role === 'temporary') widest |= real.fstatSync(file).mode & 0o777;
  return file;
};

for (const name of ['writeSync', 'fchmodSync', 'fchownSync', 'fsyncSync', 'closeSync']) {
  fs[name] = (file, ...rest) => {
    const role = files.get(file);
    if (role === undefined) return real[name](file, ...rest);
    count(`${name.slice(0, -4)} ${role}`);
    if (name === 'closeSync') files.delete(file);
    if (name !== 'writeSync') return real[name](file, ...rest);
    const [bytes, at = 0] = rest;
    return real.writeSync(
      file,
      bytes,
      at,
      Math.min(bytes.length - at, Math.ceil(bytes.length / 3)),
    );
  };
}

fs.renameSync = (from, to) => {
  count('rename');
  real.renameSync(from, to);
};
fs.writeFileSync = (path, ...rest) => {
  if (roleOf(path, 'w') !== undefined) count('write whole target');
  real.writeFileSync(path, ...rest);
};
syncBuiltinESMExports();

process.on('exit', () => {
  if (plan.log !== undefined) real.writeFileSync(plan.log, JSON.stringify({ calls, widest }));
});

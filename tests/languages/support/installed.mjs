// Installs the library as examples/README.md says, once for all tests, into a temporary prefix.
// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { scripts } from './readme.mjs';

export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Runs a shell script in the repository's root; { status, stdout, stderr }. */
export function shell(script, env = process.env) {
  const result = spawnSync('sh', ['-eu', '-c', script], { cwd: root, env, encoding: 'utf8' });
  if (result.error) throw result.error;
  return result;
}

/** Runs a script that must succeed; its output. */
export function output(script, env) {
  const { status, stdout, stderr } = shell(script, env);
  if (status !== 0) throw new Error(`exit ${status}:\n${script}\n${stdout}${stderr}`);
  return stdout;
}

let place;

/** The installed library: its prefix, and the environment that the READMEs go on from. */
export function installed() {
  if (place) return place;
  const folder = mkdtempSync(join(tmpdir(), 'bit-ttt-languages-'));
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  const clean = { ...process.env, HOME: folder };
  for (const name of ['DESTDIR', 'BIT_TTT_KERNEL', 'LD_LIBRARY_PATH']) delete clean[name];
  const [setup] = scripts('examples/README.md');
  const tell = 'echo "@$PREFIX|$BIT_TTT_LIBRARY|$PKG_CONFIG_PATH"';
  const printed = output(`${setup.script}\n${tell}`, clean);
  const [PREFIX, BIT_TTT_LIBRARY, PKG_CONFIG_PATH] = /^@(.*)$/m.exec(printed)[1].split('|');
  const env = { ...clean, HOME: process.env.HOME, PREFIX, BIT_TTT_LIBRARY, PKG_CONFIG_PATH };
  place = { folder, prefix: PREFIX, env };
  return place;
}

/**
 * peers.mjs - installs what is measured beside us, in the versions that are pinned in peers/, below
 * build/bench, and only when a suite asks.
 * SPDX-License-Identifier: MIT
 */
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const execute = promisify(execFile);
const bench = join(dirname(fileURLToPath(import.meta.url)), '..');
const root = join(bench, '..');

/** Where suites put what they make and install. */
export const workFolder = join(root, 'build', 'bench');

/**
 * Installs peers/NAME/package.json (with its lock file, where there is one).
 * @param {string} name
 * @param {Record<string, string>} [env] for install scripts
 * @returns {Promise<string>} the folder with node_modules
 */
export async function installPeers(name, env = {}) {
  const from = join(bench, 'peers', name);
  const folder = join(workFolder, 'peers', name);
  const wanted = readFileSync(join(from, 'package.json'), 'utf8');
  const stamp = join(folder, 'installed.json');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(from, folder, { recursive: true });
  const locked = existsSync(join(from, 'package-lock.json'));
  await execute('npm', [locked ? 'ci' : 'install', '--no-audit', '--no-fund'], {
    cwd: folder,
    env: { ...process.env, ...env },
    maxBuffer: 1 << 26,
  });
  writeFileSync(stamp, wanted);
  return folder;
}

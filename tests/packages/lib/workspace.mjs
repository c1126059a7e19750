// workspace.mjs - folders, programs and installations for the matrix.
// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../..', import.meta.url));
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const installing = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];

/** Why a row cannot be run here. */
export class Skip extends Error {}

/** A row that needs what is installed from tools/. */
export const toolRow = (name, uses, run) => ({ name, uses, needs: ['tools'], run });

/** Environment without what would choose a backend, a kernel or a way to run tests. */
export function cleanEnvironment(extra = {}) {
  const { BIT_TTT_BACKEND, BIT_TTT_KERNEL, NODE_OPTIONS, ...env } = process.env;
  return { ...env, NO_COLOR: '1', ...extra };
}

/** Starts a program; `text()` is all that it has printed, `ended` its exit status. */
export function start(program, args, { cwd = root, env = {} } = {}) {
  const stdio = ['ignore', 'pipe', 'pipe'];
  const child = spawn(program, args, { cwd, env: cleanEnvironment(env), stdio });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => (printed += text));
  }
  const ended = new Promise((resolve) => {
    child.on('error', (error) => resolve(error.message));
    child.on('close', (status, signal) => resolve(status ?? signal));
  });
  return { child, ended, text: () => printed };
}

/** Far more than any program here takes on a busy machine: only what hangs is ended. */
const LIMIT_MS = 15 * 60_000;

/** Runs a program to its end and gives what it printed; throws that if it fails. */
export async function output(program, args, options = {}) {
  const running = start(program, args, options);
  const timer = setTimeout(() => running.child.kill('SIGKILL'), LIMIT_MS);
  const status = await running.ended;
  clearTimeout(timer);
  if (status === 0) return running.text();
  throw new Error(`${[program, ...args].join(' ')}: ended with ${status}\n${running.text()}`);
}

/** Installs a folder of tests/packages (a manifest with its lock) below build, once. */
export async function installed(name, more = []) {
  const source = join(root, 'tests/packages', name);
  const folder = join(root, 'build/packages', name);
  const lock = readFileSync(join(source, 'package-lock.json'), 'utf8');
  const stamp = join(folder, 'installed.json');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lock) return folder;
  rmSync(folder, { recursive: true, force: true });
  cpSync(source, folder, { recursive: true });
  await output(npm, ['ci', ...installing, ...more], { cwd: folder });
  writeFileSync(stamp, lock);
  return folder;
}

/** A folder of its own for one run, in which the tools are found, and the packed package. */
export async function makeWorkspace(tools) {
  const folder = mkdtempSync(join(tmpdir(), 'bit-ttt-matrix-'));
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const [{ filename, size }] = JSON.parse(await output(npm, args));
  if (tools) symlinkSync(join(tools, 'node_modules'), join(folder, 'node_modules'), 'junction');
  return { folder, tarball: join(folder, filename), size };
}

/** Writes files, given by relative path, into a folder. */
export function write(folder, files) {
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, null, 2));
  }
}

/** An empty project with nothing but the package in it; then the files are added. */
export async function project({ folder, tarball }, name, files, manifest = {}) {
  const place = join(folder, name);
  write(place, { 'package.json': { name, private: true, ...manifest } });
  await output(npm, ['install', '--offline', ...installing, tarball], { cwd: place });
  write(place, files);
  return place;
}

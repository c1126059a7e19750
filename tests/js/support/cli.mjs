// Runs the command `bit-ttt` as its users do, and single modules of it, for the tests.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { build } from 'esbuild';

import { root } from './backends.mjs';
import { cleanEnvironment } from './child.mjs';

/** The bundled command. */
export const command = join(root, 'dist/cli.mjs');

const COLOUR_NAMES = ['NO_COLOR', 'FORCE_COLOR', 'CLICOLOR', 'CLICOLOR_FORCE', 'COLUMNS'];

/** The environment without anything that changes what the command does or prints. */
export function environment(extra) {
  const unset = Object.fromEntries(COLOUR_NAMES.map((name) => [name, undefined]));
  return cleanEnvironment({ ...unset, ...extra });
}

/**
 * Runs `bit-ttt` with these arguments. `input` is text for its standard input, or a function that
 * gets the child and writes as it likes; `program` is another copy of the command. Gives { status, signal, stdout, stderr }.
 */
export function bitTtt(args, { input, env, cwd, node = [], program = command } = {}) {
  const child = spawn(process.execPath, [...node, program, ...args], {
    cwd,
    env: environment(env),
    stdio: 'pipe',
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr']) {
    child[name].setEncoding('utf8').on('data', (text) => (output[name] += text));
  }
  child.stdin.on('error', () => {}); // the command may end before it has read everything
  if (typeof input === 'function') input(child);
  else child.stdin.end(input ?? '');
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => resolve({ status, signal, ...output }));
  });
}

/** The same for a run that must succeed; gives its standard output. */
export async function output(args, options) {
  const { status, stdout, stderr } = await bitTtt(args, options);
  assert.equal(status, 0, `bit-ttt ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** The same for a run that prints JSON. */
export async function json(args, options) {
  return JSON.parse(await output([...args, '--json'], options));
}

/** A run that must fail with this exit code and one sentence that matches. */
export async function refuses(args, status, pattern, options) {
  const result = await bitTtt(args, options);
  assert.equal(result.status, status, `${args.join(' ')}: ${result.stderr}${result.stdout}`);
  assert.match(result.stderr, /^bit-ttt: [^\n]+\n$/, 'not one sentence');
  assert.match(result.stderr, pattern);
  assert.doesNotMatch(result.stderr, /internal error/);
  return result;
}

/** A folder for one test file, gone when its tests are done. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'bit-ttt-cli-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const path = (name) => join(folder, name);
  const write = (name, content) => {
    writeFileSync(path(name), content);
    return path(name);
  };
  return { path, write };
}

/** A module of ts/ on its own (`cli/screen/terminal`), beside the built library. */
export async function importSource(name) {
  const library = {
    name: 'library',
    setup(builder) {
      const entry = (path) => path.replace(/^bit-ttt\/models\/(\w+)$/, '$1-model');
      builder.onResolve({ filter: /^bit-ttt(\/models\/\w+)?$/ }, ({ path }) => ({
        path: pathToFileURL(join(root, `dist/${path === 'bit-ttt' ? 'index' : entry(path)}.mjs`))
          .href,
        external: true,
      }));
    },
  };
  const { outputFiles } = await build({
    entryPoints: [join(root, 'ts', `${name}.ts`)],
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
    plugins: [library],
  });
  const code = Buffer.from(outputFiles[0].contents).toString('base64');
  return import(`data:text/javascript;base64,${code}`);
}

// child.mjs - runs a script in a process of its own, with the package in reach.
// SPDX-License-Identifier: MIT
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { root } from './backends.mjs';

const execute = promisify(execFile);

/** Environment without what would choose a backend or kernel. */
export function cleanEnvironment(extra = {}) {
  const { BIT_TTT_BACKEND, BIT_TTT_KERNEL, NODE_OPTIONS, ...env } = process.env;
  return { ...env, ...extra };
}

/** Standard output of a program; rejects, with what it printed, if it fails. */
export async function output(program, args, options = {}) {
  const { stdout } = await execute(program, args, { cwd: root, maxBuffer: 1 << 26, ...options });
  return stdout;
}

/** Runs an ES module given as text and parses what it prints. */
export async function runModule(code, { flags = [], env = {}, cwd = root } = {}) {
  const args = [...flags, '--input-type=module', '-e', code];
  return JSON.parse(await output(process.execPath, args, { cwd, env: cleanEnvironment(env) }));
}

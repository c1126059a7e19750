// cmake.mjs - runs programs for the build, and builds CMake trees with them.
// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

import { root } from './stamps.mjs';

/** A failure with a reason in a few words and, if a program failed, what it said. */
export class StepError extends Error {
  constructor(message, output = '') {
    super(message);
    this.output = output;
  }
}

/** Runs a program in the repository's root and gives what it printed; throws StepError. */
export function run(program, args, env = process.env) {
  const result = spawnSync(program, args, {
    cwd: root,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    shell: process.platform === 'win32',
  });
  if (result.error?.code === 'ENOENT') throw new StepError(`${program} is not installed`);
  if (result.error) throw new StepError(`${program}: ${result.error.message}`);
  if (result.status !== 0) {
    throw new StepError(`${program} failed`, `${result.stdout}${result.stderr}`);
  }
  return result.stdout;
}

/** The list of compile commands is what clang-tidy reads. */
const everywhere = ['-DCMAKE_BUILD_TYPE=Release', '-DCMAKE_EXPORT_COMPILE_COMMANDS=ON'];

/** Configures and builds one CMake tree; one made for another place or compiler is made anew. */
export function cmake(folder, configure, env) {
  const [program, ...args] = configure;
  const all = [...args, '-S', '.', '-B', folder, ...everywhere];
  try {
    run(program, all, env);
  } catch (error) {
    if (!(error instanceof StepError) || !existsSync(join(root, folder, 'CMakeCache.txt')))
      throw error;
    rmSync(join(root, folder), { recursive: true });
    run(program, all, env);
  }
  // With make a bare --parallel starts every compiler at once.
  run('cmake', ['--build', folder, '--parallel', String(availableParallelism())], env);
}

/** Puts a built file where the package has it. */
export function place(from, to) {
  mkdirSync(join(root, dirname(to)), { recursive: true });
  // Not over the old file: a process may have it mapped.
  rmSync(join(root, to), { force: true });
  copyFileSync(join(root, from), join(root, to));
  chmodSync(join(root, to), 0o644);
}

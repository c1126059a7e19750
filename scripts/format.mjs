// format.mjs - the formatters: Biome for TypeScript and JavaScript, clang-format for C and C++, both from npm, so
// that everybody has the same version. Run by itself it formats every source.
// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { run, StepError } from './cmake.mjs';
import { root } from './stamps.mjs';

const require = createRequire(import.meta.url);

/** The files of the repository that end so, new ones included; ignored ones are not among them. */
function sources(...endings) {
  const patterns = endings.map((ending) => `*.${ending}`);
  const args = ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...patterns];
  const files = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).split('\n');
  return files.filter((file) => file !== '' && existsSync(join(root, file)));
}

/** Runs Biome with these arguments; throws StepError. */
export const biome = (...args) =>
  run(process.execPath, [require.resolve('@biomejs/biome/bin/biome'), ...args]);

/** Runs clang-format with these arguments on every source; gives their number, throws StepError. */
export function clangFormat(...args) {
  const files = sources('c', 'h', 'cc', 'cpp', 'hpp', 'inc');
  if (files.length < 100) throw new StepError(`only ${files.length} files found`);
  const program = join(root, 'node_modules/clang-format-node/build/cli.js');
  run(process.execPath, [program, ...args, ...files]);
  return files.length;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  biome('check', '--write', '--linter-enabled=false'); // formatting, and the order of imports once that is on
  clangFormat('-i');
}

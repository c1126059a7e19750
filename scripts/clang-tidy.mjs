// clang-tidy.mjs - runs clang-tidy, with the repository's .clang-tidy, over the files of src/ and node/ that
// have changed since they were last found good, or include one that has.
// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { StepError } from './cmake.mjs';
import { fingerprint, isCurrent, remember, root } from './stamps.mjs';
import { onPath } from './toolchain.mjs';

/** The addon's build compiles all of src/ for this machine, and node/. */
const database = 'build/native';

/** The files that the build compiles; those for other instruction sets are not among them. */
function compiled() {
  const commands = JSON.parse(readFileSync(join(root, database, 'compile_commands.json'), 'utf8'));
  const files = commands.map(({ file }) => relative(root, file));
  return [...new Set(files)].filter((file) => /^(src|node)\//.test(file)).sort();
}

/** A file and all files of the project that it includes, directly or not. */
function withIncluded(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  const text = readFileSync(join(root, file), 'utf8');
  for (const [, name] of text.matchAll(/^\s*#\s*include\s*["<]([^">]+)[">]/gm)) {
    const places = [dirname(file), 'src', 'include'].map((folder) => join(folder, name));
    const place = places.find((path) => existsSync(join(root, path)));
    if (place !== undefined) withIncluded(place, found);
  }
  return found;
}

/** What clang-tidy says against a file; an empty text if nothing. */
function complaints(file) {
  const options = ['--quiet', '--warnings-as-errors=*', '-p', database];
  // The compile commands are GCC's.
  const tolerant = ['--extra-arg=-Wno-unknown-warning-option', '--extra-arg=-Qunused-arguments'];
  return new Promise((resolve, reject) => {
    const child = spawn('clang-tidy', [...options, ...tolerant, file], { cwd: root });
    let output = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    let errors = '';
    child.stderr.on('data', (chunk) => (errors += chunk));
    child.on('error', reject);
    const said = () => output.trim() || errors.trim() || 'it ended without a word';
    child.on('close', (code) => resolve(code === 0 ? '' : `${file}: ${said()}`));
  });
}

/** Checks what has changed, in so many processes; throws StepError with all complaints. */
export async function clangTidy({ jobs }) {
  if (!onPath('clang-tidy')) return { skipped: 'clang-tidy is not installed' };
  if (!existsSync(join(root, '.clang-tidy'))) return { skipped: 'there is no .clang-tidy' };
  const files = compiled();
  const prints = new Map(
    files.map((file) => [file, fingerprint(['.clang-tidy', ...withIncluded(file)])]),
  );
  const changed = files.filter((file) => !isCurrent(`tidy ${file}`, prints.get(file), []));
  const wrong = [];
  const queue = [...changed];
  const work = async () => {
    for (let file = queue.shift(); file !== undefined; file = queue.shift()) {
      const said = await complaints(file);
      if (said === '') remember(`tidy ${file}`, prints.get(file));
      else wrong.push(said);
    }
  };
  await Promise.all(Array.from({ length: jobs }, work));
  if (wrong.length > 0) throw new StepError(`${wrong.length} files`, wrong.join('\n\n'));
  return `${changed.length} files, ${files.length - changed.length} unchanged`;
}

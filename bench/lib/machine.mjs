/**
 * machine.mjs - where figures come from: processor, system, versions, commit.
 * SPDX-License-Identifier: MIT
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');

/** The first line that a command prints, or undefined. */
function firstLine(command, args) {
  try {
    const text = execFileSync(command, args, {
      encoding: 'utf8',
      cwd: root,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return text.split('\n')[0].trim();
  } catch {
    return undefined;
  }
}

function systemName() {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** @returns {Record<string, string | number | undefined>} */
export function describeMachine() {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const changed = firstLine('git', ['status', '--porcelain', '--untracked-files=no']);
  return {
    date: new Date().toISOString().slice(0, 10),
    bitTtt: version,
    commit: `${firstLine('git', ['rev-parse', '--short', 'HEAD']) ?? 'unknown'}${changed ? ' (changed)' : ''}`,
    processor: cpus()[0]?.model.trim(),
    processors: cpus().length,
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: systemName() ?? process.platform,
    node: process.versions.node,
    v8: process.versions.v8,
    gcc: firstLine('gcc', ['--version']),
    clang: firstLine('clang', ['--version']),
    emcc: firstLine('emcc', ['--version']),
  };
}

// stamps.mjs - remembers what each build step was made from, so that only changes are built again.
// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const file = join(root, 'build', 'stamps.json');

function* filesOf(path) {
  if (!existsSync(join(root, path))) return;
  if (!statSync(join(root, path)).isDirectory()) {
    yield path;
    return;
  }
  for (const name of readdirSync(join(root, path)).sort()) yield* filesOf(join(path, name));
}

/** Hash of the contents of files and folders by relative paths. */
export function fingerprint(paths) {
  const hash = createHash('sha256').update(`${root}\0${process.platform}-${process.arch}\0`);
  for (const path of paths) {
    for (const name of filesOf(path)) {
      hash
        .update(`${name}\0`)
        .update(readFileSync(join(root, name)))
        .update('\0');
    }
  }
  return hash.digest('hex');
}

function load() {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return {};
  }
}

/** True if the outputs exist and were made from the same inputs. */
export function isCurrent(step, print, outputs) {
  return load()[step] === print && outputs.every((output) => existsSync(join(root, output)));
}

/** Notes that a step's outputs are now made from these inputs. */
export function remember(step, print) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...load(), [step]: print }, null, 2)}\n`);
}

// The documentation as a site, built once for all tests that look at it.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { root } from './backends.mjs';

export const site = join(root, 'build/docs');

let built;

/** { said }, what the builder printed, or { missing } if its tools are not there. Fails if building fails. */
export function builtSite() {
  if (!existsSync(join(root, 'docs/node_modules/vitepress')))
    return { missing: 'the packages of docs/ are not installed (npm run docs)' };
  if (!built) {
    const run = spawnSync(process.execPath, ['docs/build.mjs'], { cwd: root, encoding: 'utf8' });
    assert.equal(run.status, 0, run.stdout + run.stderr);
    built = { said: run.stdout };
  }
  return built;
}

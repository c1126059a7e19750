// What the tests of signals share.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { root } from './backends.mjs';
import { bitTtt } from './cli.mjs';

/** The exit code of a command that each signal has ended. */
export const CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/** Makes a named pipe. */
export function fifo(path) {
  assert.equal(spawnSync('mkfifo', [path]).status, 0);
  return path;
}

/** Runs a command that gets a signal when it has been at work for some turns. */
export function later(signal, turns, args, options) {
  const preload = pathToFileURL(join(root, 'tests/js/support/signal-later.mjs')).href;
  const env = { SIGNAL_LATER: JSON.stringify({ signal, turns }), ...options?.env };
  return bitTtt(args, { ...options, node: ['--import', preload], env });
}

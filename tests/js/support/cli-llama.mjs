// A small language model, trained by the command itself, and what the tests of its commands share.
// SPDX-License-Identifier: MIT
import { join } from 'node:path';

import { root } from './backends.mjs';
import { bitTtt, output } from './cli.mjs';

export const alice = join(root, 'examples/alice.txt');

/** A shape and recipe that take a second or two. */
export const small = [
  ...['--vocab', '384', '--dim', '32', '--layers', '2', '--mlp', '64', '--inner', '32'],
  ...['--head', '16', '--context', '64', '--batch', '4', '--threads', '1'],
];

/** The objects of a run with --json, one a line. */
export function objects(text) {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

/** Trains a small model; gives what was printed. */
export async function trainSmall(out, more = [], options) {
  const args = ['train', alice, '--out', out, '--json', ...small, ...more];
  return objects(await output(args, options));
}

/** Starts a training and interrupts it after the first line; gives how it ended. */
export function interruptTraining(out, more = []) {
  return bitTtt(['train', alice, '--out', out, '--json', ...small, ...more], {
    input(child) {
      child.stdin.end();
      child.stdout.once('data', () => child.kill('SIGINT'));
    },
  });
}

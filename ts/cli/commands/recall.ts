/**
 * recall.ts - the options that say how much of what is read is remembered word for word.
 * SPDX-License-Identifier: MIT
 */
import type { BitLlama, Session } from 'bit-ttt';
import { DEFAULT_RECALL, MAX_RECALL, MIN_RECALL } from '../../common/limits.js';
import { loadSession } from '../files/session-file.js';
import type { Recall } from '../files/session-state.js';
import type { CommandLine, OptionTable } from '../screen/command-line.js';
import { numberOption } from '../screen/command-line.js';
import { UsageError } from '../screen/failure.js';
import { grouped } from '../screen/terminal.js';

export const RECALL_OPTIONS: OptionTable = {
  '--recall N': `remember the last N tokens read word for word: a power of two from ${MIN_RECALL} to
      ${MAX_RECALL} (default: ${DEFAULT_RECALL})`,
  '--no-recall': 'remember nothing word for word: the model alone',
};

/** What the command line asks for; undefined if it does not. */
export function readRecall(line: CommandLine): Recall | undefined {
  const range = { min: MIN_RECALL, max: MAX_RECALL, integer: true };
  const size = numberOption(line, 'recall', range);
  if (size !== undefined && !Number.isInteger(Math.log2(size))) {
    const near = 2 ** Math.round(Math.log2(size));
    throw new UsageError(`--recall must be a power of two, such as ${near}, not "${size}"`);
  }
  if (!line.flags.has('no-recall')) return size;
  if (size === undefined) return false;
  throw new UsageError('--recall and --no-recall exclude each other');
}

/** The same, with the default. */
export function recallOf(line: CommandLine): Recall {
  return readRecall(line) ?? DEFAULT_RECALL;
}

/** The session that `--load` goes on from, or a new one, with the recall that is asked for. */
export async function beginSession(line: CommandLine, model: BitLlama): Promise<Session> {
  const load = line.values.get('load');
  const recall = readRecall(line);
  return load === undefined ? model.createSession({ recall }) : loadSession(load, model, recall);
}

/** How reports call it. */
export function recallName(recall: Recall): string {
  return recall === false ? 'the model alone' : `with a recall of ${grouped(recall)} tokens`;
}

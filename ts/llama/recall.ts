/**
 * recall.ts - the option `recall` of sessions, and what is said of a state with another one.
 * SPDX-License-Identifier: MIT
 */
import { wrongType } from '../common/args.js';
import { statusOf, TTTError } from '../common/errors.js';
import { DEFAULT_RECALL, MAX_RECALL, MIN_RECALL } from '../common/limits.js';
import { takeOptions } from '../common/named-options.js';
import { readFlag } from '../common/options.js';
import type { StructBytes } from '../engine/engine.js';
import { BITLLAMA_SESSION_OPTIONS, encode } from '../engine/structs.js';
import { RECALL, SESSION } from './option-names.js';

/** Tokens that a session remembers, or false. */
export type Recall = number | false;

/** What a session knows of how it was made. */
export interface SessionSetup {
  recall: Recall;
  /** The tokenizer is the one in the model's file. */
  ownTokenizer: boolean;
}

/** Checked options of a session: the recall that it will have, and what the engine takes. */
export interface CheckedSession {
  recall: Recall;
  struct: StructBytes;
}

function readCapacity(value: unknown, name: string): number {
  const wanted = `a power of two from ${MIN_RECALL} to ${MAX_RECALL}`;
  if (typeof value !== 'number') throw wrongType(name, wanted, value);
  if (value >= MIN_RECALL && value <= MAX_RECALL && Number.isInteger(Math.log2(value)))
    return value;
  throw new TTTError('INVALID_OPTION', `${name} must be ${wanted}, not ${value}`);
}

function readRecall(value: unknown): { capacity: number; generated: boolean } {
  if (value === undefined || value === true) return { capacity: DEFAULT_RECALL, generated: false };
  if (value === false) return { capacity: 0, generated: false };
  if (typeof value === 'number') {
    return { capacity: readCapacity(value, 'recall'), generated: false };
  }
  if (typeof value !== 'object' || value === null) {
    throw wrongType('recall', 'a number, true, false or an object with options', value);
  }
  const { capacity, generated } = takeOptions(value, RECALL, 'recall');
  return {
    capacity: capacity === undefined ? DEFAULT_RECALL : readCapacity(capacity, 'recall.capacity'),
    generated: readFlag(generated, 'recall.generated'),
  };
}

/** Everything that `createSession` was given. */
export function readSession(options: unknown): CheckedSession {
  const { capacity, generated } = readRecall(takeOptions(options, SESSION).recall);
  const struct = encode(BITLLAMA_SESSION_OPTIONS, {
    recall: capacity,
    generated: Number(generated),
  });
  return { recall: capacity === 0 ? false : capacity, struct };
}

/** What is wrong with a state that a session with this recall has refused; undefined: nothing to add. */
export function refusedBy(recall: Recall, status: number): string | undefined {
  switch (status) {
    case statusOf('STATE_WEIGHTS'):
      return 'the state is of a session of another model';
    case statusOf('STATE_RECALL'):
      return recall === false
        ? 'the state is of a session with recall, and this one has none'
        : `the state is of a session whose recall has another size than this one's, ${recall} tokens`;
    default:
      return undefined;
  }
}

/**
 * session-file.ts - what `generate` and `chat` save: everything that a session has read, and which
 * model it belongs to.
 * SPDX-License-Identifier: MIT
 */
import type { BitLlama, Session } from 'bit-ttt';
import { TTTError } from 'bit-ttt';
import type { CommandLine } from '../screen/command-line.js';
import { asFailure, Failure } from '../screen/failure.js';
import { grouped } from '../screen/terminal.js';
import {
  bareState,
  damagedHeader,
  HEADED_LIMITS,
  headedParts,
  parseHeaded,
} from './headed-file.js';
import { filesOfModel, fingerprintOf, modelWithFingerprint } from './model.js';
import { shippedModel } from './model-names.js';
import type { Named } from './places.js';
import { readWhole } from './read-file.js';
import type { Result } from './save.js';
import { checkFiles, resultOf, saveFile } from './save.js';
import type { Recall } from './session-state.js';
import { modelIn, recalledIn } from './session-state.js';

/** What the first line of a session file says. */
interface SessionFields {
  /** Fingerprint of the model. */
  model: string;
  /** Tokens read. */
  tokens: number;
}

/** A session to be saved as `path`; it may replace the one that --load continues. */
export function sessionResult(line: CommandLine, path: string, name: string): Result {
  return resultOf(line, path, name, 'session', '--load');
}

/** The session that --save names; throws if it could not or should not be saved. */
export function checkSession(line: CommandLine, more: readonly Named[]): Result | undefined {
  const [load, save] = [line.values.get('load'), line.values.get('save')];
  const reads = [...filesOfModel(line), ...more];
  if (load !== undefined) reads.push({ path: load, name: '--load' });
  const result = save === undefined ? undefined : sessionResult(line, save, '--save');
  checkFiles(reads, result === undefined ? [] : [result]);
  return result;
}

/** Checks the first line of a session file. */
export function readSessionFields(fields: Record<string, unknown>, path: string): SessionFields {
  const { model, tokens } = fields;
  if (typeof model !== 'string' || !/^[0-9a-f]{16}$/.test(model)) throw damagedHeader(path);
  if (!Number.isInteger(tokens)) throw damagedHeader(path);
  return { model, tokens: tokens as number };
}

/** The state in a session file, which must be one of this model. */
async function stateOf(bytes: Buffer, path: string, fingerprint: string): Promise<Uint8Array> {
  const { fields, body } = parseHeaded(bytes, path, 'session');
  const saved = readSessionFields(fields, path);
  if (saved.model === fingerprint) return body;
  throw await foreignSession(path, saved.model, fingerprint);
}

/** The error for a session of another model, which it names if that is one of the package. */
async function foreignSession(path: string, its: string, fingerprint: string): Promise<Failure> {
  const name = await modelWithFingerprint(its);
  const model = name === undefined ? 'another model' : shippedModel(name).called;
  const remedy = name === undefined ? '' : `; -m ${name} takes that`;
  return new Failure(
    `${path} belongs to ${model}: its fingerprint is ${its}, and this one's is ${fingerprint}${remedy}`,
  );
}

/** The recall of a session that goes on from `state`: the one wanted, or else that of the state. */
function recallFor(
  state: Uint8Array,
  path: string,
  wanted: Recall | undefined,
): Recall | undefined {
  const saved = recalledIn(state)?.capacity;
  if (saved === undefined || wanted === undefined || wanted === saved) return wanted ?? saved;
  const option = wanted === false ? '--no-recall' : `--recall ${wanted}`;
  throw new Failure(`cannot load ${path} with ${option}: its recall is of ${saved} tokens`);
}

/**
 * A session that goes on from a file, or from the bytes that the library's `session.save()` gave. Its recall is
 * as large as what was saved, unless another size is wanted: then only what was saved without one fits.
 */
export async function loadSession(
  path: string,
  model: BitLlama,
  wanted?: Recall,
): Promise<Session> {
  const bytes = await readWhole(path, 'load', HEADED_LIMITS);
  const isBare = bareState(bytes) === 'session';
  let session: Session | undefined;
  try {
    const state = isBare ? bytes : await stateOf(bytes, path, fingerprintOf(model));
    session = model.createSession({ recall: recallFor(state, path, wanted) });
    session.restore(state);
    return session;
  } catch (error) {
    session?.destroy();
    if (isBare && error instanceof TTTError && error.code === 'STATE_WEIGHTS') {
      throw await foreignSession(path, modelIn(bytes), fingerprintOf(model));
    }
    throw asFailure('load', path, error);
  }
}

/** Saves a session; what was there is replaced whole or stays. Gives the number of bytes. */
export function saveSession(result: Result, model: BitLlama, session: Session): number {
  const state = session.save();
  const fields = { model: fingerprintOf(model), tokens: session.tokensSeen };
  saveFile(result, headedParts('session', fields, [state]));
  return state.length;
}

/** What a session has read, and how much of it it remembers word for word. */
export function tokensRead(session: Session): string {
  const read = `${grouped(session.tokensSeen)} tokens`;
  const recalled = recalledIn(session.save());
  if (recalled === undefined) return read;
  return `${read}, ${grouped(recalled.remembered)} of them word for word`;
}

/**
 * session-state.ts - what the state of a session says of its recall, without the model that it belongs to. The
 * format is that of src/model/session_state.c, session_recall.c and src/recall/state.c.
 * SPDX-License-Identifier: MIT
 */
import { hex64 } from '../../common/hex.js';
import { MAX_RECALL, MIN_RECALL } from '../../common/limits.js';

/** Tokens that a session remembers word for word; false: none, the model alone. */
export type Recall = number | false;

/** A recall in a saved session. */
export interface Recalled {
  /** Tokens that it has room for. */
  capacity: number;
  /** Tokens that it remembers. */
  remembered: number;
}

const HEADER = 64;
const MAGIC = 'BitRcl\r\n';

/** Where its fields stand. */
const AT = { learned: 24, capacity: 36, held: 44 };
const AT_MODEL = 24;
const AT_RECALL_SIZE = 40;
const AT_BIASES = 4;
const BIASES = 8;

/** The fingerprint of the model that a session's state belongs to, by its header, which must be whole. */
export function modelIn(state: Buffer): string {
  return hex64(state.readBigUInt64LE(AT_MODEL));
}

/** Where the recall's own state begins; undefined if there is none. */
function startOf(state: Buffer): number | undefined {
  if (state.length < HEADER) return undefined;
  const size = Number(state.readBigUInt64LE(AT_RECALL_SIZE));
  const part = state.length - size;
  if (size < BIASES || part < HEADER) return undefined;
  const start = part + BIASES + 4 * state.readUInt32LE(part + AT_BIASES);
  if (start + HEADER > state.length) return undefined;
  return state.toString('latin1', start, start + MAGIC.length) === MAGIC ? start : undefined;
}

/**
 * The recall in a session's state. Undefined if it has none, or if what stands there is not what a session
 * saves: that it is damaged, or of another model, is for `restore` to say.
 */
export function recalledIn(bytes: Uint8Array): Recalled | undefined {
  const state = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const start = startOf(state);
  if (start === undefined) return undefined;
  const capacity = state.readUInt32LE(start + AT.capacity);
  const isPower = Number.isInteger(Math.log2(capacity));
  if (!isPower || capacity < MIN_RECALL || capacity > MAX_RECALL) return undefined;
  const learned = Number(state.readBigUInt64LE(start + AT.learned));
  return { capacity, remembered: Math.min(learned, state.readUInt32LE(start + AT.held)) };
}

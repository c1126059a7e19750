/**
 * headed-file.ts - files of bit-ttt's own: one line, `bit-ttt KIND {...}`, that says how to use
 * what follows, then bytes that carry their own checksum.
 * SPDX-License-Identifier: MIT
 */
import type { Extent, Limits } from '../../files/gather.js';
import { MAX_MODEL_BYTES } from '../../common/limits.js';
import { CRC32, crcOf } from './crc.js';
import { Failure } from '../screen/failure.js';
import { readWhole } from './read-file.js';

/** What such a file can be. */
export type HeadedKind = 'memory' | 'session' | 'checkpoint';

/** A file whose first line made sense. */
export interface HeadedFile {
  fields: Record<string, unknown>;
  body: Buffer;
}

/** How files of bit-ttt's own making begin. */
export const BEGINNINGS = {
  memory: 'bit-ttt memory ',
  session: 'bit-ttt session ',
  checkpoint: 'bit-ttt checkpoint ',
  model: 'BITT',
} as const;

const FORMAT = 1;
const MAX_HEADER = 1024;
const CRC_DIGITS = 8;
const KINDS: readonly HeadedKind[] = ['memory', 'session', 'checkpoint'];

const magicOf = (kind: HeadedKind): string => BEGINNINGS[kind];

/** What `bytes` says that it is, or undefined. */
export function headedKind(bytes: Uint8Array): HeadedKind | undefined {
  const start = Buffer.from(bytes.subarray(0, 32)).toString('latin1');
  return KINDS.find((kind) => start.startsWith(magicOf(kind)));
}

/** The error for a file that is not what it should be. */
export function damagedHeader(path: string): Failure {
  return new Failure(`${path} is damaged: its first line is not what was written`);
}

/** States that the library's `save` gave, without a first line of this command. */
const BARE = /^Bit(Llm|Trn|TTT)\r\n/;

/** Whether bytes are such a state. */
export function isBareState(bytes: Uint8Array): boolean {
  return BARE.test(Buffer.from(bytes.subarray(0, 8)).toString('latin1'));
}

/** How far a file of such a kind goes, or a bare state; of anything else, what shows that it is none. */
export function headedExtent(bytes: Uint8Array): Extent {
  if (bytes.length < MAX_HEADER) return { bytes: MAX_HEADER, all: false };
  const head = Buffer.from(bytes.subarray(0, MAX_HEADER)).toString('latin1');
  if (isBareState(bytes)) return { bytes: Infinity, all: true };
  const stateBytes = /^[^\n]*"stateBytes":(\d+)[^\n]*\n/.exec(head)?.[1];
  if (headedKind(bytes) === undefined || stateBytes === undefined) {
    return { bytes: MAX_HEADER, all: true };
  }
  return { bytes: head.indexOf('\n') + 1 + Number(stateBytes), all: true };
}

/** How far such files are read. */
export const HEADED_LIMITS: Limits = { maxBytes: MAX_MODEL_BYTES, extentOf: headedExtent };

/** Reads a file of this kind; throws a Failure that says what is wrong. */
export async function readHeaded(path: string, kind: HeadedKind): Promise<HeadedFile> {
  return parseHeaded(await readWhole(path, 'load', HEADED_LIMITS), path, kind);
}

/** The same for bytes that were read from `path`. The body is whole if `stateBytes` is right. */
export function parseHeaded(bytes: Buffer, path: string, kind: HeadedKind): HeadedFile {
  const found = headedKind(bytes);
  if (found !== kind) {
    const other = found === undefined ? '' : `: it is a ${found} file`;
    throw new Failure(`${path} is no ${kind} file of bit-ttt${other}`);
  }
  const end = bytes.subarray(0, MAX_HEADER).indexOf(10);
  if (end < 0) throw damagedHeader(path);
  const fields = parseFields(bytes.toString('latin1', magicOf(kind).length, end), path);
  const { format, stateBytes } = fields;
  if (typeof format !== 'number' || (format !== FORMAT && !(format > FORMAT))) {
    throw damagedHeader(path);
  }
  if (format > FORMAT) throw new Failure(`${path} was written by a newer version of bit-ttt`);
  if (typeof stateBytes !== 'number') throw damagedHeader(path);
  const body = bytes.subarray(end + 1);
  if (body.length > stateBytes) throw new Failure(`${path} is damaged: it goes on after its state`);
  if (body.length !== stateBytes) {
    const text = `${body.length} bytes of state instead of ${stateBytes}`;
    throw new Failure(`${path} is damaged or cut short: ${text}`);
  }
  return { fields, body };
}

/** The JSON of a first line, which the CRC before it must match. */
function parseFields(text: string, path: string): Record<string, unknown> {
  const json = text.slice(CRC_DIGITS + 1);
  if (text.slice(0, CRC_DIGITS + 1) !== `${sumOf(json)} `) throw damagedHeader(path);
  try {
    return Object(JSON.parse(json)) as Record<string, unknown>;
  } catch {
    throw damagedHeader(path);
  }
}

/** Whether a file that begins with `bytes` is one of this kind, its first line as it was written. */
export function isHeaded(bytes: Uint8Array, kind: HeadedKind): boolean {
  const head = Buffer.from(bytes.subarray(0, MAX_HEADER)).toString('latin1');
  const end = head.indexOf('\n');
  if (end < 0 || !head.startsWith(magicOf(kind))) return false;
  const text = head.slice(magicOf(kind).length, end);
  return text.slice(0, CRC_DIGITS + 1) === `${sumOf(text.slice(CRC_DIGITS + 1))} `;
}

const sumOf = (text: string): string => crcOf(CRC32, [Buffer.from(text, 'latin1')]);

/** The parts of such a file, for `saveFile`. */
export function headedParts(
  kind: HeadedKind,
  fields: Record<string, unknown>,
  body: readonly Uint8Array[],
): Uint8Array[] {
  const stateBytes = body.reduce((sum, part) => sum + part.length, 0);
  const json = JSON.stringify({ format: FORMAT, ...fields, stateBytes });
  const line = Buffer.from(`${magicOf(kind)}${sumOf(json)} ${json}\n`, 'latin1');
  return [line, ...body];
}

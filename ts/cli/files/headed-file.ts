/**
 * headed-file.ts - the command's own files: a first line `bit-ttt KIND CRC {...}`, whose JSON says how to
 * use what follows, then a state of the library, which carries its own checksum.
 * SPDX-License-Identifier: MIT
 */
import { MAX_MODEL_BYTES } from '../../common/limits.js';
import type { Extent, Limits } from '../../files/gather.js';
import { Failure } from '../screen/failure.js';
import { readWhole } from './read-file.js';

/** The kinds of such files. */
export type HeadedKind = 'memory' | 'session' | 'checkpoint' | 'signal';

/** A file whose first line was read. */
interface HeadedFile {
  fields: Record<string, unknown>;
  body: Buffer;
}

/** How the files that this command writes begin. */
export const BEGINNINGS = {
  memory: 'bit-ttt memory ',
  session: 'bit-ttt session ',
  checkpoint: 'bit-ttt checkpoint ',
  signal: 'bit-ttt signal ',
  model: 'BITT',
} as const;

const FORMAT = 1;
const MAX_HEADER = 1024;
const CRC_DIGITS = 8;
const CRC_POLYNOMIAL = 0xedb8_8320; // its bits are reflected
const KINDS: readonly HeadedKind[] = ['memory', 'session', 'checkpoint', 'signal'];

/** The kind of a file that begins with `bytes`, or undefined. */
export function headedKind(bytes: Uint8Array): HeadedKind | undefined {
  const start = Buffer.from(bytes.subarray(0, 32)).toString('latin1');
  return KINDS.find((kind) => start.startsWith(BEGINNINGS[kind]));
}

/** The error for a file that is not what it should be. */
export function damagedHeader(path: string): Failure {
  return new Failure(`${path} is damaged: its first line is not what was written`);
}

/** How the states begin that the library saves; a file may be one without a first line. */
const STATES = new Map([
  ['BitLlm\r\n', 'session'],
  ['BitTrn\r\n', 'training'],
  ['BitTTT\r\n', 'layer'],
  ['BitSig\r\n', 'detector of a signal'],
]);

/** What a bare state is of (such as `session` or `layer`), or undefined for other bytes. */
export function bareState(bytes: Uint8Array): string | undefined {
  return STATES.get(Buffer.from(bytes.subarray(0, 8)).toString('latin1'));
}

/** The extent of such a file or of a bare state; of anything else, enough to see that it is neither. */
export function headedExtent(bytes: Uint8Array): Extent {
  if (bytes.length < MAX_HEADER) return { bytes: MAX_HEADER, all: false };
  const head = Buffer.from(bytes.subarray(0, MAX_HEADER)).toString('latin1');
  if (bareState(bytes) !== undefined) return { bytes: Infinity, all: true };
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

/** The same for bytes that were read from `path`. */
export function parseHeaded(bytes: Buffer, path: string, kind: HeadedKind): HeadedFile {
  const found = headedKind(bytes);
  if (found !== kind) {
    const other = found === undefined ? '' : `: it is a ${found} file`;
    throw new Failure(`${path} is no ${kind} file of bit-ttt${other}`);
  }
  const fields = parseFields(headerJson(bytes, kind), path);
  const { format, stateBytes } = fields;
  if (typeof format !== 'number' || (format !== FORMAT && !(format > FORMAT))) {
    throw damagedHeader(path);
  }
  if (format > FORMAT) throw new Failure(`${path} was written by a newer version of bit-ttt`);
  if (typeof stateBytes !== 'number') throw damagedHeader(path);
  const body = bytes.subarray(bytes.indexOf(10) + 1);
  if (body.length > stateBytes) throw new Failure(`${path} is damaged: it goes on after its state`);
  if (body.length !== stateBytes) {
    const text = `${body.length} bytes of state instead of ${stateBytes}`;
    throw new Failure(`${path} is damaged or cut short: ${text}`);
  }
  return { fields, body };
}

/** The JSON of a first line of this kind; undefined if the line does not match its CRC. */
function headerJson(bytes: Uint8Array, kind: HeadedKind): string | undefined {
  const head = Buffer.from(bytes.subarray(0, MAX_HEADER)).toString('latin1');
  const end = head.indexOf('\n');
  if (end < 0 || !head.startsWith(BEGINNINGS[kind])) return undefined;
  const line = head.slice(BEGINNINGS[kind].length, end);
  const json = line.slice(CRC_DIGITS + 1);
  return line.startsWith(`${sumOf(json)} `) ? json : undefined;
}

function parseFields(json: string | undefined, path: string): Record<string, unknown> {
  try {
    if (json !== undefined) return Object(JSON.parse(json)) as Record<string, unknown>;
  } catch {
    // It is damaged in a way that the CRC did not show.
  }
  throw damagedHeader(path);
}

/** Whether a file that begins with `bytes` is one of this kind whose first line is intact. */
export function isHeaded(bytes: Uint8Array, kind: HeadedKind): boolean {
  return headerJson(bytes, kind) !== undefined;
}

/** The CRC-32 (IEEE 802.3) of a text of Latin-1 characters, in eight hexadecimal digits. */
function sumOf(text: string): string {
  let crc = 0xffff_ffff;
  for (const byte of Buffer.from(text, 'latin1')) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? CRC_POLYNOMIAL : 0);
  }
  return (~crc >>> 0).toString(16).padStart(8, '0');
}

/** The parts of such a file, for `saveFile`. */
export function headedParts(
  kind: HeadedKind,
  fields: Record<string, unknown>,
  body: readonly Uint8Array[],
): Uint8Array[] {
  const stateBytes = body.reduce((sum, part) => sum + part.length, 0);
  const json = JSON.stringify({ format: FORMAT, ...fields, stateBytes });
  const line = Buffer.from(`${BEGINNINGS[kind]}${sumOf(json)} ${json}\n`, 'latin1');
  return [line, ...body];
}

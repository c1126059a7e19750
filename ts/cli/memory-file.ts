/**
 * memory-file.ts - what `surprise --save` writes and `--load` reads: one line that says how to make
 * the layer again, then the state that the layer saved (which carries its own checksum).
 * SPDX-License-Identifier: MIT
 */
import {
  closeSync,
  constants,
  accessSync,
  fsyncSync,
  openSync,
  readFileSync,
  readSync,
  realpathSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { Failure, fileFailure, systemCode } from './failure.js';
import { FEATURES_VERSION } from './features.js';
import type { Unit } from './reader.js';

/** How the memory was made; a memory fits only what was made the same way. */
export interface MemorySettings {
  by: Unit;
  hiddenDim: number;
  innerLr: number;
  seed: bigint;
}

const MAGIC = 'bit-ttt memory ';
const FORMAT = 1;
const CRC_DIGITS = 8;
const MAX_HEADER = 1024;
const MAX_BYTES = 2 ** 31 - 1;

/** The settings and the state that `path` holds. Throws a Failure that says what is wrong. */
export function loadMemory(path: string): { settings: MemorySettings; state: Uint8Array } {
  let bytes: Buffer;
  try {
    const { size } = statSync(path);
    if (size > MAX_BYTES) throw new Failure(`${path} is too large for a memory file`);
    bytes = readFileSync(path);
  } catch (error) {
    throw error instanceof Failure ? error : fileFailure('load', path, error);
  }
  const end = bytes.subarray(0, MAX_HEADER).indexOf(10);
  const header = end < 0 ? '' : bytes.toString('latin1', 0, end);
  if (!header.startsWith(MAGIC)) throw new Failure(`${path} is no memory file of bit-ttt`);
  const { settings, stateBytes } = parseHeader(checkedText(header.slice(MAGIC.length), path), path);
  const state = bytes.subarray(end + 1);
  if (state.length !== stateBytes) {
    const text = `${state.length} bytes of state instead of ${stateBytes}`;
    throw new Failure(`${path} is damaged or cut short: ${text}`);
  }
  return { settings, state };
}

/** The header's JSON, which its CRC-32 stands before. */
function checkedText(text: string, path: string): string {
  const json = text.slice(CRC_DIGITS + 1);
  if (text.slice(0, CRC_DIGITS + 1) !== `${crcOf(json)} `) {
    throw new Failure(`${path} is damaged: its first line was changed`);
  }
  return json;
}

function crcOf(text: string): string {
  let crc = 0xffff_ffff;
  for (const byte of Buffer.from(text, 'latin1')) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
  }
  return (~crc >>> 0).toString(16).padStart(CRC_DIGITS, '0');
}

function parseHeader(json: string, path: string): { settings: MemorySettings; stateBytes: number } {
  const damaged = new Failure(`${path} is damaged: its first line makes no sense`);
  let fields: Record<string, unknown>;
  try {
    fields = Object(JSON.parse(json)) as Record<string, unknown>;
  } catch {
    throw damaged;
  }
  const { format, features, by, hiddenDim, innerLr, seed, stateBytes } = fields;
  if (typeof format !== 'number' || typeof features !== 'number') throw damaged;
  if (format > FORMAT) throw new Failure(`${path} was written by a newer version of bit-ttt`);
  if (format !== FORMAT) throw damaged;
  if (features !== FEATURES_VERSION) {
    throw new Failure(
      `${path} was made with version ${features} of the features, ` +
        `and this is version ${FEATURES_VERSION}: read the text again`,
    );
  }
  if (by !== 'line' && by !== 'word') throw damaged;
  if (!Number.isInteger(hiddenDim) || typeof innerLr !== 'number') throw damaged;
  if (typeof seed !== 'string' || !/^\d{1,20}$/.test(seed)) throw damaged;
  if (typeof stateBytes !== 'number') throw damaged;
  return {
    settings: { by, hiddenDim: hiddenDim as number, innerLr, seed: BigInt(seed) },
    stateBytes,
  };
}

/**
 * Throws if a memory cannot be saved at `path`, or should not be, since something else is there:
 * before hours of reading, not after.
 */
export function checkSavePath(path: string, input: string): void {
  try {
    accessSync(dirname(resolve(path)), constants.W_OK);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return;
    if (!stat.isFile()) {
      throw new Failure(`cannot save ${path}: it is there already and is no regular file`);
    }
    const read = input === '-' ? undefined : statSync(input, { throwIfNoEntry: false });
    if (read !== undefined && read.ino === stat.ino && read.dev === stat.dev) {
      throw new Failure(`cannot save ${path}: it is the file to be read`);
    }
    if (stat.size > 0 && !beginsAsMemory(path)) {
      throw new Failure(`cannot save ${path}: it is there already and is no memory file of bit-ttt`);
    }
  } catch (error) {
    throw error instanceof Failure ? error : fileFailure('save', path, error);
  }
}

function beginsAsMemory(path: string): boolean {
  const head = Buffer.alloc(MAGIC.length);
  const file = openSync(path, 'r');
  try {
    readSync(file, head, 0, head.length, 0);
  } finally {
    closeSync(file);
  }
  return head.toString('latin1') === MAGIC;
}

/** Writes a memory. What was at `path` is replaced as a whole or, on failure, stays as it was. */
export function saveMemory(path: string, settings: MemorySettings, state: Uint8Array): void {
  const header = {
    format: FORMAT,
    features: FEATURES_VERSION,
    by: settings.by,
    hiddenDim: settings.hiddenDim,
    innerLr: settings.innerLr,
    seed: String(settings.seed),
    stateBytes: state.length,
  };
  const json = JSON.stringify(header);
  const line = Buffer.from(`${MAGIC}${crcOf(json)} ${json}\n`, 'latin1');
  try {
    replaceFile(path, [line, state]);
  } catch (error) {
    throw fileFailure('save', path, error);
  }
}

/** All new bytes under another name and on the disk first, then one rename. */
function replaceFile(path: string, parts: readonly Uint8Array[]): void {
  const exists = statSync(path, { throwIfNoEntry: false }) !== undefined;
  const target = exists ? realpathSync(path) : resolve(path);
  const folder = dirname(target);
  const temporary = join(folder, `.${basename(target)}.${process.pid}.${Date.now()}.tmp`);
  const file = openSync(temporary, 'wx');
  try {
    try {
      for (const part of parts) writeAll(file, part);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, target);
  } catch (error) {
    unlinkSync(temporary);
    throw error;
  }
  syncFolder(folder);
}

function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
}

/** Makes the rename last; some systems cannot, and the file is complete either way. */
function syncFolder(folder: string): void {
  try {
    const file = openSync(folder, 'r');
    try {
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
  }
}

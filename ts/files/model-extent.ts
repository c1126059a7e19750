/**
 * model-extent.ts - the length of a model file, by its beginning, so that an endless input is not
 * read for ever. Whether the file is valid is for the core to judge, which gets what was read.
 * SPDX-License-Identifier: MIT
 */
import { MAX_JSON_BYTES } from '../common/limits.js';
import type { Extent, Limits } from './gather.js';

const MAGIC = [0x42, 0x49, 0x54, 0x54]; // BITT
const BITT_START = 12;
/** Bytes that show whether a file is JSON; white space may come before its brace. */
const JSON_START = 64;
/** Largest header of a safetensors file, in bytes; as in src/io/safetensors.h. */
const LARGEST_HEADER = 100_000_000;

/** Whether a file begins as a .bitt does. */
export function isBitt(bytes: Uint8Array): boolean {
  return MAGIC.every((byte, i) => bytes[i] === byte);
}

/** How long the JSON header is of which the length is at `at`, of 8 bytes. */
export function headerLength(bytes: Uint8Array, at = 0): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 8);
  return view.getUint32(0, true) + 2 ** 32 * view.getUint32(4, true);
}

/** Where the safetensors file begins: in a .bitt behind its header, whose length must be there. */
export function tensorsStart(bytes: Uint8Array): number {
  return isBitt(bytes) ? BITT_START + headerLength(bytes, 4) : 0;
}

/**
 * Where the data of the last tensor ends; 0 if the header names none. The header is untrusted and
 * may have millions of entries, so it is searched and not parsed. No string can imitate an entry,
 * since quotes within strings are escaped.
 */
function dataEnd(header: Uint8Array): number {
  const text = new TextDecoder().decode(header);
  let end = 0;
  for (const [, to] of text.matchAll(/"data_offsets"\s*:\s*\[\s*\d+\s*,\s*(\d{1,20})\s*\]/g)) {
    end = Math.max(end, Number(to));
  }
  return end;
}

/** The extent of a safetensors file that begins at `at`. */
function tensorsExtent(bytes: Uint8Array, at: number): Extent {
  if (bytes.length < at + 8) return { bytes: at + 8, all: false };
  const header = headerLength(bytes, at);
  const data = at + 8 + header;
  if (header > LARGEST_HEADER) return { bytes: at + 8, all: true };
  if (bytes.length < data) return { bytes: data, all: false };
  return { bytes: data + dataEnd(bytes.subarray(at + 8, data)), all: true };
}

/** The extent of JSON is unknown (Infinity); of other bytes, what shows that they are none. */
function jsonExtent(bytes: Uint8Array): Extent {
  if (bytes.length < JSON_START) return { bytes: JSON_START, all: false };
  return { bytes: beginsJson(bytes) ? Infinity : JSON_START, all: true };
}

/** Whether bytes begin as a JSON object may. */
export function beginsJson(bytes: Uint8Array): boolean {
  const head = new TextDecoder('utf-8').decode(bytes.subarray(0, JSON_START));
  return /^\s*(\{|$)/.test(head);
}

/** How far a config.json, a tokenizer.json or an index is read. */
export const JSON_LIMITS: Limits = { maxBytes: MAX_JSON_BYTES, extentOf: jsonExtent };

/** The extent of a .bitt or .safetensors file; of anything else, what shows that it is neither. */
export function modelExtent(bytes: Uint8Array): Extent {
  if (bytes.length < BITT_START) return { bytes: BITT_START, all: false };
  return tensorsExtent(bytes, tensorsStart(bytes));
}

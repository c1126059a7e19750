/**
 * written.ts - recognises by their content files that this program has written, which may thus be
 * replaced.
 * SPDX-License-Identifier: MIT
 */
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { TokenizerJson } from 'bit-ttt';
import { WEIGHTS_NAME } from '../../files/model-files.js';
import { CHART_MARK } from '../charts/svg.js';
import { systemCode } from '../screen/failure.js';
import { BEGINNINGS, isHeaded } from './headed-file.js';
import { sha256 } from './sha256.js';

/** What a file to be saved is. */
export type SavedKind =
  | 'memory'
  | 'session'
  | 'checkpoint'
  | 'signal'
  | 'model'
  | 'chart'
  | 'tokenizer'
  | 'weights'
  | 'model folder';

/** Kinds that hold something of the text that was read: only the owner may read them. */
export const PRIVATE: ReadonlySet<SavedKind> = new Set([
  'memory',
  'session',
  'checkpoint',
  'signal',
]);

/** The mark in the metadata of weights that this program has written. */
export const WRITER = { writer: 'bit-ttt' } as const;
/** Bytes that are enough to recognise the kind of a file. */
const HEAD_BYTES = 1024;
/** Headers that are longer are not read; a model's holds its tokenizer, too. */
const MAX_HEADER = 1 << 28;

type Fields = Record<string, unknown>;

const fieldsOf = (value: unknown): Fields => Object(value) as Fields;

/** The fields of a JSON text; none if it is no JSON. */
function parse(text: unknown): Fields {
  try {
    return fieldsOf(JSON.parse(String(text)));
  } catch {
    return {};
  }
}

/** Some bytes of a file, fewer at its end. */
function bytesAt(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let read = 0;
  while (read < length) {
    const count = readSync(file, bytes, read, length - read, at + read);
    if (count === 0) break;
    read += count;
  }
  return bytes.subarray(0, read);
}

/** The JSON header behind a length, and where it ends. */
function headerAt(file: number, at: number): { header: Fields; end: number } {
  const size = bytesAt(file, at, 8);
  const length = size.length < 8 ? 0 : Number(size.readBigUInt64LE(0));
  if (length > MAX_HEADER) return { header: {}, end: at };
  return { header: parse(bytesAt(file, at + 8, length)), end: at + 8 + length };
}

/** Configurations of this project have a version; those of the original do not. */
const isOwnConfig = (config: Fields): boolean => typeof config['format_version'] === 'number';

const metadataAt = (file: number, at: number): Fields =>
  fieldsOf(headerAt(file, at).header['__metadata__']);

function isOwnWeights(metadata: Fields): boolean {
  return metadata['writer'] === WRITER.writer || isOwnConfig(parse(metadata['config']));
}

function isOwnModel(file: number): boolean {
  const { header, end } = headerAt(file, BEGINNINGS.model.length);
  return isOwnConfig(fieldsOf(header['config'])) || isOwnWeights(metadataAt(file, end));
}

/** The metadata of the weights in a folder: the mark, and the digests of the files beside them. */
export function folderMetadata(texts: Readonly<Record<string, string>>): Record<string, string> {
  const sums = Object.entries(texts).map(([name, text]) => [name, sha256(text)]);
  return { ...WRITER, ...(Object.fromEntries(sums) as Record<string, string>) };
}

/** Whether a file in a model's folder is ours: the weights there have the mark and its digest. */
function belongsToFolder(path: string, file: number): boolean {
  const name = basename(path);
  if (name.endsWith('.safetensors')) return isOwnWeights(metadataAt(file, 0));
  try {
    const weights = openSync(join(dirname(path), WEIGHTS_NAME), 'r');
    try {
      const metadata = metadataAt(weights, 0);
      return metadata['writer'] === WRITER.writer && metadata[name] === sha256(readFileSync(file));
    } finally {
      closeSync(weights);
    }
  } catch (error) {
    if (systemCode(error) === undefined) throw error;
    return false;
  }
}

/**
 * The text of a tokenizer.json, one key on each line. No other program writes this layout, so it serves as
 * the mark: a key of its own would be refused by other libraries.
 */
export function tokenizerText(json: TokenizerJson): string {
  const lines = Object.entries(json).map(([key, value]) => `"${key}":${JSON.stringify(value)}`);
  return `{\n${lines.join(',\n')}\n}\n`;
}

const TOKENIZER = '{\n"version":';

const isOwnTokenizer = (text: string): boolean =>
  text === tokenizerText(parse(text) as TokenizerJson);

/** Whether this program has written the file at `path`, as this kind. An empty file loses nothing. */
export function isWritten(path: string, kind: SavedKind): boolean {
  const file = openSync(path, 'r');
  try {
    const head = bytesAt(file, 0, HEAD_BYTES).toString('latin1');
    if (head === '') return true;
    switch (kind) {
      case 'memory':
      case 'session':
      case 'checkpoint':
      case 'signal':
        return isHeaded(Buffer.from(head, 'latin1'), kind);
      case 'model':
        return head.startsWith(BEGINNINGS.model) && isOwnModel(file);
      case 'chart':
        return head.startsWith('<svg ') && head.includes(CHART_MARK);
      case 'tokenizer':
        return head.startsWith(TOKENIZER) && isOwnTokenizer(readFileSync(file, 'utf8'));
      case 'weights':
        return isOwnWeights(metadataAt(file, 0));
      case 'model folder':
        return belongsToFolder(path, file);
    }
  } finally {
    closeSync(file);
  }
}

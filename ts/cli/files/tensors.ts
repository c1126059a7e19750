/**
 * tensors.ts - the tensors of a model file as f32, and files of such tensors.
 *
 * Only for files that the library has loaded: it is the one that checks them.
 * SPDX-License-Identifier: MIT
 */
import { isBitt } from '../../files/model-extent.js';
import type { ModelFiles } from '../../files/model-files.js';
import { Failure } from '../screen/failure.js';
import { CRC32C, crcOf } from './crc.js';
import { WRITER } from './written.js';

/** A tensor as it is in a file. */
interface RawTensor {
  dtype: string;
  shape: number[];
  data: Uint8Array;
}

/** A tensor to be written. */
export interface Tensor {
  name: string;
  shape: number[];
  values: Float32Array;
}

/** A model file, taken apart. Texts are JSON, as they stand in the file. */
export interface ModelParts {
  config: string | undefined;
  tokenizer: string | undefined;
  tensors: Map<string, RawTensor>;
}

const BITT = 'BITT';
const BITT_START = 12;

function u64At(bytes: Buffer, at: number): number {
  return bytes.length < at + 8 ? Infinity : Number(bytes.readBigUInt64LE(at));
}

/** The JSON header of either kind of file. */
function headerAt(bytes: Buffer, at: number): { header: Record<string, unknown>; end: number } {
  const end = at + 8 + u64At(bytes, at);
  try {
    if (end > bytes.length) throw new RangeError();
    const header: unknown = JSON.parse(bytes.toString('utf8', at + 8, end));
    return { header: Object(header) as Record<string, unknown>, end };
  } catch {
    throw new Failure('the header of the file makes no sense');
  }
}

const asText = (value: unknown): string | undefined => {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
};

function readTensors(bytes: Buffer): ModelParts {
  const { header, end } = headerAt(bytes, 0);
  const tensors = new Map<string, RawTensor>();
  const metadata = Object(header['__metadata__']) as Record<string, unknown>;
  for (const [name, value] of Object.entries(header)) {
    if (name === '__metadata__') continue;
    const entry = value as { dtype: string; shape: number[]; data_offsets: [number, number] };
    const [from, to] = entry.data_offsets;
    const data = bytes.subarray(end + from, end + to);
    tensors.set(name, { dtype: entry.dtype, shape: entry.shape, data });
  }
  return { config: asText(metadata['config']), tokenizer: asText(metadata['tokenizer']), tensors };
}

/** Takes a .bitt or .safetensors file apart. */
export function readParts(file: Uint8Array): ModelParts {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.length);
  if (!isBitt(bytes)) return readTensors(bytes);
  const { header, end } = headerAt(bytes, 4);
  const inside = readTensors(bytes.subarray(end));
  return {
    config: asText(header['config']) ?? inside.config,
    tokenizer: asText(header['tokenizer']) ?? inside.tokenizer,
    tensors: inside.tensors,
  };
}

/** Takes a model's files apart; of several, the first by name that has a text counts. */
export function readAllParts({ weights }: ModelFiles): ModelParts {
  if (weights instanceof Uint8Array) return readParts(weights);
  const all = [...weights.shards]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ bytes }) => readParts(bytes));
  return {
    config: all.find(({ config }) => config !== undefined)?.config,
    tokenizer: all.find(({ tokenizer }) => tokenizer !== undefined)?.tokenizer,
    tensors: new Map(all.flatMap(({ tensors }) => [...tensors])),
  };
}

function halfToFloat(half: number): number {
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  const sign = half & 0x8000 ? -1 : 1;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

function floats({ data }: RawTensor): Float32Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Float32Array.from({ length: data.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
}

function fromHalves({ dtype, data }: RawTensor): Float32Array {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const wide = new DataView(new ArrayBuffer(4));
  return Float32Array.from({ length: data.length / 2 }, (_, i) => {
    const bits = view.getUint16(2 * i, true);
    if (dtype === 'F16') return halfToFloat(bits);
    wide.setUint32(0, bits << 16);
    return wide.getFloat32(0);
  });
}

/**
 * Weights whose ternary codes are these, and whose mean magnitude is `scale` to the last bit: all
 * but one are as large, and that one makes up for the rounding of the rest.
 */
export function spreadTernary(codes: Int8Array, scale: number): Float32Array {
  const used = codes.reduce((sum, code) => sum + Math.abs(code), 0);
  const whole = scale * codes.length;
  const each = used === 0 ? 0 : Math.fround(whole / used);
  const values = Float32Array.from(codes, (code) => code * each);
  const first = codes.findIndex((code) => code !== 0);
  if (first >= 0) values[first] = codes[first]! * (whole - each * (used - 1));
  return values;
}

function ternary({ data }: RawTensor, scale: number): Float32Array {
  const codes = Int8Array.from({ length: 4 * data.length }, (_, i) => {
    return ((data[i >> 2]! >> (2 * (i & 3))) & 3) - 1;
  });
  return spreadTernary(codes, scale);
}

/** The largest weight whose 127th part is `step`, if there is one. */
function largestFor(step: number): number {
  const near = Math.fround(127 * step);
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, near);
  const bits = view.getUint32(0);
  for (const change of [0, 1, -1]) {
    view.setUint32(0, bits + change);
    if (Math.fround(view.getFloat32(0) / 127) === step) return view.getFloat32(0);
  }
  return near;
}

function int8Rows({ data, shape }: RawTensor, steps: Float32Array): Float32Array {
  const columns = shape[1]!;
  const codes = new Int8Array(data.buffer, data.byteOffset, data.byteLength);
  const values = new Float32Array(codes.length);
  for (const [row, step] of steps.entries()) {
    const largest = largestFor(step);
    for (let i = row * columns; i < (row + 1) * columns; i++) {
      const code = codes[i]!;
      values[i] = Math.abs(code) === 127 ? Math.sign(code) * largest : code * step;
    }
  }
  return values;
}

/** All tensors as f32. Those of a compact file get weights that quantise to what is stored. */
export function toFloats(parts: ModelParts): Tensor[] {
  const tensors: Tensor[] = [];
  for (const [name, raw] of parts.tensors) {
    const scale = parts.tensors.get(`${name}_scale`);
    const add = (values: Float32Array, shape = raw.shape): void =>
      void tensors.push({ name, shape, values });
    const compact = (raw.dtype === 'U8' || raw.dtype === 'I8') && raw.shape.length === 2;
    if (compact && scale?.dtype === 'F32') {
      const steps = floats(scale);
      const [rows, columns] = raw.shape as [number, number];
      if (raw.dtype === 'U8') add(ternary(raw, steps[0]!), [rows, 4 * columns]);
      else add(int8Rows(raw, steps));
    } else if (raw.dtype === 'F32') {
      const of = name.endsWith('_scale') ? parts.tensors.get(name.slice(0, -6)) : undefined;
      if (of?.dtype !== 'U8' && of?.dtype !== 'I8') add(floats(raw));
    } else if (raw.dtype === 'F16' || raw.dtype === 'BF16') {
      add(fromHalves(raw));
    }
  }
  return tensors;
}

function littleEndian(values: Float32Array): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => bytes.writeFloatLE(value, 4 * i));
  return bytes;
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

/** A JSON header, with spaces at its end so that `before` bytes and it are a multiple of 8. */
function header(value: unknown, before: number): Buffer {
  const text = JSON.stringify(value);
  const length = Buffer.byteLength(text);
  return Buffer.concat([Buffer.from(text), Buffer.alloc((800 - before - (length % 8)) % 8, ' ')]);
}

/** The parts of a safetensors file. */
export function safetensorsParts(
  tensors: readonly Tensor[],
  metadata: Readonly<Record<string, string>>,
): Uint8Array[] {
  const entries: Record<string, unknown> = {};
  if (Object.keys(metadata).length > 0) entries['__metadata__'] = metadata;
  let at = 0;
  for (const { name, shape, values } of tensors) {
    entries[name] = { dtype: 'F32', shape, data_offsets: [at, at + 4 * values.length] };
    at += 4 * values.length;
  }
  const head = header(entries, 8);
  return [u64(head.length), head, ...tensors.map(({ values }) => littleEndian(values))];
}

/**
 * The parts of a .bitt file of f32 tensors: the original's single file. With a configuration of
 * this project it has a checksum, of the whole file with zeros for its digits (src/model/read.c).
 */
export function bittParts(
  tensors: readonly Tensor[],
  config: string,
  tokenizer: string | undefined,
): Uint8Array[] {
  const shape = Object(JSON.parse(config)) as Record<string, unknown>;
  const fields = {
    config: shape,
    ...(tokenizer === undefined ? {} : { tokenizer: JSON.parse(tokenizer) as unknown }),
    ...('format_version' in shape ? { crc32c: '00000000' } : {}),
  };
  const head = header(fields, BITT_START);
  const parts = [Buffer.from(BITT), u64(head.length), head, ...safetensorsParts(tensors, WRITER)];
  if (!('crc32c' in fields)) return parts;
  const digits = head.lastIndexOf('"}') - fields.crc32c!.length;
  head.write(crcOf(CRC32C, parts), digits, 'latin1');
  return parts;
}

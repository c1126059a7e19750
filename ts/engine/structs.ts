/**
 * structs.ts - the structs of include/bit_ttt as bytes: options on their way to an engine, reports on
 * their way back. They hold neither pointers nor size_t, so their layout is the same on wasm32 and on
 * every 64-bit target: fields in the order of the header, each aligned to its own size, little-endian.
 *
 * wasm/layout.c has the compiler assert the same offsets, and tests/js/structs.test.mjs compares the two.
 * SPDX-License-Identifier: MIT
 */
import type { Bytes } from '../common/types.js';

/** Types of fields and their bytes; the last are arrays of uint8_t and char. */
const BYTES = { u32: 4, u64: 8, f32: 4, f64: 8, bytes64: 64, text248: 248, text256: 256 };

/** Field names, which the header has in snake_case, and their types. */
type Fields = Readonly<Record<string, keyof typeof BYTES>>;

/** Values of fields, on their way in and out; a u64 above 2^53 comes out rounded. */
type Value<Type> = Type extends 'bytes64'
  ? Uint8Array
  : Type extends `text${string}`
    ? string
    : number;
type In<F extends Fields> = {
  readonly [K in Exclude<keyof F, 'size'>]: F[K] extends 'u64' ? number | bigint : Value<F[K]>;
};
type Out<F extends Fields> = { -readonly [K in keyof F]: Value<F[K]> };

interface Struct<F extends Fields> {
  readonly fields: F;
  readonly offsets: Readonly<Record<keyof F, number>>;
  /** In bytes, as sizeof has it. */
  readonly size: number;
}

function struct<const F extends Fields>(fields: F): Struct<F> {
  const offsets: Record<string, number> = {};
  let [end, largest] = [0, 1];
  for (const [name, type] of Object.entries(fields)) {
    const alignment = BYTES[type] > 8 ? 1 : BYTES[type];
    offsets[name] = Math.ceil(end / alignment) * alignment;
    end = offsets[name] + BYTES[type];
    largest = Math.max(largest, alignment);
  }
  const size = Math.ceil(end / largest) * largest;
  return { fields, offsets: offsets as Record<keyof F, number>, size };
}

export const TTT_CONFIG = struct({
  size: 'u32',
  objective: 'u32',
  hiddenDim: 'u64',
  seed: 'u64',
  innerLr: 'f32',
  threads: 'u32',
  rule: 'u32',
  forgetting: 'f32',
  ridge: 'f32',
  reserved: 'u32',
});

export const TTT_RECALL_OPTIONS = struct({
  size: 'u32',
  vocab: 'u32',
  capacity: 'u32',
  order: 'u32',
});

export const BITLLAMA_CONFIG = struct({
  size: 'u32',
  vocabSize: 'u32',
  hiddenDim: 'u32',
  numLayers: 'u32',
  mlpDim: 'u32',
  innerDim: 'u32',
  headDim: 'u32',
  innerLr: 'f32',
  normEps: 'f32',
  mixers: 'bytes64',
});

export const BITLLAMA_SESSION_OPTIONS = struct({
  size: 'u32',
  recall: 'u32',
  generated: 'u32',
});

export const BITLLAMA_SAMPLING = struct({
  size: 'u32',
  temperature: 'f32',
  topK: 'u32',
  topP: 'f32',
  minP: 'f32',
  repetitionPenalty: 'f32',
  seed: 'u64',
});

export const BITLLAMA_SUGGESTING = struct({
  size: 'u32',
  count: 'u32',
  minProbability: 'f32',
});

export const BITLLAMA_SUGGESTION = struct({
  probability: 'f32',
  length: 'u32',
  text: 'text248',
});

export const BITLLAMA_TRAINING = struct({
  size: 'u32',
  batch: 'u32',
  context: 'u32',
  accumulate: 'u32',
  steps: 'u32',
  warmup: 'u32',
  threads: 'u32',
  bf16: 'u32',
  separator: 'u32',
  learningRate: 'f32',
  finalLearningRate: 'f32',
  weightDecay: 'f32',
  beta1: 'f32',
  beta2: 'f32',
  clip: 'f32',
  repeat: 'f32',
  fromStart: 'f32',
  dropout: 'f32',
  optimizer: 'u32',
  momentum: 'f32',
  seed: 'u64',
});

export const BITLLAMA_STEP = struct({
  loss: 'f64',
  learningRate: 'f32',
  gradientNorm: 'f32',
  step: 'u64',
  tokens: 'u64',
});

export const TTT_ERROR = struct({ status: 'u32', offset: 'u64', text: 'text256' });

function put(view: DataView, at: number, type: keyof typeof BYTES, value: unknown): void {
  if (type === 'u32') view.setUint32(at, value as number, true);
  else if (type === 'u64') view.setBigUint64(at, BigInt(value as number | bigint), true);
  else if (type === 'f32') view.setFloat32(at, value as number, true);
  else if (type === 'f64') view.setFloat64(at, value as number, true);
  else {
    const bytes = type === 'bytes64' ? value : new TextEncoder().encode(value as string);
    new Uint8Array(view.buffer, at, BYTES[type]).set(bytes as Uint8Array);
  }
}

function get(view: DataView, at: number, type: keyof typeof BYTES): number | string | Uint8Array {
  if (type === 'u32') return view.getUint32(at, true);
  if (type === 'u64') return Number(view.getBigUint64(at, true));
  if (type === 'f32') return view.getFloat32(at, true);
  if (type === 'f64') return view.getFloat64(at, true);
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, BYTES[type]).slice();
  return type === 'bytes64' ? bytes : new TextDecoder().decode(bytes).split('\0', 1)[0]!;
}

/** The bytes of a struct; its field `size` is filled in. Numbers must be in the range of their field. */
export function encode<F extends Fields>(
  { fields, offsets, size }: Struct<F>,
  values: In<F>,
): Bytes {
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  const given: Readonly<Record<string, unknown>> = values;
  for (const name in fields) {
    put(view, offsets[name], fields[name]!, name === 'size' ? size : given[name]);
  }
  return bytes;
}

/** The fields of a struct from its bytes. */
export function decode<F extends Fields>(
  { fields, offsets }: Struct<F>,
  bytes: Uint8Array,
): Out<F> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values: Record<string, unknown> = {};
  for (const name in fields) values[name] = get(view, offsets[name], fields[name]!);
  return values as Out<F>;
}

/**
 * gguf.mjs - writes a model of random ternary weights as GGUF, the file of llama.cpp, so that its
 * speed can be measured on any shape. Every weight is -s, 0 or s with s a power of two, which all
 * tensor types here hold exactly: files of one shape are the same model, whatever their type.
 * SPDX-License-Identifier: MIT
 */
import { closeSync, openSync, renameSync, writeSync } from 'node:fs';

/** @typedef {{dim: number, layers: number, heads: number, mlp: number, vocab: number}} Shape */

const ALIGNMENT = 32;

/** Numbers that the format gives to values, by their JavaScript name here. */
const VALUE = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 };

/** What the vocabulary's entries are: the format's numbers. */
const TOKEN = { normal: 1, unknown: 2, control: 3, byte: 6 };

// ---- tensor types ------------------------------------------------------------------------------

/** Bits of 2^exponent as a half, for -14 <= exponent <= 15. */
const halfOfPower = (exponent) => (exponent + 15) << 10;

/** Elements two bits each: byte m of a group of 32 has elements m, m + 32, m + 64 and m + 96. */
function encodeTq2(codes, exponent) {
  const out = Buffer.alloc((codes.length / 256) * 66);
  for (let from = 0, to = 0; from < codes.length; from += 256, to += 66) {
    for (let byte = 0; byte < 64; byte++) {
      const first = from + (byte >> 5) * 128 + (byte & 31);
      let bits = 0;
      for (let n = 0; n < 4; n++) bits |= (codes[first + 32 * n] + 1) << (2 * n);
      out[to + byte] = bits;
    }
    out.writeUInt16LE(halfOfPower(exponent), to + 64);
  }
  return out;
}

/** Blocks of 32: the scale, then nibbles about 8, element m below element m + 16. */
function encodeQ4(codes, exponent) {
  const out = Buffer.alloc((codes.length / 32) * 18);
  for (let from = 0, to = 0; from < codes.length; from += 32, to += 18) {
    out.writeUInt16LE(halfOfPower(exponent), to);
    for (let m = 0; m < 16; m++)
      out[to + 2 + m] = (codes[from + m] + 8) | ((codes[from + m + 16] + 8) << 4);
  }
  return out;
}

/** Blocks of 32: the scale, then bytes. */
function encodeQ8(codes, exponent) {
  const out = Buffer.alloc((codes.length / 32) * 34);
  for (let from = 0, to = 0; from < codes.length; from += 32, to += 34) {
    out.writeUInt16LE(halfOfPower(exponent), to);
    out.set(new Uint8Array(codes.buffer, codes.byteOffset + from, 32), to + 2);
  }
  return out;
}

function encodeF32(codes, exponent) {
  const out = new Float32Array(codes.length);
  const scale = 2 ** exponent;
  for (let i = 0; i < codes.length; i++) out[i] = codes[i] * scale;
  return Buffer.from(out.buffer);
}

/** The upper halves of 32-bit floats. */
function encodeBf16(codes, exponent) {
  const floats = new Uint32Array(Float32Array.of(-(2 ** exponent), 0, 2 ** exponent).buffer);
  const out = new Uint16Array(codes.length);
  for (let i = 0; i < codes.length; i++) out[i] = floats[codes[i] + 1] >>> 16;
  return Buffer.from(out.buffer);
}

/** The format's number of a tensor type and of a file of it, and the encoder. */
const TYPES = {
  F32: { tensor: 0, file: 0, encode: encodeF32 },
  Q4_0: { tensor: 2, file: 2, encode: encodeQ4 },
  Q8_0: { tensor: 8, file: 7, encode: encodeQ8 },
  BF16: { tensor: 30, file: 32, encode: encodeBf16 },
  TQ2_0: { tensor: 35, file: 37, encode: encodeTq2 },
};

/** Types that `writeModel` can write. */
export const tensorTypes = Object.keys(TYPES);

// ---- the model ---------------------------------------------------------------------------------

/** -1, 0 and 1 by chance, the same for the same seed. */
function randomCodes(count, seed) {
  const codes = new Int8Array(count);
  let state = (seed * 0x9e3779b9 + 0x7f4a7c15) >>> 0 || 1;
  for (let i = 0; i < count; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    codes[i] = ((state >>> 8) % 3) - 1;
  }
  return codes;
}

/** Names and sizes of the tensors, rows last; norms have no exponent. */
function tensorsOf({ dim, layers, mlp, vocab }) {
  const about = (width) => Math.round(-Math.log2(Math.sqrt((width * 2) / 3)));
  const tensors = [{ name: 'token_embd.weight', sizes: [dim, vocab], exponent: 0 }];
  for (let i = 0; i < layers; i++) {
    const add = (name, cols, rows) =>
      tensors.push({ name: `blk.${i}.${name}.weight`, sizes: [cols, rows], exponent: about(cols) });
    const norm = (name) => tensors.push({ name: `blk.${i}.${name}.weight`, sizes: [dim] });
    norm('attn_norm');
    for (const name of ['attn_q', 'attn_k', 'attn_v', 'attn_output']) add(name, dim, dim);
    norm('ffn_norm');
    add('ffn_gate', dim, mlp);
    add('ffn_up', dim, mlp);
    add('ffn_down', mlp, dim);
  }
  tensors.push({ name: 'output_norm.weight', sizes: [dim] });
  tensors.push({ name: 'output.weight', sizes: [dim, vocab], exponent: about(dim) });
  return tensors.map((tensor, index) => ({ ...tensor, seed: index + 1 }));
}

/** How many weights a model of the shape has. */
export function parametersOf(shape) {
  return tensorsOf(shape).reduce((sum, { sizes }) => sum + sizes.reduce((a, b) => a * b), 0);
}

/** Control tokens and bytes, which the vocabulary begins with. */
const UNWRITTEN = 3 + 256;

const count = ({ sizes }) => sizes.reduce((a, b) => a * b);

function bytesOf(tensor, type) {
  if (tensor.exponent === undefined) return encodeF32(new Int8Array(count(tensor)).fill(1), 0);
  const codes = randomCodes(count(tensor), tensor.seed);
  // No byte and no control token is ever likeliest: what is written is valid UTF-8 without end.
  if (tensor.name === 'output.weight') codes.fill(0, 0, UNWRITTEN * tensor.sizes[0]);
  return type.encode(codes, tensor.exponent);
}

/**
 * A vocabulary in which a printable ASCII character is a token and no two ever merge: a text has
 * as many tokens as characters.
 */
function vocabularyOf(size) {
  const texts = ['<unk>', '<s>', '</s>'];
  const kinds = [TOKEN.unknown, TOKEN.control, TOKEN.control];
  const add = (text, kind) => {
    texts.push(text);
    kinds.push(kind);
  };
  for (let byte = 0; byte < 256; byte++)
    add(`<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`, TOKEN.byte);
  add('\u2581', TOKEN.normal); // the space
  for (let code = 33; code < 127; code++) add(String.fromCharCode(code), TOKEN.normal);
  while (texts.length < size) add(`[${texts.length}]`, TOKEN.normal);
  return { texts, kinds, scores: texts.map((_, i) => -i) };
}

function metadataOf(shape, type) {
  const { texts, kinds, scores } = vocabularyOf(shape.vocab);
  return [
    ['general.architecture', 'string', 'llama'],
    ['general.name', 'string', 'random'],
    ['general.alignment', 'u32', ALIGNMENT],
    ['general.file_type', 'u32', type.file],
    ['llama.context_length', 'u32', 4096],
    ['llama.embedding_length', 'u32', shape.dim],
    ['llama.block_count', 'u32', shape.layers],
    ['llama.feed_forward_length', 'u32', shape.mlp],
    ['llama.rope.dimension_count', 'u32', shape.dim / shape.heads],
    ['llama.attention.head_count', 'u32', shape.heads],
    ['llama.attention.head_count_kv', 'u32', shape.heads],
    ['llama.attention.layer_norm_rms_epsilon', 'f32', 1e-5],
    ['llama.vocab_size', 'u32', shape.vocab],
    ['tokenizer.ggml.model', 'string', 'llama'],
    ['tokenizer.ggml.tokens', 'array', texts, 'string'],
    ['tokenizer.ggml.scores', 'array', scores, 'f32'],
    ['tokenizer.ggml.token_type', 'array', kinds, 'i32'],
    ['tokenizer.ggml.unknown_token_id', 'u32', 0],
    ['tokenizer.ggml.bos_token_id', 'u32', 1],
    ['tokenizer.ggml.eos_token_id', 'u32', 2],
    ['tokenizer.ggml.add_bos_token', 'bool', false],
    ['tokenizer.ggml.add_eos_token', 'bool', false],
    ['tokenizer.ggml.add_space_prefix', 'bool', false],
  ];
}

// ---- the file ----------------------------------------------------------------------------------

function u32(value) {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}

function u64(value) {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt(value));
  return out;
}

function string(text) {
  const bytes = Buffer.from(text, 'utf8');
  return Buffer.concat([u64(bytes.length), bytes]);
}

function value(kind, content, elements) {
  if (kind === 'string') return string(content);
  if (kind === 'bool') return Buffer.of(content ? 1 : 0);
  if (kind === 'f32') return Buffer.from(Float32Array.of(content).buffer);
  if (kind !== 'array') return u32(content);
  const parts = content.map((one) => value(elements, one));
  return Buffer.concat([u32(VALUE[elements]), u64(parts.length), ...parts]);
}

const aligned = (size) => Math.ceil(size / ALIGNMENT) * ALIGNMENT;

/**
 * Writes a llama model of random weights.
 * @param {string} path
 * @param {Shape} shape widths are multiples of 256
 * @param {string} typeName one of `tensorTypes`, for all matrices; norms are F32
 */
export function writeModel(path, shape, typeName) {
  const type = TYPES[typeName];
  const metadata = metadataOf(shape, type);
  const tensors = tensorsOf(shape).map((tensor) => ({ ...tensor, bytes: bytesOf(tensor, type) }));
  const head = [Buffer.from('GGUF'), u32(3), u64(tensors.length), u64(metadata.length)];
  for (const [key, kind, content, elements] of metadata)
    head.push(string(key), u32(VALUE[kind]), value(kind, content, elements));
  let offset = 0;
  for (const { name, sizes, exponent, bytes } of tensors) {
    head.push(string(name), u32(sizes.length), ...sizes.map(u64));
    head.push(u32(exponent === undefined ? TYPES.F32.tensor : type.tensor), u64(offset));
    offset += aligned(bytes.length);
  }
  const begin = Buffer.concat(head);
  const file = openSync(`${path}.part`, 'w');
  for (const bytes of [begin, ...tensors.map((tensor) => tensor.bytes)]) {
    writeSync(file, bytes);
    writeSync(file, Buffer.alloc(aligned(bytes.length) - bytes.length));
  }
  closeSync(file);
  renameSync(`${path}.part`, path);
}

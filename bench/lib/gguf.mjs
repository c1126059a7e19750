/**
 * gguf.mjs - writes llama.cpp's model files (GGUF version 3) with random weights, so that peers can be
 * measured on a model of our shape. Block formats as in ggml: Q8_0, Q4_0, BF16, TQ2_0, F32.
 * SPDX-License-Identifier: MIT
 */
import { closeSync, openSync, writeSync } from 'node:fs';

const ALIGNMENT = 32;
const VALUE = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 };

/** A half-precision float's bits, for positive normal numbers, truncated. */
function halfBits(value) {
  const word = new Uint32Array(Float32Array.of(value).buffer)[0];
  return (((word >>> 23) - 112) << 10) | ((word >>> 13) & 0x3ff);
}

/** Writes rows of floats in a type's blocks: `block` values to `bytes` bytes. */
const TYPES = {
  F32: { id: 0, block: 1, bytes: 4, write: (out, at, x) => out.setFloat32(at, x[0], true) },
  BF16: {
    id: 30,
    block: 1,
    bytes: 2,
    write: (out, at, x) => out.setUint16(at, new Uint32Array(Float32Array.of(x[0]).buffer)[0] >>> 16, true),
  },
  Q8_0: {
    id: 8,
    block: 32,
    bytes: 34,
    write(out, at, x) {
      const scale = largest(x) / 127;
      out.setUint16(at, halfBits(scale), true);
      x.forEach((value, i) => out.setInt8(at + 2 + i, Math.round(value / scale)));
    },
  },
  Q4_0: {
    id: 2,
    block: 32,
    bytes: 18,
    write(out, at, x) {
      const scale = largest(x) / 7;
      out.setUint16(at, halfBits(scale), true);
      const code = (value) => Math.round(value / scale) + 8;
      for (let i = 0; i < 16; i++) out.setUint8(at + 2 + i, code(x[i]) | (code(x[i + 16]) << 4));
    },
  },
  TQ2_0: {
    id: 35,
    block: 256,
    bytes: 66,
    write(out, at, x) {
      const scale = largest(x);
      const code = (value) => Math.round(value / scale) + 1;
      for (let half = 0; half < 2; half++)
        for (let i = 0; i < 32; i++) {
          let byte = 0;
          for (let n = 0; n < 4; n++) byte |= code(x[half * 128 + n * 32 + i]) << (2 * n);
          out.setUint8(at + half * 32 + i, byte);
        }
      out.setUint16(at + 64, halfBits(scale), true);
    },
  },
};

const largest = (x) => x.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-6);

/** Numbers in [-1, 1), the same in every file. */
function generator() {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  };
}

/** Bytes of the header, grown as they come. */
class Writer {
  #parts = [];
  size = 0;
  bytes(part) {
    this.#parts.push(Buffer.from(part));
    this.size += part.length;
  }
  number(size, method, value) {
    const part = Buffer.alloc(size);
    part[method](value);
    this.bytes(part);
  }
  u32 = (value) => this.number(4, 'writeUInt32LE', value);
  u64 = (value) => this.number(8, 'writeBigUInt64LE', BigInt(value));
  f32 = (value) => this.number(4, 'writeFloatLE', value);
  string(text) {
    const part = Buffer.from(text);
    this.u64(part.length);
    this.bytes(part);
  }
  value(type, value) {
    if (type === 'string') this.string(value);
    else if (type === 'f32') this.f32(value);
    else if (type === 'bool') this.bytes([value ? 1 : 0]);
    else this.u32(value);
  }
  pair(key, type, value) {
    this.string(key);
    this.u32(VALUE[type]);
    this.value(type, value);
  }
  list(key, type, values) {
    this.string(key);
    this.u32(VALUE.array);
    this.u32(VALUE[type]);
    this.u64(values.length);
    for (const value of values) this.value(type, value);
  }
  done() {
    return Buffer.concat(this.#parts);
  }
}

/** A vocabulary that any text can be written in: three marks, 256 bytes, then words "w0", "w1", ... */
function vocabulary(size) {
  const bytes = Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, '0')}>`);
  const words = Array.from({ length: size - 259 }, (_, i) => `\u2581w${i}`);
  return {
    tokens: ['<unk>', '<s>', '</s>', ...bytes, ...words],
    kinds: [2, 3, 3, ...bytes.map(() => 6), ...words.map(() => 1)],
    scores: Array.from({ length: size }, (_, i) => (i < 259 ? 0 : -i)),
  };
}

/** Name, [inputs, outputs] and whether it is a norm, of every tensor of a llama. */
function tensorsOf({ dim, layers, mlp, vocab }) {
  const block = (i) => [
    [`blk.${i}.attn_norm.weight`, [dim]],
    ...['q', 'k', 'v', 'output'].map((name) => [`blk.${i}.attn_${name}.weight`, [dim, dim]]),
    [`blk.${i}.ffn_norm.weight`, [dim]],
    [`blk.${i}.ffn_gate.weight`, [dim, mlp]],
    [`blk.${i}.ffn_up.weight`, [dim, mlp]],
    [`blk.${i}.ffn_down.weight`, [mlp, dim]],
  ];
  return [
    ['token_embd.weight', [dim, vocab]],
    ['output_norm.weight', [dim]],
    ['output.weight', [dim, vocab]],
    ...Array.from({ length: layers }, (_, i) => block(i)).flat(),
  ];
}

function metadata(out, { dim, layers, heads, mlp, vocab, context }) {
  const { tokens, kinds, scores } = vocabulary(vocab);
  const pairs = [
    ['general.architecture', 'string', 'llama'],
    ['general.name', 'string', 'random'],
    ['llama.block_count', 'u32', layers],
    ['llama.context_length', 'u32', context],
    ['llama.embedding_length', 'u32', dim],
    ['llama.feed_forward_length', 'u32', mlp],
    ['llama.attention.head_count', 'u32', heads],
    ['llama.attention.head_count_kv', 'u32', heads],
    ['llama.attention.layer_norm_rms_epsilon', 'f32', 1e-5],
    ['llama.rope.dimension_count', 'u32', dim / heads],
    ['llama.vocab_size', 'u32', vocab],
    ['tokenizer.ggml.model', 'string', 'llama'],
    ['tokenizer.ggml.bos_token_id', 'u32', 1],
    ['tokenizer.ggml.eos_token_id', 'u32', 2],
    ['tokenizer.ggml.unknown_token_id', 'u32', 0],
    ['tokenizer.ggml.add_bos_token', 'bool', false],
  ];
  out.u64(pairs.length + 3);
  for (const pair of pairs) out.pair(...pair);
  out.list('tokenizer.ggml.tokens', 'string', tokens);
  out.list('tokenizer.ggml.scores', 'f32', scores);
  out.list('tokenizer.ggml.token_type', 'i32', kinds);
}

/** A tensor's bytes: ones for norms, random numbers otherwise; norms are always F32. */
function encode(shape, typeName, random) {
  const { block, bytes, write } = TYPES[shape.length === 1 ? 'F32' : typeName];
  const count = shape.reduce((a, b) => a * b);
  const out = new DataView(new ArrayBuffer((count / block) * bytes));
  const scale = 1 / Math.sqrt(shape[0]);
  const x = new Float32Array(block);
  for (let i = 0; i < count / block; i++) {
    for (let k = 0; k < block; k++) x[k] = shape.length === 1 ? 1 : random() * scale;
    write(out, i * bytes, x);
  }
  return Buffer.from(out.buffer);
}

/**
 * Writes a llama of random weights.
 * @param {string} path
 * @param {{dim: number, layers: number, heads: number, mlp: number, vocab: number, context: number}} shape
 * @param {keyof typeof TYPES} typeName of all matrices
 */
export function writeGguf(path, shape, typeName) {
  const tensors = tensorsOf(shape);
  const random = generator();
  const data = tensors.map(([, dims]) => encode(dims, typeName, random));
  const out = new Writer();
  out.bytes(Buffer.from('GGUF'));
  out.u32(3);
  out.u64(tensors.length);
  metadata(out, shape);
  let offset = 0;
  tensors.forEach(([name, dims], i) => {
    out.string(name);
    out.u32(dims.length);
    for (const size of dims) out.u64(size);
    out.u32(TYPES[dims.length === 1 ? 'F32' : typeName].id);
    out.u64(offset);
    offset += Math.ceil(data[i].length / ALIGNMENT) * ALIGNMENT;
  });
  const file = openSync(path, 'w');
  const padded = (bytes) => Buffer.concat([bytes, Buffer.alloc((ALIGNMENT - (bytes.length % ALIGNMENT)) % ALIGNMENT)]);
  writeSync(file, padded(out.done()));
  for (const bytes of data) writeSync(file, padded(bytes));
  closeSync(file);
}

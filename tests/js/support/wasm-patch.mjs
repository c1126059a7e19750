// wasm-patch.mjs - makes broken variants of a WebAssembly module: a function that traps, a memory
// that may not grow.
// SPDX-License-Identifier: MIT

const IMPORT = 2;
const MEMORY = 5;
const EXPORT = 7;
const CODE = 10;

function encode(value) {
  const bytes = [];
  do {
    bytes.push((value & 0x7f) | (value > 0x7f ? 0x80 : 0));
    value >>>= 7;
  } while (value !== 0);
  return bytes;
}

class Reader {
  constructor(bytes, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  byte() {
    return this.bytes[this.at++];
  }

  number() {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) return value >>> 0;
    }
  }

  text() {
    const length = this.number();
    this.at += length;
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at));
  }

  limits() {
    const flags = this.byte();
    return { minimum: this.number(), maximum: flags & 1 ? this.number() : undefined };
  }
}

function* sectionsOf(bytes) {
  const reader = new Reader(bytes, 8);
  while (reader.at < bytes.length) {
    const start = reader.at;
    const id = reader.byte();
    const size = reader.number();
    yield { id, start, body: bytes.subarray(reader.at, reader.at + size), end: reader.at + size };
    reader.at += size;
  }
}

function replaceSection(bytes, wanted, edit) {
  for (const { id, start, body, end } of sectionsOf(bytes)) {
    if (id !== wanted) continue;
    const edited = edit(body);
    return Uint8Array.from([
      ...bytes.subarray(0, start),
      id,
      ...encode(edited.length),
      ...edited,
      ...bytes.subarray(end),
    ]);
  }
  throw new Error(`the module has no section ${wanted}`);
}

function section(bytes, wanted) {
  for (const { id, body } of sectionsOf(bytes)) if (id === wanted) return body;
  return Uint8Array.of(0);
}

function importedFunctions(bytes) {
  const reader = new Reader(section(bytes, IMPORT));
  let functions = 0;
  for (let left = reader.number(); left > 0; left--) {
    reader.text();
    reader.text();
    if (reader.byte() !== 0) throw new Error('an import that is not a function');
    reader.number();
    functions++;
  }
  return functions;
}

function exportedFunction(bytes, name) {
  const reader = new Reader(section(bytes, EXPORT));
  for (let left = reader.number(); left > 0; left--) {
    const found = reader.text();
    const kind = reader.byte();
    const index = reader.number();
    if (kind === 0 && found === name) return index;
  }
  throw new Error(`the module exports no function ${name}`);
}

/** The module with the body of an exported function replaced by `unreachable`. */
export function withTrap(bytes, name) {
  const target = exportedFunction(bytes, name) - importedFunctions(bytes);
  return replaceSection(bytes, CODE, (body) => {
    const reader = new Reader(body);
    const count = reader.number();
    const functions = Array.from({ length: count }, (_, i) => {
      const size = reader.number();
      reader.at += size;
      const code = body.subarray(reader.at - size, reader.at);
      return i === target ? Uint8Array.of(0, 0x00, 0x0b) : code; // no locals, unreachable, end
    });
    return Uint8Array.from([
      ...encode(count),
      ...functions.flatMap((code) => [...encode(code.length), ...code]),
    ]);
  });
}

/** The module with a memory that may have at most `extra` pages more than it starts with. */
export function withMemoryLimit(bytes, extra) {
  return replaceSection(bytes, MEMORY, (body) => {
    const reader = new Reader(body);
    if (reader.number() !== 1) throw new Error('not one memory');
    const { minimum } = reader.limits();
    return Uint8Array.from([1, 1, ...encode(minimum), ...encode(minimum + extra)]);
  });
}

/** Initial and greatest size of the module's memory, in pages of 64 KiB. */
export function memoryLimits(bytes) {
  const reader = new Reader(section(bytes, MEMORY));
  reader.number();
  return reader.limits();
}

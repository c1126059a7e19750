// The layout of structs in ts/engine/structs.ts is the one that the compiler asserts in wasm/layout.c, with
// the fields and in the order of the headers; their bytes come back as what they were made of.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { root } from './support/backends.mjs';
import { internals } from './support/engine.mjs';

const NAMES = [
  'ttt_config',
  'ttt_recall_options',
  'bitllama_config',
  'bitllama_session_options',
  'bitllama_sampling',
  'bitllama_suggesting',
  'bitllama_suggestion',
  'bitllama_training',
  'bitllama_step',
  'ttt_error',
];

const snakeCase = (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

/** Fields and size of a struct as wasm/layout.c asserts them. */
function asserted(text, name) {
  const [, body, size] = text.match(
    new RegExp(`#define STRUCT ${name}\n([^#]*)sizeof\\(STRUCT\\) == (\\d+),\\s+"${name}"`),
  );
  const fields = [...body.matchAll(/AT\((\w+), (\d+)\)/g)];
  return { fields: fields.map(([, field, at]) => [field, Number(at)]), size: Number(size) };
}

/** The names of a struct's fields in a header, in their order. */
function declared(text, name) {
  const body = text.match(new RegExp(`typedef struct ${name} \\{(.*?)\\} ${name};`, 's'))[1];
  return body
    .replace(/\/\*.*?\*\//gs, '')
    .split(';')
    .flatMap((line) => line.split(','))
    .map((part) => part.match(/(\w+)(\[\w+\])?\s*$/)?.[1])
    .filter((field) => field !== undefined);
}

describe('structs', () => {
  const layout = readFileSync(`${root}wasm/layout.c`, 'utf8');
  const headers = ['base', 'ttt', 'recall', 'llama']
    .map((name) => readFileSync(`${root}include/bit_ttt/${name}.h`, 'utf8'))
    .join('\n');
  let code;
  before(async () => {
    code = await internals('ts/engine/structs.ts');
  });

  for (const name of NAMES) {
    it(`${name} has the layout that the compiler asserts, and the fields of the header`, () => {
      const { fields, offsets, size } = code[name.toUpperCase()];
      const own = Object.keys(fields).map((field) => [snakeCase(field), offsets[field]]);
      assert.deepEqual({ fields: own, size }, asserted(layout, name));
      assert.deepEqual(
        own.map(([field]) => field),
        declared(headers, name),
      );
    });
  }

  it('there are no others', () => {
    const all = Object.keys(code).filter((name) => typeof code[name] === 'object');
    assert.deepEqual(all.map((name) => name.toLowerCase()).sort(), [...NAMES].sort());
    const found = [...layout.matchAll(/#define STRUCT (\w+)/g)].map(([, name]) => name);
    assert.deepEqual(found, NAMES);
  });

  it('become bytes and come back', () => {
    const { BITLLAMA_CONFIG, BITLLAMA_STEP, TTT_CONFIG, TTT_ERROR, decode, encode } = code;
    const layer = {
      objective: 1,
      hiddenDim: 65536,
      seed: 2n ** 64n - 1n,
      innerLr: 0.5,
      threads: 3,
      rule: 1,
      forgetting: 0.75,
      ridge: 2,
      reserved: 0,
    };
    const bytes = encode(TTT_CONFIG, layer);
    assert.equal(
      Buffer.from(bytes).toString('hex'),
      '3000000001000000' +
        '0000010000000000' +
        'ffffffffffffffff' +
        '0000003f03000000' +
        '010000000000403f' +
        '0000004000000000',
    );
    const found = decode(TTT_CONFIG, new Uint8Array([9, ...bytes]).subarray(1));
    assert.deepEqual(found, { size: 48, ...layer, seed: 2 ** 64 });
    const step = { loss: 0.1, learningRate: 0.25, gradientNorm: 3, step: 7, tokens: 2 ** 40 };
    assert.deepEqual(decode(BITLLAMA_STEP, encode(BITLLAMA_STEP, step)), step);
    const error = { status: 40, offset: 2 ** 33, text: 'no model' };
    assert.deepEqual(decode(TTT_ERROR, encode(TTT_ERROR, error)), error);
    const width = {
      vocabSize: 32,
      hiddenDim: 64,
      numLayers: 2,
      mlpDim: 16,
      innerDim: 16,
      headDim: 16,
    };
    const mixers = Uint8Array.of(2, 1);
    const shape = decode(
      BITLLAMA_CONFIG,
      encode(BITLLAMA_CONFIG, { ...width, innerLr: 0.5, normEps: 0.25, mixers }),
    );
    assert.deepEqual(
      shape.mixers,
      Uint8Array.from({ length: 64 }, (_, i) => mixers[i] ?? 0),
    );
    assert.throws(
      () => encode(BITLLAMA_CONFIG, { ...shape, mixers: new Uint8Array(65) }),
      RangeError,
    );
  });
});

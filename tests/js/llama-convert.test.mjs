// convertModel: files of every kind, converted on both backends to the same bytes, whose model is the same.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';

import { BitLlama, convertModel, Tokenizer } from 'bit-ttt';

import { backends } from './support/backends.mjs';
import { originalModel } from './support/cli-llama.mjs';
import { cutIntoShards } from './support/shards.mjs';
import { mixedModel, smallTokenizer, smallTrainer } from './support/small-llama.mjs';

/** Metadata, names and shapes of tensors, and the data of a safetensors file. */
function partsOf(file) {
  const bytes = Buffer.from(file);
  const end = 8 + Number(bytes.readBigUInt64LE());
  const { __metadata__: metadata, ...tensors } = JSON.parse(bytes.toString('utf8', 8, end));
  return { metadata, tensors, data: bytes.subarray(end) };
}

/** The header of a .bitt file, and the safetensors file in it. */
function openBitt(file) {
  const bytes = Buffer.from(file);
  assert.equal(bytes.toString('latin1', 0, 4), 'BITT');
  const end = 12 + Number(bytes.readBigUInt64LE(4));
  return { header: JSON.parse(bytes.toString('utf8', 12, end)), inner: bytes.subarray(end) };
}

/** Converts on all backends, which must give the same bytes. */
async function convert(source, options) {
  const [first, ...others] = await Promise.all(
    backends.map((backend) => convertModel(source, { backend, ...options })),
  );
  for (const other of others) assert.ok(Buffer.from(first).equals(other));
  return first;
}

async function fingerprintOf(source, options) {
  const model = await BitLlama.load(source, options);
  const { fingerprint } = model;
  model.destroy();
  return fingerprint;
}

const fails = (call, code, text = /./) =>
  assert.rejects(call, (error) => error.code === code && text.test(error.message));

describe('convertModel', () => {
  let packed, weights, tokenizer;
  before(async () => {
    packed = await mixedModel();
    tokenizer = await smallTokenizer();
    const trainer = await smallTrainer();
    weights = trainer.weights();
    trainer.destroy();
  });

  it('makes of a compact file f32 files of the same model, which need no others', async () => {
    const wanted = await fingerprintOf(packed);
    for (const to of ['bitt', 'safetensors']) {
      const file = await convert(packed, { to });
      assert.ok(file.length > 3 * packed.length, to);
      const model = await BitLlama.load(file);
      assert.equal(model.fingerprint, wanted, to);
      assert.deepEqual(model.tokenizer.toJSON(), tokenizer.toJSON(), to);
      assert.deepEqual(Buffer.from(model.pack()), Buffer.from(packed), to);
      model.destroy();
    }
  });

  it('keeps f32 tensors to the bit, in either format and out of shards', async () => {
    const { tensors, data } = partsOf(weights);
    const same = (file) => {
      const found = partsOf(file);
      assert.deepEqual(found.tensors, tensors);
      assert.deepEqual(found.data, data);
    };
    same(await convert(weights, { to: 'safetensors' }));
    same(openBitt(await convert(weights, { to: 'bitt' })).inner);
    const { index, shards } = cutIntoShards(weights, 3);
    const named = Object.fromEntries(shards.map(({ name, bytes }) => [name, bytes]));
    const whole = await convert({ index, shards: named }, { to: 'safetensors' });
    const cut = shards.map(({ bytes }) => partsOf(bytes));
    assert.deepEqual(
      Object.keys(partsOf(whole).tensors),
      cut.flatMap((part) => Object.keys(part.tensors)),
    );
    assert.deepEqual(partsOf(whole).data, Buffer.concat(cut.map((part) => part.data)));
    assert.equal(await fingerprintOf(whole), await fingerprintOf(weights));
  });

  it('widens f16 and bf16 exactly', async () => {
    const [config, wide] = originalModel('F32', tokenizer.vocabSize);
    for (const dtype of ['F16', 'BF16']) {
      const [, narrow] = originalModel(dtype, tokenizer.vocabSize);
      const options = { config, tokenizer: JSON.stringify(tokenizer) };
      const file = await convert(narrow, { ...options, to: 'safetensors' });
      assert.deepEqual(partsOf(file).data, partsOf(wide).data, dtype);
      assert.equal(await fingerprintOf(file), await fingerprintOf(wide, { config }), dtype);
      const { header } = openBitt(await convert(narrow, { ...options, to: 'bitt' }));
      assert.deepEqual(header, { config: JSON.parse(config), tokenizer: tokenizer.toJSON() });
    }
  });

  it('puts another tokenizer and metadata in', async () => {
    const json = { ...tokenizer.toJSON(), version: '1.0', padding: null };
    const other = Tokenizer.from({ ...json, note: 'other' });
    const bitt = openBitt(await convert(packed, { to: 'bitt', tokenizer: other }));
    assert.deepEqual(bitt.header.tokenizer, other.toJSON());
    assert.equal(partsOf(bitt.inner).metadata, undefined);
    const standalone = partsOf(await convert(packed, { to: 'safetensors', tokenizer: other }));
    assert.deepEqual(Object.keys(standalone.metadata), ['config', 'tokenizer']);
    assert.deepEqual(JSON.parse(standalone.metadata.tokenizer), other.toJSON());
    const metadata = { writer: 'a "test"\n', é: '\u2028\u{1f600}' };
    const inner = openBitt(await convert(packed, { to: 'bitt', metadata })).inner;
    assert.deepEqual(partsOf(inner).metadata, metadata);
    assert.deepEqual(
      partsOf(await convert(packed, { to: 'safetensors', metadata })).metadata,
      metadata,
    );
  });

  for (const backend of backends) {
    it(`says what is wrong, on ${backend}`, async () => {
      const run = (source, options) => () => convertModel(source, { backend, ...options });
      const to = 'bitt';
      await fails(run(packed, {}), 'INVALID_ARGUMENT', /to must be/);
      await fails(run(packed, { to: 'gguf' }), 'INVALID_OPTION', /to must be 'bitt' or/);
      for (const metadata of [5, { a: 1 }, { a: 'b\0' }, { 'a\0': 'b' }, { a: '\ud800' }]) {
        await fails(run(packed, { to, metadata }), 'INVALID_ARGUMENT', /metadata/);
      }
      const many = Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`k${i}`, '']));
      await fails(run(packed, { to, metadata: many }), 'INVALID_OPTION', /64/);
      await fails(run({ bitLlamaModel: 1n }, { to }), 'INVALID_ARGUMENT', /a model is a path/);
      await fails(run(packed, { to, config: '{}' }), 'MODEL_CONFIG', /carries its configuration/);
      await fails(run(packed.subarray(1), { to }), 'MODEL_FORMAT');
      await fails(run(packed, { to, maxBytes: 10 }), 'MODEL_TOO_LARGE');
      await fails(run(packed, { to, tokenizer: '{}' }), 'INVALID_TOKENIZER');
      await fails(run(packed, { to, signal: AbortSignal.abort() }), 'ABORTED');
      await fails(run('no/such.bitt', { to }), 'MODEL_UNAVAILABLE', /no\/such/);
    });
  }
});

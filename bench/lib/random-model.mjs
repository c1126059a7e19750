/**
 * random-model.mjs - a Bit-Llama of random weights and its tokenizer, as a file to be measured.
 * SPDX-License-Identifier: MIT
 */
import { writeFileSync } from 'node:fs';
import { Trainer, Tokenizer } from 'bit-ttt';

/** A tokenizer whose words are "w0", "w1", ...: as many as the vocabulary has room for. */
function tokenizerJson(vocabSize) {
  const vocab = { '<|endoftext|>': 0 };
  for (let i = 1; i < vocabSize; i++) vocab[`w${i}`] = i;
  return {
    version: '1.0',
    added_tokens: [{ id: 0, content: '<|endoftext|>', special: true, single_word: false, lstrip: false, rstrip: false, normalized: false }],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: null,
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: { type: 'BPE', dropout: null, unk_token: null, vocab, merges: [] },
  };
}

/** Writes what a training would begin with, quantised as models are shipped. */
export async function writeRandomModel(path, { dim, layers, mlp, vocab }) {
  const trainer = await Trainer.create({
    tokens: Uint32Array.from({ length: 4096 }, (_, i) => i % vocab),
    tokenizer: Tokenizer.from(tokenizerJson(vocab)),
    config: { hiddenDim: dim, numLayers: layers, mlpDim: mlp, vocabSize: vocab },
    training: { steps: 1, batch: 1, context: 16 },
  });
  writeFileSync(path, trainer.model().pack());
  trainer.destroy();
}

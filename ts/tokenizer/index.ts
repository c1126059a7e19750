/**
 * index.ts - what the tokenizer offers to the rest of the package.
 * SPDX-License-Identifier: MIT
 */
export type { AddedTokenJson, BpeModelJson, MergeJson, TokenizerJson } from './json.js';
export type { StreamDecoder } from './stream-decoder.js';
export type { DecodeOptions, EncodeAsyncOptions, EncodeOptions } from './tokenizer.js';
export { isTokenizer, Tokenizer } from './tokenizer.js';
export type {
  BpeProgress,
  BpeTrainingOptions,
  TextSource,
  TrainBpeOptions,
  TrainedBpe,
} from './train-bpe.js';
export { trainBpe, trainBpeSteps } from './train-bpe.js';
export type { TokenizerSource } from './vocabulary.js';

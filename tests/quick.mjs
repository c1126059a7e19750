// quick.mjs - which tests `npm run check` runs: those that notice most for their time. `npm test` runs all.
// SPDX-License-Identifier: MIT

/** C tests that take seconds each, or are a step of their own there; every other one is quick. */
export const slowInC = ['test_corpus', 'test_io_cost', 'test_model_damage', 'layering', 'seams'];

/** Of tests/js, at most a few seconds each: both backends, files, arguments, the tokenizer, the models. */
const quickNames = [
  'addon',
  'api',
  'arguments',
  'choice',
  'cli-tokenizer',
  'environment',
  'golden',
  'licenses',
  'lifecycle',
  'llama',
  'llama-shards',
  'llama-values',
  'load-progress',
  'model-source',
  'progress',
  'recall-addon',
  'recall-engine',
  'signal-detector',
  'splits',
  'state',
  'tokenizer-files',
  'values',
  'wasm-module',
];

export const quickScripts = quickNames.map((name) => `tests/js/${name}.test.mjs`);

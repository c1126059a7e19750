/**
 * told.mjs - sessions of a model that have read a long text: what decoding costs with recall and
 * without, and suggestions.
 * SPDX-License-Identifier: MIT
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Writes a file of tokens (u32), at least `count`: a book, then this project's documentation.
 * @returns {Promise<string>} the path
 */
export async function makeTold(path, modelFile, count) {
  const { BitLlama, encodeDocuments, splitDocuments } = await import('../../dist/index.mjs');
  const model = await BitLlama.load(modelFile);
  const docs = readdirSync(`${root}docs`).filter((name) => name.endsWith('.md'));
  const files = ['examples/alice.txt', ...docs.toSorted().map((name) => `docs/${name}`)];
  const text = files.map((name) => readFileSync(root + name, 'utf8')).join('\n\n');
  const ids = await encodeDocuments(splitDocuments(text), model.tokenizer);
  model.destroy();
  if (ids.length < count) throw new Error(`${ids.length} tokens do not fill the recall`);
  writeFileSync(path, ids);
  return path;
}

/**
 * Those who write after the text was read, each with the recall and without.
 * @param {{native: () => Promise<import('./contestant.mjs').Contestant>, seconds: number}} context
 * @param {(name: string, script: string, ...args: string[]) => Promise<import('./contestant.mjs').Contestant>} node
 *   starts a contestant
 * @param {{kernel: string, model: string, told: string, recall: number, written: number}} setting
 *   model, told: files; written: tokens of a generation
 */
export function recallParticipants({ native, seconds }, node, setting) {
  const { kernel, model, told, written } = setting;
  const inJavaScript = (name, backend) => ({
    name,
    start: () => node(name, 'model-node.mjs', backend, model, told),
    job: (recall) => `after ${written} ${seconds} ${recall}`,
    suggest: (recall) => `suggest 3 ${seconds} ${recall}`,
  });
  const engines = [
    {
      name: 'C',
      start: native,
      job: (recall) => `write ${kernel} ${model} ${told} ${recall} ${seconds}`,
      version: kernel,
    },
    inJavaScript('addon', 'native'),
    inJavaScript('WebAssembly, Node', 'wasm'),
  ];
  return engines.flatMap(({ name, start, job, suggest, version }) =>
    [0, setting.recall].map((recall) => ({
      name: `bit-ttt (${name}${recall ? ', recall' : ''})`,
      side: 'ours',
      process: `${name} told`,
      start,
      jobs: { recall: job(recall), ...(recall && suggest ? { suggest: suggest(recall) } : {}) },
      version,
    })),
  );
}

/**
 * llama-cpp.mjs - node-llama-cpp on a GGUF file, one thread: `decode N SECONDS` (greedy) and
 * `prefill N SECONDS` give tokens/s. Usage: node llama-cpp.mjs PEERS_FOLDER MODEL.gguf [flash]
 * SPDX-License-Identifier: MIT
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { serveJobs } from '../lib/contestant.mjs';
import { rate } from '../lib/rate.mjs';

const [peers, modelPath, flash] = process.argv.slice(2);
const folder = join(peers, 'node_modules', 'node-llama-cpp');
const { getLlama, LlamaLogLevel } = await import(pathToFileURL(join(folder, 'dist', 'index.js')).href);
const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

const llama = await getLlama({ gpu: false, build: 'never', logLevel: LlamaLogLevel.disabled, maxThreads: 1 });
const model = await llama.loadModel({ modelPath });
const context = await model.createContext({
  contextSize: 1024,
  batchSize: 512,
  threads: 1,
  flashAttention: flash === 'flash',
});
const sequence = context.getSequence();
const prompt = (n) => Array.from({ length: n }, (_, i) => 259 + ((i * 7919) % 16000));

async function decode(n) {
  await sequence.clearHistory();
  let made = 0;
  for await (const token of sequence.evaluate(prompt(1), { temperature: 0, yieldEogToken: true })) {
    void token;
    if (++made === n) break;
  }
}

async function prefill(n) {
  await sequence.clearHistory();
  await sequence.evaluateWithoutGeneratingNewTokens(prompt(n));
}

await serveJobs(version, async ([job, count, seconds = '0.3']) => {
  const n = Number(count);
  const run = { decode, prefill }[job];
  if (!run) throw new Error('unknown job');
  const turns = await rate(Number(seconds), async (times) => {
    for (let i = 0; i < times; i++) await run(n);
  });
  return turns * n;
});

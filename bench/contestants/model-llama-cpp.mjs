/**
 * model-llama-cpp.mjs - a GGUF file through node-llama-cpp, on the CPU with one thread:
 * `node model-llama-cpp.mjs PEERS FILE`. Jobs, where FLASH is `on` or `off` (flash attention):
 *   same                          a number that is equal where the same text is written
 *   write TOKENS FLASH SECONDS    tokens/s, greedy, after a prompt of one token
 *   read TOKENS FLASH SECONDS     tokens/s of a prompt alone
 * SPDX-License-Identifier: MIT
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { serveJobs } from '../lib/contestant.mjs';
import { rate } from '../lib/rate.mjs';
import { fingerprint, someTokens, warmUp } from './model-session.mjs';

const [peers, modelPath] = process.argv.slice(2);
const folder = join(peers, 'node_modules', 'node-llama-cpp');
const { getLlama } = await import(pathToFileURL(join(folder, 'dist', 'index.js')).href);
const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

const llama = await getLlama({
  gpu: false,
  build: 'never',
  maxThreads: 1,
  progressLogs: false,
  logger: () => {},
});
const model = await llama.loadModel({ modelPath });
const sequences = {};
for (const flash of ['on', 'off']) {
  const context = await model.createContext({
    contextSize: 512,
    batchSize: 512,
    threads: 1,
    flashAttention: flash === 'on',
  });
  sequences[flash] = context.getSequence();
}

/** Writes so many tokens. */
async function write(sequence, prompt, count) {
  await sequence.clearHistory();
  const written = [];
  for await (const token of sequence.evaluate(prompt, { temperature: 0, yieldEogToken: true }))
    if (written.push(token) === count) break;
  return written;
}

async function read(sequence, tokens) {
  await sequence.clearHistory();
  await sequence.evaluateWithoutGeneratingNewTokens(tokens);
}

const warm = new Set();

async function answer([job, count, flash, seconds]) {
  if (job === 'same')
    return fingerprint(model.detokenize(await write(sequences.off, model.tokenize('abc'), 8)));
  const sequence = sequences[flash];
  const tokens = [...someTokens(Number(count), 16384)];
  const turn = () =>
    job === 'write' ? write(sequence, [1], Number(count)) : read(sequence, tokens);
  if (!warm.has(job + flash)) await warmUp(turn);
  warm.add(job + flash);
  const turns = await rate(Number(seconds), async (n) => {
    for (let i = 0; i < n; i++) await turn();
  });
  return turns * Number(count);
}

await serveJobs(version, answer);
process.exit(0);

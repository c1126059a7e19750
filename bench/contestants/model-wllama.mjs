/**
 * model-wllama.mjs - a GGUF file through wllama in Chromium, on the CPU with one thread:
 * `node model-wllama.mjs PEERS FILE`. Jobs:
 *   same                    a number that is equal where the same text is written
 *   write TOKENS SECONDS    tokens/s, greedy
 *   read TOKENS SECONDS     tokens/s of a prompt
 * Rates are those that it tells itself, without its way between page and worker; the best of six
 * completions at least. Prompts are texts of one token a character (lib/gguf.mjs).
 * SPDX-License-Identifier: MIT
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { serveJobs } from '../lib/contestant.mjs';
import { openPage } from '../lib/page.mjs';
import { fingerprint } from './model-session.mjs';

const [peers, file] = process.argv.slice(2);
const folder = join(peers, 'node_modules', '@wllama', 'wllama');
const wllama = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const { page, version } = await openPage({
  '/wllama/': join(folder, 'esm'),
  '/model.gguf': file,
});

await page.evaluate(async () => {
  const { Wllama } = await import('/wllama/index.min.js');
  const settings = { n_ctx: 1024, n_batch: 512, n_threads: 1, n_gpu_layers: 0, n_parallel: 1 };
  const engine = new Wllama({ default: '/wllama/wasm/wllama.wasm' }, { suppressNativeLog: true });
  await engine.loadModel([await (await fetch('/model.gguf')).blob()], settings);
  window.complete = (prompt, max_tokens) =>
    engine.createCompletion({ prompt, max_tokens, temperature: 0, cache_prompt: false });
});

const complete = (prompt, count) =>
  page.evaluate(([text, tokens]) => window.complete(text, tokens), [prompt, count]);

/** A text of so many tokens, another one each time. */
function someText(count) {
  const letter = () => String.fromCharCode(33 + Math.floor(Math.random() * 94));
  return Array.from({ length: count }, letter).join('');
}

// Chromium compiles it again, for speed, while it first works.
for (let i = 0; i < 3; i++) await complete(someText(128), 16);

/** What a completion tells about itself, in tokens a second. */
async function tokensPerSecond(job, count) {
  if (job === 'write') return (await complete(someText(3), count)).timings.predicted_per_second;
  const { timings } = await complete(someText(count), 1);
  if (timings.prompt_n !== count) throw new Error('it made other tokens of the text');
  return timings.prompt_per_second;
}

async function answer([job, count, seconds]) {
  if (job === 'same') return fingerprint((await complete('abc', 8)).choices[0].text);
  let best = 0;
  const begin = performance.now();
  for (let i = 0; i < 6 || performance.now() - begin < 1000 * Number(seconds); i++)
    best = Math.max(best, await tokensPerSecond(job, Number(count)));
  return best;
}

await serveJobs(`${wllama.version}, ${version}`, answer);
process.exit(0); // Chromium ends with it

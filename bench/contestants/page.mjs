/**
 * page.mjs - the side of llama-page.mjs that runs on the page: makes window.measure(words).
 * SPDX-License-Identifier: MIT
 */
const parameters = new URLSearchParams(location.search);
const model = await (await fetch(parameters.get('model'))).blob();

/** Our model, on the page's thread. */
async function ours() {
  const { BitLlama, getInfo } = await import('bit-ttt');
  const { jobsOf } = await import('../lib/llama-jobs.mjs');
  const loaded = await BitLlama.load(new Uint8Array(await model.arrayBuffer()));
  const { version, kernel } = await getInfo();
  return { version: `${version} ${kernel}`, measure: jobsOf(loaded) };
}

/**
 * wllama, in its worker: a completion is asked for, and its own timings are taken, which leave out what
 * messages to the worker cost.
 */
async function wllama() {
  const { Wllama, LoggerWithoutDebug } = await import('/peers/@wllama/wllama/esm/index.js');
  const engine = new Wllama({ default: '/peers/@wllama/wllama/esm/wasm/wllama.wasm' }, { logger: LoggerWithoutDebug });
  await engine.loadModel([model], { n_threads: 1, n_ctx: 1024, n_batch: 512 });
  // The vocabulary has no merges: each letter is a token.
  const words = (n) => Array.from({ length: n }, (_, i) => 'abcdefghij'[(i * 7) % 10]).join('');
  const complete = async (prompt, tokens) =>
    (await engine.createCompletion({ prompt, max_tokens: tokens, temperature: 0, cache_prompt: false })).timings;
  return {
    version: parameters.get('version'),
    async measure([job, count]) {
      const n = Number(count);
      if (job === 'decode') return (await complete(words(1), n)).predicted_per_second;
      if (job === 'prefill') return (await complete(words(n), 1)).prompt_per_second;
      throw new Error('unknown job');
    },
  };
}

const contestant = await { ours, wllama }[parameters.get('contestant')]();
window.version = contestant.version;
window.measure = async (words) => {
  try {
    return await contestant.measure(words);
  } catch (error) {
    return { problem: error.message };
  }
};

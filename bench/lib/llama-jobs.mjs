/**
 * llama-jobs.mjs - what a Bit-Llama is measured by, in Node and on a page.
 * SPDX-License-Identifier: MIT
 */
import { rate } from './rate.mjs';

/**
 * Answers `decode N SECONDS` (greedy) and `prefill N SECONDS`, both through generate(), in tokens/s.
 * @param {import('bit-ttt').BitLlama} model
 */
export function jobsOf(model) {
  const session = model.createSession();
  const { vocabSize } = model.config;
  const ids = (n) => Uint32Array.from({ length: n }, (_, i) => 1 + ((i * 7919) % (vocabSize - 1)));
  const write = async (prompt, maxTokens) => {
    session.reset();
    const pieces = session.generate(prompt, { temperature: 0, maxTokens, stopTokens: [], raw: true });
    for (;;) {
      const { done, value } = await pieces.next();
      if (!done) continue;
      if (value.tokens.length !== maxTokens) throw new Error(`${value.tokens.length} of ${maxTokens} tokens`);
      return;
    }
  };
  const runs = { decode: (n) => write(ids(1), n), prefill: (n) => write(ids(n), 0) };
  return async ([job, count, seconds = '0.3']) => {
    const n = Number(count);
    if (!runs[job]) throw new Error('unknown job');
    const turns = await rate(Number(seconds), async (times) => {
      for (let i = 0; i < times; i++) await runs[job](n);
    });
    return turns * n;
  };
}

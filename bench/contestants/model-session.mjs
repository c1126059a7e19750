/**
 * model-session.mjs - what a session of ours is measured at; the same code in Node and in a page.
 * SPDX-License-Identifier: MIT
 */

/** A number that tells texts apart (FNV-1a). */
export function fingerprint(text) {
  let hash = 0x811c9dc5;
  for (const character of text) hash = Math.imul(hash ^ character.codePointAt(0), 0x01000193);
  return hash >>> 0;
}

/** Token ids all over the vocabulary. */
export function someTokens(count, vocabulary) {
  return Uint32Array.from({ length: count }, (_, i) => 300 + ((i * 7919) % (vocabulary - 300)));
}

const WARM_UP_MS = 600;

/** Does something again and again until an engine has compiled what it runs. */
export async function warmUp(turn) {
  for (const end = performance.now() + WARM_UP_MS; performance.now() < end; ) await turn();
}

/** Runs a generation to its end. */
async function drain(pieces) {
  for (;;) {
    const { done, value } = await pieces.next();
    if (done) return value;
  }
}

/**
 * Jobs for a model:
 *   same                    a number that is equal where the same tokens are written
 *   write TOKENS SECONDS    tokens/s of `generate`, greedy, after a prompt of one token
 *   read TOKENS SECONDS     tokens/s of `generate` that only reads its prompt
 *   judge TOKENS SECONDS    tokens/s of `read`, which also tells how likely each token was
 *   after TOKENS SECONDS RECALL   tokens/s of `generate`, drawn, by a session with this recall (0: none) that
 *                           has read `told`
 * All but the last are of the model alone.
 * @param {object} model a BitLlama
 * @param {(seconds: number, run: (turns: number) => Promise<void>) => Promise<number>} rate
 * @param {() => Uint32Array} [told] tokens
 * @returns {(words: string[]) => Promise<number>}
 */
export function sessionJobs(model, rate, told) {
  const session = model.createSession({ recall: false });
  const write = (maxTokens) =>
    drain(session.generate([1], { temperature: 0, maxTokens, stopTokens: [] }));
  const turnOf = {
    write: (count) => () => write(count),
    read: (count) => {
      const tokens = someTokens(count, model.config.vocabSize);
      return () => drain(session.generate(tokens, { maxTokens: 0 }));
    },
    judge: (count) => {
      const tokens = someTokens(count, model.config.vocabSize);
      return () => session.read(tokens);
    },
  };
  const warm = new Set();
  /** Sessions that have read, by their recall. */
  const readers = new Map();
  const readerOf = (recall) => {
    if (!readers.has(recall)) {
      const reader = model.createSession({ recall: recall || false });
      reader.read(told());
      readers.set(recall, reader);
    }
    return readers.get(recall);
  };
  const after = async (count, seconds, recall) => {
    const reader = readerOf(recall);
    let seed = 0;
    const turn = () =>
      drain(reader.generate([1], { maxTokens: count, stopTokens: [], seed: seed++ }));
    if (!warm.has(recall)) await warmUp(turn);
    warm.add(recall);
    const turns = await rate(seconds, async (n) => {
      for (let i = 0; i < n; i++) await turn();
    });
    return turns * count;
  };
  return async ([job, count, seconds, recall]) => {
    if (job === 'after') return after(Number(count), Number(seconds), Number(recall));
    if (job === 'same') {
      session.reset();
      return fingerprint((await write(64)).tokens.join(' '));
    }
    if (!turnOf[job]) throw new Error(`unknown job ${job}`);
    const turn = turnOf[job](Number(count));
    const again = () => {
      session.reset();
      return turn();
    };
    if (!warm.has(job)) await warmUp(again);
    warm.add(job);
    const turns = await rate(Number(seconds), async (n) => {
      for (let i = 0; i < n; i++) await again();
    });
    return turns * Number(count);
  };
}

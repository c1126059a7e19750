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

/** Words to complete, as they are typed: what stands before, and the letters. */
const WORDS = 'Alice thought that the old man walked down to the river and sat under a tree'.split(
  ' ',
);
const QUESTIONS = WORDS.flatMap((word, i) =>
  [0, 1, 2].map((letters) => [`\n${WORDS.slice(0, i).join(' ')} `, word.slice(0, letters)]),
);

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
 *   suggest 3 SECONDS RECALL      `suggest` calls/s of such a session, before words, after one letter of them and
 *                           after two; 3: words that are asked for
 * All but the last two are of the model alone.
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
  /** How often a second something is done, by a session that has read. */
  const rateAfter = async (name, seconds, turn) => {
    if (!warm.has(name)) await warmUp(turn);
    warm.add(name);
    return rate(seconds, async (n) => {
      for (let i = 0; i < n; i++) await turn();
    });
  };
  const after = async (count, seconds, recall) => {
    const reader = readerOf(recall);
    let seed = 0;
    const turn = () =>
      drain(reader.generate([1], { maxTokens: count, stopTokens: [], seed: seed++ }));
    return count * (await rateAfter(`after ${recall}`, seconds, turn));
  };
  const suggest = async (count, seconds, recall) => {
    const reader = readerOf(recall);
    const turn = () => {
      for (const [before, typed] of QUESTIONS) reader.suggest(before, typed, { count });
    };
    return QUESTIONS.length * (await rateAfter(`suggest ${recall}`, seconds, turn));
  };
  return async ([job, count, seconds, recall]) => {
    if (job === 'after') return after(Number(count), Number(seconds), Number(recall));
    if (job === 'suggest') return suggest(Number(count), Number(seconds), Number(recall));
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

// The engine's side of the app: one model, one story at a time. Knows nothing of Electron.
// SPDX-License-Identifier: MIT
import { BitLlama, getInfo } from 'bit-ttt';
import { modelUrl } from 'bit-ttt/model';

const LONGEST_PROMPT = 4000;

/** @type {Promise<BitLlama> | undefined} */
let model;

/** @type {AbortController | undefined} */
let running;

/** @returns {Promise<EngineInfo>} */
export async function info() {
  const { backend, kernel, fallback } = await getInfo();
  return { backend, kernel, fallback };
}

/**
 * A request from a window is data from outside: anything may be in it.
 * @param {unknown} value
 * @returns {StoryRequest}
 */
function checkRequest(value) {
  const { prompt, temperature, seed } = /** @type {Partial<StoryRequest>} */ (value ?? {});
  if (typeof prompt !== 'string' || prompt.trim() === '') {
    throw new Error('The story has no beginning.');
  }
  if (prompt.length > LONGEST_PROMPT) {
    throw new Error(`A beginning has at most ${LONGEST_PROMPT} characters.`);
  }
  if (typeof temperature !== 'number' || typeof seed !== 'number') {
    throw new Error('Temperature and seed must be numbers.');
  }
  return { prompt, temperature, seed };
}

/**
 * Writes a story, piece by piece; never throws.
 * @param {unknown} request
 * @param {(piece: string) => void} onPiece
 * @returns {Promise<StoryEnd>}
 */
export async function write(request, onPiece) {
  if (running) return { stopped: false, error: 'A story is being written already.' };
  const control = (running = new AbortController());
  try {
    const { prompt, temperature, seed } = checkRequest(request);
    model ??= BitLlama.load(modelUrl);
    model.catch(() => (model = undefined)); // the next story tries again
    const session = (await model).createSession();
    try {
      const options = { temperature, seed, maxTokens: 400, signal: control.signal };
      for await (const piece of session.generate(prompt, options)) onPiece(piece);
    } finally {
      session.destroy();
    }
    return { stopped: false, error: null };
  } catch (error) {
    if (control.signal.aborted) return { stopped: true, error: null };
    return { stopped: false, error: error instanceof Error ? error.message : String(error) };
  } finally {
    running = undefined;
  }
}

/** Ends the story that is being written, if there is one. */
export function stop() {
  running?.abort();
}

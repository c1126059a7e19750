/**
 * evaluation.ts - measures how well a model predicts a text.
 * SPDX-License-Identifier: MIT
 */
import { takeOptions } from '../common/named-options.js';
import { readTokens } from '../common/options.js';
import { takeSignal } from '../common/signal.js';
import { Turns } from '../common/turns.js';
import type { AbortSignalLike } from '../common/types.js';
import { splitDocuments } from './documents.js';
import { EVALUATE } from './option-names.js';
import type { LanguageModel } from './session.js';
import { checkModel, needTokenizer } from './shared.js';
import type { EvaluateOptions, Evaluation, SessionOptions } from './types.js';

/** A document's tokens, and its length in UTF-8. */
interface Document {
  ids: Uint32Array;
  bytes: number;
}

/** Documents of tokens that lie between separators; none of them empty. */
function* cutTokens(tokens: Uint32Array, model: LanguageModel): Generator<Document> {
  const { tokenizer } = model;
  const end = tokenizer?.endOfText;
  for (let at = 0; at < tokens.length; ) {
    const next = end === undefined ? -1 : tokens.indexOf(end, at);
    const ids = tokens.subarray(at, next < 0 ? tokens.length : next);
    const bytes = ids.reduce((sum, id) => sum + (tokenizer?.byteLengths[id] ?? 0), 0);
    if (ids.length > 0) yield { ids, bytes };
    at += ids.length + 1;
  }
}

async function* cutText(
  text: string,
  model: LanguageModel,
  signal: AbortSignalLike | undefined,
): AsyncGenerator<Document> {
  const tokenizer = needTokenizer(model.tokenizer);
  const utf8 = new TextEncoder();
  for (const one of splitDocuments(text)) {
    yield { ids: await tokenizer.encodeAsync(one, { signal }), bytes: utf8.encode(one).length };
  }
}

/**
 * How well a model predicts the documents of a text (see `splitDocuments`), or of tokens, each with
 * an empty memory; `recall` is that of `createSession`, false for the model alone.
 *
 * An end-of-text token before each document is not scored; the one after it is, as a token of 0
 * bytes. For tokens without a tokenizer, `bytes` is 0. A text without documents has no score (NaN).
 * Codes: `INVALID_ARGUMENT`, `INVALID_OPTION`, `INVALID_TOKEN`, `ABORTED`.
 *
 * @example
 * ```js
 * import { BitLlama, evaluateText } from 'bit-ttt';
 * import { modelUrl } from 'bit-ttt/models/stories';
 *
 * const model = await BitLlama.load(modelUrl);
 * const { bytes, bitsPerByte } = await evaluateText(model, 'Once upon a time there was a cat.');
 * console.log(bytes, bitsPerByte < 2);
 * ```
 *
 * ```text
 * 33 true
 * ```
 */
export async function evaluateText(
  model: LanguageModel,
  text: string | ArrayLike<number>,
  options: EvaluateOptions = {},
): Promise<Evaluation> {
  const given = takeOptions(options, EVALUATE);
  const signal = takeSignal(given.signal);
  const recall = given.recall as SessionOptions['recall']; // createSession checks it
  checkModel(model);
  const documents =
    typeof text === 'string'
      ? cutText(text, model, signal)
      : cutTokens(readTokens(text, model.config.vocabSize, 'tokens'), model);
  const session = model.createSession({ recall });
  const turns = new Turns(signal);
  const end = model.tokenizer?.endOfText;
  const sum = { nats: 0, tokens: 0, bytes: 0, documents: 0 };
  try {
    for await (const { ids, bytes } of documents) {
      const all = end === undefined ? ids : surround(ids, end);
      const first = end === undefined ? 0 : 1;
      session.reset();
      await turns.inSlices(all.length, (from, to) => {
        const { logProbabilities } = session.read(all.subarray(from, to));
        for (let i = Math.max(0, first - from); i < to - from; i++)
          sum.nats -= logProbabilities[i]!;
      });
      sum.tokens += all.length - first;
      sum.bytes += bytes;
      sum.documents++;
    }
  } finally {
    session.destroy();
  }
  return {
    tokens: sum.tokens,
    bytes: sum.bytes,
    documents: sum.documents,
    natsPerToken: sum.tokens ? sum.nats / sum.tokens : NaN,
    bitsPerByte: sum.bytes ? sum.nats / Math.LN2 / sum.bytes : NaN,
  };
}

function surround(ids: Uint32Array, end: number): Uint32Array {
  const all = new Uint32Array(ids.length + 2).fill(end);
  all.set(ids, 1);
  return all;
}

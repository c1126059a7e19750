/**
 * documents.ts - cuts a text into documents, makes tokens of them, and measures a model on them.
 *
 * A document stands between separators, without the white space around it. Every document is read
 * after a separator; foretelling the one after it counts as a token, not as bytes.
 * SPDX-License-Identifier: MIT
 */
import { checkSignal } from './async.js';
import type { BitLlama } from './llama.js';
import { needTokenizer } from './llama-shared.js';
import type { Evaluation } from './llama-types.js';
import { readTokens } from './options.js';
import type { Tokenizer } from './tokenizer/index.js';
import { Turns } from './turns.js';
import type { AbortSignalLike } from './types.js';

/** The text of a tokenizer's end of text. */
function separatorOf(tokenizer: Tokenizer): string | undefined {
  return [...tokenizer.specialTokens].find(([, id]) => id === tokenizer.endOfText)?.[0];
}

/** The documents of a text, none of them empty. */
export function documentsOf(text: string, tokenizer: Tokenizer): string[] {
  const separator = separatorOf(tokenizer);
  const parts = separator === undefined ? [text] : text.split(separator);
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** All documents as one array of tokens, with a separator before, between and after them. */
export async function tokensOfDocuments(
  text: string,
  tokenizer: Tokenizer,
  signal: AbortSignalLike | undefined,
): Promise<Uint32Array> {
  const parts: Uint32Array[] = [];
  const end = tokenizer.endOfText;
  const separator = Uint32Array.from(end === undefined ? [] : [end]);
  const turns = new Turns(signal);
  parts.push(separator);
  for (const one of documentsOf(text, tokenizer)) {
    parts.push(await tokenizer.encodeAsync(one, { signal }), separator);
    await turns.rest();
  }
  const all = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** A document's tokens, and its length in UTF-8. */
interface Document {
  ids: Uint32Array;
  bytes: number;
}

/** Documents of tokens that lie between separators; none of them empty. */
function* cutTokens(tokens: Uint32Array, model: BitLlama): Generator<Document> {
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
  model: BitLlama,
  signal: AbortSignalLike | undefined,
): AsyncGenerator<Document> {
  const tokenizer = needTokenizer(model.tokenizer);
  const utf8 = new TextEncoder();
  for (const one of documentsOf(text, tokenizer)) {
    yield { ids: await tokenizer.encodeAsync(one, { signal }), bytes: utf8.encode(one).length };
  }
}

/**
 * How well a model foretells the documents of a text, or of tokens, each with an empty memory.
 * Of tokens without a tokenizer the bytes are unknown: 0.
 */
export async function evaluateText(
  model: BitLlama,
  text: string | ArrayLike<number>,
  signal?: AbortSignalLike,
): Promise<Evaluation> {
  checkSignal(signal);
  const documents =
    typeof text === 'string'
      ? cutText(text, model, signal)
      : cutTokens(readTokens(text, model.config.vocabSize, 'tokens'), model);
  const session = model.createSession();
  const turns = new Turns(signal);
  const end = model.tokenizer?.endOfText;
  const sum = { nats: 0, tokens: 0, bytes: 0, documents: 0 };
  try {
    for await (const { ids, bytes } of documents) {
      const all = end === undefined ? ids : surround(ids, end);
      const first = end === undefined ? 0 : 1;
      session.reset();
      await turns.inShares(all.length, (from, to) => {
        const { logProbabilities } = session.read(all.subarray(from, to));
        for (let i = Math.max(0, first - from); i < to - from; i++) sum.nats -= logProbabilities[i]!;
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
    natsPerToken: sum.tokens ? sum.nats / sum.tokens : 0,
    bitsPerByte: sum.bytes ? sum.nats / Math.LN2 / sum.bytes : 0,
  };
}

function surround(ids: Uint32Array, end: number): Uint32Array {
  const all = new Uint32Array(ids.length + 2).fill(end);
  all.set(ids, 1);
  return all;
}

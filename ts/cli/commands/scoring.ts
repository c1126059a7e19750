/**
 * scoring.ts - how well a model predicts texts: nats per token and bits per byte.
 *
 * The session forgets before each document. A document is preceded by the end-of-text token, which
 * is not counted, and followed by another one, which is counted: the end is a token without bytes.
 * SPDX-License-Identifier: MIT
 */
import type { BitLlama, Evaluation } from 'bit-ttt';
import { evaluateText, TTTError } from 'bit-ttt';
import { Turns } from '../../common/turns.js';

/** What was measured. */
export interface Score {
  documents: number;
  /** Tokens counted. */
  tokens: number;
  bytes: number;
  /** Sum of -log p. */
  nats: number;
}

/** Mean loss of a token. */
export function natsPerToken({ nats, tokens }: Score): number {
  return nats / tokens;
}

/** Bits that the model needs for a byte of text. */
export function bitsPerByte({ nats, bytes }: Score): number {
  return nats / Math.LN2 / bytes;
}

/** A document's figures; undefined if `signal` ended the reading. */
async function evaluateUntil(
  model: BitLlama,
  document: string,
  signal: AbortSignal | undefined,
): Promise<Evaluation | undefined> {
  try {
    return await evaluateText(model, document, { signal });
  } catch (error) {
    if (error instanceof TTTError && error.code === 'ABORTED') return undefined;
    throw error;
  }
}

/**
 * Measures a model on documents, one by one, and calls `progress` after each. It ends after the document that
 * reaches `most` tokens; after `stop` only the documents that were read to their end count.
 */
export async function scoreDocuments(
  model: BitLlama,
  documents: readonly string[],
  progress: (score: Score) => void = () => undefined,
  most = Infinity,
  stop?: AbortSignal,
): Promise<Score> {
  const score: Score = { documents: 0, tokens: 0, bytes: 0, nats: 0 };
  const turns = new Turns();
  for (const document of documents) {
    await turns.rest(); // signals are handled between short documents too
    if (score.tokens >= most || stop?.aborted === true) break;
    const found = await evaluateUntil(model, document, stop);
    if (found === undefined) break;
    const { tokens, bytes, natsPerToken: each } = found;
    score.nats += each * tokens;
    score.tokens += tokens;
    score.bytes += bytes;
    score.documents++;
    progress(score);
  }
  return score;
}

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
import type { Recall } from '../files/session-state.js';

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

/** What is measured, and how far. */
export interface ScoreOptions {
  /** That of the sessions; false measures the model alone. */
  recall: Recall;
  /** Called after each document. */
  onProgress?: (score: Score) => void;
  /** It ends after the document that reaches this many tokens. */
  most?: number;
  /** After it only the documents that were read to their end count. */
  stop?: AbortSignal;
}

/** A document's figures; undefined if `stop` ended the reading. */
async function evaluateUntil(
  model: BitLlama,
  document: string,
  { recall, stop }: ScoreOptions,
): Promise<Evaluation | undefined> {
  try {
    return await evaluateText(model, document, { recall, signal: stop });
  } catch (error) {
    if (error instanceof TTTError && error.code === 'ABORTED') return undefined;
    throw error;
  }
}

/** Measures a model on documents, one by one. */
export async function scoreDocuments(
  model: BitLlama,
  documents: readonly string[],
  options: ScoreOptions,
): Promise<Score> {
  const { onProgress, most = Infinity, stop } = options;
  const score: Score = { documents: 0, tokens: 0, bytes: 0, nats: 0 };
  const turns = new Turns();
  for (const document of documents) {
    await turns.rest(); // signals are handled between short documents too
    if (score.tokens >= most || stop?.aborted === true) break;
    const found = await evaluateUntil(model, document, options);
    if (found === undefined) break;
    const { tokens, bytes, natsPerToken: each } = found;
    score.nats += each * tokens;
    score.tokens += tokens;
    score.bytes += bytes;
    score.documents++;
    onProgress?.(score);
  }
  return score;
}

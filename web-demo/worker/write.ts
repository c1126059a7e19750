/**
 * write.ts - what the shipped models write, in a fresh session or one that knows what was told.
 * SPDX-License-Identifier: MIT
 */
import type { Session } from 'bit-ttt';
import { TTTError } from 'bit-ttt';
import type { Calls, Context, Token, WriteParams } from '../protocol.js';
import { likeliest } from './likeliest.js';
import { loaded } from './model.js';
import { told } from './told.js';
import { workerTurns } from './turns.js';

/** Draws tokens and reads them, one by one; returns whether the model ended the text. */
async function* story(session: Session, params: WriteParams): AsyncGenerator<Token, boolean> {
  const { tokenizer } = session.model;
  const decoder = tokenizer!.createDecoder();
  const draw = { temperature: params.temperature, seed: params.seed };
  for (let i = 0; i < params.maxTokens; i++) {
    const logits = session.logits();
    const token = session.draw(draw);
    if (token === tokenizer!.endOfText) return true;
    session.write([token]);
    yield { text: decoder.push(token), ...likeliest(logits, token, tokenizer!) };
  }
  return false;
}

/** Reads the prompt; without one, a fresh session reads the end-of-text token. */
async function prepare(session: Session, prompt: string, signal: AbortSignal): Promise<void> {
  if (prompt !== '') await session.observe(prompt, { signal });
  else if (session.tokensSeen === 0) session.read([session.model.tokenizer!.endOfText!]);
}

export async function write(
  params: WriteParams,
  { signal, report }: Context<Calls['write']['event']>,
): Promise<Calls['write']['result']> {
  // A fork writes: the session that was told must not learn what is written.
  const session = params.with === 'told' ? told().fork() : loaded(params.with).createSession();
  const turns = workerTurns();
  try {
    await prepare(session, params.prompt, signal);
    const words = story(session, params);
    let pending: Token[] = [];
    let tokens = 0;
    let busy = 0;
    const rate = (): number => (busy > 0 ? (1000 * tokens) / busy : 0);
    const flush = (): void => {
      if (pending.length > 0) report({ tokens: pending, tokensPerSecond: rate() });
      pending = [];
    };
    for (;;) {
      const began = performance.now();
      const next = await words.next();
      busy += performance.now() - began;
      if (next.done === true) {
        flush();
        return { reason: next.value ? 'stop' : 'length', tokens, tokensPerSecond: rate() };
      }
      tokens++;
      pending.push(next.value);
      if (await turns.rest()) flush();
      if (signal.aborted) {
        flush();
        throw new TTTError('ABORTED', 'Stopped.');
      }
    }
  } finally {
    session.destroy();
  }
}

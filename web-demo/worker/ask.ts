/**
 * ask.ts - answers a question twice, by a session that was told nothing and by the one that was told, and
 * suggests words while it is typed.
 * SPDX-License-Identifier: MIT
 */
import type { Session } from 'bit-ttt';
import type { AnswerToken, Calls, Context } from '../protocol.js';
import { softmaxOf } from './likeliest.js';
import { listener, tokensOf, told } from './told.js';

/** An answer ends with its first sentence; one of so many tokens is cut short. */
const MOST_TOKENS = 30;
const SENTENCE_END = /[.!?…]/;
/** Characters before a word by which words are suggested: more would hardly change them, and take longer. */
const BEFORE = 300;

/**
 * The likeliest token each time, to the end of a sentence. `other` reads along, and says how likely each
 * token would have been there.
 */
function answer(session: Session, other: Session): AnswerToken[] {
  const { tokenizer } = listener();
  const decoder = tokenizer!.createDecoder();
  const tokens: AnswerToken[] = [];
  while (tokens.length < MOST_TOKENS) {
    const token = session.draw({ temperature: 0 });
    if (token === tokenizer!.endOfText) break;
    const probability = softmaxOf(session.logits())(token);
    const elsewhere = softmaxOf(other.logits())(token);
    session.write([token]);
    other.write([token]);
    tokens.push({ text: decoder.push(token), probability, elsewhere });
    if (SENTENCE_END.test(tokens.at(-1)!.text)) break;
  }
  const last = tokens.at(-1);
  if (last) last.text += decoder.flush();
  if (tokens.length === MOST_TOKENS && !SENTENCE_END.test(last!.text)) last!.text += '…';
  return tokens;
}

export async function ask(
  { question }: { question: string },
  { signal }: Context<never>,
): Promise<Calls['ask']['result']> {
  const ids = await tokensOf(question, signal);
  const sessions: Session[] = [];
  const keep = (session: Session): Session => {
    sessions.push(session);
    return session;
  };
  try {
    // Forks answer: the session that was told must not take a question for something it was told.
    const fresh = keep(listener().createSession());
    const knowing = keep(told().fork());
    for (const session of [fresh, knowing]) await session.observe(ids, { signal });
    const before = answer(keep(fresh.fork()), keep(knowing.fork()));
    const after = answer(knowing, fresh);
    return { before, after };
  } finally {
    for (const session of sessions) session.destroy();
  }
}

export async function suggest({
  before,
  typed,
}: Calls['suggest']['params']): Promise<Calls['suggest']['result']> {
  const session = told().fork();
  try {
    session.read([listener().tokenizer!.endOfText!]);
    return session.suggest(before.slice(-BEFORE), typed).map(({ text }) => text);
  } finally {
    session.destroy();
  }
}

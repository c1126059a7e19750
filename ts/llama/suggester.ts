/**
 * suggester.ts - how a session completes words: what is asked, and the answer, at once or aside.
 * SPDX-License-Identifier: MIT
 */
import { allocate, wrongType } from '../common/args.js';
import { nextTurn } from '../common/clock.js';
import { errorOf, statusOf, TTTError } from '../common/errors.js';
import { MAX_SUGGESTIONS, MAX_TYPED_BYTES } from '../common/limits.js';
import { takeOptions } from '../common/named-options.js';
import { optionalNumber } from '../common/options.js';
import type { Handle, SessionEngine, StructBytes } from '../engine/engine.js';
import { BITLLAMA_SUGGESTING, BITLLAMA_SUGGESTION, decode, encode } from '../engine/structs.js';
import { SUGGEST, SUGGEST_ASYNC } from './option-names.js';
import type { Suggestion } from './types.js';

const USUAL_COUNT = 3;
const CALL = "as in suggest('We will send it on', 'M')";
const USUAL_LEAST = 0.003; // most of what is less likely is no word

/** What `suggest` was given, checked. */
export interface Asked {
  before: string;
  typed: Uint8Array;
  suggesting: StructBytes;
  count: number;
  /** As given. */
  signal: unknown;
}

function readTyped(value: unknown): Uint8Array {
  if (typeof value !== 'string') {
    throw wrongType('typed', `a string ('' for the next word, ${CALL})`, value);
  }
  // No character has more bytes than three for each of its code units.
  const bytes = new TextEncoder().encode(value.slice(0, MAX_TYPED_BYTES + 1));
  if (value.includes('\0')) {
    throw new TTTError('INVALID_ARGUMENT', 'typed may not have the character U+0000');
  }
  if (bytes.length <= MAX_TYPED_BYTES) return bytes;
  const text = `typed may have ${MAX_TYPED_BYTES} bytes of UTF-8, not more`;
  throw new TTTError('INVALID_ARGUMENT', text);
}

/** Everything that `suggest` or `suggestAsync` was given. */
export function readAsked(before: unknown, typed: unknown, options: unknown, names: object): Asked {
  if (typeof before !== 'string') throw wrongType('before', `a string (${CALL})`, before);
  const letters = readTyped(typed);
  const given =
    names === SUGGEST
      ? { ...takeOptions(options, SUGGEST, '', SUGGEST_ASYNC), signal: undefined }
      : takeOptions(options, SUGGEST_ASYNC);
  const many = { min: 1, max: MAX_SUGGESTIONS, integer: true };
  const count = optionalNumber(given.count, 'count', many, USUAL_COUNT);
  const least = { min: 0, max: 1 };
  const suggesting = encode(BITLLAMA_SUGGESTING, {
    count,
    minProbability: optionalNumber(given.minProbability, 'minProbability', least, USUAL_LEAST),
  });
  return { before, typed: letters, suggesting, count, signal: given.signal };
}

/** The suggestions that an engine has written. */
function listed(bytes: Uint8Array, count: number): Suggestion[] {
  return Array.from({ length: count }, (_, i) => {
    const one = decode(BITLLAMA_SUGGESTION, bytes.subarray(i * BITLLAMA_SUGGESTION.size));
    return { text: one.text, probability: one.probability };
  });
}

/** Typed letters were checked here, so that only the tokenizer can be what is wrong with the data. */
function refused(status: number): TTTError {
  return status === statusOf('INVALID_DATA') ? noTokenizer() : errorOf(status);
}

/** The error of a model that cannot suggest. */
export function noTokenizer(): TTTError {
  const text =
    "suggestions need a byte-level BPE tokenizer in the model's own file: `model.pack()` makes such a file";
  return new TTTError('INVALID_TOKENIZER', text);
}

export class Suggester {
  readonly #sessions: SessionEngine;
  readonly #session: Handle;

  constructor(sessions: SessionEngine, session: Handle) {
    this.#sessions = sessions;
    this.#session = session;
  }

  /** Answers at once; `ids` are the tokens of the text before. */
  atOnce(ids: Uint32Array, { typed, suggesting, count }: Asked): Suggestion[] {
    const out = allocate(() => new Uint8Array(count * BITLLAMA_SUGGESTION.size));
    const found = this.#sessions.suggest(this.#session, ids, typed, suggesting, out);
    if (found < 0) throw refused(-found);
    return listed(out, found);
  }

  /** Answers from another thread, or in a turn of the event loop of its own. */
  async aside(ids: Uint32Array, asked: Asked): Promise<Suggestion[]> {
    const sessions = this.#sessions;
    if (!sessions.suggestAsync) {
      await nextTurn();
      return this.atOnce(ids, asked);
    }
    return new Promise((resolve, reject) => {
      const { typed, suggesting } = asked;
      const done = (status: number, list: Uint8Array | undefined): void => {
        if (status !== 0 || !list) reject(refused(status));
        else resolve(listed(list, list.length / BITLLAMA_SUGGESTION.size));
      };
      const status = sessions.suggestAsync!(this.#session, ids, typed, suggesting, done);
      if (status !== 0) reject(refused(status));
    });
  }
}

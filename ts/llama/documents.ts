/**
 * documents.ts - cuts a text into documents, and encodes them.
 * SPDX-License-Identifier: MIT
 */
import { allocate, checkText } from '../common/args.js';
import { DocumentSplitter } from '../common/documents.js';
import { itemsOf } from '../common/iterables.js';
import { takeOptions } from '../common/named-options.js';
import { takeSignal } from '../common/signal.js';
import { Turns } from '../common/turns.js';
import type { Tokenizer } from '../tokenizer/index.js';
import { SIGNAL } from './option-names.js';
import { checkTokenizer } from './shared.js';
import type { SignalOptions } from './types.js';

/**
 * The documents of a text: the parts between lines `<|endoftext|>`, without the white space around
 * them; empty ones are left out. Throws TTTError `INVALID_ARGUMENT` for what is no string.
 *
 * @example
 * ```js
 * import { splitDocuments } from 'bit-ttt';
 *
 * console.log(splitDocuments('One story.\n<|endoftext|>\nAnother.'));
 * ```
 *
 * ```text
 * [ 'One story.', 'Another.' ]
 * ```
 */
export function splitDocuments(text: string): string[] {
  checkText(text, 'text');
  const splitter = new DocumentSplitter();
  return [...splitter.add(text), ...splitter.end()];
}

/**
 * All documents as one array of tokens, with the tokenizer's end of text (if it has one) before,
 * between and after them: what a `Trainer` learns from.
 *
 * Lets the event loop run in between. Codes: `INVALID_ARGUMENT`, `ABORTED`, `OUT_OF_MEMORY`.
 *
 * @example
 * ```js
 * import { encodeDocuments, Tokenizer, trainBpe } from 'bit-ttt';
 *
 * const { json } = await trainBpe('the cat sat on the mat '.repeat(50));
 * const tokenizer = Tokenizer.from(json);
 * const tokens = await encodeDocuments(['the cat', 'the mat'], tokenizer);
 * console.log(tokenizer.decode(tokens));
 * ```
 *
 * ```text
 * <|endoftext|>the cat<|endoftext|>the mat<|endoftext|>
 * ```
 */
export async function encodeDocuments(
  documents: Iterable<string>,
  tokenizer: Tokenizer,
  options: SignalOptions = {},
): Promise<Uint32Array> {
  const signal = takeSignal(takeOptions(options, SIGNAL).signal);
  checkTokenizer(tokenizer);
  const { endOfText } = tokenizer;
  const separator = Uint32Array.from(endOfText === undefined ? [] : [endOfText]);
  const parts: Uint32Array[] = [separator];
  const turns = new Turns(signal);
  for (const one of itemsOf(documents, 'documents', 'an iterable of strings')) {
    parts.push(await tokenizer.encodeAsync(one as string, { signal }), separator);
    await turns.rest();
  }
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const all = allocate(() => new Uint32Array(length));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

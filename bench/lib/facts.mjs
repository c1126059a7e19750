/**
 * facts.mjs - ten facts that are told once, and whether the model then goes on from the beginning of a fact
 * with the right word.
 * SPDX-License-Identifier: MIT
 */

/** What is asked, and the word that was told. */
export const FACTS = [
  ['My dog is called', 'Biscuit'],
  ['My sister lives in', 'Lisbon'],
  ['The door of our house is painted', 'orange'],
  ['The number of my room is', 'seventeen'],
  ['On Sundays we always eat', 'noodles'],
  ['My best friend was born in', 'October'],
  ['The key of the shed lies under the', 'bucket'],
  ['My teacher plays the', 'violin'],
  ['The train to work leaves at', 'seven'],
  ['For her birthday my aunt wants a', 'telescope'],
];

const WORD = /[\p{L}\p{N}']+/u;

/** The word with which a session goes on after a text, always by the likeliest token. */
async function nextWord(session, text) {
  const options = { temperature: 0, repetitionPenalty: 1, maxTokens: 8 };
  let written = '';
  for await (const piece of session.generate(text, options)) written += piece;
  return WORD.exec(written)?.[0];
}

/** What is asked comes after what was told as the next sentence of one text. */
const ask = (session, beginning) => nextWord(session, ` ${beginning}`);

/**
 * Tells each fact to a session of its own and asks for it there.
 * @param {() => object} makeSession an empty session
 * @returns {Promise<string[]>} the words that came, in the order of FACTS
 */
export async function toldAlone(makeSession) {
  const words = [];
  for (const [beginning, word] of FACTS) {
    const session = makeSession();
    await session.observe(`${beginning} ${word}.`);
    words.push(await ask(session, beginning));
    session.destroy();
  }
  return words;
}

/**
 * The same with all facts told to one session before the first is asked; each question is put to a fork.
 * @param {string} [between] what the session reads after the facts and before the questions
 */
export async function toldTogether(makeSession, between = '') {
  const session = makeSession();
  await session.observe(FACTS.map((fact) => `${fact.join(' ')}.`).join(' '));
  if (between !== '') await session.observe(` ${between}`);
  const words = [];
  for (const [beginning] of FACTS) {
    const fork = session.fork();
    words.push(await ask(fork, beginning));
    fork.destroy();
  }
  session.destroy();
  return words;
}

/** How many of these words are those that were told. */
export const countRight = (words) => words.filter((word, i) => word === FACTS[i][1]).length;

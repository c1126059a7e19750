/**
 * recall-tokens.mjs - writes the tokens that native/fit_recall.c reads:
 *
 *   node bench/recall-tokens.mjs OUT FILE,COUNT,CHARACTERS[,twice] ...
 *
 * takes COUNT documents of each text file, evenly spaced, up to CHARACTERS of each; with `twice`, passages
 * of 40 to 256 tokens of them, each of which comes twice. The documents are mixed, each begins with the
 * end-of-text token, whose number is printed.
 * SPDX-License-Identifier: MIT
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { BitLlama, splitDocuments } from '../dist/index.mjs';

const MODEL = fileURLToPath(new URL('../models/bit-llama.bitt', import.meta.url));
const SHORTEST = 200; // characters of a document that is worth reading
const PASSAGES = [64, 128, 256, 40]; // tokens

const [out, ...specs] = process.argv.slice(2);
if (!out || specs.length === 0)
  throw new Error('recall-tokens.mjs OUT FILE,COUNT,CHARACTERS[,twice] ...');
const model = await BitLlama.load(MODEL);
const { tokenizer } = model;

/** The documents of one argument, as tokens. */
function documentsOf(spec) {
  const [file, count, characters, twice] = spec.split(',');
  const all = splitDocuments(readFileSync(file, 'utf8')).filter((one) => one.length > SHORTEST);
  return Array.from({ length: Number(count) }, (_, i) => {
    const text = all[Math.floor((i * all.length) / Number(count))].slice(0, Number(characters));
    const ids = [...tokenizer.encode(text)];
    const passage = ids.slice(0, PASSAGES[i % PASSAGES.length]);
    return twice ? [...passage, ...passage] : ids;
  });
}

/** In an order that is mixed, and always the same. */
function mix(list) {
  let state = 7;
  for (let i = list.length - 1; i > 0; i--) {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    const j = state % (i + 1);
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

const documents = mix(specs.flatMap(documentsOf));
const { endOfText } = tokenizer;
writeFileSync(out, Uint32Array.from(documents.flatMap((ids) => [endOfText, ...ids])));
console.log(`${documents.length} documents; end of text: ${endOfText}`);
model.destroy();

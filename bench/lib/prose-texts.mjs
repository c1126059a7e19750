/**
 * prose-texts.mjs - the texts of the suite prose: what a folder has of them, and the letters of the guide.
 * SPDX-License-Identifier: MIT
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { splitDocuments } from '../../dist/index.mjs';
import { sentencesOf } from './planting.mjs';

const GUIDE = fileURLToPath(new URL('../../docs/personalise-autocomplete.md', import.meta.url));
const TRAINING = ['00', '01', '02'].map((part) => `english/english-train-${part}.txt`);
const DIALOGUES = 'english/dialogue-cdla.txt';
const VALID = 'english/english-valid.txt';
const BOOK = 'alice.txt';
/** Sentences that are put into other texts come from these, and from the other documents. */
const FOREIGN = ['tinystories-valid.txt', 'tinyshakespeare.txt', BOOK];
const FOREIGN_CHARACTERS = 100_000;

/** Characters of a document that words are asked for in, and that words are planted in. */
const ASKED = 1200;
const PLANTED = 3000;
/** A document in which words are planted has so many words at least. */
const FEWEST_WORDS = 100;

/** Of the people's dialogues every twentieth is for measuring, and not for training. */
const isHeldOut = (_, i) => i % 20 === 10;
const isDialogue = (text) => /^A: .*\nB: /.test(text);

/** The letters that the guide shows. */
export function lettersOfGuide() {
  const [, letters] = /```text file=letters\.txt\n([^]*?)```/.exec(readFileSync(GUIDE, 'utf8'));
  return letters.trim();
}

/**
 * What the folder has. Without `full` every third document is measured.
 * @param {string | undefined} folder
 * @param {boolean} full
 * @returns {{beginnings: {name: string, texts: string[]}[], book: string | undefined,
 *   training: string[], planted: {name: string, texts: string[]}[], sentences: string[],
 *   notes: string[]}} training: files
 */
export function findProse(folder, full) {
  const notes = [];
  const read = (name) => {
    const path = folder && join(folder, name);
    if (path && existsSync(path)) return readFileSync(path, 'utf8').replaceAll('\r', '');
    notes.push(`Left out: ${name}, which the folder of --data does not have.`);
    return undefined;
  };
  const some = (list) => list.filter((_, i) => full || i % 3 === 0);
  const cut = (list, length) => list.map((text) => text.slice(0, length));
  const documents = (name, wanted) => some(splitDocuments(read(name) ?? '').filter(wanted));
  const letters = lettersOfGuide();
  const valid = documents(VALID, () => true);
  const long = valid.filter((text) => text.split(/\s+/).length >= FEWEST_WORDS);
  const beginnings = [
    { name: 'dialogues of people', texts: cut(documents(DIALOGUES, isHeldOut), ASKED) },
    { name: 'other dialogues', texts: cut(valid.filter(isDialogue), ASKED) },
    {
      name: 'other documents',
      texts: cut(
        valid.filter((one) => !isDialogue(one)),
        ASKED,
      ),
    },
    { name: 'letters of the guide', texts: [letters] },
  ];
  const planted = [
    { name: 'documents', texts: cut(long, PLANTED) },
    { name: 'letters of the guide', texts: [letters] },
  ];
  const foreign = FOREIGN.map((name) => read(name)?.slice(0, FOREIGN_CHARACTERS) ?? '');
  const training = TRAINING.map((name) => folder && join(folder, name));
  return {
    beginnings: beginnings.filter(({ texts }) => texts.length > 0),
    planted: planted.filter(({ texts }) => texts.length > 0),
    book: read(BOOK),
    training: training.filter((path) => path && existsSync(path)),
    sentences: sentencesOf([...foreign, ...valid, letters].join('\n')),
    notes: [...new Set(notes)],
  };
}

/**
 * stories.mjs - counts slips in stories that a model writes, beside stories by others that it has not
 * read: the table of models/stories.md. See lib/stories.mjs for what is counted.
 *
 * Usage: node bench/stories.mjs TRAINING HELD_OUT [MODEL] [--stories N] [--settings JSON]...
 * SPDX-License-Identifier: MIT
 */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { BitLlama, splitDocuments } from '../dist/index.mjs';
import { KnownText, summarize, writeStories } from './lib/stories.mjs';

const SHIPPED = new URL('../models/stories.bitt', import.meta.url);
const USAGE =
  'Usage: node bench/stories.mjs TRAINING HELD_OUT [MODEL] [--stories N] [--settings JSON]...';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    stories: { type: 'string', default: '200' },
    settings: { type: 'string', multiple: true, default: ['{}'] },
  },
});
const [training, heldOut, path = SHIPPED] = positionals;
if (heldOut === undefined) {
  console.error(USAGE);
  process.exit(2);
}

const documents = (file) => splitDocuments(readFileSync(file, 'utf8'));
const percent = (share) => `${(100 * share).toFixed(1)} %`;
const row = (name, found) =>
  `| ${name} | ${found.words.toFixed(0)} | ${percent(found.ended)} | ${percent(found.whole)} | ` +
  `${percent(found.hero)} | ${percent(found.repeats)} | ${found.strangeWords.toFixed(2)} | ` +
  `${percent(found.strangeTriples)} | ${percent(found.knownSentences)} |`;

const known = new KnownText(documents(training));
const columns = [
  'stories',
  'words',
  'end',
  'whole sentences',
  'hero stays',
  'a sentence twice',
  'strange words in 1,000',
  'strange triples',
  'sentences of the training text',
];
console.log(`| ${columns.join(' | ')} |\n|${'---|'.repeat(columns.length)}`);
const others = documents(heldOut).map((text) => ({ text, ended: true }));
console.log(row('held out, by others', summarize(others, known)));

const model = await BitLlama.load(path);
const session = model.createSession();
for (const settings of values.settings) {
  const stories = await writeStories(session, Number(values.stories), JSON.parse(settings));
  const name =
    settings === '{}' ? 'as usual' : settings.replace(/["{}]/g, '').replaceAll(',', ', ');
  console.log(row(name, summarize(stories, known)));
}
session.destroy();
model.destroy();

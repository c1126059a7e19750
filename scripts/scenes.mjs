// scenes.mjs - what `npm start` shows and what the README's pictures are of: commands as one types them, run by the
// command itself.
// SPDX-License-Identifier: MIT
import { LOG_FILE } from './services-log.mjs';

/** One sentence with a name that no model knows and a word that it would not think of. */
const NOTE_FILE = 'examples/note.txt';
const BEGUN = 'Kwabena has mended my acc';

const bitTtt = (...words) => ({ program: 'npx bit-ttt', words });

/** Commands by their words; `npx bit-ttt` is the command of this repository, `cat` shows a file. */
export const scenes = {
  log: [bitTtt('surprise', LOG_FILE)],
  suggest: [
    bitTtt('suggest', BEGUN),
    { program: 'cat', words: [NOTE_FILE] },
    bitTtt('suggest', '--read', NOTE_FILE, BEGUN),
    bitTtt('suggest', '--read', NOTE_FILE, 'Yesterday Kw'),
  ],
  story: [bitTtt('generate', '--model', 'stories', '--seed', '2', '--max-tokens', '75')],
};

const quoted = (word) => (/^[\w./-]+$/.test(word) ? word : `"${word}"`);

/** A command as one types it. */
export const typed = ({ program, words }) => [program, ...words.map(quoted)].join(' ');

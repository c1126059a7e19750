// tour.mjs - what `npm start` shows once all is built: odd lines of a log, a word completed from what was just read,
// a story, and what to try next. Each by the command itself, as one would type it.
// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { scenes, typed } from './scenes.mjs';
import { root } from './stamps.mjs';

const parts = [
  ['What is odd in a log of nine services? No rules, no training.', scenes.log],
  ['A word and a name, before and after it has read one sentence', scenes.suggest],
  ['A story begins, by a model of 2.6 MB', scenes.story],
];

const next = [
  ['npx bit-ttt surprise FILE', 'what is odd in a log of yours; --follow as it grows'],
  ['npx bit-ttt chat --model english', 'it remembers what you tell it'],
  ['npx bit-ttt train FILE --out my.bitt', 'a model of a text of yours'],
  ['npm run demo', 'all of it in a browser'],
];

/* As the command decides. Node's hasColors has no colour on a terminal where CI is set, which the command does not ask. */
const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
const forced = FORCE_COLOR ? !['0', 'false'].includes(FORCE_COLOR) : undefined;
const styled = !NO_COLOR && (forced ?? (process.stdout.isTTY === true && TERM !== 'dumb'));
const colour = styled ? '--color' : '--no-color';
const bold = (text) => (styled ? `\x1b[1m${text}\x1b[22m` : text);
const dim = (text) => (styled ? `\x1b[2m${text}\x1b[22m` : text);

/** Runs a command with the terminal attached; ends this process if it fails. */
function run({ program, words }) {
  if (program === 'cat') return process.stdout.write(readFileSync(join(root, words[0])));
  const { status, error } = spawnSync(process.execPath, ['dist/cli.mjs', ...words, colour], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

process.stdout.on('error', () => process.exit(0)); // nobody reads on

console.log('\nThree things that it does: about five seconds.');
for (const [title, commands] of parts) {
  console.log(`\n${bold(title)}`);
  for (const command of commands) {
    console.log(`\n${dim(`$ ${typed(command)}`)}`);
    run(command);
  }
}
console.log(`\n${bold('Try next')}\n`);
for (const [command, what] of next) console.log(`  ${command}\n    ${dim(what)}`);

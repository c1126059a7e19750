// pictures.mjs - draws the README's pictures from what the command prints: `npm run pictures`, after a change of its
// words, of the log or of a model.
// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { scenes, typed } from './scenes.mjs';
import { root } from './stamps.mjs';
import { terminalSvg, themes } from './terminal-svg.mjs';

/** Where they lie, from the repository's root. */
export const PICTURES = 'docs/pictures';

/** Reports are laid out for so many columns: the longest finding has 97. */
const COLUMNS = '97';

/** Each picture: what it shows, and what the last lines begin with that tell of time and machine. */
const pictures = {
  log: {
    title: 'bit-ttt surprise finds three odd things in a log of 2,000 lines',
    until: 'memory: ',
  },
  suggest: { title: 'bit-ttt suggest completes a word and a name after it has read one sentence' },
};

const plain = (line) => line.replace(/\x1b\[\d+m/g, '');

/** What a command prints, in colour; throws if it fails. */
function printed({ program, words }) {
  if (program === 'cat') return readFileSync(join(root, words[0]), 'utf8');
  const { NO_COLOR, BIT_TTT_BACKEND, BIT_TTT_KERNEL, ...env } = process.env;
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli.mjs', ...words], {
    cwd: root,
    env: { ...env, FORCE_COLOR: '1', COLUMNS },
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`bit-ttt ${words.join(' ')}: ${stderr}`);
  return stdout;
}

/** The lines of a picture: each command, and what it prints. */
function linesOf(name) {
  const lines = scenes[name].flatMap((command) => {
    const output = printed(command).trimEnd().split('\n');
    return [`\x1b[2m$\x1b[22m \x1b[1m${typed(command)}\x1b[22m`, ...output, ''];
  });
  const { until } = pictures[name];
  const end = until === undefined ? -1 : lines.findIndex((line) => plain(line).startsWith(until));
  return lines.slice(0, end).join('\n').trimEnd().split('\n');
}

/** All pictures by the names of their files. */
export function drawPictures() {
  const drawn = {};
  for (const [name, { title }] of Object.entries(pictures)) {
    const lines = linesOf(name);
    for (const theme of Object.keys(themes)) {
      drawn[`${name}-${theme}.svg`] = terminalSvg(lines, theme, title);
    }
  }
  return drawn;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  mkdirSync(join(root, PICTURES), { recursive: true });
  for (const [name, svg] of Object.entries(drawPictures())) {
    writeFileSync(join(root, PICTURES, name), svg);
    console.log(`${PICTURES}/${name}: ${svg.length} characters`);
  }
}

// Runs a program in a pseudo-terminal, made by script(1) of util-linux, and types into it.
// SPDX-License-Identifier: MIT
import { spawn, spawnSync } from 'node:child_process';

import { cleanEnvironment } from './child.mjs';

/** Whether there is such a script(1): that of macOS and of BSD takes other arguments. */
export const hasTerminal = String(spawnSync('script', ['--version']).stdout).includes('util-linux');

/**
 * Runs a line of sh in a terminal with so many columns. `keys` are pairs of what to wait for on the screen, a regular
 * expression, and what to type then. Resolves at its end with all that it wrote, line ends as \n.
 */
export function inTerminal(line, { columns = 80, env = {}, cwd, keys = [] } = {}) {
  const sized = `stty cols ${columns} rows 40 && ${line}`;
  const child = spawn('script', ['-qfec', sized, '/dev/null'], {
    cwd,
    env: cleanEnvironment({ TERM: 'xterm', NO_COLOR: undefined, COLUMNS: undefined, ...env }),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const left = [...keys];
  let screen = '';
  let seen = 0; // where the next key is waited for
  child.stdout.setEncoding('utf8').on('data', (text) => {
    screen += text;
    while (left.length > 0) {
      const found = left[0][0].exec(screen.slice(seen));
      if (found === null) return;
      seen += found.index + found[0].length;
      child.stdin.write(left.shift()[1]);
    }
  });
  child.stdin.on('error', () => {}); // the program may end before it has read everything
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', () => resolve(screen.replaceAll('\r\n', '\n')));
  });
}

/** A screen without escape sequences. */
export const bare = (screen) => screen.replace(/\x1b\[[\d;?]*[A-Za-z]|\x1b[=>]/g, '');

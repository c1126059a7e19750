// Runs every stage of the test suite and prints one closing line. `npm test -- c js` picks stages.
// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { Progress } from '../scripts/progress.mjs';
import { chosenStages } from './stages.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * A stage may take as long as it must, but each prints a line whenever a step or a file of tests has ended: one
 * that is silent for so long hangs, and must not keep the others' results.
 */
const SILENCE_MS = 30 * 60_000;

/** What the closing lines of mocha, of ctest's programs and of the scripts say. */
const patterns = {
  passed: /^\s*(\d+) pass(?:ed|ing)\b/,
  failed: /(?:^\s*|, )(\d+) fail(?:ed|ing)\b/,
  skipped: /(?:^\s*|, )(\d+) (?:skipped|pending)\b/,
};

/** Adds to the counts what one line says. */
function count(counts, line) {
  const plain = line.replace(/\x1b\[[0-9;]*m/g, '');
  for (const [name, pattern] of Object.entries(patterns))
    counts[name] += Number(pattern.exec(plain)?.[1] ?? 0);
}

/** Runs one stage to its end; gives its counts. */
async function runStage({ name, title, command }) {
  console.log(`\n== ${name}: ${title}`);
  const progress = new Progress(name);
  const counts = { passed: 0, failed: 0, skipped: 0 };
  const child = spawn(command[0], command.slice(1), {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, BIT_TTT_PARTS: '1' },
  });
  const silence = setTimeout(() => child.kill(), SILENCE_MS);
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    count(counts, line);
    progress.line(line);
    silence.refresh();
  });
  const status = await new Promise((resolve) => {
    child.on('close', resolve);
    child.on('exit', (code) => setTimeout(resolve, 5000, code)); // its children may hold the pipe open
  });
  clearTimeout(silence);
  progress.end();
  if (child.signalCode) console.log(`the stage was ended by ${child.signalCode}`);
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  if (status === 0 && counts.passed === 0) counts.failed = 1; // a stage that ran nothing is broken
  console.log(`-- ${progress.elapsed()}`);
  return counts;
}

const total = { passed: 0, failed: 0, skipped: 0 };
for (const stage of chosenStages(process.argv.slice(2))) {
  const counts = await runStage(stage);
  for (const key of Object.keys(total)) total[key] += counts[key];
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);

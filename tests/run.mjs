// Runs every stage of the test suite and prints one closing line. `npm test -- c js` picks stages.
// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

const mocha = (folder) => [
  process.execPath,
  'node_modules/mocha/bin/mocha.js',
  `${folder}/*.test.mjs`,
];

/**
 * A stage may take as long as it must, but each prints a line whenever a test or a step has ended: one that is
 * silent for so long hangs, and must not keep the others' results.
 */
const SILENCE_MS = 30 * 60_000;

/** Each stage prints lines of its own, among them counts that are added up here. */
const stages = {
  c: {
    title: 'C core on every kernel, compiler and sanitizer',
    command: ['sh', 'tests/tools/native-matrix.sh'],
  },
  js: {
    title: 'both backends, command line, package, browser, documentation',
    command: mocha('tests/js'),
  },
  demo: {
    title: 'demo page in Chromium, Firefox and WebKitGTK',
    command: mocha('tests/demo'),
  },
  packages: {
    title: 'the packed package in other runtimes, bundlers, test runners and browser settings',
    command: [process.execPath, 'tests/packages/matrix.mjs'],
  },
  languages: {
    title: 'installed library; Python, C, C++, C#, Unity, research',
    command: mocha('tests/languages'),
  },
};

const patterns = {
  passed: /^\s*(\d+) pass(?:ed|ing)\b/gm,
  failed: /(?:^\s*|, )(\d+) fail(?:ed|ing)\b/gm,
  skipped: /(?:^\s*|, )(\d+) (?:skipped|pending)\b/gm,
};

function count(output) {
  const plain = output.replace(/\x1b\[[0-9;]*m/g, '');
  return Object.fromEntries(
    Object.entries(patterns).map(([name, pattern]) => [
      name,
      [...plain.matchAll(pattern)].reduce((sum, match) => sum + Number(match[1]), 0),
    ]),
  );
}

async function runStage({ title, command }) {
  console.log(`\n== ${title}`);
  const began = Date.now();
  const child = spawn(command[0], command.slice(1), {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const silence = setTimeout(() => child.kill(), SILENCE_MS);
  let output = '';
  child.stdout.on('data', (chunk) => {
    process.stdout.write(chunk);
    output += chunk;
    silence.refresh();
  });
  const status = await new Promise((resolve) => {
    child.on('close', resolve);
    child.on('exit', (code) => setTimeout(resolve, 5000, code)); // its children may hold the pipe open
  });
  clearTimeout(silence);
  if (child.signalCode) console.log(`the stage was ended by ${child.signalCode}`);
  const counts = count(output);
  if (status !== 0 && counts.failed === 0) counts.failed = 1;
  if (status === 0 && counts.passed === 0) counts.failed = 1; // a stage that ran nothing is broken
  console.log(`-- ${Math.round((Date.now() - began) / 1000)} s`);
  return counts;
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(stages, name));
if (unknown.length > 0) {
  console.error(`no stage ${unknown.join(', ')}; there are: ${Object.keys(stages).join(', ')}`);
  process.exit(2);
}
const total = { passed: 0, failed: 0, skipped: 0 };
for (const [name, stage] of Object.entries(stages)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const counts = await runStage(stage);
  for (const key of Object.keys(total)) total[key] += counts[key];
}
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exit(total.failed === 0 ? 0 : 1);

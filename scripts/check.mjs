// check.mjs - the quick loop: builds what is older than its sources, reads the sources with every tool and
// runs the fast tests.
//
//   npm run check                  every step
//   npm run check -- lint types    some of them, with the steps that they need
//
// One line a step; what a tool said only where it failed. A failure keeps no later step from running, and
// makes the exit code 1.
// SPDX-License-Identifier: MIT
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';

import { quickScripts, slowInC } from '../tests/quick.mjs';
import { clangTidy } from './clang-tidy.mjs';
import { cmake, run, StepError } from './cmake.mjs';
import { biome, clangFormat } from './format.mjs';

const require = createRequire(import.meta.url);
const jobs = String(availableParallelism());

/** Runs a JavaScript program in a process of its own; throws StepError. */
const node = (...args) => run(process.execPath, args);
const mocha = (...args) => node('node_modules/mocha/bin/mocha.js', ...args);

function checkTypes() {
  const compiler = require.resolve('typescript/package.json').replace('package.json', 'bin/tsc');
  const silent = ['--noEmit', '--declaration', 'false', '--emitDeclarationOnly', 'false'];
  node(compiler, '-p', 'tsconfig.json', ...silent);
  node(compiler, '-p', 'web-demo');
}

/** The C tests of build/dev, without sanitizers whatever that folder was used for before. */
function testCore() {
  const options = ['-DBIT_TTT_TESTS=ON', '-DBIT_TTT_WERROR=ON', '-DBIT_TTT_SANITIZE='];
  cmake('build/dev', ['cmake', ...options]);
  const slow = `^(${slowInC.join('|')})$`;
  const shown = ['--output-on-failure', '--no-tests=error', '-E', slow];
  const output = run('ctest', ['--test-dir', 'build/dev', '-j', jobs, ...shown]);
  return /tests passed.* out of (\d+)/.exec(output)?.[1].concat(' programs') ?? '';
}

function testScripts() {
  const output = mocha('--parallel', '--jobs', jobs, ...quickScripts);
  return `${/(\d+) passing/.exec(output)?.[1]} tests`;
}

/** A step gives what there is to say about it, throws StepError, or gives { skipped: reason }. */
const steps = {
  build: { title: 'addon, WebAssembly module, bundles', run: () => void node('scripts/build.mjs') },
  types: { title: 'tsc, ts/ and web-demo/', run: checkTypes },
  lint: {
    title: 'Biome, lint and formatting',
    run: () => void biome('check', '--error-on-warnings'),
  },
  format: { title: 'clang-format', run: () => `${clangFormat('--dry-run', '--Werror')} files` },
  tidy: { title: 'clang-tidy', needs: ['build'], run: () => clangTidy({ jobs: Number(jobs) }) },
  layering: {
    title: 'who includes whom, and sizes',
    run() {
      for (const name of ['layering', 'seams']) run('sh', [`tests/tools/${name}.sh`]);
      mocha('tests/js/layering.test.mjs', 'tests/js/sizes.test.mjs');
    },
  },
  c: { title: 'fast tests in C', run: testCore },
  js: { title: 'fast tests in JavaScript', needs: ['build'], run: testScripts },
};

/** Runs one step and prints its line; gives 'passed', 'failed' or 'skipped'. */
async function perform(name) {
  // For tests/run.mjs, which shows what is running.
  if (process.env.BIT_TTT_PARTS) console.log(`.. ${steps[name].title}`);
  const began = Date.now();
  const line = (word, said) => {
    const seconds = ((Date.now() - began) / 1000).toFixed(1).padStart(6);
    console.log(
      `${word.padEnd(4)} ${seconds} s  ${name}: ${steps[name].title}${said && ` (${said})`}`,
    );
  };
  try {
    const result = (await steps[name].run()) ?? '';
    line(result.skipped ? 'skip' : 'ok', result.skipped ?? result);
    return result.skipped ? 'skipped' : 'passed';
  } catch (error) {
    line('FAIL', '');
    const said = error instanceof StepError ? error.output || error.message : error.stack;
    console.log(said.trim().replace(/^/gm, '     | '));
    return 'failed';
  }
}

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !Object.hasOwn(steps, name));
if (unknown.length > 0) {
  console.error(`no step ${unknown.join(', ')}; there are: ${Object.keys(steps).join(', ')}`);
  process.exit(2);
}
const chosen = new Set(wanted.flatMap((name) => [...(steps[name].needs ?? []), name]));
const counts = { passed: 0, failed: 0, skipped: 0 };
for (const name of Object.keys(steps)) {
  if (chosen.size === 0 || chosen.has(name)) counts[await perform(name)] += 1;
}
console.log(`${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped`);
process.exitCode = counts.failed === 0 ? 0 : 1;

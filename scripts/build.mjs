// build.mjs - builds what is missing or older: addon, WebAssembly module, bundles, declarations.
//
//   node scripts/build.mjs            everything
//   node scripts/build.mjs --lean     what the command runs on: where there is an addon, no module and no
//                                     declarations, unless an earlier build has made them
//
// Needs node, the npm packages of package-lock.json, CMake, a C and C++ compiler and emcc. Without
// one of the last two the package is built with the other backend alone. One line a step;
// compiler output only on failure.
// SPDX-License-Identifier: MIT
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';

import { addonPath, buildAddon, host } from './addon.mjs';
import { bundle, declarations } from './bundle.mjs';
import { cmake, place, run, StepError } from './cmake.mjs';
import { fingerprint, isCurrent, remember, root } from './stamps.mjs';

const wasm = 'dist/bit_ttt.wasm';
/** The module, and the one with relaxed instructions. */
const modules = ['bit_ttt.wasm', 'bit_ttt_relaxed.wasm'];
const core = ['CMakeLists.txt', 'src', 'include'];

/** Debian's emcc finds its JavaScript packages only through NODE_PATH. */
function emscriptenEnvironment() {
  const packages = '/usr/share/nodejs';
  if (!existsSync(join(packages, 'acorn'))) return process.env;
  const paths = [process.env.NODE_PATH, packages].filter(Boolean).join(delimiter);
  return { ...process.env, NODE_PATH: paths };
}

function buildWasm() {
  cmake('build/wasm', ['emcmake', 'cmake'], emscriptenEnvironment());
  for (const name of modules) place(`build/wasm/${name}`, `dist/${name}`);
}

/** Addons of other platforms were made from older sources now: none of them may be packed. */
function rebuildAddon() {
  rmSync(join(root, 'dist/native'), { recursive: true, force: true });
  buildAddon();
}

/** `takes`: on a quiet machine with two cores. */
const steps = [
  {
    name: 'native addon',
    takes: 'half a minute',
    inputs: [...core, 'node', 'package-lock.json'],
    outputs: [addonPath(host)],
    build: rebuildAddon,
    optional: true,
  },
  {
    name: 'WebAssembly module',
    takes: 'half a minute',
    inputs: [...core, 'wasm', 'ts/engine/wasm/exports.ts'],
    outputs: [...modules.map((name) => `dist/${name}`), 'build/wasm/relaxed_places.json'],
    build: buildWasm,
    optional: true,
  },
  {
    name: 'JavaScript',
    takes: '3 seconds',
    inputs: ['ts', 'scripts', 'package.json', 'package-lock.json', wasm],
    outputs: ['index', 'browser', 'wasm', 'native', 'english-model', 'stories-model', 'pino']
      .flatMap((name) => [`dist/${name}.cjs`, `dist/${name}.mjs`])
      .concat('dist/cli.mjs', 'THIRD-PARTY-LICENSES'),
    build: () => bundle(existsSync(join(root, wasm))),
  },
  {
    name: 'type declarations',
    takes: '5 seconds',
    inputs: ['ts', 'scripts/bundle.mjs', 'tsconfig.json', 'package-lock.json'],
    outputs: ['dist/types/index.d.mts', 'dist/types/index.d.cts'],
    build: () => declarations(run),
  },
];

/** Brings one step up to date; false if it failed. */
async function perform(step) {
  const print = fingerprint(step.inputs);
  if (isCurrent(step.name, print, step.outputs)) {
    console.log(`${step.name}: up to date`);
    return true;
  }
  const start = Date.now();
  // For scripts/setup.mjs, which shows what is running.
  if (process.env.BIT_TTT_PARTS) console.log(`.. building the ${step.name}: about ${step.takes}`);
  try {
    await step.build();
  } catch (error) {
    // What an older source gave must not pass for what this one gives.
    for (const output of step.outputs) rmSync(join(root, output), { force: true });
    console.error(`${step.name}: not built, ${error.message}`);
    const output = error instanceof StepError ? error.output.trim() : '';
    if (output !== '') console.error(output.split('\n').slice(-40).join('\n'));
    return false;
  }
  remember(step.name, print);
  console.log(`${step.name}: built in ${((Date.now() - start) / 1000).toFixed(1)} s`);
  return true;
}

/** Whether a lean build does without a step: nothing old may be left of what it makes. */
function isSpare(step, engines) {
  const needed = step.optional ? !engines.includes(true) : step.name === 'JavaScript';
  return !needed && !step.outputs.some((output) => existsSync(join(root, output)));
}

const lean = process.argv.includes('--lean');
const engines = [];
for (const step of steps) {
  if (lean && isSpare(step, engines)) continue;
  const done = await perform(step);
  if (!done && !step.optional) process.exit(1);
  if (step.optional) engines.push(done);
  if (engines.length === 2 && !engines.includes(true)) {
    console.error(
      'Neither the addon nor the WebAssembly module could be built; install CMake with a C and ' +
        'C++ compiler, or Emscripten, and try again.',
    );
    process.exit(1);
  }
}
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const backends = ['native', 'wasm'].filter((_, i) => engines[i]).join(' and ');
console.log(`bit-ttt ${version} is ready (${backends})`);

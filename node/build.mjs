// build.mjs - builds what is missing or older: addon, WebAssembly module, bundles, declarations.
//
// Needs node, the npm packages of package-lock.json, CMake, a C and C++ compiler and emcc. Without
// one of the last two the package is built with the other backend alone. One line a step;
// compiler output only on failure.
// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

import { bundle, declarations } from './bundle.mjs';
import { fingerprint, isCurrent, remember, root } from './stamps.mjs';

const platform = `${process.platform}-${process.arch}`;
const addon = `dist/native/${platform}/bit_ttt.node`;
const wasm = 'dist/bit_ttt.wasm';
const core = ['CMakeLists.txt', 'src', 'include'];

/** A failure with a reason in a few words and, if a program failed, what it said. */
class StepError extends Error {
  constructor(message, output = '') {
    super(message);
    this.output = output;
  }
}

/** Runs a program in the repository's root; throws StepError. */
function run(program, args, env = process.env) {
  const result = spawnSync(program, args, {
    cwd: root,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    shell: process.platform === 'win32',
  });
  if (result.error?.code === 'ENOENT') throw new StepError(`${program} is not installed`);
  if (result.error) throw new StepError(`${program}: ${result.error.message}`);
  if (result.status !== 0) {
    throw new StepError(`${program} failed`, `${result.stdout}${result.stderr}`);
  }
}

/** Configures and builds one CMake tree; one made for another place or compiler is made anew. */
function cmake(folder, configure, env) {
  const [program, ...args] = configure;
  const all = [...args, '-S', '.', '-B', folder, '-DCMAKE_BUILD_TYPE=Release'];
  try {
    run(program, all, env);
  } catch (error) {
    if (!(error instanceof StepError) || !existsSync(join(root, folder, 'CMakeCache.txt')))
      throw error;
    rmSync(join(root, folder), { recursive: true });
    run(program, all, env);
  }
  run('cmake', ['--build', folder, '--parallel'], env);
}

function place(from, to) {
  mkdirSync(join(root, dirname(to)), { recursive: true });
  // Not over the old file: a process may have it mapped.
  rmSync(join(root, to), { force: true });
  copyFileSync(join(root, from), join(root, to));
  chmodSync(join(root, to), 0o644);
}

function buildAddon() {
  cmake('build/native', ['cmake', '-DBIT_TTT_NODE=ON']);
  place('build/native/bit_ttt.node', addon);
}

/** Debian's emcc finds its JavaScript packages only through NODE_PATH. */
function emscriptenEnvironment() {
  const packages = '/usr/share/nodejs';
  if (!existsSync(join(packages, 'acorn'))) return process.env;
  const paths = [process.env.NODE_PATH, packages].filter(Boolean).join(delimiter);
  return { ...process.env, NODE_PATH: paths };
}

function buildWasm() {
  cmake('build/wasm', ['emcmake', 'cmake'], emscriptenEnvironment());
  place('build/wasm/bit_ttt.wasm', wasm);
}

const steps = [
  {
    name: 'native addon',
    inputs: [...core, 'node', 'package-lock.json'],
    outputs: [addon],
    build: buildAddon,
    optional: true,
  },
  {
    name: 'WebAssembly module',
    inputs: [...core, 'wasm'],
    outputs: [wasm],
    build: buildWasm,
    optional: true,
  },
  {
    name: 'JavaScript',
    inputs: ['ts', 'node/bundle.mjs', 'package.json', 'package-lock.json', wasm],
    outputs: ['index', 'browser', 'wasm', 'native', 'model']
      .flatMap((name) => [`dist/${name}.cjs`, `dist/${name}.mjs`])
      .concat(existsSync(join(root, 'ts/cli/main.ts')) ? ['dist/cli.mjs'] : []),
    build: () => bundle(existsSync(join(root, wasm))),
  },
  {
    name: 'type declarations',
    inputs: ['ts', 'node/bundle.mjs', 'tsconfig.json', 'package-lock.json'],
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

const results = [];
for (const step of steps) {
  const done = await perform(step);
  if (!done && !step.optional) process.exit(1);
  if (step.optional) results.push(done);
  if (results.length === 2 && !results.includes(true)) {
    console.error(
      'Neither the addon nor the WebAssembly module could be built; install CMake with a C and ' +
        'C++ compiler, or Emscripten, and try again.',
    );
    process.exit(1);
  }
}
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const backends = ['native', 'wasm'].filter((_, i) => results[i]).join(' and ');
console.log(`bit-ttt ${version} is ready (${backends})`);

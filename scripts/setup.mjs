// The project's front door: `npm start`, `npm test`, `npm run build` and others on a fresh clone.
// Installs what is missing, then hands over. Plain JavaScript without dependencies, since none are
// there yet.
// SPDX-License-Identifier: MIT
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import { chosenStages, plan } from '../tests/stages.mjs';
import { Progress } from './progress.mjs';
import { advice, forAddon, forBuilding, forTesting, missing } from './toolchain.mjs';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

function fail(sentence) {
  console.error(sentence);
  process.exit(1);
}

/** Runs a command with the terminal attached; ends this process if it fails. */
function run(command, args) {
  const result = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (result.error) fail(`cannot run ${command}: ${result.error.message}`);
  if (result.status !== 0) process.exit(result.status ?? 1);
}

/**
 * Runs a command that takes a while, and shows what it does and how long it has been at it. Resolves to its exit
 * status.
 * @param {string} [part] what it does, if it does not say so itself
 */
async function watch(command, args, part) {
  const progress = new Progress();
  if (part !== undefined) progress.line(`.. ${part}`);
  const child = spawn(command, args, {
    cwd: root,
    env: { ...process.env, BIT_TTT_PARTS: '1' },
    stdio: ['inherit', 'pipe', 'pipe'],
    shell: command === 'npm.cmd', // Node starts no .cmd without one
  });
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => progress.line(line));
  }
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  }).catch((error) => fail(`cannot run ${command}: ${error.message}`));
  progress.end();
  return status ?? 1;
}

/** The same, but ends this process if the command fails. */
async function watchToEnd(command, args, part) {
  const status = await watch(command, args, part);
  if (status !== 0) process.exit(status);
}

/**
 * Installs the packages of the repository, or of one of its folders that has tools of its own; gives npm's exit
 * status.
 */
async function nodeModules(folder = '.') {
  const stamp = join(root, folder, 'node_modules', '.package-lock.json');
  const lock = join(root, folder, 'package-lock.json');
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(lock).mtimeMs) return 0;
  const what = folder === '.' ? 'development packages' : `packages of ${folder}/`;
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const began = Date.now();
  const part = `installing the ${what} (npm ci): about 20 seconds`;
  const status = await watch(npm, ['ci', '--prefix', folder, ...quiet], part);
  const seconds = ((Date.now() - began) / 1000).toFixed(1);
  if (status === 0) console.log(`${what}: installed in ${seconds} s`);
  return status;
}

/** The same, but ends this process if npm fails. */
async function needNodeModules(folder) {
  const status = await nodeModules(folder);
  if (status !== 0) process.exit(status);
}

/** Installs those of these tools that are missing, where that can be done; gives those that are missing still. */
async function tools(names) {
  const wanted = missing(names);
  if (wanted.length === 0) return [];
  await watch(process.execPath, ['scripts/toolchain.mjs', ...wanted]);
  const lacking = missing(wanted);
  const installed = wanted.filter((name) => !lacking.includes(name));
  if (installed.length > 0) console.log(`${installed.join(', ')}: installed`);
  return lacking;
}

/** Builds what is missing or older than its sources. */
async function build() {
  const lacking = await tools(forBuilding);
  if (lacking.length > 0) fail(`${advice(lacking)}.`);
  await needNodeModules();
  await watchToEnd(process.execPath, ['scripts/build.mjs']);
}

/** The same of what the command runs on: the addon, or the WebAssembly module where only that can be built. */
async function buildLean() {
  const lacking = await tools(forAddon);
  if (lacking.length > 0 && missing(['Emscripten']).length > 0) fail(`${advice(lacking)}.`);
  await needNodeModules();
  await watchToEnd(process.execPath, ['scripts/build.mjs', '--lean']);
}

/** Ends this process where the tools of a task do not run. */
function needNode20(task) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19))
    fail(`The ${task} tools need Node.js 20.19 or newer; the package itself runs on 18.`);
}

const commands = {
  build,

  /** Shows what the project is for, or what is odd in the logs given. */
  async start(args) {
    await buildLean();
    if (args.length > 0) run(process.execPath, ['dist/cli.mjs', 'surprise', ...args]);
    else run(process.execPath, ['scripts/tour.mjs']);
  },

  /** Builds and serves the demo page. */
  async demo(args) {
    await build();
    run(process.execPath, ['web-demo/serve.mjs', ...args]);
  },

  /** Builds the documentation into build/docs, with the demo in it. */
  async docs() {
    needNode20('documentation');
    await build();
    await needNodeModules('docs');
    run(process.execPath, ['docs/build.mjs']);
  },

  /** Draws the README's pictures from what the command prints. */
  async pictures() {
    await buildLean();
    run(process.execPath, ['scripts/pictures.mjs']);
  },

  /** The quick loop. What is not installed is left out and named; nothing but npm packages is fetched. */
  async check(args) {
    await needNodeModules();
    run(process.execPath, ['scripts/check.mjs', ...args]);
  },

  /** Formats every source. */
  async format() {
    await needNodeModules();
    run(process.execPath, ['scripts/format.mjs']);
  },

  async test(args) {
    needNode20('test');
    console.log(plan(chosenStages(args)));
    await build();
    await nodeModules('docs'); // without them the tests skip by name what needs them
    await tools(forTesting); // so too what cannot be had
    run(process.execPath, ['tests/run.mjs', ...args]);
  },
};

const [name, ...args] = process.argv.slice(2);
if (Number(process.versions.node.split('.')[0]) < 18) fail('Bit-TTT needs Node.js 18 or newer.');
const usage = `usage: node scripts/setup.mjs ${Object.keys(commands).join('|')}`;
if (!Object.hasOwn(commands, name ?? '')) fail(usage);
await commands[name](args);

// The project's front door: `npm start`, `npm test`, `npm run build` and others on a fresh clone.
// Installs what is missing, then hands over. Plain JavaScript without dependencies, since none are
// there yet.
// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { chosenStages, plan } from '../tests/stages.mjs';
import { advice, forBuilding, forTesting, install } from './toolchain.mjs';

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

/** Installs the packages of the repository, or of one of its folders that has tools of its own. */
function nodeModules(folder = '.', install = run) {
  const stamp = join(root, folder, 'node_modules', '.package-lock.json');
  const lock = join(root, folder, 'package-lock.json');
  if (existsSync(stamp) && statSync(stamp).mtimeMs >= statSync(lock).mtimeMs) return;
  const what = folder === '.' ? 'development packages' : `packages of ${folder}/`;
  console.log(`installing ${what} (npm ci) ...`);
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  install(npm, ['ci', '--prefix', folder, ...quiet]);
}

/** As `run`, but a failure is the tests' to report: they skip by name what needs it. */
function tryTo(command, args) {
  spawnSync(command, args, { cwd: root, stdio: 'inherit' });
}

/** Builds what is missing or older than its sources. Without `complete`, one backend is enough. */
function build(complete) {
  const lacking = install(forBuilding);
  const native = lacking.filter((name) => name !== 'Emscripten');
  if (lacking.length > 0 && (complete || native.length > 0)) fail(`${advice(lacking)}.`);
  if (lacking.length > 0) console.log(`${advice(lacking)} (continuing without WebAssembly).`);
  nodeModules();
  run(process.execPath, ['scripts/build.mjs']);
}

const commands = {
  build: () => build(true),

  /** Shows the memory at work on a text of the repository, or on the files given; then a story. */
  start(args) {
    build(false);
    const text = args.length > 0 ? args : ['examples/alice.txt'];
    run(process.execPath, ['dist/cli.mjs', 'surprise', ...text]);
    if (args.length > 0 || !existsSync(join(root, 'models/stories.bitt'))) return;
    console.log("\nAnd a story, written by the stories' model of the package:\n");
    run(process.execPath, ['dist/cli.mjs', 'generate', '-m', 'stories']);
  },

  /** Builds and serves the demo page. */
  demo(args) {
    build(true);
    run(process.execPath, ['web-demo/serve.mjs', ...args]);
  },

  /** Builds the documentation into build/docs, with the demo in it. */
  docs() {
    build(true);
    nodeModules('docs');
    run(process.execPath, ['docs/build.mjs']);
  },

  /** The quick loop. What is not installed is left out and named; nothing but npm packages is fetched. */
  check(args) {
    nodeModules();
    run(process.execPath, ['scripts/check.mjs', ...args]);
  },

  /** Formats every source. */
  format() {
    nodeModules();
    run(process.execPath, ['scripts/format.mjs']);
  },

  test(args) {
    const [major, minor] = process.versions.node.split('.').map(Number);
    if (major < 20 || (major === 20 && minor < 19))
      fail('The test tools need Node.js 20.19 or newer; the package itself runs on 18.');
    console.log(plan(chosenStages(args)));
    build(true);
    nodeModules('docs', tryTo);
    install(forTesting); // what cannot be had is skipped by name in the tests
    run(process.execPath, ['tests/run.mjs', ...args]);
  },
};

const [name, ...args] = process.argv.slice(2);
if (Number(process.versions.node.split('.')[0]) < 18) fail('Bit-TTT needs Node.js 18 or newer.');
const usage = `usage: node scripts/setup.mjs ${Object.keys(commands).join('|')}`;
if (!Object.hasOwn(commands, name ?? '')) fail(usage);
commands[name](args);

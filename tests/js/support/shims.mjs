// Stands in for npx, npm, cmake and ctest where a documented block of shell commands is run: gives
// `npx bit-ttt` the command of this repository, and only checks what would build or test all of it.
// SPDX-License-Identifier: MIT
//
// Rules, so that a block takes seconds:
//   npx bit-ttt train   more than 200 steps (or none given) become 10, or 2 of a model that is there
//   npx bit-ttt bench   measures one size, shortly
//   npx mocha           the file must exist
//   npm start           runs
//   npm pack            makes an empty file of the tarball's name
//   npm ...             the script, or what is to be installed, must exist; scripts are those of
//                       the example in whose folder it is, or else of this repository
//   cmake ...           options must exist; building gives the library that is built already
//   ctest ...           the folder must have been configured
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const LONGEST = 200;

function refuse(text) {
  console.error(`documentation: ${text}`);
  process.exit(97);
}

const manifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

/** Arguments without an option and its value. */
function without(args, name) {
  const at = args.indexOf(name);
  return at < 0 ? args : args.toSpliced(at, 2);
}

const shortened = {
  train(args) {
    if (Number(args[args.indexOf('--steps') + 1]) <= LONGEST) return args;
    const rest = ['--steps', '--minutes', '--epochs', '--warmup'].reduce(without, args);
    return [...rest, '--steps', args.includes('--from') ? '2' : '10'];
  },
  bench: (args) => [...args, '--dims', '64', '--seconds', '0.01'],
};

const programs = {
  npx(args) {
    if (args[0] === 'mocha') {
      if (!existsSync(join(root, args[1]))) refuse(`there is no test ${args[1]}`);
      return;
    }
    if (args[0] !== 'bit-ttt') refuse(`npx runs ${args[0]}, which is not this package`);
    const [, command, ...rest] = args;
    const asked = rest.includes('--help') ? rest : (shortened[command]?.(rest) ?? rest);
    const all = command === undefined ? [] : [command, ...asked];
    const words = [join(root, 'dist/cli.mjs'), ...all];
    const run = spawnSync(process.execPath, words, { stdio: 'inherit' });
    process.exit(run.status ?? 98);
  },
  npm([command, ...args]) {
    const { name, version, scripts } = manifest(root);
    if (command === 'pack') return writeFileSync(`${name}-${version}.tgz`, '');
    const what = args.filter((arg) => arg !== '--no-save').join(' ');
    if (command === 'install' && (what === name || (/\.tgz$/.test(what) && existsSync(what))))
      return;
    const script = command === 'run' ? args[0] : command;
    const own = manifest('.').scripts;
    if (!Object.hasOwn(own ?? scripts, script)) refuse(`package.json has no script ${script}`);
    if (script !== 'start' || own) return;
    const [, ...words] = scripts.start.split(' '); // node FILE ...
    const { status } = spawnSync(process.execPath, words, { cwd: root, stdio: 'inherit' });
    process.exit(status ?? 98);
  },
  cmake(args) {
    if (args[0] === '--build') {
      const built = join(root, 'build/native');
      if (!existsSync(args[1])) refuse(`${args[1]} was not configured`);
      const libraries = readdirSync(built).filter((name) => name.startsWith('libBit_TTT.so'));
      for (const name of libraries) copyFileSync(join(built, name), join(args[1], name));
      return;
    }
    const folder = args[args.indexOf('-B') + 1];
    const known = readFileSync(join(root, 'CMakeLists.txt'), 'utf8');
    for (const [, option] of args.join(' ').matchAll(/-D(BIT_TTT_\w+)=/g))
      if (!known.includes(option)) refuse(`CMakeLists.txt has no option ${option}`);
    mkdirSync(folder, { recursive: true });
  },
  ctest(args) {
    const folder = args[args.indexOf('--test-dir') + 1];
    if (!existsSync(folder)) refuse(`${folder} was not configured`);
  },
};

/** Puts a program of each name into a folder, which is then to come first on PATH. */
export function installShims(folder) {
  mkdirSync(folder, { recursive: true });
  for (const name of Object.keys(programs)) {
    const file = join(folder, name);
    const words = [process.execPath, fileURLToPath(import.meta.url), name].map((w) => `'${w}'`);
    writeFileSync(file, `#!/bin/sh\nexec ${words.join(' ')} "$@"\n`);
    chmodSync(file, 0o755);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [name, ...args] = process.argv.slice(2);
  programs[name](args);
}

// addon.mjs - builds the addon for this machine or, where a compiler is installed, for another, and
// reads what an addon demands of the program that loads it.
// SPDX-License-Identifier: MIT
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { cmake, place, run, StepError } from './cmake.mjs';
import { root } from './stamps.mjs';

const require = createRequire(import.meta.url);

export const host = `${process.platform}-${process.arch}`;

/** Every platform with a place in the package; those with a prefix can be cross-compiled. */
export const targets = {
  'linux-x64': { system: 'Linux', processor: 'x86_64', prefix: 'x86_64-linux-gnu-' },
  'linux-arm64': { system: 'Linux', processor: 'aarch64', prefix: 'aarch64-linux-gnu-' },
  'darwin-x64': {},
  'darwin-arm64': {},
  'win32-x64': { system: 'Windows', processor: 'AMD64', prefix: 'x86_64-w64-mingw32-' },
  'win32-arm64': {},
};

/** Where the package keeps the addon of a platform. */
export const addonPath = (target) => `dist/native/${target}/bit_ttt.node`;

function crossOptions(target) {
  if (target === host) return [];
  const { system, processor, prefix } = targets[target];
  if (!prefix) throw new StepError(`an addon for ${target} can be built on that platform only`);
  run(`${prefix}g++`, ['--version']); // says by name what is not installed
  return [
    `-DCMAKE_SYSTEM_NAME=${system}`,
    `-DCMAKE_SYSTEM_PROCESSOR=${processor}`,
    `-DCMAKE_C_COMPILER=${prefix}gcc`,
    `-DCMAKE_CXX_COMPILER=${prefix}g++`,
  ];
}

/** Builds the addon of one platform and puts it into dist; throws StepError. */
export function buildAddon(target = host) {
  const folder = target === host ? 'build/native' : `build/native-${target}`;
  cmake(folder, ['cmake', '-DBIT_TTT_NODE=ON', ...crossOptions(target)]);
  place(`${folder}/bit_ttt.node`, addonPath(target));
}

/** Windows resolves them late: their names are in the file, in no table that the tools list. */
function lateNames(file) {
  const names = readFileSync(file, 'latin1').match(/(?<=\0)(napi_|node_api_)\w+(?=\0)/g) ?? [];
  return names.filter((name) => !/_(register_module|get_api_version)_v1$/.test(name));
}

/** Names that an addon takes from elsewhere. */
function undefinedNames(target, file) {
  if (target.startsWith('win32')) return lateNames(file);
  const apple = target.startsWith('darwin');
  const nm = target === host ? 'nm' : `${targets[target].prefix}nm`;
  const listing = run(nm, [...(apple ? ['-u'] : ['-D', '--undefined-only']), file]);
  const names = listing
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).at(-1));
  return apple ? names.map((name) => name.replace(/^_/, '')) : names;
}

/** Symbols that only one make of Node has: its C++ classes, V8 and libuv. */
const ofOneHost = /^(_ZNK?(2v8|4node)|uv_)/;

/**
 * What an addon asks of the program that loads it: its Node-API functions, and those names that it
 * must not use, because not every program of every version has them.
 */
export function demandsOf(target, file = join(root, addonPath(target))) {
  const lists = require('node-api-headers').symbols;
  const allowed = new Set(
    [1, 2, 3, 4, 5, 6, 7, 8].flatMap((v) => {
      const list = lists[`v${v}`];
      return [...list.js_native_api_symbols, ...list.node_api_symbols];
    }),
  );
  const names = [...new Set(undefinedNames(target, file))];
  const nodeApi = names.filter((name) => /^(napi_|node_api_)/.test(name));
  const external = (name) => name.startsWith('napi_create_external_'); // not in Electron
  const wrong = nodeApi.filter((name) => !allowed.has(name) || external(name));
  const others = names.filter((name) => !nodeApi.includes(name));
  return { nodeApi, wrong: [...wrong, ...others.filter((name) => ofOneHost.test(name))], others };
}

/** The conformance hash of an addon for this machine, by a process of its own, which a broken one may end. */
export function hashOf(target) {
  const addon = JSON.stringify(join(root, addonPath(target)));
  const code = `console.log(require(${addon}).layers.conformanceHash().toString(16))`;
  const child = spawnSync(process.execPath, ['-e', code], { encoding: 'utf8' });
  if (child.status !== 0) throw new StepError('cannot be loaded', child.stderr);
  return child.stdout.trim().padStart(16, '0');
}

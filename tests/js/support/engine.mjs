// engine.mjs - the engines themselves, which the package keeps to itself, for tests of what is below its
// classes.
// SPDX-License-Identifier: MIT
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

import { build } from 'esbuild';

import { root } from './backends.mjs';

/** What these sources of the package export, bundled. */
export async function internals(...files) {
  const contents = files.map((file) => `export * from './${file}';`).join('\n');
  const stdin = { contents, resolveDir: root, loader: 'ts' };
  const options = { stdin, bundle: true, write: false, format: 'esm', platform: 'node' };
  const { outputFiles } = await build({ ...options, logLevel: 'error' });
  const text = Buffer.from(outputFiles[0].text).toString('base64');
  return import(`data:text/javascript;base64,${text}`);
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

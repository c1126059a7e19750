// engine.mjs - sources of the package and its WebAssembly module without what lies above them; raw-addon.mjs
// is the other engine.
// SPDX-License-Identifier: MIT
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

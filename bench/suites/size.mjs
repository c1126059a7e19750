/**
 * size.mjs - what users download and install, ours and others'.
 * SPDX-License-Identifier: MIT
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync } from 'node:zlib';

import { build } from 'esbuild';

export const title = 'Size';

const root = fileURLToPath(new URL('../..', import.meta.url));

function folderBytes(folder) {
  let total = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true }))
    if (entry.isFile()) total += statSync(join(entry.parentPath ?? entry.path, entry.name)).size;
  return total;
}

function row(name, contestant, bytes) {
  const value = bytes / 1e6;
  return {
    suite: 'size',
    case: name,
    contestant,
    unit: 'MB',
    higherIsBetter: false,
    median: value,
    low: value,
    high: value,
    samples: [value],
  };
}

const compressed = (path) => brotliCompressSync(readFileSync(path)).length;

/** What a bundler makes of the browser's entry for a page, compressed. */
async function compressedBundle() {
  const made = await build({
    stdin: {
      contents: "import { BitLlama } from './dist/browser.mjs'; globalThis.BitLlama = BitLlama;",
      resolveDir: root,
    },
    ...{ bundle: true, minify: true, write: false, format: 'esm', platform: 'browser' },
  });
  return brotliCompressSync(made.outputFiles[0].contents).length;
}

/** What this package weighs: packed, installed, and compressed for a browser. */
async function ownRows() {
  const packed = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json'], {
      cwd: root,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }),
  );
  const [{ size, unpackedSize }] = Array.isArray(packed) ? packed : Object.values(packed);
  return [
    row('download (npm tarball)', 'bit-ttt, with both models and one addon', size),
    row('installed', 'bit-ttt, with both models and one addon', unpackedSize),
    row(
      'in a browser, Brotli',
      'bit-ttt in a bundle, minified, WebAssembly inside',
      await compressedBundle(),
    ),
    row(
      'in a browser, Brotli',
      'bit-ttt without a bundler (dist/browser.mjs)',
      compressed(join(root, 'dist/browser.mjs')),
    ),
    row(
      'in a browser, Brotli',
      "bit-ttt, the stories' model",
      compressed(join(root, 'models/stories.bitt')),
    ),
    row(
      'in a browser, Brotli',
      'bit-ttt, the English model',
      compressed(join(root, 'models/english.bitt')),
    ),
  ];
}

/** What the peers of the layer weigh; throws if they cannot be installed. */
async function layerRows(context) {
  const layer = join(
    await context.peers('layer', { ONNXRUNTIME_NODE_INSTALL_CUDA: 'skip' }),
    'node_modules',
  );
  const web = join(layer, 'onnxruntime-web/dist');
  const tf = join(layer, '@tensorflow/tfjs-backend-wasm/dist');
  const installed = [
    'onnxruntime-node',
    'onnxruntime-web',
    '@tensorflow/tfjs-core',
    '@tensorflow/tfjs-backend-wasm',
  ].map((name) => row('installed', name, folderBytes(join(layer, name))));
  return [
    ...installed,
    row(
      'in a browser, Brotli',
      'onnxruntime-web (ort.min.mjs and its WebAssembly)',
      compressed(join(web, 'ort.min.mjs')) + compressed(join(web, 'ort-wasm-simd-threaded.wasm')),
    ),
    row(
      'in a browser, Brotli',
      'TensorFlow.js wasm (WebAssembly alone)',
      compressed(join(tf, 'tfjs-backend-wasm-simd.wasm')),
    ),
  ];
}

/** What the peers of the language model weigh; throws if they cannot be installed. */
async function modelRows(context) {
  const model = join(await context.peers('model'), 'node_modules');
  return [
    row(
      'installed',
      'node-llama-cpp (linux-x64 addon alone)',
      folderBytes(join(model, '@node-llama-cpp/linux-x64')),
    ),
    row('installed', '@wllama/wllama', folderBytes(join(model, '@wllama/wllama'))),
    row(
      'in a browser, Brotli',
      'wllama (WebAssembly alone)',
      compressed(join(model, '@wllama/wllama/esm/wasm/wllama.wasm')),
    ),
  ];
}

/** @param {import('../run.mjs').Context} context */
export async function run(context) {
  const rows = await ownRows();
  const notes = [];
  try {
    rows.push(...(await layerRows(context)));
    rows.push(...(await modelRows(context)));
  } catch (error) {
    notes.push(`Peers are not installed: ${error.message}`);
  }
  return { rows, targets: [], notes };
}

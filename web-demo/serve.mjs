// serve.mjs - builds the page and serves it: npm run demo [-- --port N --base /path/ --no-isolation]
// SPDX-License-Identifier: MIT
import { createReadStream, existsSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { gzip } from 'node:zlib';

import { isolation, policy } from './headers.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
export const folder = join(here, '../build/demo');

const types = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
  '.wasm': 'application/wasm',
};

/** Files as hosts send them, compressed, by their path and time; models would not become smaller. */
const packed = new Map();

async function pack(file, time) {
  const key = `${file} ${time}`;
  if (!packed.has(key)) packed.set(key, await promisify(gzip)(await readFile(file)));
  return packed.get(key);
}

/** The file of a request, its size and time, or undefined if it is none of the page's. */
async function fileOf(url, base) {
  const path = decodeURIComponent(new URL(url, 'http://localhost').pathname);
  if (!path.startsWith(base)) return undefined;
  const inside = normalize(`/${path.slice(base.length)}`);
  const file = join(folder, inside === '/' ? 'index.html' : inside);
  try {
    const found = await stat(file);
    return found.isFile() ? { file, size: found.size, time: found.mtimeMs } : undefined;
  } catch {
    return undefined;
  }
}

/** Serves build/demo at 127.0.0.1; resolves to the server when it listens. */
export async function serve({ port = 0, base = '/', isolated = true } = {}) {
  const headers = {
    'content-security-policy': policy,
    'x-content-type-options': 'nosniff',
    ...(isolated ? isolation : {}),
  };
  const server = createServer(async (request, response) => {
    try {
      const found = await fileOf(request.url, base);
      if (!found) return void response.writeHead(404).end('not found');
      const { file, size, time } = found;
      const type = types[extname(file)];
      if (type && /\bgzip\b/.test(request.headers['accept-encoding'])) {
        const body = await pack(file, time);
        const encoding = { 'content-encoding': 'gzip', vary: 'accept-encoding' };
        const length = { 'content-length': body.length };
        return void response
          .writeHead(200, { ...headers, ...encoding, ...length, 'content-type': type })
          .end(body);
      }
      const binary = { 'content-type': type ?? 'application/octet-stream', 'content-length': size };
      response.writeHead(200, { ...headers, ...binary });
      createReadStream(file)
        .on('error', () => response.destroy())
        .pipe(response);
    } catch {
      response.writeHead(400).end('bad request'); // an address that cannot be decoded
    }
  });
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}

/** What the page has of the package. */
const parts = [
  'dist/browser.mjs',
  'dist/bit_ttt.wasm',
  'dist/bit_ttt_relaxed.wasm',
  'THIRD-PARTY-LICENSES',
];

/**
 * Builds the page with Vite, which is not loaded otherwise. Throws, before anything changes, where a part is missing.
 * `site`: the folder of the documentation's site that it is to be a part of, instead of build/demo.
 */
export async function buildDemo(site) {
  const missing = parts.find((part) => !existsSync(join(here, '..', part)));
  if (missing) throw new Error(`${missing} is missing; "npm run build" makes it.`);
  const { build } = await import('vite');
  const asPart = site && { mode: 'site', build: { outDir: site } };
  await build({ configFile: join(here, 'vite.config.mjs'), ...asPart });
}

async function main() {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8137' },
      base: { type: 'string', default: '/' },
      isolation: { type: 'boolean', default: true },
    },
    allowNegative: true,
  });
  await buildDemo();
  const { isolation: isolated } = values;
  const base = `/${values.base}/`.replace(/\/+/g, '/');
  const asked = { port: Number(values.port), base, isolated };
  const server = await serve(asked).catch((error) => {
    if (error.code !== 'EADDRINUSE') throw error;
    console.log(`Port ${asked.port} is taken; another one it is.`);
    return serve({ ...asked, port: 0 });
  });
  console.log(`The demo is at http://localhost:${server.address().port}${base} (Ctrl-C ends it)`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main().catch((error) => {
    console.error(`The demo could not be started: ${error.message}`);
    process.exitCode = 1;
  });
}

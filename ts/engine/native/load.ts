/**
 * load.ts - finds the addon for this machine. Node only: browser entries never import this file.
 *
 * The requires are literal, one per platform, so that bundlers and packagers can see them.
 * SPDX-License-Identifier: MIT
 */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

import { reading } from '../../common/args.js';
import { TTTError } from '../../common/errors.js';
import { VERSION } from '../../common/version.js';
import type { Engine } from '../engine.js';

/** Version of the signatures in node/; an addon of another version is refused. */
const ABI = 7;
const platform = `${process.platform}-${process.arch}`;

/**
 * A truncated shared library (a copy that broke off, a full disk) would be mapped, and kill the process
 * once its missing part is used. On Linux its section headers come last: they must be there.
 */
function checkWhole(path: string): void {
  if (process.platform !== 'linux') return;
  const file = openSync(path, 'r');
  try {
    const head = Buffer.alloc(64);
    if (readSync(file, head, 0, 64, 0) < 64 || head.readUInt32BE(0) !== 0x7f454c46) return;
    const end = Number(head.readBigUInt64LE(40)) + head.readUInt16LE(58) * head.readUInt16LE(60);
    if (fstatSync(file).size < end) throw new Error(`${path} is not complete`);
  } finally {
    closeSync(file);
  }
}

/** The requires stand in a `try`: there bundlers for Node accept that an addon is missing. */
function requirePackaged(): unknown {
  const path = typeof __dirname === 'string' && join(__dirname, 'native', platform, 'bit_ttt.node');
  if (path && existsSync(path)) checkWhole(path);
  try {
    switch (platform) {
      case 'linux-x64':
        return require('./native/linux-x64/bit_ttt.node');
      case 'linux-arm64':
        return require('./native/linux-arm64/bit_ttt.node');
      case 'darwin-x64':
        return require('./native/darwin-x64/bit_ttt.node');
      case 'darwin-arm64':
        return require('./native/darwin-arm64/bit_ttt.node');
      case 'win32-x64':
        return require('./native/win32-x64/bit_ttt.node');
      case 'win32-arm64':
        return require('./native/win32-arm64/bit_ttt.node');
    }
  } catch (cause) {
    throw cause as Error;
  }
  throw new Error(`bit-ttt has no native addon for ${platform}`);
}

/** A path, or a `file:` URL as text. */
function requirePath(given: string): unknown {
  const path = /^file:/i.test(given) ? fileURLToPath(given) : resolve(given);
  checkWhole(path);
  const module = { exports: {} };
  process.dlopen(module, path);
  return module.exports;
}

/** One line that says why loading failed. */
function reasonOf(cause: unknown): string {
  const { code, message } = cause as { code?: unknown; message?: unknown };
  if (code === 'MODULE_NOT_FOUND') return `this installation has no native addon for ${platform}`;
  return `the native addon could not be loaded: ${String(message).split('\n')[0]!.replace(/\.$/, '')}`;
}

/** What the addon exports. */
interface Addon extends Engine {
  readonly abi: number;
  readonly version: string;
}

function checkAddon(value: unknown): Engine {
  const addon = value as Partial<Addon> | null;
  const { abi, version } = reading('nativeBinding', () => {
    return { abi: addon?.abi, version: addon?.version };
  });
  if (typeof abi !== 'number') {
    throw new TTTError('BACKEND_UNAVAILABLE', 'nativeBinding is not the addon of bit-ttt');
  }
  if (abi !== ABI || version !== VERSION) {
    const got = typeof version === 'string' ? version : 'another kind';
    throw new TTTError(
      'BACKEND_UNAVAILABLE',
      `the native addon is of version ${got}, this package of ${VERSION}`,
    );
  }
  return addon as Addon;
}

/** The engine that is the addon: the packaged one, one at a path, or one already loaded. Throws TTTError. */
export function loadNative(binding: string | object | undefined): Engine {
  let loaded: unknown = binding;
  if (binding === undefined || typeof binding === 'string') {
    try {
      loaded = binding === undefined ? requirePackaged() : requirePath(binding);
    } catch (cause) {
      throw new TTTError('BACKEND_UNAVAILABLE', reasonOf(cause), { cause });
    }
  }
  return checkAddon(loaded);
}

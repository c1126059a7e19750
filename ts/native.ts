/**
 * native.ts - finds the addon for this machine. Node only: browser entries never import this file.
 *
 * The requires are literal, one per platform, so that bundlers and packagers can see them.
 * SPDX-License-Identifier: MIT
 */
import { resolve } from 'node:path';

import { TTTError } from './errors.js';
import { NativeBackend } from './native-backend.js';
import type { NativeBinding } from './native-backend.js';
import { VERSION } from './version.js';

const ABI = 2;
const platform = `${process.platform}-${process.arch}`;

function requirePackaged(): unknown {
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
    default:
      throw new Error(`bit-ttt has no native addon for ${platform}`);
  }
}

function requirePath(path: string): unknown {
  const module = { exports: {} };
  process.dlopen(module, resolve(path));
  return module.exports;
}

/** One line that says why loading failed. */
function reasonOf(cause: unknown): string {
  const { code, message } = cause as { code?: unknown; message?: unknown };
  if (code === 'MODULE_NOT_FOUND') return `this installation has no native addon for ${platform}`;
  return `the native addon could not be loaded: ${String(message).split('\n')[0]}`;
}

function checkBinding(value: unknown): NativeBinding {
  const binding = value as Partial<NativeBinding> | null;
  if (typeof binding !== 'object' || binding === null || typeof binding.forward !== 'function') {
    throw new TTTError('BACKEND_UNAVAILABLE', 'nativeBinding is not the addon of bit-ttt');
  }
  if (binding.abi !== ABI || binding.version !== VERSION) {
    throw new TTTError(
      'BACKEND_UNAVAILABLE',
      `the native addon is of version ${binding.version}, this package of ${VERSION}`,
    );
  }
  return binding as NativeBinding;
}

/** Loads the addon: the packaged one, one at a path, or one already loaded. Throws TTTError. */
export function loadNative(binding: string | object | undefined): NativeBackend {
  let loaded: unknown = binding;
  if (binding === undefined || typeof binding === 'string') {
    try {
      loaded = binding === undefined ? requirePackaged() : requirePath(binding);
    } catch (cause) {
      throw new TTTError('BACKEND_UNAVAILABLE', reasonOf(cause), { cause });
    }
  }
  return new NativeBackend(checkBinding(loaded));
}
